/* greeds.c: what the module abi/glutton.c does as attacks of siege.h. */
#include "siege.h"
#include "abi/glutton.h"
#include "support/check.h"
#include "support/clock.h"
#include "support/wire.h"

#include <stdio.h>

/* Of memory: memory_limit_bytes of the module. */
enum { MB = 1 << 20, LIMIT = 16 << 20, ANSWER_MAX = 2048 };

/* Of each call, `amount` are asked for, every `period_ms`; more than the limits of siege_host. */
static const struct greed {
    const char *word;
    const char *sentence;
    uint16_t opcode;
    uint32_t amount;
    uint32_t period_ms;
    const char *refused; /* figure of `status`; NULL: none */
    const char *figure;  /* one that returns to what it was; NULL: none */
    int64_t bound;       /* bytes */
} greeds[] = {
    {"rooms", "create rooms without end", GLUTTON_ROOMS, 100, 50, "rooms_refused", "rooms", LIMIT},
    {"timers", "start timers without end", GLUTTON_TIMERS, 500, 50, "timers_refused", "timers",
     LIMIT},
    {"messages", "post 4 MB in one call", GLUTTON_MESSAGES, 4000, 50, "messages_refused", NULL,
     LIMIT},
    {"sends", "send 2 MB in one call to a client that reads slowly", GLUTTON_SENDS, 2000, 50, NULL,
     NULL, 4 * MB},
    {"channels", "join channels without end", GLUTTON_CHANNELS, 100, 50, "channels_refused", NULL,
     LIMIT},
    {"jobs", "ask for more jobs than can be done", GLUTTON_JOBS, 40, 50, "jobs_refused",
     "blocking_jobs", LIMIT},
    {"loop", "a handler does not return", GLUTTON_LOOP, 60000, 500, NULL, "late_calls", 4 * MB},
};
enum { GREEDS = sizeof greeds / sizeof greeds[0] };

typedef struct taker {
    host *host;
    const struct greed *greed;
    net_socket socket; /* NET_NONE: closed */
    uint64_t next_ms;
    int64_t sessions; /* of the honest clients */
    int64_t figure;   /* before */
    int64_t refused;  /* before */
    uint64_t asked;
    uint64_t closed; /* by the host */
} taker;

static int64_t refusals(const taker *t) {
    return t->greed->refused != NULL ? host_figure(t->host, t->greed->refused) : 0;
}

static void drop(taker *t) {
    net_close(t->socket);
    t->socket = NET_NONE;
}

static void begin(void *arg) {
    taker *t = arg;
    t->next_ms = 0;
    t->figure = t->greed->figure != NULL ? host_figure(t->host, t->greed->figure) : 0;
}

/* Reads a little of the answers, so that sends have something to wait for. */
static void read_some(taker *t) {
    uint8_t bytes[ANSWER_MAX];
    int got = net_recv_some(t->socket, bytes, sizeof bytes);
    if (got == NET_END || got == NET_BROKEN) {
        t->closed++;
        drop(t);
    }
}

static void step(void *arg) {
    taker *t = arg;
    uint8_t frame[16];
    if (t->socket == NET_NONE) {
        t->socket = net_connect(host_port(t->host, "glutton"));
        net_set_nonblocking(t->socket);
    }
    if (clock_now_ms() >= t->next_ms) {
        size_t size = wire_frame(WIRE_U16, frame, t->greed->opcode, &t->greed->amount,
                                 sizeof t->greed->amount);
        t->asked += net_send_some(t->socket, frame, size) == (int)size;
        t->next_ms = clock_now_ms() + t->greed->period_ms;
    }
    read_some(t);
}

static void end(void *arg) {
    taker *t = arg;
    if (t->socket != NET_NONE) {
        drop(t);
    }
}

static void settle(void *arg, char *often, size_t size) {
    const taker *t = arg;
    uint32_t none = 0;
    glutton_got got = {0};
    CHECK(t->asked > 0);
    host_wait_figure(t->host, "sessions", t->sessions);
    net_socket s = net_connect(host_port(t->host, "glutton"));
    CHECK_INT(wire_ask(s, GLUTTON_RELEASE, &none, sizeof none, &got, sizeof got), sizeof got);
    net_close(s);
    host_wait_figure(t->host, "sessions", t->sessions);
    if (t->greed->figure != NULL) {
        host_wait_at_most(t->host, t->greed->figure, t->figure);
    }
    int64_t refused = refusals(t) - t->refused;
    CHECK(t->greed->refused == NULL || refused > 0);
    (void)snprintf(often, size, "%llu calls of %u, %lld refused, %llu sessions closed by the host",
                   (unsigned long long)t->asked, t->greed->amount, (long long)refused,
                   (unsigned long long)t->closed);
}

int siege_greeds(host *h, siege_attack attacks[SIEGE_ATTACKS_MAX]) {
    static taker takers[GREEDS];
    int64_t sessions = host_figure(h, "sessions");
    for (int i = 0; i < GREEDS; i++) {
        takers[i] =
            (taker){.host = h, .greed = &greeds[i], .socket = NET_NONE, .sessions = sessions};
        attacks[i] = (siege_attack){.word = greeds[i].word,
                                    .sentence = greeds[i].sentence,
                                    .by = "module",
                                    .bound = greeds[i].bound,
                                    .arg = &takers[i],
                                    .begin = begin,
                                    .step = step,
                                    .end = end,
                                    .settle = settle};
    }
    return GREEDS;
}
