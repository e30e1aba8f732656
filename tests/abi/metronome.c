/* metronome.c: `rooms` rooms (ini) that tick at 20 Hz and measure how late each tick is, for
 * bench.timer_accuracy.
 *
 * One handler creates all rooms, so that they tick together; with `spread_ms` they are created one
 * after another over that time. A tick measures its lateness in its handler: the n-th is due at its
 * room's start + n periods, and n includes those left out. Any packet is answered with the figures
 * below; opcode 2 then resets them. */
#include "system.h"

#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>

enum { PERIOD_MS = 50, MAKE = 1, TICK = 2 };

/* Lateness is counted in steps of 20 us up to 400 ms; the last step includes anything later. */
enum { STEP_US = 20, STEPS = 20000, IN_TIME_US = 2000 };

/* The answer; times in microseconds. A percentile is the end of its step. */
typedef struct figures {
    uint64_t ticks;
    uint64_t left_out;
    uint64_t in_time; /* within 2 ms of due */
    uint64_t early;
    uint64_t p50_us;
    uint64_t p90_us;
    uint64_t p99_us;
    uint64_t p999_us;
    uint64_t worst_us;
    uint64_t starts_us; /* from the first room's start to the last one's */
} figures;

typedef struct beat {
    uint64_t started_ns;
    uint64_t position; /* of the last tick: the n-th is due at started + n periods */
} beat;

static uint32_t rooms;        /* [module metronome] rooms */
static uint32_t spread_ms;    /* [module metronome] spread_ms */
static uint32_t made;         /* [the module's turn] */
static portico_timer making;  /* [the module's turn] */
static uint64_t made_from_ns; /* [the module's turn] */
static _Atomic uint64_t missed;
static _Atomic uint64_t in_time;
static _Atomic uint64_t early;
static _Atomic uint64_t worst_us;
static _Atomic uint64_t first_start_ns;
static _Atomic uint64_t last_start_ns;
static _Atomic uint32_t steps[STEPS];

static void raise_to(_Atomic uint64_t *most, uint64_t value) {
    uint64_t before = atomic_load(most);
    while (value > before && !atomic_compare_exchange_weak(most, &before, value)) {
    }
}

static void note(int64_t late_us) {
    uint64_t us = late_us > 0 ? (uint64_t)late_us : 0;
    atomic_fetch_add(&steps[us / STEP_US < STEPS ? us / STEP_US : STEPS - 1], 1);
    atomic_fetch_add(&in_time, late_us <= IN_TIME_US);
    atomic_fetch_add(&early, late_us < 0);
    raise_to(&worst_us, us);
}

static void on_tick(portico_room room, void *state, const portico_message *message) {
    beat *b = state;
    uint64_t now_ns = system_now_ns();
    (void)room;
    b->position += 1 + message->missed;
    atomic_fetch_add(&missed, message->missed);
    note(((int64_t)(now_ns - b->started_ns) - (int64_t)b->position * PERIOD_MS * 1000000) / 1000);
}

static portico_status on_room_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    (void)data, (void)size;
    beat *b = state;
    uint64_t none = 0;
    /* Read before the host reads its clock, so that no tick seems less late than it is. */
    b->started_ns = system_now_ns();
    (void)atomic_compare_exchange_strong(&first_start_ns, &none, b->started_ns);
    raise_to(&last_start_ns, b->started_ns);
    return portico->post_every(portico_room_entity(room), TICK, NULL, 0, PERIOD_MS, NULL);
}

/* Comes every millisecond until all rooms exist. */
static void on_make(portico_entity entity, void *state, const portico_message *message) {
    uint64_t now_ns = system_now_ns();
    (void)entity;
    (void)state;
    (void)message;
    made_from_ns = made_from_ns != 0 ? made_from_ns : now_ns;
    uint64_t past_ms = (now_ns - made_from_ns) / 1000000;
    uint64_t wanted = spread_ms == 0 ? rooms : past_ms * rooms / spread_ms + 1;
    for (; made < wanted && made < rooms; made++) {
        char name[32];
        portico_room room = {0};
        (void)snprintf(name, sizeof name, "%u", (unsigned)made);
        (void)portico->room_create("metronome.room", name, NULL, 0, &room);
    }
    if (made == rooms) {
        (void)portico->timer_cancel(making);
    }
}

/* The end of the step that `share` of `ticks` do not exceed. */
static uint64_t percentile(const uint32_t *counts, uint64_t ticks, double share) {
    uint64_t below = 0;
    for (uint64_t i = 0; i < STEPS; i++) {
        below += counts[i];
        if ((double)below >= share * (double)ticks) {
            return (i + 1) * STEP_US;
        }
    }
    return (uint64_t)STEPS * STEP_US;
}

static void figures_take(figures *f) {
    static uint32_t counts[STEPS]; /* only one client asks */
    for (int i = 0; i < STEPS; i++) {
        counts[i] = atomic_load(&steps[i]);
        f->ticks += counts[i];
    }
    f->left_out = atomic_load(&missed);
    f->in_time = atomic_load(&in_time);
    f->early = atomic_load(&early);
    f->p50_us = percentile(counts, f->ticks, 0.5);
    f->p90_us = percentile(counts, f->ticks, 0.9);
    f->p99_us = percentile(counts, f->ticks, 0.99);
    f->p999_us = percentile(counts, f->ticks, 0.999);
    f->worst_us = atomic_load(&worst_us);
    f->starts_us = (atomic_load(&last_start_ns) - atomic_load(&first_start_ns)) / 1000;
}

static void figures_forget(void) {
    for (int i = 0; i < STEPS; i++) {
        atomic_store(&steps[i], 0);
    }
    atomic_store(&missed, 0);
    atomic_store(&in_time, 0);
    atomic_store(&early, 0);
    atomic_store(&worst_us, 0);
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    figures f = {0};
    (void)state;
    figures_take(&f);
    if (packet->opcode == 2) {
        figures_forget();
    }
    (void)portico->session_send(session, packet->opcode, &f, sizeof f);
}

static portico_status metronome_start(void *state, uint32_t why) {
    (void)state, (void)why;
    return portico->post_every(portico->self(), MAKE, NULL, 0, 1, &making);
}

static const portico_session_type session_types[] = {{.name = "session", .on_packet = on_packet}};

static const portico_room_message room_messages[] = {PORTICO_MESSAGE(TICK, on_tick)};
static const portico_room_type room_types[] = {
    {.name = "room",
     .state = PORTICO_STATE_OPAQUE(beat, 0),
     .on_open = on_room_open,
     .messages = PORTICO_TABLE(room_messages)},
};

static const portico_module_message messages[] = {PORTICO_MESSAGE(MAKE, on_make)};
static const portico_setting settings[] = {
    PORTICO_U32(rooms, "1000", 1, 100000, "rooms that tick"),
    PORTICO_U32(spread_ms, "0", 0, 60000, "over which the rooms are created"),
};

static const portico_module metronome = {
    .name = "metronome",
    .version = "1",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .messages = PORTICO_TABLE(messages),
    .settings = PORTICO_TABLE(settings),
    .start = metronome_start,
};

PORTICO_MODULE(metronome);
