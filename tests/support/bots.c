/* bots.c: see bots.h. */
#include "support/bots.h"

#include "support/check.h"
#include "support/clock.h"
#include "support/wire.h"

#include <stdlib.h>
#include <string.h>

enum { JOIN = 1, MOVE = 2, HIT = 3, WELCOME = 100, SNAPSHOT = 101, SCORES = 102 };
enum {
    IN_BYTES = 65536,
    PLAYERS_MAX = 256,
    FRAME_MAX = WIRE_U16 + 6 + 6 * PLAYERS_MAX,
    FIELD_SIZE = 1000
};

typedef struct bot {
    net_socket socket;
    uint16_t number; /* 0: not welcomed yet */
    bool first;      /* of its field: reports for it */
    int watcher;     /* its index among the watchers; -1: none */
    uint32_t tick_ms;
    uint32_t tick;  /* of the last snapshot; 0: none yet */
    uint32_t count; /* of the players in that snapshot */
    uint64_t hits;
    uint32_t score;
    uint32_t score_count;
    uint64_t scores_hash; /* of the last scores received */
    uint32_t rest_size;
    uint8_t rest[FRAME_MAX]; /* the beginning of an incomplete frame */
} bot;

/* One tick as its watcher saw it. */
typedef struct sample {
    int watcher;
    int64_t at_us; /* minus tick * tick_ms: only differences within one watcher mean anything */
} sample;

struct bots {
    bots_options options;
    int count;
    int joined;  /* how many already play */
    int welcome; /* how many have received their number */
    int next;    /* which bot thinks next */
    uint64_t next_due_us;
    bot *all;
    int watcher_count;
    bot **watchers;
    net_poll_entry *entries; /* one per watcher */
    sample *samples;
    size_t sample_count;
    size_t sample_capacity;
    uint64_t random;
    bots_figures figures;
    uint8_t in[IN_BYTES];
};

static uint16_t read_u16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t read_u32(const uint8_t *at) {
    return read_u16(at) | (uint32_t)read_u16(at + 2) << 16;
}

/* ---- packets from the game ------------------------------------------------------------------- */

static void on_welcome(bots *b, bot *p, const uint8_t *data, uint32_t size) {
    CHECK_INT(size, 8);
    CHECK(p->number == 0);
    p->number = read_u16(data);
    p->tick_ms = read_u16(data + 2);
    CHECK(p->number > 0 && p->tick_ms > 0);
    b->welcome++;
}

static void watcher_note(bots *b, const bot *p, uint32_t tick) {
    if (b->sample_count == b->sample_capacity) {
        b->sample_capacity = b->sample_capacity == 0 ? 1024 : 2 * b->sample_capacity;
        b->samples = realloc(b->samples, b->sample_capacity * sizeof *b->samples);
        CHECK(b->samples != NULL);
    }
    b->samples[b->sample_count++] =
        (sample){p->watcher, (int64_t)clock_now_us() - (int64_t)tick * p->tick_ms * 1000};
}

/* Nobody leaves, so a field only fills up, and a bot that receives its players is one of them. */
static void check_players(const bots *b, bot *p, const uint8_t *data, uint32_t size) {
    uint32_t count = read_u16(data + 4);
    bool found = false;
    CHECK(size == 6 + 6 * count && count >= p->count && count <= (uint32_t)b->options.per_field);
    for (const uint8_t *at = data + 6; at < data + size; at += 6) {
        CHECK(read_u16(at + 2) < FIELD_SIZE && read_u16(at + 4) < FIELD_SIZE);
        CHECK(read_u16(at) != p->number || !found);
        found = found || read_u16(at) == p->number;
    }
    CHECK(found);
    p->count = count;
}

static void on_snapshot(bots *b, bot *p, const uint8_t *data, uint32_t size) {
    CHECK(p->number != 0 && size >= 6);
    check_players(b, p, data, size);
    uint32_t tick = read_u32(data);
    CHECK(tick > p->tick);
    uint32_t left_out = p->tick != 0 ? tick - p->tick - 1 : 0;
    b->figures.snapshots++;
    b->figures.snapshots_left_out += left_out;
    b->figures.ticks += p->first;
    b->figures.left_out += p->first ? left_out : 0;
    p->tick = tick;
    if (p->watcher >= 0) {
        watcher_note(b, p, tick);
    }
}

static void on_scores(bot *p, const uint8_t *data, uint32_t size) {
    CHECK(p->number != 0 && size >= 2);
    uint32_t count = read_u16(data);
    bool found = false;
    CHECK(size == 2 + 6 * count && count <= PLAYERS_MAX);
    p->scores_hash = 14695981039346656037u;
    for (uint32_t i = 0; i < size; i++) {
        p->scores_hash = (p->scores_hash ^ data[i]) * 1099511628211u;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = data + 2 + 6 * (size_t)i;
        if (read_u16(at) == p->number) {
            uint32_t score = read_u32(at + 2);
            CHECK(!found && score >= p->score && score <= p->hits);
            p->score = score;
            found = true;
        }
    }
    CHECK(found);
    p->score_count = count;
}

static void bot_take(bots *b, bot *p, uint16_t opcode, const uint8_t *data, uint32_t size) {
    if (opcode == WELCOME) {
        on_welcome(b, p, data, size);
    } else if (opcode == SNAPSHOT) {
        on_snapshot(b, p, data, size);
    } else {
        CHECK_INT(opcode, SCORES);
        on_scores(p, data, size);
    }
}

/* ---- playing --------------------------------------------------------------------------------- */

/* Reads everything that has arrived since the last time. */
static void bot_read(bots *b, bot *p) {
    bool more = true;
    while (more) {
        memcpy(b->in, p->rest, p->rest_size);
        int got = net_recv_some(p->socket, b->in + p->rest_size, IN_BYTES - p->rest_size);
        CHECK(got > 0 || got == NET_TIMEOUT);
        uint32_t end = p->rest_size + (got > 0 ? (uint32_t)got : 0);
        uint32_t at = 0;
        more = end == IN_BYTES;
        while (end - at >= WIRE_U16 && end - at >= read_u16(b->in + at)) {
            uint32_t size = read_u16(b->in + at);
            CHECK(size >= WIRE_U16);
            bot_take(b, p, read_u16(b->in + at + 2), b->in + at + WIRE_U16, size - WIRE_U16);
            at += size;
        }
        p->rest_size = end - at;
        CHECK(p->rest_size < FRAME_MAX);
        memcpy(p->rest, b->in + at, p->rest_size);
    }
}

/* A move and, every other time, a hit, in one send. */
static void bot_act(bots *b, bot *p) {
    uint8_t out[2 * WIRE_U16 + 4];
    int16_t move[2] = {(int16_t)(wire_random(&b->random) % 21 - 10),
                       (int16_t)(wire_random(&b->random) % 21 - 10)};
    size_t size = wire_frame(WIRE_U16, out, MOVE, move, sizeof move);
    if (wire_random(&b->random) % 2 == 0) {
        p->hits++;
        size += wire_frame(WIRE_U16, out + size, HIT, NULL, 0);
    }
    CHECK(net_send_all(p->socket, out, size));
}

/* Lets the bots think whose time has come, one after another, spread evenly over think_ms. */
static void bots_think(bots *b, bool act) {
    uint64_t step_us = b->options.think_ms * 1000ull / (uint64_t)b->count;
    uint64_t now_us = clock_now_us();
    uint64_t late_us = now_us > b->next_due_us ? now_us - b->next_due_us : 0;
    b->figures.late_us = late_us > b->figures.late_us ? late_us : b->figures.late_us;
    for (int i = 0; i < b->joined && b->next_due_us <= now_us; i++) {
        bot *p = &b->all[b->next];
        bot_read(b, p);
        if (act && p->number != 0) {
            bot_act(b, p);
        }
        b->next = (b->next + 1) % b->joined;
        b->next_due_us += step_us;
    }
}

static void bots_step(bots *b, bool act) {
    bots_think(b, act);
    if (b->watcher_count == 0) {
        clock_sleep_ms(1);
    } else if (net_poll(b->entries, (size_t)b->watcher_count, 1)) {
        for (int i = 0; i < b->watcher_count; i++) {
            if (b->entries[i].can_recv) {
                bot_read(b, b->watchers[i]);
            }
        }
    }
}

/* ---- joining --------------------------------------------------------------------------------- */

static void bot_join(bots *b, int i) {
    bot *p = &b->all[i];
    char field[32];
    int in_field = i / b->options.per_field;
    snprintf(field, sizeof field, "field %d", in_field);
    p->first = i % b->options.per_field == 0;
    p->watcher = -1;
    p->socket = net_connect(b->options.port);
    CHECK(wire_send(p->socket, WIRE_U16, JOIN, field, (uint32_t)strlen(field)));
    net_set_nonblocking(p->socket);
    if (p->first && b->options.watch_every > 0 && in_field % b->options.watch_every == 0) {
        p->watcher = b->watcher_count++;
        b->watchers[p->watcher] = p;
        b->entries[p->watcher].socket = p->socket;
    }
    b->joined++;
}

bots *bots_create(const bots_options *options) {
    bots *b = calloc(1, sizeof *b);
    CHECK(b != NULL);
    b->options = *options;
    b->count = options->fields * options->per_field;
    b->random = options->seed;
    b->all = calloc((size_t)b->count, sizeof *b->all);
    b->watchers = calloc((size_t)options->fields, sizeof(bot *));
    b->entries = calloc((size_t)options->fields, sizeof *b->entries);
    CHECK(b->all != NULL && b->watchers != NULL && b->entries != NULL);
    uint64_t start_us = clock_now_us();
    uint64_t end_ms = clock_now_ms() + 120000;
    b->next_due_us = start_us;
    for (int i = 0; i < b->count; i++) {
        while (clock_now_us() <
               start_us + options->join_ms * 1000ull * (uint64_t)i / (uint64_t)b->count) {
            bots_step(b, false);
        }
        bot_join(b, i);
        bots_think(b, false);
    }
    while (b->welcome < b->count) {
        CHECK(clock_now_ms() < end_ms);
        bots_step(b, false);
    }
    return b;
}

void bots_play(bots *b, uint32_t duration_ms, bool act) {
    uint64_t end_ms = clock_now_ms() + duration_ms;
    do {
        bots_step(b, act);
    } while (clock_now_ms() < end_ms);
}

/* ---- figures --------------------------------------------------------------------------------- */

bots_figures bots_look(const bots *b) {
    bots_figures figures = b->figures;
    for (int i = 0; i < b->count; i++) {
        figures.hits += b->all[i].hits;
        figures.scores += b->all[i].score;
    }
    return figures;
}

void bots_forget(bots *b) {
    b->figures = (bots_figures){0};
    b->sample_count = 0;
}

static int compare_us(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

uint64_t bots_lateness(bots *b, double percent) {
    if (b->sample_count == 0) {
        return 0;
    }
    int64_t *late_us = calloc(b->sample_count + (size_t)b->watcher_count, sizeof *late_us);
    CHECK(late_us != NULL);
    int64_t *earliest_us = late_us + b->sample_count; /* of each watcher */
    for (int i = 0; i < b->watcher_count; i++) {
        earliest_us[i] = INT64_MAX;
    }
    for (size_t i = 0; i < b->sample_count; i++) {
        const sample *s = &b->samples[i];
        earliest_us[s->watcher] =
            s->at_us < earliest_us[s->watcher] ? s->at_us : earliest_us[s->watcher];
    }
    for (size_t i = 0; i < b->sample_count; i++) {
        late_us[i] = b->samples[i].at_us - earliest_us[b->samples[i].watcher];
    }
    qsort(late_us, b->sample_count, sizeof *late_us, compare_us);
    size_t at = (size_t)((double)b->sample_count * percent / 100.0);
    int64_t found = late_us[at < b->sample_count ? at : b->sample_count - 1];
    free(late_us);
    return (uint64_t)found;
}

bool bots_agree(const bots *b) {
    int agree = 0;
    for (int i = 0; i < b->count; i++) {
        const bot *first = &b->all[i - i % b->options.per_field];
        agree += b->all[i].scores_hash == first->scores_hash &&
                 b->all[i].score_count == (uint32_t)b->options.per_field;
    }
    return agree == b->count;
}

void bots_destroy(bots *b) {
    for (int i = 0; i < b->count; i++) {
        net_close(b->all[i].socket);
    }
    free(b->samples);
    free(b->entries);
    free(b->watchers);
    free(b->all);
    free(b);
}
