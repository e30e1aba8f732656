/* Connectors to peers that refuse, accept and close, reset, are deaf, stay away for long and come
 * back, to a listener of the same host, and to a name that no name server knows; while the module
 * is swapped, unloaded and loaded, and at last a stop at any moment.
 *
 *   The pauses between attempts grow, up to reconnect_max_ms, and attempts never end.
 *   Sessions of connectors are like others: on_open once, then on_close once; frames in order.
 *   An unloaded module's connectors rest.
 *   When the peers are back, every connection is there again.
 *
 * In half of all runs the module faults, is frozen and thawed: then sessions may end, but as the
 * others do, and all are back in the end.
 *
 * Tolerates every kind of fault: a failed attempt is what a connector is for. Commands of the
 * administrator may fail while faults strike; what they should have shown is then not checked. */
#include "sim/client.h"
#include "sim/crash.h"
#include "sim/ended.h"
#include "sim/ledger.h"
#include "sim/peer.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <string.h>

enum {
    ONE_PORT = 7100,
    MANY_PORT = 7101,
    MANY = 3,
    ALL = 1 + MANY + 2, /* sessions: the last two are the two ends of one connection */
    PAUSE_MIN_MS = 100,
    PAUSE_MAX_MS = 3200,

    BACK_MS = 300000,
    STOP_MS = 60000,
    CLOSED_MS = 5000 /* close_timeout_ms, and some more */
};

/* ---- the module -------------------------------------------------------------------------- */

typedef struct link_state {
    uint32_t opened;
    uint32_t closed;
} link_state;

static uint32_t opened;
static uint32_t closed;

static void check_loaded(void) {
    CHECK(sim_library_open_count("link 1") + sim_library_open_count("link 2") > 0);
}

static void may_crash(link_state *s) {
    if (crash_due()) {
        crash(s, sizeof *s);
    }
}

static portico_status on_open(portico_session session, void *state) {
    link_state *s = state;
    portico_session_info info = {.struct_size = sizeof info};
    check_loaded();
    CHECK((s->opened == 0 && s->closed == 0) || crash_may_lose());
    CHECK(host->session_info(session, &info) == PORTICO_OK);
    CHECK(info.outgoing == (strcmp(info.service, "own") != 0));
    may_crash(s);
    s->opened = 1;
    opened++;
    (void)host->session_send(session, PEER_HELLO, NULL, 0);
    return PORTICO_OK;
}

static void on_echo(portico_session session, void *state, const portico_packet *packet) {
    link_state *s = state;
    ledger_packet();
    check_loaded();
    CHECK((s->opened == 1 && s->closed == 0) || crash_may_lose());
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
    may_crash(s);
}

static void on_close(portico_session session, void *state, portico_status reason) {
    link_state *s = state;
    check_loaded();
    CHECK(reason != PORTICO_OK);
    CHECK((s->opened == 1 && s->closed == 0) || crash_was());
    closed += s->opened == 1;
    s->closed++;
    ended_use();
    ended_note(session.id, ENDED_SESSION);
    ledger_closes(reason);
    CHECK(opened - closed <= ALL || crash_was());
    may_crash(s);
}

static const portico_opcode opcodes[] = {PORTICO_RAW(PEER_ECHO, 0, PORTICO_SIZE_ANY, on_echo)};

static const portico_session_type types[] = {{.name = "session",
                                              .state = PORTICO_STATE_OPAQUE(link_state, 0),
                                              .on_open = on_open,
                                              .on_close = on_close,
                                              .opcodes = PORTICO_TABLE(opcodes)}};

static const portico_module link_module = {
    .name = "link", .version = "1", .session_types = PORTICO_TABLE(types)};

/* ---- what the status says ---------------------------------------------------------------- */

typedef struct counters {
    uint64_t asked_ms; /* the answer was made after that, ... */
    uint64_t at_ms;    /* ... and before that: it can be minutes on its way */
    bool known;
    bool waiting; /* its module is not loaded */
    unsigned connected;
    unsigned long long attempts;
    unsigned long long failures;
} counters;

static uint64_t now_ms(void) {
    sim_figures figures;
    sim_look(&figures);
    return figures.now_ns / 1000000;
}

/* Reads the line of a connector in the answer to `status`. */
static counters counters_of(const char *answer, const char *name) {
    char format[64];
    char state[16];
    unsigned most = 0;
    counters c = {0};
    snprintf(format, sizeof format, "| connector %s ", name);
    const char *line = strstr(answer, format);
    CHECK(line != NULL);
    line = strchr(line + strlen(format), ' ');
    CHECK(line != NULL);
    c.known = sscanf(line, " %15s %u/%u attempts %llu failures %llu", state, &c.connected, &most,
                     &c.attempts, &c.failures) == 5;
    CHECK(c.known);
    CHECK(c.connected <= most);
    c.waiting = strcmp(state, "waiting") == 0;
    return c;
}

static counters look(const char *name) {
    static char answer[WORLD_ANSWER_BYTES];
    counters c = {0};
    uint64_t asked_ms = now_ms();
    if (world_ctl("status", answer)) {
        c = counters_of(answer, name);
    }
    c.asked_ms = asked_ms;
    c.at_ms = now_ms();
    return c;
}

/* The most attempts in a time in which all fail: the pauses double from the first on. */
static uint64_t attempts_most(uint64_t time_ms) {
    uint64_t count = 2; /* one whose pause began before; one at once after a success */
    for (uint64_t pause_ms = PAUSE_MIN_MS, at_ms = 0; at_ms <= time_ms; at_ms += pause_ms) {
        count++;
        pause_ms = 2 * pause_ms < PAUSE_MAX_MS ? 2 * pause_ms : PAUSE_MAX_MS;
    }
    return count;
}

static void check_absence(const char *name, const counters *before) {
    counters after = look(name);
    if (!before->known || !after.known || before->waiting || after.waiting) {
        return;
    }
    uint64_t time_ms = after.at_ms - before->asked_ms; /* at most, ... */
    uint64_t least_ms = after.asked_ms > before->at_ms ? after.asked_ms - before->at_ms : 0;
    uint64_t tries = after.failures - before->failures;
    CHECK(after.attempts >= before->attempts && after.failures >= before->failures);
    if (tries > attempts_most(time_ms) + MANY) {
        sim_fail("connector %s failed %llu times in %llu ms", name, (unsigned long long)tries,
                 (unsigned long long)time_ms);
    }
    if (tries == 0 && least_ms > 60000 && !crash_was()) { /* else it may wait, and see no end */
        sim_fail("connector %s has not tried for %llu ms", name, (unsigned long long)least_ms);
    }
}

/* ---- the scenario ------------------------------------------------------------------------ */

/* Both peers are away for a while. Returns after it. */
static void stay_away(peer *one, peer *many) {
    peer_become(one, PEER_ABSENT);
    peer_become(many, PEER_ABSENT);
    os_sleep(1000); /* until all connections are known to be broken */
    counters before[3] = {look("one"), look("many"), look("nowhere")};
    os_sleep(5000 + world_random(4) * 20000);
    check_absence("one", &before[0]);
    check_absence("many", &before[1]);
    check_absence("nowhere", &before[2]);
}

static void unload_and_load(void) {
    if (world_ctl("unload link", NULL)) {
        CHECK(opened == closed || crash_was()); /* it may have been frozen */
        uint64_t before_ms = now_ms();
        counters before = look("one");
        os_sleep(world_random(8000));
        counters after = look("one");
        CHECK(opened == closed || crash_was()); /* it may have been frozen */
        CHECK(!after.known || after.waiting);
        CHECK(after.connected == 0 || after.at_ms - before_ms < CLOSED_MS);
        CHECK(!after.known || !before.known || after.attempts == before.attempts);
    }
    (void)world_ctl("load link", NULL);
}

static void phase(peer *one, peer *many) {
    peer_become(one, (peer_mode)sim_random(SIM_WORLD, PEER_MODES));
    peer_become(many, (peer_mode)sim_random(SIM_WORLD, PEER_MODES));
    os_sleep(world_random(3000));
    switch (sim_random(SIM_WORLD, 8)) {
    case 0: stay_away(one, many); break;
    case 1: unload_and_load(); break;
    case 2:
    case 3:
        world_build("link", sim_random(SIM_WORLD, 2) == 0 ? "link 1" : "link 2");
        (void)world_ctl("swap --force link", NULL);
        break;
    case 4: (void)world_ctl("rollback link", NULL); break;
    case 5: (void)world_ctl("thaw link", NULL); break;
    default: break;
    }
}

/* What one answer to `status` says of whether all are connected. */
static bool is_back(bool *waiting) {
    static char answer[WORLD_ANSWER_BYTES];
    if (!world_ctl("status", answer)) {
        return false;
    }
    counters one = counters_of(answer, "one");
    *waiting = one.waiting;
    return one.connected == 1 && counters_of(answer, "many").connected == MANY &&
           counters_of(answer, "self").connected == 1;
}

static void check_back(peer *one, peer *many) {
    peer_become(one, PEER_SERVES);
    peer_become(many, PEER_SERVES);
    bool waiting = false;
    for (uint64_t slept_ms = 0; !is_back(&waiting) || (opened - closed != ALL && !crash_was()) ||
                                peer_connections(one) != 1 || peer_connections(many) != MANY;
         slept_ms += 500) { /* without the time that the answers take */
        if (slept_ms > BACK_MS) {
            sim_fail("the connections are not back %d ms after the peers", BACK_MS);
        }
        if (waiting) {
            (void)world_ctl("load link", NULL); /* a fault has prevented it */
        }
        os_sleep(500);
    }
    CHECK(!look("one").waiting && look("nowhere").attempts == 0);
}

/* The stop begins while the peers and connectors do whatever they do. */
static void stop(bool serves) {
    uint64_t until_ms = now_ms() + STOP_MS;
    bool stops = !serves;
    while (world_runs()) {
        CHECK(now_ms() < until_ms);
        stops = stops || world_signal_stop() || world_ctl("stop --no-wait", NULL);
        os_sleep(10);
    }
}

SCENARIO(connectors) {
    static const char *const modules[] = {"link", NULL};
    static char ini[2048];
    (void)world_library("link 1", &link_module);
    (void)world_library("link 2", &link_module);
    world_build("link", "link 1");
    snprintf(ini, sizeof ini,
             "%s[module link]\n"
             "[connector one]\naddress = 127.0.0.1\nport = 7100\ntype = link.session\n"
             "connect_timeout_ms = 2000\nreconnect_min_ms = 100\nreconnect_max_ms = 3200\n"
             "[connector many]\naddress = localhost\nport = 7101\ntype = link.session\n"
             "max_sessions = 3\n"
             "connect_timeout_ms = 2000\nreconnect_min_ms = 100\nreconnect_max_ms = 3200\n"
             "bind_address = 127.0.0.1\n"
             "[listener own]\naddress = 127.0.0.1\nport = 7103\ntype = link.session\n"
             "idle_timeout_s = 0\n"
             "[connector self]\naddress = 127.0.0.1\nport = 7103\ntype = link.session\n"
             "connect_timeout_ms = 2000\nreconnect_min_ms = 100\nreconnect_max_ms = 3200\n"
             "idle_timeout_s = 0\n"
             "[connector nowhere]\naddress = nowhere.invalid\nport = 7102\ntype = link.session\n"
             "reconnect_min_ms = 100\nreconnect_max_ms = 3200\n",
             crash_policy());
    bool serves = world_start("workers = 2", ini);
    peer *one = peer_start(ONE_PORT);
    peer *many = peer_start(MANY_PORT);
    for (uint32_t i = 0; serves && i < world_count("phases", 6); i++) {
        phase(one, many);
    }
    if (serves && sim_random(SIM_WORLD, 2) == 0) {
        sim_faults_end();
        crash_end(modules);
        check_back(one, many);
    }
    peer_become(one, (peer_mode)sim_random(SIM_WORLD, PEER_MODES));
    peer_become(many, (peer_mode)sim_random(SIM_WORLD, PEER_MODES));
    os_sleep(world_random(5000));
    stop(serves);
    peer_stop(one); /* first: world_stop counts handles */
    peer_stop(many);
    int code = world_stop();
    CHECK(code == 0 || !serves);
    CHECK(opened == closed || crash_was());
}
