/* load.c: the load of the comparisons, for any TCP server that answers as its work requires, also
 * under Wine. One thread, epoll. It checks every byte and the order.
 *
 *   bench.load --port P [--NAME VALUE ...]
 *
 *   --port P            the server's port
 *   --address A         its address; default 127.0.0.1
 *   --pid PID[,PID...]  processes whose processor time and memory to print; default none
 *   --work W            echo (default): each connection keeps frames in flight and gets them back
 *                       churn: each connects, gets one frame back, closes, again and again; a
 *                       message is one such connection
 *                       broadcast: the first sends, all receive, itself included; a message is
 *                       what one of them receives
 *                       idle: each gets one frame back and is silent; prints the memory in use
 *   --connections N     default 1; above 20,000, and with churn, from several of 127.0.0.0/8
 *   --in-flight K       unanswered frames of each connection (broadcast: of the first); default 1
 *   --silent N          the last N connections never send anything; default 0
 *   --opcodes N         frames have the opcodes 1 to N in turn; default 1
 *   --size BYTES        of a frame with its header, 16 to 65535; default 64
 *   --websocket         the server speaks WebSocket; not with churn and broadcast
 *   --warm-up-ms MS     default 200
 *   --seconds S         duration of the measurement; default 1
 *   --limit-s S         for connecting, and for each round; then the program ends in any case;
 *                       default 60
 *   --allocations FILE  the file of count_allocations.c
 *   --tls HOW           connections use TLS, and the server's certificate is not checked. With churn
 *                       each is a handshake. HOW: whole, or resume, the session of an earlier one
 *   --steps             prints `ready` when all have connected; then each line on stdin is one
 *                       round, until stdin ends. So another program can watch exactly one round,
 *                       and several clients can take turns
 *
 * A closed loop: what one read brought is answered by as many frames in one write. At the end the
 * client stops sending and waits for what is in flight. Then it prints one line of NAME=VALUE:
 *
 *   messages, per_second                   during the measurement
 *   p50_us, p99_us, max_us                 latency, from write to read; churn: from connecting
 *   server_us, server_share                processor time of all PIDs per message; in processors
 *   server_us_1, server_us_2 ...           of each PID
 *   client_us, client_share                of this program; near 1: it limits the server
 *   allocations                            per message
 *   total                                  messages of the round, measured or not
 *   handshakes, resumed                    with --tls: of all rounds
 *   resident_before_kib, resident_kib      memory of all PIDs before the first connection and at
 *                                          the end
 *   bytes_per_connection                   the difference of those two, per connection
 *
 * Exit code 0: done. 1: the server was wrong, as stderr says. 2: nothing could be measured.
 */
#include "bench/load_link.h"
#include "bench/load_meter.h"
#include "bench/load_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    EVENTS = 512,
    CONNECTING_MAX = 128,
    IN_FLIGHT_MAX = 4096,
    PER_ADDRESS = 20000, /* the system has 28,232 ports per address */
    CHURN_ADDRESSES = 200,
    ASSEMBLE_MS = 10,
    DRAIN_S = 10,
    SETTLE_MS = 300
};

typedef enum work { ECHO, CHURN, BROADCAST, IDLE, WORKS } work;

static const char *const work_names[WORKS] = {"echo", "churn", "broadcast", "idle"};

static work kind;
static meter meters;
static bool in_steps;
static const char *tls; /* NULL: without */
static const char *address = "127.0.0.1";
static uint64_t port;
static uint64_t connections = 1;
static uint64_t in_flight = 1;
static uint64_t silent;
static uint64_t opcodes = 1;
static bool websocket;
static uint64_t size = 64;
static uint64_t warm_up_ms = 200;
static double seconds = 1.0;
static uint64_t limit_s = 60;

static int epoll;
static load_link *links;
static uint64_t *started_ns; /* of each frame in flight: `in_flight` of each connection */
static uint64_t *heard_by;   /* broadcast: how many have received each frame in flight */
static uint64_t connecting;  /* started, not yet connected */
static uint64_t untuned;     /* broadcast: members that have received nothing */
static uint64_t flying;      /* frames that have not come back; broadcast: not to all members */
static uint64_t churned;     /* connections started */
static uint64_t total;       /* messages of this round */
static uint64_t give_up_ns;  /* the limit */
static bool stopping;        /* nothing new is sent */
static bool measuring;

/* ---- frames ------------------------------------------------------------ */

static uint64_t *started_of(const load_link *l, uint32_t number) {
    return &started_ns[(uint64_t)(l - links) * in_flight + number % in_flight];
}

static void issue(load_link *l, uint64_t count, uint64_t now_ns) {
    for (uint64_t i = 0; i < count; i++) {
        *started_of(l, l->issued) = now_ns;
        l->issued++;
    }
    flying += count;
    link_flush(l);
}

static void begin_connecting(load_link *l, uint64_t now_ns) {
    int addresses = kind == CHURN ? CHURN_ADDRESSES : (int)(connections / PER_ADDRESS) + 1;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, .data.ptr = l};
    uint64_t number = kind == CHURN ? churned : churned / PER_ADDRESS;
    churned++;
    connecting++;
    link_connect(l, addresses > 1 ? 2 + (int)(number % (uint64_t)addresses) : 0);
    *started_of(l, l->issued) = now_ns;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, l->fd, &event) != 0) {
        meter_fail(2, "epoll_ctl: %s", strerror(errno));
    }
}

static void message_done(uint64_t started, uint64_t now_ns) {
    total++;
    if (measuring) {
        meter_latency(now_ns - started);
    }
}

/* A member has received the frame `number`; the last member lets the next frame be sent. */
static void heard(uint32_t number, uint64_t now_ns) {
    load_link *from = &links[0];
    uint64_t *count = &heard_by[number % in_flight];
    message_done(*started_of(from, number), now_ns);
    if (++*count == connections) {
        *count = 0;
        flying--;
        if (!stopping) {
            issue(from, 1, now_ns);
        }
    }
}

static void received(load_link *l, uint32_t count, uint64_t now_ns) {
    if (kind == BROADCAST) {
        for (uint32_t i = count; i > 0 && untuned == 0; i--) {
            heard(l->received - i, now_ns);
        }
        return;
    }
    for (uint32_t i = count; i > 0; i--) {
        message_done(*started_of(l, l->received - i), now_ns);
    }
    flying -= count;
    if (kind == CHURN) {
        link_close(l);
        if (!stopping) {
            begin_connecting(l, now_ns);
        }
    } else if (!stopping) {
        issue(l, count, now_ns);
    }
}

static void on_event(load_link *l, uint32_t events) {
    if (!l->connected) {
        if (!link_connected(l)) {
            return;
        }
        connecting--;
        if (kind == CHURN && stopping) {
            link_close(l);
        } else if (kind == CHURN) {
            l->issued++;
            flying++;
        }
    }
    if (l->fd < 0) {
        return;
    }
    if ((events & EPOLLOUT) != 0) {
        link_flush(l);
    }
    bool more = (events & ~(uint32_t)EPOLLOUT) != 0;
    while (more && l->fd >= 0 && l->connected) {
        bool was_tuned = l->tuned;
        uint32_t count = link_read(l, links[l->source].issued, &more);
        untuned -= l->tuned && !was_tuned ? 1 : 0;
        if (count > 0) {
            received(l, count, meter_now_ns());
        }
    }
}

/* Waits for events, up to the given time, and handles them; at least once. */
static void turn(uint64_t until_ns) {
    struct epoll_event events[EVENTS];
    uint64_t now_ns = meter_now_ns();
    if (now_ns >= give_up_ns) {
        meter_fail(1, "not done within %llu s: %llu connections not made, %llu frames not answered",
                   (unsigned long long)limit_s, (unsigned long long)connecting,
                   (unsigned long long)flying);
    }
    until_ns = until_ns < give_up_ns ? until_ns : give_up_ns;
    uint64_t wait_ms = until_ns > now_ns ? (until_ns - now_ns + 999999) / 1000000 : 0;
    int count = epoll_wait(epoll, events, EVENTS, (int)wait_ms);
    if (count < 0 && errno != EINTR) {
        meter_fail(2, "epoll_wait: %s", strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        on_event(events[i].data.ptr, events[i].events);
    }
}

static void turn_until(uint64_t until_ns) {
    while (meter_now_ns() < until_ns) {
        turn(until_ns);
    }
}

/* ---- from connecting to the end ------------------------------------------------------------ */

static void connect_all(void) {
    for (uint64_t i = 0; i < connections; i++) {
        links[i] = (load_link){.fd = -1,
                               .id = (uint32_t)i,
                               .source = kind == BROADCAST ? 0 : (uint32_t)i,
                               .tuned = kind != BROADCAST || i == 0};
        if (kind == CHURN) {
            continue; /* they connect when a round starts */
        }
        begin_connecting(&links[i], meter_now_ns());
        while (connecting >= CONNECTING_MAX) {
            turn(give_up_ns);
        }
    }
    while (connecting > 0) {
        turn(give_up_ns);
    }
}

/* The client cannot see when the server has all members in the room: it sends frames until each
 * member has received one and all have received the last. */
static void assemble(void) {
    untuned = connections - 1;
    while (untuned > 0) {
        issue(&links[0], 1, 0);
        turn_until(meter_now_ns() + ASSEMBLE_MS * 1000000ULL);
    }
    for (uint64_t i = 0; i < connections; i++) {
        untuned = 1; /* what arrives is not a message yet */
        while (links[i].received != links[0].issued) {
            turn(give_up_ns);
        }
    }
    untuned = 0;
    flying = 0;
}

static void begin_limit(void) {
    give_up_ns = meter_now_ns() + limit_s * 1000000000;
}

static void drain(void) {
    uint64_t until_ns = meter_now_ns() + DRAIN_S * 1000000000ULL;
    stopping = true;
    while (flying > 0 || connecting > 0) {
        turn(until_ns);
        if (meter_now_ns() >= until_ns) {
            meter_fail(
                1, "%llu frames did not come back, and %llu connections were not made, within %d s",
                (unsigned long long)flying, (unsigned long long)connecting, DRAIN_S);
        }
    }
}

/* Whether there is another round: with --steps one per line of stdin, otherwise one. */
static bool next_round(void) {
    static bool had_one;
    int c = had_one ? EOF : '\n';
    had_one = true;
    if (in_steps) {
        do {
            c = getchar(); /* the line's text is ignored */
        } while (c != '\n' && c != EOF);
    }
    return c == '\n';
}

static void start(void) {
    uint64_t count = kind == BROADCAST ? 1 : connections - silent;
    for (uint64_t i = 0; i < count; i++) {
        if (kind == CHURN) {
            begin_connecting(&links[i], meter_now_ns());
        } else {
            issue(&links[i], in_flight, meter_now_ns());
        }
    }
}

static void report(const meter_reading *from, const meter_reading *to, uint64_t messages,
                   uint64_t before) {
    double took_ns = (double)(to->at_ns - from->at_ns);
    double each = messages > 0 ? (double)messages : 1.0;
    double client_ns = (double)(to->client_ns - from->client_ns);
    double server_ns = 0;
    uint64_t resident = meter_resident_bytes(&meters);
    for (int i = 0; i < meters.pid_count; i++) {
        server_ns += (double)(to->server_ns[i] - from->server_ns[i]);
    }
    printf("work=%s connections=%llu in_flight=%llu size=%llu seconds=%.3f messages=%llu "
           "per_second=%.0f",
           work_names[kind], (unsigned long long)connections, (unsigned long long)in_flight,
           (unsigned long long)size, took_ns / 1e9, (unsigned long long)messages,
           each * 1e9 / took_ns);
    printf(" p50_us=%.1f p99_us=%.1f max_us=%.1f", meter_latency_us(50), meter_latency_us(99),
           meter_latency_us(100));
    printf(" server_us=%.4f server_share=%.3f client_us=%.4f client_share=%.3f",
           server_ns / each / 1e3, server_ns / took_ns, client_ns / each / 1e3,
           client_ns / took_ns);
    for (int i = 0; i < meters.pid_count; i++) {
        printf(" server_us_%d=%.4f", i + 1,
               (double)(to->server_ns[i] - from->server_ns[i]) / each / 1e3);
    }
    if (meters.allocations != NULL) {
        printf(" allocations=%.6f", (double)(to->allocations - from->allocations) / each);
    }
    if (tls != NULL) {
        unsigned long handshakes = 0;
        unsigned long resumed = 0;
        load_tls_count(&handshakes, &resumed);
        printf(" handshakes=%lu resumed=%lu", handshakes, resumed);
    }
    printf(" total=%llu resident_before_kib=%llu resident_kib=%llu bytes_per_connection=%.0f\n",
           (unsigned long long)total, (unsigned long long)before / 1024,
           (unsigned long long)resident / 1024,
           ((double)resident - (double)before) / (double)connections);
    (void)fflush(stdout);
}

static void round_of(uint64_t resident_before) {
    stopping = false;
    total = 0;
    meter_latency_clear();
    start();
    if (kind == IDLE) {
        stopping = true;
    } else {
        turn_until(meter_now_ns() + warm_up_ms * 1000000);
    }
    uint64_t messages = total;
    meter_reading from = meter_read(&meters);
    measuring = true;
    if (kind == IDLE) {
        drain();
        turn_until(meter_now_ns() + SETTLE_MS * 1000000ULL);
    } else {
        turn_until(from.at_ns + (uint64_t)(seconds * 1e9));
    }
    meter_reading to = meter_read(&meters);
    measuring = false;
    messages = total - messages;
    drain();
    report(&from, &to, messages, resident_before);
}

static void run(void) {
    uint64_t resident_before = meter_resident_bytes(&meters);
    begin_limit();
    connect_all();
    if (kind == BROADCAST) {
        assemble();
    }
    if (in_steps) {
        (void)puts("ready");
        (void)fflush(stdout);
    }
    while (next_round()) {
        begin_limit();
        round_of(resident_before);
    }
}

/* ---- arguments ------------------------------------------------------------ */

static uint64_t whole_number(const char *name, const char *value, uint64_t min, uint64_t max) {
    char *end = NULL;
    uint64_t number = strtoull(value, &end, 10);
    if (end == value || *end != '\0' || number < min || number > max) {
        meter_fail(2, "%s takes %llu to %llu, not %s", name, (unsigned long long)min,
                   (unsigned long long)max, value);
    }
    return number;
}

static void take_pids(char *list) {
    char *rest = NULL;
    for (const char *pid = strtok_r(list, ",", &rest); pid != NULL;
         pid = strtok_r(NULL, ",", &rest)) {
        if (meters.pid_count == METER_PIDS_MAX) {
            meter_fail(2, "at most %d processes", METER_PIDS_MAX);
        }
        meters.pids[meters.pid_count++] = (int)whole_number("--pid", pid, 1, 1 << 30);
    }
}

static void take_work(const char *name) {
    for (int i = 0; i < WORKS; i++) {
        if (strcmp(name, work_names[i]) == 0) {
            kind = (work)i;
            return;
        }
    }
    meter_fail(2, "there is no work %s", name);
}

static void take(const char *name, char *value) {
    const struct {
        const char *name;
        uint64_t *number;
        uint64_t min;
        uint64_t max;
    } numbers[] = {
        {"--port", &port, 1, 65535},
        {"--connections", &connections, 1, 1000000},
        {"--in-flight", &in_flight, 1, IN_FLIGHT_MAX},
        {"--silent", &silent, 0, 999999},
        {"--opcodes", &opcodes, 1, 65535},
        {"--size", &size, LINK_SIZE_MIN + 4, LINK_SIZE_MAX},
        {"--warm-up-ms", &warm_up_ms, 0, 600000},
        {"--limit-s", &limit_s, 1, 3600},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            *numbers[i].number = whole_number(name, value, numbers[i].min, numbers[i].max);
            return;
        }
    }
    if (strcmp(name, "--seconds") == 0) {
        seconds = strtod(value, NULL);
    } else if (strcmp(name, "--address") == 0) {
        address = value;
    } else if (strcmp(name, "--pid") == 0) {
        take_pids(value);
    } else if (strcmp(name, "--tls") == 0) {
        tls = value;
    } else if (strcmp(name, "--work") == 0) {
        take_work(value);
    } else if (strcmp(name, "--allocations") == 0) {
        meter_map_allocations(&meters, value);
    } else {
        meter_fail(2, "there is no argument %s", name);
    }
}

static void take_all(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--steps") == 0) {
            in_steps = true;
        } else if (strcmp(argv[i], "--websocket") == 0) {
            websocket = true;
        } else if (i + 1 < argc) {
            take(argv[i], argv[i + 1]);
            i++;
        } else {
            meter_fail(2, "%s takes a value", argv[i]);
        }
    }
    if (port == 0 || !(seconds > 0.0 && seconds <= 3600.0)) {
        meter_fail(2, "--port is needed, and --seconds above 0 and up to 3600");
    }
    if (tls != NULL && strcmp(tls, "whole") != 0 && strcmp(tls, "resume") != 0) {
        meter_fail(2, "--tls takes whole or resume, not %s", tls);
    }
    if (silent >= connections || (silent > 0 && kind != ECHO)) {
        meter_fail(2, "--silent needs --work echo and at least one connection that sends");
    }
    if (websocket && (kind == CHURN || kind == BROADCAST || tls != NULL)) {
        meter_fail(2, "--websocket needs --work echo or idle, and no --tls");
    }
    if (kind == CHURN || kind == IDLE) {
        in_flight = 1;
    }
}

/* Allows as many files as there are connections, if the system permits. */
static void raise_limit(void) {
    const struct rlimit wanted = {connections + 100, connections + 100};
    struct rlimit limit = {0};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted.rlim_cur) {
        return;
    }
    limit.rlim_cur = limit.rlim_max < wanted.rlim_cur ? limit.rlim_max : wanted.rlim_cur;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted.rlim_cur &&
        setrlimit(RLIMIT_NOFILE, &wanted) != 0) {
        meter_fail(2, "%llu connections, and only %llu files may be open",
                   (unsigned long long)connections, (unsigned long long)limit.rlim_max);
    }
}

int main(int argc, char **argv) {
    take_all(argc, argv);
    raise_limit();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    links = calloc(connections, sizeof *links);
    started_ns = calloc(connections * in_flight, sizeof *started_ns);
    heard_by = calloc(in_flight, sizeof *heard_by);
    if (epoll < 0 || links == NULL || started_ns == NULL || heard_by == NULL) {
        meter_fail(2, "no memory for %llu connections", (unsigned long long)connections);
    }
    link_prepare(address, (uint16_t)port, (uint32_t)size, (uint32_t)opcodes, websocket);
    if (tls != NULL) {
        link_use_tls(strcmp(tls, "resume") == 0);
    }
    run();
    for (uint64_t i = 0; i < connections; i++) {
        link_close(&links[i]);
    }
    free(links);
    free(started_ns);
    free(heard_by);
    (void)close(epoll);
    return 0;
}
