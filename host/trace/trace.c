/* trace.c: see trace.h.
 *
 *   A recorder                            The admin thread, to end a trace
 *   1. increments `recorders`;            a. clears `open`;
 *   2. reads `open`, and leaves if it     b. waits until `recorders` is 0;
 *      is false;                          c. takes what is left, and frees the ring.
 *   3. reads `spec`, writes to the ring;
 *   4. decrements `recorders`.
 *
 * (1), (2), (a) and (b) are sequentially consistent, so a recorder that (b) does not see finds the
 * trace closed. Between (1) and (4) a recorder does not wait, so (b) is short.
 */
#include "trace/trace.h"

#include "os/os.h"
#include "run/meter.h"
#include "run/strand.h"
#include "run/worker.h"

#include <string.h>

enum { RING_BYTES = 256 * 1024, RING_PAYLOAD_BYTES = 1024 * 1024 };

struct trace {
    atomic_bool open;
    _Atomic uint32_t recorders;
    _Atomic uint32_t turns; /* numbered so far */
    _Atomic uint64_t dropped;
    /* Written while it is not open: */
    uint64_t serial; /* of all traces */
    trace_spec spec;
    trace_ring ring;
    uint64_t began_ns;
    uint64_t began_wall_ms;
};

_Atomic uint32_t trace_bits;
static trace traces[TRACES_MAX];
static uint32_t open_count;   /* [admin thread] */
static uint64_t serials_used; /* [admin thread] */

/* ---- recording ------------------------------------------------------------------------------- */

trace *trace_enter(uint32_t slot) {
    trace *t = &traces[slot];
    if (!atomic_load_explicit(&t->open, memory_order_relaxed)) {
        return NULL;
    }
    atomic_fetch_add(&t->recorders, 1);
    if (!atomic_load(&t->open)) {
        atomic_fetch_sub(&t->recorders, 1);
        return NULL;
    }
    return t;
}

void trace_leave(trace *t) {
    atomic_fetch_sub(&t->recorders, 1);
}

const trace_spec *trace_spec_of(const trace *t) {
    return &t->spec;
}

static bool is_type(const trace *t, const char *type) {
    return type != NULL && strcmp(t->spec.type, type) == 0;
}

bool trace_concerns(const trace *t, const trace_event *e) {
    switch (t->spec.kind) {
    case TRACE_SESSION: return e->session == t->spec.id;
    case TRACE_ROOM: return e->room == t->spec.id;
    case TRACE_TYPE: break;
    }
    return is_type(t, e->session_type) || is_type(t, e->room_type);
}

/* The turn that this thread was in when it recorded last, for each trace. */
static _Thread_local struct {
    uint64_t serial;
    uint64_t completion;
    uint64_t entity;
    uint32_t turn;
} last_turn[TRACES_MAX];

/* The number of the turn in which the thread is: what a worker runs in one completion, for one
 * entity. 0: it is in none. */
static uint32_t turn_number(trace *t) {
    size_t slot = (size_t)(t - traces);
    uint64_t completion = worker_completion();
    const entity *e = turn_current();
    if (completion == 0 || e == NULL) {
        return 0;
    }
    if (last_turn[slot].serial != t->serial || last_turn[slot].completion != completion ||
        last_turn[slot].entity != e->id) {
        last_turn[slot].serial = t->serial;
        last_turn[slot].completion = completion;
        last_turn[slot].entity = e->id;
        last_turn[slot].turn = atomic_fetch_add(&t->turns, 1) + 1;
    }
    return last_turn[slot].turn;
}

void trace_put(trace *t, const trace_event *e) {
    uint32_t kept = t->spec.payload ? e->size : 0;
    kept = kept < TRACE_PAYLOAD_MAX ? kept : TRACE_PAYLOAD_MAX;
    trace_record *r = trace_ring_reserve(&t->ring, (uint32_t)sizeof *r + kept);
    if (r == NULL) {
        atomic_fetch_add(&t->dropped, 1);
        return;
    }
    const entity *by = turn_actor();
    *r = (trace_record){.at_ns = os_monotonic_ns(),
                        .session = e->session,
                        .room = e->room,
                        .from = e->from,
                        .what = e->what,
                        .turn = turn_number(t),
                        .number = e->number,
                        .count = e->count,
                        .size = e->size,
                        .kept = kept,
                        .status = e->status,
                        .word = e->word,
                        .row = e->row,
                        .generation = e->generation};
    if (by != NULL && by->id != e->session && by->id != e->room) {
        r->by = by->id;
    }
    if (kept > 0) {
        memcpy(r->payload, e->data, kept);
    }
    if (r->generation != NULL) {
        generation_hold(r->generation);
    }
    trace_ring_commit(r);
}

void trace_event_record(const trace_event *e) {
    for (uint32_t slot = 0; slot < TRACES_MAX; slot++) {
        trace *t = trace_enter(slot);
        if (t != NULL) {
            if (trace_concerns(t, e)) {
                trace_put(t, e);
            }
            trace_leave(t);
        }
    }
}

/* ---- the admin thread ------------------------------------------------------------------------ */

trace *trace_open(const trace_spec *spec) {
    uint32_t slot = 0;
    while (slot < TRACES_MAX && atomic_load(&traces[slot].open)) {
        slot++;
    }
    if (slot == TRACES_MAX) {
        return NULL;
    }
    trace *t = &traces[slot];
    if (!trace_ring_init(&t->ring, spec->payload ? RING_PAYLOAD_BYTES : RING_BYTES)) {
        return NULL;
    }
    t->spec = *spec;
    t->serial = ++serials_used;
    t->began_ns = os_monotonic_ns();
    t->began_wall_ms = os_wall_ms();
    atomic_store(&t->turns, 0);
    atomic_store(&t->dropped, 0);
    atomic_store(&t->open, true);
    if (open_count++ == 0) {
        atomic_store(&trace_bits, UINT32_MAX);
        meter_stay_on(); /* packets come by that branch */
    }
    return t;
}

void trace_close(trace *t) {
    if (--open_count == 0) {
        atomic_store(&trace_bits, 0);
        meter_stay_off();
    }
    atomic_store(&t->open, false);
    while (atomic_load(&t->recorders) > 0) {
        os_sleep(1);
    }
    while (trace_take(t) != NULL) {
        trace_took(t);
    }
    trace_ring_fini(&t->ring);
}

const trace_record *trace_take(trace *t) {
    return trace_ring_next(&t->ring);
}

void trace_took(trace *t) {
    const trace_record *r = trace_ring_next(&t->ring);
    if (r->generation != NULL) {
        generation_release(r->generation);
    }
    trace_ring_release(&t->ring);
}

uint64_t trace_dropped(const trace *t) {
    return atomic_load(&t->dropped);
}

uint64_t trace_began_ns(const trace *t) {
    return t->began_ns;
}

uint64_t trace_began_wall_ms(const trace *t) {
    return t->began_wall_ms;
}
