/* stop_stuck.c: a module that never returns does not keep the host from stopping. Handlers and
 * jobs: after twice stop_timeout_ms the log names each with a backtrace, and the process ends with
 * a code of its own. Until then everybody else is served and stopped in order. Calls of a module's
 * life are ended or given up sooner. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_STUCK = 71, CUT_MS = 5000, END_MS = 10000, WAIT_MS = 60000, ECHOES = 20 };

static host *launch(const char *name, const char *at, uint32_t stop_timeout_ms, bool supervised) {
    char body[512];
    char keys[128];
    (void)snprintf(body, sizeof body, "[module sticks]\nfile = {tests}/sticks{so}\n%s", at);
    (void)snprintf(keys, sizeof keys, "watchdog_ms = 200\nstop_timeout_ms = %u\n", stop_timeout_ms);
    host_options options = {
        .name = name,
        .modules = "counts",
        .host_keys = keys,
        .listeners = {{"game", "sticks.session", NULL}, {"honest", "counts.session", NULL}},
        .body = body,
        .supervised = supervised,
    };
    return host_launch(&options);
}

static host *start(const char *name, const char *at, bool supervised) {
    host *h = launch(name, at, CUT_MS, supervised);
    host_await(h);
    return h;
}

/* ---- a client who has nothing to do with it --------------------------------------------------- */

static net_socket connect_honest(host *h) {
    net_socket s = net_connect(host_port(h, "honest"));
    wire_expect_echo(s, WIRE_U16, 1, "here");
    return s;
}

static void expect_last_words(net_socket s) {
    char reply[32];
    uint16_t opcode = 0;
    CHECK_INT(wire_recv(s, WIRE_U16, &opcode, reply, sizeof reply), 10);
    CHECK_INT(opcode, 99);
    CHECK_INT(net_recv_some(s, reply, 1), NET_END); /* in order, not by a reset */
    net_close(s);
}

/* ---- calls that keep the host ----------------------------------------------------------------- */

/* A host of its own, in which the opcode sticks; all stop at the same time. */
typedef struct stuck {
    const char *name;
    const char *at;  /* NULL: nothing */
    bool supervised; /* and stopped by a way that its supervisor knows nothing of */
    uint16_t opcode;
    const char *logged; /* by the module, before it sticks; NULL: it does so when the host stops */
    const char *call;   /* as the host describes it */
    host *host;
    net_socket client;
    net_socket honest;
    uint64_t begun_ms;
} stuck;

static void stuck_begin(stuck *k) {
    k->host = start(k->name, k->at != NULL ? k->at : "", k->supervised);
    k->honest = connect_honest(k->host);
    k->client = net_connect(host_port(k->host, "game"));
    if (k->logged == NULL) {
        wire_expect_echo(k->client, WIRE_U16, k->opcode, "here");
        return;
    }
    CHECK(wire_send(k->client, WIRE_U16, k->opcode, NULL, 0));
    host_wait_log(k->host, k->logged, 1);
    for (int i = 0; i < ECHOES; i++) {
        wire_expect_echo(k->honest, WIRE_U16, 1, "others are served");
    }
}

static void stuck_stop(stuck *k) {
    char answer[1024];
    k->begun_ms = clock_now_ms();
    if (k->supervised) {
        host_wait_log(k->host, " has not returned for ", 1);
        host_admin(k->host, "stop", answer, sizeof answer);
        CHECK(strstr(answer, "its process ends within 10.0 s") != NULL);
        CHECK(strstr(answer, "waits for sticks: message 1 of room ") != NULL);
    } else {
        (void)host_interrupt(k->host);
    }
    expect_last_words(k->honest);
}

static void stuck_end(stuck *k) {
    char line[512];
    char ready[1100];
    host *h = k->host;
    CHECK_INT(host_wait_exit(h, WAIT_MS), EXIT_STUCK);
    CHECK(clock_now_ms() - k->begun_ms >= END_MS - 100);
    CHECK(host_try_log_line(h, "the process ends with exit code 71", line, sizeof line));
    CHECK(strstr(line, "1 call into a module has not returned") != NULL);
    (void)snprintf(line, sizeof line, "error sticks    %s", k->call);
    CHECK_INT(host_log_count(h, line), 1); /* the block about it begins otherwise */
    CHECK_INT(host_log_count(h, "the process ends: it was to stop"), 1);
    CHECK(host_log_count(h, "backtrace, the innermost call first") >= 1);
    CHECK(host_log_count(h, "  at        stick") >= 1);
    /* The other module has been stopped as always. */
    CHECK_INT(host_log_count(h, "opened 1 closed 1 packets"), 1);
    CHECK_INT(host_log_count(h, "is started again"), 0);
    (void)snprintf(ready, sizeof ready, "%s/ready", host_folder(h));
    CHECK(!file_exists(ready));
    net_close(k->client);
    host_drop(h);
}

static void handlers_and_jobs(void) {
    stuck all[] = {
        {.name = "stop_stuck-packet",
         .opcode = 1,
         .logged = "sticks in a packet",
         .call = "opcode 1 of session"},
        {.name = "stop_stuck-room",
         .opcode = 2,
         .logged = "sticks in a message of a room",
         .call = "message 1 of room"},
        {.name = "stop_stuck-module",
         .opcode = 3,
         .logged = "sticks in a message of the module",
         .call = "message 1 of module"},
        {.name = "stop_stuck-job",
         .opcode = 4,
         .logged = "sticks in a job",
         .call = "job 1 has not returned"},
        {.name = "stop_stuck-close",
         .at = "at = close\n",
         .opcode = 5,
         .call = "on_close of session"},
        {.name = "stop_stuck-supervised",
         .supervised = true,
         .opcode = 2,
         .logged = "sticks in a message of a room",
         .call = "message 1 of room"},
    };
    enum { COUNT = sizeof all / sizeof all[0] };
    for (int i = 0; i < COUNT; i++) {
        stuck_begin(&all[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        stuck_stop(&all[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        stuck_end(&all[i]);
    }
}

/* ---- calls of a module's life ----------------------------------------------------------------- */

/* Calls of a module's life have less time, and the host then stops without them. */
static void in_life(const char *name, const char *at, const char *told) {
    host *h = start(name, at, false);
    net_socket honest = connect_honest(h);
    (void)host_interrupt(h);
    expect_last_words(honest);
    CHECK_INT(host_wait_exit(h, WAIT_MS), 0);
    CHECK(host_log_count(h, told) >= 1);
    CHECK_INT(host_log_count(h, "opened 1 closed 1 packets"), 1);
    host_drop(h);
}

static void in_start(const char *name, const char *at, const char *told) {
    host *h = launch(name, at, CUT_MS, false);
    host_wait_log(h, "sticks in start", 1);
    if (host_try_interrupt(h)) {
        CHECK_INT(host_wait_exit(h, WAIT_MS), 0);
        CHECK(host_log_count(h, told) >= 1);
        CHECK_INT(host_log_count(h, "host      serving"), 0);
    }
    host_drop(h);
}

/* A second signal ends the host at once, also while it starts. */
static void twice_in_start(void) {
    host *h = launch("stop_stuck-twice", "at = start\n", 100000, false);
    host_wait_log(h, "sticks in start", 1);
    if (host_try_interrupt(h)) {
        clock_sleep_ms(1000);
        CHECK(host_alive(h));
        (void)host_try_interrupt(h);
        CHECK_INT(host_wait_exit(h, 10000), 1);
    }
    host_drop(h);
}

/* The control thread itself hangs, and nothing is contained. On Windows the system starts no thread
 * for Ctrl+C then. */
static void in_loader(void) {
    host_options options = {
        .name = "stop_stuck-loader",
        .modules = "sticks_loading",
        .host_keys = "stop_timeout_ms = 500\n",
        .module_keys = "probe = no\n",
    };
    if (strcmp(host_library_suffix, ".so") != 0) {
        return;
    }
    file_write("sticks_loading.txt", "", 0);
    host *h = host_launch(&options);
    host_wait_log(h, "sticks in its constructor", 1);
    (void)host_try_interrupt(h);
    CHECK_INT(host_wait_exit(h, WAIT_MS), EXIT_STUCK);
    CHECK_INT(host_log_count(h, "(loading modules): open sessions are closed"), 1);
    CHECK_INT(host_log_count(h, "(loading modules): 0 calls into modules have not returned"), 1);
    host_drop(h);
    options.name = "stop_stuck-loader_twice";
    options.host_keys = "stop_timeout_ms = 100000\n";
    h = host_launch(&options);
    host_wait_log(h, "sticks in its constructor", 1);
    (void)host_try_interrupt(h);
    clock_sleep_ms(1000);
    (void)host_try_interrupt(h);
    CHECK_INT(host_wait_exit(h, 10000), 1);
    host_drop(h);
}

SCENARIO(stop_stuck) {
    handlers_and_jobs();
    in_life("stop_stuck-stopping", "at = stopping\n", "no return in stopping");
    in_life("stop_stuck-stop", "at = stop\n", "no return in stop");
    in_life("stop_stuck-asleep", "at = stop\nasleep = yes\n", "stop does not return within");
    in_start("stop_stuck-start", "at = start\n", "no return in start");
    in_start("stop_stuck-start_asleep", "at = start\nasleep = yes\n",
             "start does not return within");
    twice_in_start();
    in_loader();
}
