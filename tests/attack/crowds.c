/* crowds.c: the attackers of support/attackers.h as attacks of siege.h. */
#include "siege.h"
#include "support/attackers.h"
#include "support/check.h"
#include "support/clock.h"

#include <stdio.h>

/* A session costs at most what may wait to be sent to it, a frame that is not complete, its buffers
 * and itself. */
enum {
    SEND_LIMIT = 256 << 10,
    FRAME_LIMIT = 4096,
    SESSION_BYTES = 16 << 10,
    CROWD = 300,
    WEB = 1000
};

/* The memory that the first reports of faults take: they read the debug information of host and
 * modules. */
enum { REPORT_BYTES = 48 << 20 };

static const struct {
    int clients;
    uint32_t rate; /* acts a second */
} strength[ATTACKS] = {
    [ATTACK_SLOW] = {8, 160},           [ATTACK_DRIBBLE] = {100, 1000},
    [ATTACK_SILENT] = {200, 1000},      [ATTACK_CROWD] = {CROWD, 1500},
    [ATTACK_FLOOD] = {20, 2000},        [ATTACK_VANISH] = {10, 200},
    [ATTACK_RESET] = {10, 300},         [ATTACK_HALF_CLOSE] = {20, 500},
    [ATTACK_URGENT] = {20, 500},        [ATTACK_OVERSIZED] = {20, 500},
    [ATTACK_NOISE] = {20, 300},         [ATTACK_GUESS] = {4, 50},
    [ATTACK_HOLD] = {200, 1000},        [ATTACK_FAULT] = {4, 40},
    [ATTACK_WEB_HALF] = {WEB, 2000},    [ATTACK_WEB_SLOW] = {WEB, 2000},
    [ATTACK_WEB_GIANT] = {20, 2000},    [ATTACK_WEB_SMUGGLE] = {20, 500},
    [ATTACK_WEB_BARE] = {20, 500},      [ATTACK_WEB_PACKED] = {20, 500},
    [ATTACK_WEB_DRIBBLE] = {100, 1000}, [ATTACK_WEB_FRAGMENTS] = {20, 1000},
    [ATTACK_WEB_EMPTY] = {20, 2000},    [ATTACK_WEB_PINGS] = {8, 200},
};

typedef struct crowd {
    host *host;
    attack kind;
    attackers *there;
    attackers_figures seen;
    int64_t sessions; /* of the honest clients */
} crowd;

static void begin(void *arg) {
    crowd *c = arg;
    bool on_admin = c->kind == ATTACK_GUESS || c->kind == ATTACK_HOLD;
    const char *listener = on_admin ? "admin" : c->kind >= ATTACK_WEB_FIRST ? "web" : "victims";
    attackers_options options = {
        .kind = c->kind,
        .port = host_port(c->host, listener),
        .clients = scale(strength[c->kind].clients, (strength[c->kind].clients + 4) / 5),
        .rate = (uint32_t)scale((int)strength[c->kind].rate, (int)strength[c->kind].rate / 10)};
    c->there = attackers_start(&options);
}

/* The operator gets in beside those who hold the admin listener. */
static void end(void *arg) {
    static char text[1 << 16];
    crowd *c = arg;
    if (c->kind == ATTACK_HOLD) {
        CHECK_INT(host_ctl(c->host, "status", NULL, text, sizeof text), 0);
    }
    attackers_add(&c->seen, attackers_stop(c->there));
}

static void settle(void *arg, char *often, size_t size) {
    const crowd *c = arg;
    CHECK(c->seen.acts > 0);
    host_wait_figure(c->host, "sessions", c->sessions);
    attackers_say(&c->seen, often, size);
}

/* The attacks from `first` to before `end`. */
static int make(host *h, attack first, attack end_of, siege_attack attacks[SIEGE_ATTACKS_MAX]) {
    static crowd crowds[ATTACKS];
    int64_t sessions = host_figure(h, "sessions");
    for (attack kind = first; kind < end_of; kind++) {
        int64_t bound =
            (int64_t)strength[kind].clients * (SEND_LIMIT + FRAME_LIMIT + SESSION_BYTES);
        crowds[kind] = (crowd){.host = h, .kind = kind, .sessions = sessions};
        attacks[kind - first] =
            (siege_attack){.word = attack_word(kind),
                           .sentence = attack_sentence(kind),
                           .by = kind >= ATTACK_WEB_FIRST ? "WebSocket" : "clients",
                           .bound = bound + (kind == ATTACK_FAULT ? REPORT_BYTES : 0),
                           .arg = &crowds[kind],
                           .begin = begin,
                           .end = end,
                           .settle = settle};
    }
    return (int)(end_of - first);
}

int siege_crowds(host *h, siege_attack attacks[SIEGE_ATTACKS_MAX]) {
    return make(h, 0, ATTACK_WEB_FIRST, attacks);
}

int siege_web(host *h, siege_attack attacks[SIEGE_ATTACKS_MAX]) {
    return make(h, ATTACK_WEB_FIRST, ATTACKS, attacks);
}
