/* call.c: see call.h.
 *
 * WHO MAY BE CONTAINED is decided by `contain`, in the handler of the fault: see there.
 */
#include "module/call.h"

#include "base/invariant.h"
#include "module/fault_policy.h"
#include "module/fault_report.h"
#include "module/running.h"
#include "run/watchdog.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_FIRST_BYTES = 4096 };

_Thread_local kept_states call_kept;
static uint32_t keep_limit = 64 * 1024;

/* ---- the transaction ---------------------------------------------------------------------- */

/* The room that threads have for copies. They come and go; what they leave is freed at the end. */
typedef struct copies {
    struct copies *next;
    uint8_t bytes[];
} copies;

static struct {
    os_mutex lock;
    copies *all;
} rooms_for_copies;

/* Room for `size` more bytes of copies. False: out of memory. */
COLD static bool kept_grow(kept_states *k, uint32_t size) {
    uint32_t capacity = k->capacity > 0 ? 2 * k->capacity : KEPT_FIRST_BYTES;
    while (capacity - k->used < size) {
        capacity *= 2;
    }
    copies *larger = malloc(sizeof *larger + capacity);
    if (larger == NULL) {
        return false;
    }
    if (k->used > 0) {
        memcpy(larger->bytes, k->copies, k->used);
    }
    os_mutex_lock(&rooms_for_copies.lock);
    larger->next = rooms_for_copies.all;
    rooms_for_copies.all = larger;
    os_mutex_unlock(&rooms_for_copies.lock);
    k->copies = larger->bytes;
    k->capacity = capacity;
    return true;
}

void calls_fini(void) {
    while (rooms_for_copies.all != NULL) {
        copies *one = rooms_for_copies.all;
        rooms_for_copies.all = one->next;
        free(one);
    }
    call_kept = (kept_states){0}; /* the control thread's */
}

static bool is_kept(const kept_states *k, const void *state) {
    for (uint32_t i = 0; i < k->count; i++) {
        if (k->all[i].state == state) {
            return true;
        }
    }
    return false;
}

void call_keep_also(void *state, uint32_t size) {
    kept_states *k = &call_kept;
    if (size == 0 || is_kept(k, state)) {
        return;
    }
    INVARIANT(k->count < KEPT_MAX); /* a session's, its room's */
    k->used = k->count == 0 ? 0 : k->used;
    kept_state *one = &k->all[k->count++];
    *one = (kept_state){.state = state, .size = size, .at = UINT32_MAX};
    if (size <= keep_limit && (k->capacity - k->used >= size || kept_grow(k, size))) {
        one->at = k->used;
        memcpy(k->copies + one->at, state, size);
        k->used += size;
    }
}

/* `c` then says which states are as before. */
static void kept_restore(call *c) {
    kept_states *k = &call_kept;
    c->restored = 0;
    c->lost = false;
    c->lost_room = false;
    for (uint32_t i = 0; i < k->count; i++) {
        const kept_state *one = &k->all[i];
        if (one->at != UINT32_MAX) {
            memcpy(one->state, k->copies + one->at, one->size);
            c->restored++;
        } else {
            bool own = one->state == c->state;
            c->lost |= own;
            c->lost_room |= !own;
            c->lost_bytes = one->size;
        }
    }
    k->count = 0;
}

/* ---- what faults are contained -------------------------------------------------------------- */

/* The owner of a guard. */
typedef struct span {
    const running *running; /* of the guard's thread */
    call *(*describe)(void *arg);
    void *arg;
} span;

static const running *span_running(const void *owner) {
    return owner != NULL ? ((const span *)owner)->running : NULL;
}

static bool is_inside(const generation *g, const os_fault *fault, uint32_t frame) {
    return frame < fault->frame_count && fault->frames[frame] >= g->image_begin &&
           fault->frames[frame] < g->image_end;
}

/* A fault is contained where no lock of the host or of the C library can be held, and nothing of
 * theirs half changed: in the module's own code, in a function that this code has called directly
 * (memcpy, strlen), where the module ended itself, and where the host touches what the module has
 * named, before it does anything else. A call that hangs is ended only in the module's own code: a
 * function that it has called directly may hold a lock. */
static bool contain(const os_fault *fault, void *owner) {
    const running *r = span_running(owner);
    if (r == NULL || r->module == NULL || r->generation->library == NULL) {
        return fault->raised && r != NULL && r->module != NULL;
    }
    bool aborts = r->module->aborts && !running_is_abandoned(r);
    if (fault->kind == OS_FAULT_DAMAGE || fault->in_allocator || aborts) {
        return false;
    }
    if (fault->kind == OS_FAULT_HANG && !fault->raised) {
        return is_inside(r->generation, fault, 0) && watchdog_still_hangs(r);
    }
    if (fault->raised || fault->kind == OS_FAULT_ABORT || fault->kind == OS_FAULT_EXIT ||
        r->probing) {
        return true;
    }
    return is_inside(r->generation, fault, 0) ||
           (!fault->in_host && is_inside(r->generation, fault, 1));
}

static void on_end(const os_fault *fault, void *owner) {
    const span *now = owner;
    const running *r = span_running(owner);
    if (r != NULL && r->module != NULL) {
        fault_tell_end(r->module, r->generation, now->describe(now->arg), fault);
    } else {
        fault_tell_end(NULL, NULL, NULL, fault);
    }
}

portico_status calls_start(uint32_t limit) {
    static const os_fault_hooks hooks = {.contain = contain, .end = on_end};
    keep_limit = limit;
    return os_faults_start(&hooks);
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void invoke_session(call *c) {
    const portico_session session = {c->entity};
    switch (c->kind) {
    case CALL_OPEN: c->status = c->fn.open(session, c->state); break;
    case CALL_CLOSE: c->fn.close(session, c->state, c->reason); break;
    case CALL_PACKET: c->fn.handler.packet(session, c->state, c->shown); break;
    case CALL_SESSION_MESSAGE: c->fn.handler.session_message(session, c->state, c->shown); break;
    case CALL_WATERMARK: c->fn.watermark(session, c->state, c->number, c->above); break;
    default: break;
    }
}

static void invoke_room(call *c) {
    const portico_room room = {c->entity};
    const portico_session member = {c->member};
    switch (c->kind) {
    case CALL_ROOM_OPEN: c->status = c->fn.room_open(room, c->state, c->data, c->size); break;
    case CALL_ROOM_CLOSE: c->fn.room_close(room, c->state, c->reason); break;
    case CALL_ROOM_MESSAGE: c->fn.handler.room_message(room, c->state, c->shown); break;
    case CALL_JOIN: c->status = c->fn.join(room, c->state, member); break;
    case CALL_LEAVE: c->fn.leave(room, c->state, member, c->reason); break;
    default: break;
    }
}

static void invoke(void *arg) {
    call *c = arg;
    switch (c->kind) {
    case CALL_START: c->status = c->fn.start(c->state, c->number); break;
    case CALL_STOP: c->fn.stop(c->state, c->number); break;
    case CALL_STOPPING: c->fn.stopping(c->state); break;
    case CALL_DEPENDENCY_SWAPS:
        c->status = c->fn.dependency_swaps(c->state, c->data, c->shown);
        break;
    case CALL_MIGRATE: c->status = c->fn.migrate(c->shown, c->state); break;
    case CALL_MODULE_MESSAGE:
        c->fn.handler.module_message((portico_entity){c->entity}, c->state, c->shown);
        break;
    case CALL_JOB:
        c->replied = c->fn.handler.job(c->number, c->data, c->size, c->reply, c->reply_size);
        break;
    case CALL_ROOM_OPEN:
    case CALL_ROOM_CLOSE:
    case CALL_ROOM_MESSAGE:
    case CALL_JOIN:
    case CALL_LEAVE: invoke_room(c); break;
    default: invoke_session(c); break;
    }
}

/* The code does not serve yet, or what it was asked is refused. */
static bool is_refused(call_kind kind) {
    const running *r = &running_now;
    return kind == CALL_START || kind == CALL_DEPENDENCY_SWAPS || r->staging ||
           (kind == CALL_MIGRATE && r->generation != module_generation(r->module));
}

static bool is_passed_over(call_kind kind) {
    return kind == CALL_STOP || kind == CALL_STOPPING;
}

static bool is_closable(call_kind kind) {
    return kind == CALL_OPEN || kind == CALL_MIGRATE || kind == CALL_PACKET ||
           kind == CALL_SESSION_MESSAGE || kind == CALL_WATERMARK;
}

COLD static void call_faulted(call *c) {
    running *r = &running_now;
    r->probing = false;
    if (!running_settle()) {
        return; /* caller.c has done all this, and the states may serve another generation */
    }
    c->status = PORTICO_E_FAULT;
    kept_restore(c);
    if (is_refused(c->kind) || is_passed_over(c->kind)) {
        fault_note(r->generation);
        c->verdict = is_refused(c->kind) ? FAULT_REFUSED : FAULT_PASSED_OVER;
    } else {
        c->verdict = fault_judge(r->module, r->generation, is_closable(c->kind));
    }
    fault_tell(r->module, r->generation, c, os_guard_fault());
    running_settled();
}

call *call_span(void (*f)(void *arg), void *arg, call *(*describe)(void *arg)) {
    span now = {.running = &running_now, .describe = describe, .arg = arg};
    call *faulted = NULL;
    if (!os_guard_call(f, arg, &now)) {
        faulted = describe(arg);
        call_faulted(faulted);
    }
    return faulted;
}

static call *describe_itself(void *arg) {
    return arg;
}

/* Makes a call of migrate, which may come in the middle of another one, see room_state. That one's
 * states stay kept, and a fault of migrate does not restore them. */
COLD static bool make_migrate(call *c) {
    uint32_t outer = call_kept.count;
    call_kept.count = 0;
    bool returned = call_span(invoke, c, describe_itself) == NULL;
    call_kept.count = outer;
    return returned;
}

bool call_make(call *c) {
    if (c->kind == CALL_MIGRATE) {
        return make_migrate(c);
    }
    call_keep(c->state, c->state_size);
    return call_span(invoke, c, describe_itself) == NULL;
}
