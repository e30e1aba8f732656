/* cast_state.c: see cast_state.h. */
#include "sim/cast_state.h"

#include "sim/cast.h"
#include "sim/crash.h"

#include <portico/state.h>

/* ---- shapes ------------------------------------------------------------------------------- */

#define PLAIN(S, F)              \
    F(S, FIELD, uint32_t, calls) \
    F(S, FIELD, uint32_t, sum)
PORTICO_STATE(plain, PLAIN);

#define ADDED(S, F)              \
    F(S, FIELD, uint32_t, sum)   \
    F(S, FIELD, uint64_t, extra) \
    F(S, FIELD, uint32_t, calls)
PORTICO_STATE(added, ADDED);

#define WIDE(S, F)                  \
    F(S, ARRAY, uint16_t, spare, 3) \
    F(S, FIELD, uint64_t, calls)    \
    F(S, FIELD, uint64_t, sum)
PORTICO_STATE(wide, WIDE);

typedef struct undeclared {
    uint8_t spare[40];
    uint64_t sum;
    uint64_t calls;
} undeclared;

#define NARROW(S, F)             \
    F(S, FIELD, uint16_t, calls) \
    F(S, FIELD, uint32_t, sum)
PORTICO_STATE(narrow, NARROW);

#define OWN(S, F) F(S, FIELD, uint64_t, calls)
PORTICO_STATE(own, OWN);

#define OWN_MORE(S, F)          \
    F(S, FIELD, uint32_t, more) \
    F(S, FIELD, uint64_t, calls)
PORTICO_STATE(own_more, OWN_MORE);

/* All builds have one of these shapes. */
static uint32_t shape_of(uint32_t build) {
    switch (build) {
    case CAST_MALFORMED:
    case CAST_OTHER_ABI: return CAST_PLAIN;
    case CAST_START_FAILS: return CAST_ADDED;
    case CAST_REFUSES:
    case CAST_MIGRATE_FAILS: return CAST_UNDECLARED;
    default: return build;
    }
}

portico_state session_state(uint32_t build, portico_on_migrate migrate) {
    static const portico_state states[] = {{0},
                                           PORTICO_STATE_OF(plain, 0),
                                           PORTICO_STATE_OF(added, 0),
                                           PORTICO_STATE_OF(wide, 0),
                                           PORTICO_STATE_OPAQUE(undeclared, 0),
                                           PORTICO_STATE_OF(narrow, 0)};
    uint32_t shape = shape_of(build);
    portico_state state = states[shape];
    state.version = build;
    state.migrate = shape == CAST_WIDE || shape == CAST_UNDECLARED ? migrate : NULL;
    return state;
}

/* ---- values ------------------------------------------------------------------------------- */

typedef struct values {
    uint64_t calls;
    uint64_t sum;
} values;

static values read_values(uint32_t build, const void *state) {
    switch (shape_of(build)) {
    case CAST_PLAIN: return (values){((const plain *)state)->calls, ((const plain *)state)->sum};
    case CAST_ADDED: return (values){((const added *)state)->calls, ((const added *)state)->sum};
    case CAST_WIDE: return (values){((const wide *)state)->calls, ((const wide *)state)->sum};
    case CAST_NARROW: return (values){((const narrow *)state)->calls, ((const narrow *)state)->sum};
    default: return (values){((const undeclared *)state)->calls, ((const undeclared *)state)->sum};
    }
}

static void write_values(uint32_t build, void *state, values v) {
    switch (shape_of(build)) {
    case CAST_PLAIN:
        ((plain *)state)->calls = (uint32_t)v.calls;
        ((plain *)state)->sum = (uint32_t)v.sum;
        break;
    case CAST_ADDED:
        ((added *)state)->calls = (uint32_t)v.calls;
        ((added *)state)->sum = (uint32_t)v.sum;
        break;
    case CAST_WIDE:
        ((wide *)state)->calls = v.calls;
        ((wide *)state)->sum = v.sum;
        break;
    case CAST_NARROW:
        ((narrow *)state)->calls = (uint16_t)v.calls;
        ((narrow *)state)->sum = (uint32_t)v.sum;
        break;
    default: ((undeclared *)state)->calls = v.calls; ((undeclared *)state)->sum = v.sum;
    }
}

/* ---- what a handler finds and leaves ------------------------------------------------------ */

/* Swaps of a module so far, and the last to a build without the field `extra`. */
static struct {
    uint32_t swaps;
    uint32_t dropped_extra;
} modules[CAST_MODULES];

void state_swapped(const witness_code *code, uint32_t build) {
    uint32_t swaps = ++modules[code->module].swaps;
    if (shape_of(build) != CAST_ADDED) {
        modules[code->module].dropped_extra = swaps;
    }
}

/* The field is zero where it is new, and keeps its value from then on. What waits at a frozen
 * module may miss a build without the field. */
static void check_extra(const witness_code *code, const witness_entity *e, const added *state) {
    const witness_part *part = &e->parts[code->module];
    bool kept = part->extra_at >= modules[code->module].dropped_extra;
    bool missed = crash_was() && state->extra == part->extra;
    if (state->extra != (kept ? part->extra : 0) && !missed) {
        sim_fail("the state of module %s of %llu: `extra` is %llu instead of %llu", code->name,
                 (unsigned long long)e->id, (unsigned long long)state->extra,
                 (unsigned long long)(kept ? part->extra : 0));
    }
}

void state_begin(const witness_code *code, uint32_t build, witness_entity *e, const void *state) {
    const witness_part *part = &e->parts[code->module];
    if (part->unsure && crash_may_lose()) {
        return;
    }
    values found = read_values(build, state);
    if (found.calls != part->counts || found.sum != part->sum) {
        sim_fail("the state of module %s of %llu: %llu calls with the sum %llu are %llu with %llu",
                 code->name, (unsigned long long)e->id, (unsigned long long)part->counts,
                 (unsigned long long)part->sum, (unsigned long long)found.calls,
                 (unsigned long long)found.sum);
    }
    if (shape_of(build) == CAST_ADDED) {
        check_extra(code, e, state);
    }
}

void state_end(const witness_code *code, uint32_t build, witness_entity *e, void *state) {
    witness_part *part = &e->parts[code->module];
    part->counts++;
    part->sum += sim_random(SIM_WORLD, 1000);
    write_values(build, state, (values){part->counts, part->sum});
    if (shape_of(build) == CAST_ADDED) {
        part->extra = sim_random(SIM_WORLD, UINT64_MAX);
        part->extra_at = modules[code->module].swaps;
        ((added *)state)->extra = part->extra;
    }
}

void state_migrate(const witness_code *code, uint32_t build, uint32_t from, const void *state,
                   void *to) {
    (void)code;
    write_values(build, to, read_values(from, state));
}

/* ---- the module's own --------------------------------------------------------------------- */

static bool has_more(uint32_t build) {
    return build % 2 == 0;
}

portico_state module_state(uint32_t build) {
    portico_state state = PORTICO_STATE_OF(own, build);
    portico_state more = PORTICO_STATE_OF(own_more, build);
    return has_more(build) ? more : state;
}

void module_state_begin(const witness_code *code, uint32_t build, witness_entity *e,
                        const void *state) {
    const witness_part *part = &e->parts[code->module];
    uint64_t expected = part->counts;
    uint64_t calls =
        has_more(build) ? ((const own_more *)state)->calls : ((const own *)state)->calls;
    if (calls != expected && !(part->faulted && crash_may_lose())) {
        sim_fail("the state of module %s itself: %llu calls are %llu", code->name,
                 (unsigned long long)expected, (unsigned long long)calls);
    }
}

void module_state_end(const witness_code *code, uint32_t build, witness_entity *e, void *state) {
    uint64_t calls = ++e->parts[code->module].counts;
    *(has_more(build) ? &((own_more *)state)->calls : &((own *)state)->calls) = calls;
}
