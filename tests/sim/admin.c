/* Administrators storm the host with commands, right and wrong ones, wrong tokens, half lines,
 * many lines at once, and vanish or stop reading in the middle; SIGHUP comes and the log is
 * rotated, while players play. A command or a signal stops the host, sometimes in the middle of
 * all this.
 *
 *   Every line of an answer begins with "| " or ends the answer: "ok", or "error WHY".
 *   Answers to commands that no other thread runs come in order.
 *   Without the right token nobody gets anything but an error and the end of the connection.
 *   Players' packets keep their order.
 *   Every line in the log files is whole.
 *
 * Tolerates every kind of fault: it may end a connection, and an answer by an error. */
#include "os/sim/real.h"
#include "sim/client.h"
#include "sim/counters.h"
#include "sim/echoes.h"
#include "sim/ledger.h"
#include "sim/player.h"
#include "sim/witness.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <stdlib.h>
#include <string.h>

enum {
    ADMINISTRATORS = 3,
    VISITS = 6,
    PLAYERS = 2,
    PACKETS = 20,
    PORT = 7000,
    ECHO = 1,
    PATIENCE_MS = 600000,
    LINE_BYTES = 4096,
    LOG_LIMIT = 4096
};

/* ---- the modules ------------------------------------------------------------------------- */

static const witness_code code = {0, "game", "game"};
static uint64_t latest;

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    witness_entity *e = witness_open(&code, session.id, WITNESS_OWNER);
    latest = session.id;
    witness_leave(e);
    return PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)state;
    witness_leave(witness_close(&code, session.id, WITNESS_OWNER, reason));
}

static void on_echo(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    echoes_answer(&code, session, packet);
}

static portico_status game_start(void *state, uint32_t why) {
    (void)state;
    return echoes_start(&code, why);
}

static void game_stop(void *state, uint32_t why) {
    (void)state;
    witness_stop(&code, why);
}

static const portico_opcode opcodes[] = {PORTICO_RAW(ECHO, 0, PORTICO_SIZE_ANY, on_echo)};

static const portico_session_type types[] = {{.name = "session",
                                              .on_open = on_open,
                                              .on_close = on_close,
                                              .opcodes = PORTICO_TABLE(opcodes)}};

static const portico_module game = {.name = "game",
                                    .version = "1",
                                    .session_types = PORTICO_TABLE(types),
                                    .start = game_start,
                                    .stop = game_stop};

/* A module that comes and goes. */
static portico_status extra_start(void *state, uint32_t why) {
    (void)state;
    host->log(PORTICO_LOG_INFO, "a line\nthat is \x1b[31m not one\n");
    return why != PORTICO_START_RETURNED && sim_chance(SIM_WORLD, 8) ? PORTICO_E_INVALID
                                                                     : PORTICO_OK;
}

static const portico_module extra = {.name = "extra", .version = "1", .start = extra_start};

/* ---- answers ----------------------------------------------------------------------------- */

/* Receives a line without its end. False: the connection has ended. */
static bool recv_line(client *c, char line[LINE_BYTES]) {
    int32_t size = client_recv_line(c, line, LINE_BYTES, PATIENCE_MS);
    if (size == CLIENT_TIMEOUT) {
        sim_fail("the rest of an answer does not come");
    }
    CHECK(size < 0 || strlen(line) == (size_t)size);
    return size >= 0; /* false within a line if the answer exceeded the memory or the send limit */
}

typedef enum outcome { OUTCOME_OK, OUTCOME_ERROR, OUTCOME_GONE } outcome;

/* Reads one answer to its last line, which it leaves in `line`. */
static outcome recv_answer(client *c, char line[LINE_BYTES]) {
    while (recv_line(c, line)) {
        for (const char *at = line; *at != '\0'; at++) {
            CHECK((uint8_t)*at >= 0x20 && *at != 0x7f);
        }
        if (strcmp(line, "ok") == 0) {
            return OUTCOME_OK;
        }
        if (strncmp(line, "error ", 6) == 0) {
            CHECK(line[6] != '\0');
            return OUTCOME_ERROR;
        }
        if (strncmp(line, "| ", 2) != 0) {
            sim_fail("an answer has the line: %s", line);
        }
    }
    return OUTCOME_GONE;
}

static bool send_text(client *c, const char *text) {
    return client_send(c, text, (uint32_t)strlen(text), PATIENCE_MS);
}

static bool log_in(client *c) {
    char line[LINE_BYTES];
    return send_text(c, "token " WORLD_TOKEN "\n") && recv_answer(c, line) == OUTCOME_OK;
}

/* ---- administrators ---------------------------------------------------------------------- */

static const char *any_command(char text[128]) {
    static const char *const commands[] = {"status",
                                           "sessions",
                                           "modules",
                                           "top",
                                           "top --interval 1",
                                           "load extra",
                                           "load extra",
                                           "unload extra",
                                           "swap --force extra",
                                           "swap --plan game",
                                           "swap --force game",
                                           "swap game",
                                           "rollback game",
                                           "rollback extra",
                                           "reopen-log",
                                           "load nothing",
                                           "unload nothing",
                                           "kick 0",
                                           "kick x",
                                           "trace type game.session count 3 seconds 1",
                                           "trace type game.session payload count 50 seconds 2",
                                           "trace session 1",
                                           "",
                                           "nonsense",
                                           "swap",
                                           "top --count",
                                           "unload portico"};
    uint64_t at = sim_random(SIM_WORLD, sizeof commands / sizeof commands[0] + 3);
    if (at < sizeof commands / sizeof commands[0]) {
        return commands[at];
    }
    snprintf(text, 128, "%s %llu", sim_chance(SIM_WORLD, 3) ? "trace session" : "kick",
             (unsigned long long)latest);
    return text;
}

/* Asks and reads like ctl. */
static void behave(client *c) {
    char line[LINE_BYTES];
    char text[128];
    uint64_t count = 1 + sim_random(SIM_WORLD, 5);
    for (uint64_t i = 0; i < count; i++) {
        if (!send_text(c, any_command(text)) ||
            !send_text(c, sim_chance(SIM_WORLD, 4) ? "\r\n" : "\n") ||
            recv_answer(c, line) == OUTCOME_GONE) {
            return;
        }
        os_sleep(world_random(50));
    }
}

/* Sends several lines at once, whose answers come in order. */
static void hurry(client *c) {
    char line[LINE_BYTES];
    if (!send_text(c, "status\nkick 0\nsessions\nkick x\n")) {
        return;
    }
    for (int i = 0; i < 4; i++) {
        outcome o = recv_answer(c, line);
        if (o == OUTCOME_GONE) {
            return;
        }
        CHECK(o == (i % 2 == 0 ? OUTCOME_OK : OUTCOME_ERROR) ||
              strcmp(line, "error the command has run, but there is no memory for its answer") ==
                  0);
    }
}

static void refused_line(client *c) {
    static char much[5000];
    char line[LINE_BYTES];
    memset(much, 'x', sizeof much - 1);
    much[sizeof much - 1] = '\n';
    bool zero = sim_chance(SIM_WORLD, 2);
    bool sent = zero ? client_send(c, "status\0\n", 8, PATIENCE_MS)
                     : client_send(c, much, sizeof much, PATIENCE_MS);
    if (sent) {
        CHECK(recv_answer(c, line) != OUTCOME_OK);
    }
}

/* Sends much, and reads nothing of the answers. */
static void ignore_answers(client *c) {
    for (int i = 0; i < 30; i++) {
        if (!client_send(c, "status\ntop\nmodules\nsessions\n", 27, world_random(300))) {
            return;
        }
    }
    os_sleep(world_random(3000));
}

/* Vanishes with a command, or a part of one, on its way. */
static void vanish(client *c) {
    char text[128];
    (void)send_text(c, any_command(text));
    if (sim_chance(SIM_WORLD, 2)) {
        (void)send_text(c, "\n");
    }
    if (sim_chance(SIM_WORLD, 2)) {
        (void)client_recv(c, text, sizeof text, world_random(20));
    }
}

/* Has no right to anything. */
static void intrude(client *c) {
    static const char *const lines[] = {"token wrong-wrong-wrong\n",  "status\n", "token \n",
                                        ("token " WORLD_TOKEN "x\n"), "stop\n",   "\n"};
    char line[LINE_BYTES];
    if (!send_text(c, lines[sim_random(SIM_WORLD, 6)]) || recv_answer(c, line) == OUTCOME_GONE) {
        return;
    }
    CHECK(strncmp(line, "error the token is wrong", 24) == 0);
    (void)send_text(c, "status\n");
    CHECK(recv_answer(c, line) == OUTCOME_GONE);
}

static uint32_t threads_left;
static uint32_t visits;
static uint32_t packets;
static bool stopping; /* the host is to stop */
static bool asked;    /* and has been asked to */

static void visit(void) {
    client *c = client_open(WORLD_ADMIN_PORT);
    if (c == NULL) {
        return;
    }
    uint64_t what = sim_random(SIM_WORLD, 8);
    if (what == 0) {
        intrude(c);
    } else if (log_in(c)) {
        switch (what) {
        case 1: hurry(c); break;
        case 2: refused_line(c); break;
        case 3: ignore_answers(c); break;
        case 4: vanish(c); break;
        default: behave(c); break;
        }
    }
    if (sim_chance(SIM_WORLD, 4)) {
        client_half_close(c);
    }
    client_close(c, sim_chance(SIM_WORLD, 3));
}

static void administrator_main(void *arg) {
    (void)arg;
    for (uint32_t i = 0; i < visits && world_runs(); i++) {
        visit();
        os_sleep(world_random(200));
    }
    threads_left--;
}

/* ---- players ----------------------------------------------------------------------------- */

static void player_main(void *arg) {
    player *p = NULL;
    (void)arg;
    for (uint32_t i = 0; i < packets && world_runs(); i++) {
        p = p != NULL ? p : player_open(PORT);
        if (p == NULL) {
            os_sleep(100);
            continue;
        }
        if (player_send(p, ECHO, WITNESS_PACKET_MIN + world_random(200), PATIENCE_MS) &&
            sim_chance(SIM_WORLD, 2)) {
            player_wait(p);
        }
        if (player_is_over(p)) { /* kicked, or a fault has struck its session */
            player_close(p, PLAYER_CLOSE);
            p = NULL;
        }
        os_sleep(world_random(50));
    }
    if (p != NULL) {
        player_close(p, (player_end)sim_random(SIM_WORLD, PLAYER_ENDS));
    }
    threads_left--;
}

/* ---- the log ----------------------------------------------------------------------------- */

/* Each line has a time and ends. Without faults no file exceeds its limit. */
static void check_log(const char *path, bool faults) {
    char line[LINE_BYTES];
    long size = 0;
    FILE *file = real_fopen(path, "rb");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        size_t length = strlen(line);
        CHECK(faults || (strncmp(line, "2026-01-0", 9) == 0 && line[length - 1] == '\n'));
        size += (long)length;
    }
    CHECK(faults || size <= LOG_LIMIT);
    if (file != NULL) {
        fclose(file);
    }
}

static void check_logs(void) {
    sim_figures figures;
    char path[512];
    sim_look(&figures);
    for (int i = 0; i < 3; i++) {
        static const char *const endings[] = {"", ".1", ".2"};
        world_path(path, sizeof path, "host.log");
        snprintf(path + strlen(path), sizeof path - strlen(path), "%s", endings[i]);
        check_log(path, figures.faults != 0);
    }
}

/* ---- the scenario ------------------------------------------------------------------------ */

static bool start(void) {
    (void)world_library("game", &game);
    (void)world_library("extra", &extra);
    world_build("game", "game");
    world_build("extra", "extra");
    world_log("file = {dir}/host.log\nterminal = no\nfile_limit_bytes = 4K\nkeep = 2\n");
    return world_start("workers = 2\nstop_timeout_ms = 600000",
                       "[module game]\n[module extra]\nload = no\n"
                       "[listener main]\naddress = 127.0.0.1\nport = 7000\ntype = game.session\n");
}

/* The host serves again, and answers. */
static void check_back(void) {
    static char answer[WORLD_ANSWER_BYTES];
    sim_faults_end();
    (void)world_ctl("load game", NULL);
    CHECK(world_ctl("status", answer));
    CHECK(world_ctl("modules", answer) && strstr(answer, "| game ") != NULL);
    CHECK(world_ctl("reopen-log", NULL));
    player *p = player_open(PORT);
    CHECK(p != NULL);
    CHECK(player_send(p, ECHO, WITNESS_PACKET_MIN, PATIENCE_MS));
    player_wait(p);
    CHECK(!player_is_over(p));
    player_close(p, PLAYER_HALF_CLOSE);
    counters_expect_timers(0);
    witness_quiet();
}

/* Asks the host to stop, by an administrator or by a signal, unless it has been asked. A second
 * signal would end it at once. */
static void stop(void) {
    stopping = true;
    asked = asked || (sim_chance(SIM_WORLD, 2) && world_ctl("stop --no-wait", NULL)) ||
            world_signal_stop() || world_ctl("stop --no-wait", NULL);
}

static void wait_for_end(void) {
    for (uint32_t waited_ms = 0; world_runs(); waited_ms += 10) {
        CHECK(waited_ms < PATIENCE_MS);
        stop(); /* again if a fault has prevented it */
        os_sleep(10);
    }
}

SCENARIO(admin) {
    os_thread *threads[ADMINISTRATORS + PLAYERS] = {NULL};
    bool serves = start();
    uint32_t administrators = serves ? world_count("administrators", ADMINISTRATORS) : 0;
    uint32_t players = serves ? world_count("players", PLAYERS) : 0;
    visits = world_count("visits", VISITS);
    packets = world_count("packets", PACKETS);
    threads_left = administrators + players;
    for (uint32_t i = 0; i < administrators + players; i++) {
        bool plays = i >= administrators;
        threads[i] = world_thread(plays ? "player" : "administrator",
                                  plays ? player_main : administrator_main, NULL);
    }
    bool early = serves && sim_chance(SIM_WORLD, 4);
    os_sleep(world_random(300));
    while (threads_left > 0) {
        if (early && world_runs() && sim_chance(SIM_WORLD, 4)) {
            stop();
            early = false;
        }
        if (sim_chance(SIM_WORLD, 2)) {
            sim_hang_up_signal();
        }
        os_sleep(1 + world_random(500));
    }
    for (uint32_t i = 0; i < administrators + players; i++) {
        os_thread_join(threads[i]);
    }
    if (serves && !stopping) {
        check_back();
        stop();
    }
    if (serves) {
        wait_for_end();
    }
    int exit_code = world_stop();
    CHECK(exit_code == 0 || !serves);
    witness_end();
    check_logs();
}
