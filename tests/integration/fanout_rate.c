/* fanout_rate.c: one user of the chat shouts to everybody as fast as it can, next to an honest
 * reader that is slow: the reader misses nothing and stays, since the shouter is charged for what
 * its lines cost, and read more slowly. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/talkers.h"
#include "support/wire.h"

#include <string.h>

enum {
    CROWD = 20,
    RATE = 256 * 1024, /* fanout_rate: about 11 KB/s for each of the crowd */
    TEXT = 400,        /* bytes of a shout */
    READ_BYTES = 2048, /* of the slow reader, each time ... */
    READ_EVERY_MS = 50,
    FLOOD_MS = 5000,
    LINE = 4096
};

/* The shouter, which does not wait for anything. */
typedef struct shouter {
    net_socket socket;
    uint32_t number; /* of the line that is being sent */
    char text[TEXT + 64];
    size_t size, sent;
} shouter;

static void shout(shouter *s) {
    for (int i = 0; i < 1000; i++) {
        if (s->sent == s->size) {
            int head = snprintf(s->text, sizeof s->text, "/shout %u ", ++s->number);
            memset(s->text + head, 'x', TEXT);
            s->text[head + TEXT] = '\n';
            s->size = (size_t)head + TEXT + 1;
            s->sent = 0;
        }
        int sent = net_send_some(s->socket, s->text + s->sent, s->size - s->sent);
        CHECK(sent != NET_BROKEN);
        if (sent == NET_TIMEOUT) {
            return;
        }
        s->sent += (size_t)sent;
    }
}

/* Reads and drops what there is. */
static void drain(net_socket s) {
    char bytes[16 * 1024];
    int got = 0;
    while ((got = net_recv_some(s, bytes, sizeof bytes)) > 0) {
    }
    CHECK_INT(got, NET_TIMEOUT);
}

/* The slow reader: checks that the shouts' numbers follow each other. */
typedef struct reader {
    net_socket socket;
    char text[LINE];
    size_t used;
    uint32_t last; /* number of a shout */
} reader;

static void check_line(reader *r, const char *text) {
    static const char start[] = "bawler to all: ";
    if (strncmp(text, start, sizeof start - 1) == 0) {
        CHECK_INT(strtoul(text + sizeof start - 1, NULL, 10), r->last + 1);
        r->last++;
    }
}

static void read_some(reader *r) {
    size_t space = sizeof r->text - 1 - r->used;
    int got = net_recv_some(r->socket, r->text + r->used, space < READ_BYTES ? space : READ_BYTES);
    CHECK(got > 0 || got == NET_TIMEOUT); /* it is not closed */
    r->used += got > 0 ? (size_t)got : 0;
    r->text[r->used] = '\0';
    char *at = r->text;
    for (char *end = NULL; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        check_line(r, at);
    }
    r->used -= (size_t)(at - r->text);
    memmove(r->text, at, r->used + 1);
}

static void play(host *h, net_socket *crowd, shouter *s, reader *r) {
    int64_t before = host_figure(h, "sent_bytes");
    uint64_t start_ms = clock_now_ms();
    uint64_t reads = 0;
    while (clock_now_ms() - start_ms < FLOOD_MS) {
        shout(s);
        drain(s->socket);
        for (int i = 0; i < CROWD; i++) {
            drain(crowd[i]);
        }
        for (; reads <= (clock_now_ms() - start_ms) / READ_EVERY_MS; reads++) {
            read_some(r);
        }
        clock_sleep_ms(READ_EVERY_MS);
    }
    int64_t most = RATE * (int64_t)(clock_now_ms() - start_ms + 2000) / 1000;
    CHECK(host_figure(h, "sent_bytes") - before <= most); /* the figures of `ctl` are small */
    CHECK(host_figure(h, "slowed") >= 1);
}

SCENARIO(fanout_rate) {
    static const char keys[] = "framing = line\nsend_limit_bytes = 128K\nfanout_rate = 256K\n"
                               "over_rate = slow\nsend_buffer_bytes = 16K\n";
    host_options options = {
        .name = "fanout_rate",
        .modules = "chat",
        .listeners = {{"talk", "chat.user", keys}},
    };
    host *h = host_start(&options);
    net_socket crowd[CROWD];
    talkers(h, true, crowd, CROWD);
    for (int i = 0; i < CROWD; i++) {
        net_set_nonblocking(crowd[i]);
    }
    reader r = {.socket = talker(h, "reader", true)};
    shouter s = {.socket = talker(h, "bawler", true)};
    net_set_nonblocking(r.socket);
    net_set_nonblocking(s.socket);
    play(h, crowd, &s, &r);
    net_reset(s.socket); /* it still shouts what the host has received */
    for (uint64_t end_ms = clock_now_ms() + 2000; clock_now_ms() < end_ms;) {
        read_some(&r);
        clock_sleep_ms(READ_EVERY_MS);
    }
    CHECK(r.last >= 20);
    CHECK_INT(host_log_settled(h, "does not read"), 0);
    net_close(r.socket);
    talkers_close(crowd, CROWD);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}
