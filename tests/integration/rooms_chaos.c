/* rooms_chaos.c: threads of clients connect, act, move between rooms, talk and disconnect without a
 * pause, while rooms tick and close, sessions are kicked, a module that takes part in the sessions
 * is unloaded and loaded, and finally so is their own module. Each on_open is followed by one
 * on_close and each on_join by one on_leave, in order and in the right turn, and nothing is left.
 * tests/abi/chaos.c and chaos_guest.c keep the ledgers. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include "os/os.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, CLIENTS_MAX = 60, ACT = 1, ASK_ALL = 2, ANSWERS = 3, GUEST = 50 };

typedef struct clients {
    os_thread *thread;
    uint64_t random;
    int count;
    net_socket sockets[CLIENTS_MAX];
} clients;

static host *h;
static uint16_t port;
static clients all[THREADS];
static uint64_t main_random = 20;
static uint32_t pause_ms = 1;
static uint32_t kick_odds = 20; /* the odds of a listed session to be kicked */
static atomic_bool stop;
static atomic_bool unloading;
static _Atomic uint64_t acted_meanwhile; /* packets sent while a module was being unloaded */

/* ---- clients, in threads of their own -------------------------------------------------------- */

static uint32_t dice(uint64_t *random, uint32_t sides) {
    return (uint32_t)(wire_random(random) % sides);
}

/* Takes what has arrived. False: the connection has ended. */
static bool take(net_socket s) {
    char bytes[8192];
    int got = NET_TIMEOUT;
    do {
        got = net_recv_some(s, bytes, sizeof bytes);
    } while (got > 0);
    return got == NET_TIMEOUT;
}

/* A few packets whose answers nobody waits for. False: the connection has ended. */
static bool act(clients *c, net_socket s) {
    bool there = true;
    for (uint32_t n = dice(&c->random, 6); there && n > 0; n--) {
        uint8_t bytes[12];
        uint8_t frame[32]; /* all threads share wire_send's */
        wire_random_bytes(&c->random, bytes, sizeof bytes);
        uint16_t opcode = dice(&c->random, 8) == 0 ? GUEST : ACT;
        there = net_send_all(s, frame,
                             wire_frame(WIRE_U16, frame, opcode, bytes, 2 + dice(&c->random, 10)));
        if (atomic_load_explicit(&unloading, memory_order_relaxed)) {
            atomic_fetch_add_explicit(&acted_meanwhile, there, memory_order_relaxed);
        }
    }
    return there;
}

static void client_step(clients *c, net_socket *s) {
    if (*s == NET_NONE) {
        *s = net_try_connect("127.0.0.1", port);
        if (*s == NET_NONE) {
            return; /* the listener waits for its module */
        }
        net_set_nonblocking(*s);
    }
    if (act(c, *s) && take(*s) && dice(&c->random, 60) != 0) {
        return;
    }
    if (dice(&c->random, 2) == 0) {
        net_reset(*s);
    } else {
        net_close(*s);
    }
    *s = NET_NONE;
}

static void clients_main(void *arg) {
    clients *c = arg;
    while (!atomic_load(&stop)) {
        for (int i = 0; i < c->count; i++) {
            client_step(c, &c->sockets[i]);
        }
        clock_sleep_ms(pause_ms);
    }
}

static void clients_start(int count) {
    for (int t = 0; t < THREADS; t++) {
        all[t].random = 100u + (uint64_t)t;
        all[t].count = count / THREADS;
        for (int i = 0; i < CLIENTS_MAX; i++) {
            all[t].sockets[i] = NET_NONE;
        }
        CHECK_INT(os_thread_start(&all[t].thread, "clients", clients_main, &all[t]), PORTICO_OK);
    }
}

/* Their connections stay open. */
static void clients_stop(void) {
    atomic_store(&stop, true);
    for (int t = 0; t < THREADS; t++) {
        os_thread_join(all[t].thread);
    }
}

static void clients_close(void) {
    for (int t = 0; t < THREADS; t++) {
        for (int i = 0; i < all[t].count; i++) {
            if (all[t].sockets[i] != NET_NONE) {
                net_close(all[t].sockets[i]);
            }
        }
    }
}

/* ---- the administrator, in the main thread --------------------------------------------------- */

/* Kicks a few of the connected sessions. Returns how many were still there. */
static uint32_t kick_some(void) {
    static char answer[65536];
    char command[64];
    uint32_t kicked = 0;
    host_admin(h, "sessions", answer, sizeof answer);
    for (const char *line = answer; line != NULL && *line != '\0';) {
        unsigned long long id = strtoull(line, NULL, 10);
        const char *end = strchr(line, '\n');
        const char *type = strstr(line, " chaos.session ");
        if (type != NULL && (end == NULL || type < end) && dice(&main_random, kick_odds) == 0) {
            snprintf(command, sizeof command, "kick %llu", id);
            kicked += host_try_admin(h, command, NULL, 0);
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return kicked;
}

/* Kicks for `ms`, and until at least one session was kicked. */
static void kick_for(uint32_t ms) {
    uint64_t end_ms = clock_now_ms() + ms;
    uint32_t kicked = 0;
    while (clock_now_ms() < end_ms || kicked == 0) {
        kicked += kick_some();
        CHECK(clock_now_ms() < end_ms + 20000);
    }
}

static void load_module(const char *name) {
    char path[1024];
    char command[1100];
    host_module_path(name, path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    host_admin(h, command, NULL, 0);
}

/* Unloads in the middle of everything. The module's account must balance. */
static void unload_module(const char *name, const char *account, int count) {
    char command[64];
    char even[64];
    snprintf(command, sizeof command, "unload %s", name);
    atomic_store(&unloading, true);
    host_admin(h, command, NULL, 0);
    atomic_store(&unloading, false);
    snprintf(even, sizeof even, "%s 0", account);
    host_wait_log(h, account, count);
    host_wait_log(h, even, count);
}

static void round_of_unloads(int round, uint32_t ms) {
    kick_for(ms);
    unload_module("chaos_guest", "guest wrong", 2 * round - 1);
    kick_for(ms / 2);
    load_module("chaos_guest");
    kick_for(ms / 2);
    unload_module("chaos_guest", "guest wrong", 2 * round);
    unload_module("chaos", "chaos wrong", round);
    CHECK_INT(host_figure(h, "rooms"), 0);
    load_module("chaos");
    load_module("chaos_guest");
}

/* ---- what is left at the end ----------------------------------------------------------------- */

/* With no more activity and all rooms closed, every session is outside its room and has been
 * notified of the outcome of each move it asked for. */
static void check_all_settled(void) {
    net_socket s = net_connect(port);
    uint64_t end_ms = clock_now_ms() + 10000;
    uint32_t asked = 0;
    uint32_t answers[2] = {0, 1};
    while (asked < 2 || answers[0] != asked || answers[1] != 0) {
        CHECK(clock_now_ms() < end_ms);
        bool there = wire_ask(s, ASK_ALL, NULL, 0, &asked, sizeof asked) == sizeof asked;
        clock_sleep_ms(20);
        there = there && wire_ask(s, ANSWERS, NULL, 0, answers, sizeof answers) == sizeof answers;
        if (!there) { /* one of the others' last packets has closed it */
            net_close(s);
            s = net_connect(port);
            asked = 0;
        }
    }
    net_close(s);
}

/* Everything that was to happen did, in the life of the first image. */
static void check_line(void) {
    static const char *const figures[] = {"sessions ",    "rooms ",        "members ",
                                          "ok ",          "room_closed ",  "closed ",
                                          "were_kicked ", "were_unloaded "};
    char line[1024];
    host_wait_log_line(h, "account: ", line, sizeof line);
    printf("%s\n", strstr(line, "account: "));
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        const char *at = strstr(strstr(line, "account: "), figures[i]);
        CHECK(at != NULL && strtol(at + strlen(figures[i]), NULL, 10) > 0);
    }
}

SCENARIO(rooms_chaos) {
    host_options options = {
        .name = "rooms_chaos",
        .workers = 5,
        .modules = "chaos chaos_guest",
        .listeners = {{"game", "chaos.session", "close_timeout_ms = 1000\n"}},
    };
    h = host_start(&options);
    port = host_port(h, "game");
    int64_t timers = host_figure(h, "timers");
    int rounds = scale(8, 3);
    if (!scale_sanitized()) { /* under Wine there are few clients and much else to do */
        pause_ms = (uint32_t)scale(1, 10);
        kick_odds = (uint32_t)scale(20, 4);
    }
    clients_start(scale(200, 24));
    for (int round = 1; round <= rounds; round++) {
        round_of_unloads(round, 700);
    }
    kick_for(300);
    clients_stop();
    check_all_settled();
    clients_close();
    host_wait_figure(h, "sessions", 0);
    unload_module("chaos_guest", "guest wrong", 2 * rounds + 1);
    unload_module("chaos", "chaos wrong", rounds + 1);
    host_wait_figure(h, "rooms", 0);
    host_wait_at_most(h, "timers", timers + 1);
    check_line();
    printf("%llu packets were sent while a module was being unloaded\n",
           (unsigned long long)atomic_load(&acted_meanwhile));
    CHECK(atomic_load(&acted_meanwhile) > 0);
    host_stop(h);
}
