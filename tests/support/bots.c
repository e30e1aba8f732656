/* bots.c: see bots.h. */
#include "support/bots.h"

#include "support/check.h"
#include "support/clock.h"
#include "support/wire.h"

#include <stdlib.h>
#include <string.h>

enum { JOIN = 1, MOVE = 2, HIT = 3, WELCOME = 100, SNAPSHOT = 101, SCORES = 102 };
enum { IN_BYTES = 65536, SCORES_MAX = 256, NEAR_US = 2000 };

typedef struct bot {
    net_socket socket;
    uint16_t number; /* 0: not welcome yet */
    uint32_t tick_ms;
    uint32_t tick; /* of the last snapshot; 0: none yet */
    uint64_t tick_us;
    uint64_t act_at_ms;
    uint64_t hits;
    uint32_t score;
    uint32_t score_count;
    uint64_t scores_hash; /* of the last scores as they came */
    uint32_t in_size;
    uint8_t in[IN_BYTES];
} bot;

struct bots {
    bots_options options;
    int count;
    bot *all;
    net_poll_entry *entries;
    uint64_t random;
    bots_figures figures;
};

static uint16_t read_u16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t read_u32(const uint8_t *at) {
    return read_u16(at) | (uint32_t)read_u16(at + 2) << 16;
}

static void on_welcome(bot *p, const uint8_t *data, uint32_t size) {
    CHECK_INT(size, 8);
    p->number = read_u16(data);
    p->tick_ms = read_u16(data + 2);
    CHECK(p->number > 0 && p->tick_ms > 0);
}

static void on_snapshot(bots *b, bot *p, const uint8_t *data, uint32_t size) {
    uint64_t now_us = clock_now_us();
    CHECK(p->number != 0);
    CHECK(size >= 6 && size == 6 + 6u * read_u16(data + 4));
    uint32_t tick = read_u32(data);
    CHECK(tick > p->tick);
    if (p->tick != 0) {
        uint64_t due_us = p->tick_us + (uint64_t)(tick - p->tick) * p->tick_ms * 1000;
        uint64_t off_us = now_us > due_us ? now_us - due_us : due_us - now_us;
        b->figures.left_out += tick - p->tick - 1;
        b->figures.in_time += off_us <= NEAR_US;
        b->figures.worst_us = off_us > b->figures.worst_us ? off_us : b->figures.worst_us;
        b->figures.snapshots++;
    }
    p->tick = tick;
    p->tick_us = now_us;
}

static void on_scores(bot *p, const uint8_t *data, uint32_t size) {
    CHECK(p->number != 0 && size >= 2);
    uint32_t count = read_u16(data);
    bool found = false;
    CHECK(size == 2 + 6 * count && count <= SCORES_MAX);
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
        on_welcome(p, data, size);
    } else if (opcode == SNAPSHOT) {
        on_snapshot(b, p, data, size);
    } else {
        CHECK_INT(opcode, SCORES);
        on_scores(p, data, size);
    }
}

static void bot_recv(bots *b, bot *p) {
    int got = net_recv_some(p->socket, p->in + p->in_size, IN_BYTES - p->in_size);
    CHECK(got > 0 || got == NET_TIMEOUT);
    p->in_size += got > 0 ? (uint32_t)got : 0;
    uint32_t at = 0;
    while (p->in_size - at >= WIRE_U16 && p->in_size - at >= read_u16(p->in + at)) {
        uint32_t size = read_u16(p->in + at);
        CHECK(size >= WIRE_U16);
        bot_take(b, p, read_u16(p->in + at + 2), p->in + at + WIRE_U16, size - WIRE_U16);
        at += size;
    }
    memmove(p->in, p->in + at, p->in_size - at);
    p->in_size -= at;
}

static void bot_act(bots *b, bot *p) {
    int16_t move[2] = {(int16_t)(wire_random(&b->random) % 21 - 10),
                       (int16_t)(wire_random(&b->random) % 21 - 10)};
    if (wire_random(&b->random) % 2 == 0) {
        p->hits++;
        CHECK(wire_send(p->socket, WIRE_U16, HIT, NULL, 0));
    } else {
        CHECK(wire_send(p->socket, WIRE_U16, MOVE, move, sizeof move));
    }
}

static void bots_step(bots *b, bool act) {
    uint64_t now_ms = clock_now_ms();
    for (int i = 0; act && i < b->count; i++) {
        bot *p = &b->all[i];
        if (now_ms >= p->act_at_ms) {
            bot_act(b, p);
            p->act_at_ms = now_ms + b->options.act_ms;
        }
    }
    if (net_poll(b->entries, (size_t)b->count, 5)) {
        for (int i = 0; i < b->count; i++) {
            if (b->entries[i].can_recv) {
                bot_recv(b, &b->all[i]);
            }
        }
    }
}

static bool all_welcome(const bots *b) {
    int welcome = 0;
    for (int i = 0; i < b->count; i++) {
        welcome += b->all[i].number != 0;
    }
    return welcome == b->count;
}

bots *bots_create(const bots_options *options) {
    bots *b = calloc(1, sizeof *b);
    CHECK(b != NULL);
    b->options = *options;
    b->count = options->fields * options->per_field;
    b->random = options->seed;
    b->all = calloc((size_t)b->count, sizeof *b->all);
    b->entries = calloc((size_t)b->count, sizeof *b->entries);
    CHECK(b->all != NULL && b->entries != NULL);
    uint64_t end_ms = clock_now_ms() + 120000;
    for (int i = 0; i < b->count; i++) {
        b->entries[i].socket = NET_NONE; /* while the first ones play already */
        b->all[i].socket = NET_NONE;
    }
    for (int i = 0; i < b->count; i++) {
        bot *p = &b->all[i];
        char field[32];
        snprintf(field, sizeof field, "field %d", i / options->per_field);
        p->socket = net_connect(options->port);
        p->act_at_ms = clock_now_ms() + wire_random(&b->random) % (options->act_ms + 1);
        b->entries[i].socket = p->socket;
        CHECK(wire_send(p->socket, WIRE_U16, JOIN, field, (uint32_t)strlen(field)));
        net_set_nonblocking(p->socket);
        if (i % 500 == 499) {
            bots_play(b, 1, false); /* takes what the first ones have been sent meanwhile */
        }
    }
    while (!all_welcome(b)) {
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
    free(b->entries);
    free(b->all);
    free(b);
}
