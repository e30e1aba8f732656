/* port.c: the completion port. Any thread.
 *
 * What the system's port knows nothing of is KEPT in a list until a thread waits: an operation that succeeded at once
 * (win_socket_skip), a recv that failed when it began. Recvs are DEFERRED: they begin when their thread has nothing else to
 * do, so what it sends goes out first, and the answer is often there when the recv begins, which then need not wait.
 * Both is for threads that wait on the port; what others submit begins at once, and is posted.
 *
 * WHY NOBODY IS KEPT WAITING  Who has nothing at hand begins all that is deferred, before it sleeps. Nothing is deferred
 * while somebody sleeps: who defers (1) adds to the list, (2) reads `sleepers`, and if there is one begins what is in the
 * list; who goes to sleep (a) counts up `sleepers`, (b) looks at the list. All are sequentially consistent, so one
 * of both begins it. And while nobody sleeps, everybody is busy: nobody could have run the completion. Who keeps a
 * second one while another thread sleeps posts it to that one. A port that is never empty keeps neither list back: who
 * looks at it begins what is deferred, and every other time takes what is kept first.
 *
 * WHY NOTHING IS FORGOTTEN  Whoever keeps or defers looks at both lists in its next os_port_wait; who leaves some there, since
 * it was asked for less, has something to do first and waits again. For a thread that does not come back a
 * wake-up is sent, when it ends or turns to another port (waiter_leave), or when somebody sees that it is
 * stuck (os_port_share_kept): a packet without an OVERLAPPED; who gets it looks at the lists.
 */
#include "private.h"

#include <stdlib.h>

/* How long, and for how many waits, a thread may feed itself without a look at what the port has. */
enum { LOOK_NS = 1000000, STREAK_MAX = 64 };

/* What a thread knows of the port that it waits on. */
static _Thread_local struct {
    uint64_t port_id;   /* 0: none. Not the port: it may be gone */
    uint32_t streak;    /* waits in a row that did not ask the port */
    uint64_t looked_ns; /* when it last did */
    bool kept_first;    /* at that look, what is kept came first: every other time */
    bool sleeping;      /* it is counted in `sleepers` */
} self;

/* The ports that exist, so that a thread can tell whether its last one is still there. */
static SRWLOCK ports_lock = SRWLOCK_INIT;
static os_port *ports;
static uint64_t last_port_id;
static INIT_ONCE leave_once = INIT_ONCE_STATIC_INIT;
static DWORD leave_slot = FLS_OUT_OF_INDEXES;

win_op *win_op_begin(os_op *op, win_op_kind kind, os_socket *held) {
    win_op *w = (win_op *)(void *)op;
    *w = (win_op){.kind = kind, .held = held};
    if (held != NULL) {
        win_socket_hold(held);
    }
    return w;
}

portico_status os_port_create(os_port **port) {
    *port = NULL;
    os_port *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return win_fail(ERROR_NOT_ENOUGH_MEMORY);
    }
    p->handle = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    if (p->handle == NULL) {
        portico_status status = win_fail(GetLastError());
        free(p);
        return status;
    }
    InitializeSRWLock(&p->lock);
    AcquireSRWLockExclusive(&ports_lock);
    p->id = ++last_port_id;
    p->next = ports;
    ports = p;
    ReleaseSRWLockExclusive(&ports_lock);
    *port = p;
    return PORTICO_OK;
}

void os_port_destroy(os_port *port) {
    AcquireSRWLockExclusive(&ports_lock);
    os_port **link = &ports;
    while (*link != port) {
        link = &(*link)->next;
    }
    *link = port->next;
    ReleaseSRWLockExclusive(&ports_lock);
    CloseHandle(port->handle);
    free(port);
}

portico_status os_port_post(os_port *port, os_op *op) {
    win_op *w = win_op_begin(op, WIN_OP_POST, NULL);
    return PostQueuedCompletionStatus(port->handle, 0, 0, &w->overlapped)
               ? PORTICO_OK
               : win_fail(GetLastError());
}

/* ---- what is kept ------------------------------------------------------------------------ */

static void ops_push(win_ops *ops, win_op *op) {
    op->next = NULL;
    if (ops->first == NULL) {
        ops->first = op;
    } else {
        ops->last->next = op;
    }
    ops->last = op;
}

/* Takes up to `most` of a port's list. */
static win_op *ops_take(os_port *port, win_ops *ops, atomic_uint *count, uint32_t most) {
    AcquireSRWLockExclusive(&port->lock);
    win_op *first = ops->first;
    win_op **end = &ops->first;
    uint32_t taken = 0;
    while (*end != NULL && taken < most) {
        end = &(*end)->next;
        taken++;
    }
    win_op *rest = *end;
    *end = NULL;
    ops->first = rest;
    atomic_fetch_sub(count, taken);
    ReleaseSRWLockExclusive(&port->lock);
    return taken > 0 ? first : NULL;
}

static void port_add(os_port *port, win_ops *ops, atomic_uint *count, win_op *op) {
    AcquireSRWLockExclusive(&port->lock);
    ops_push(ops, op);
    atomic_fetch_add(count, 1);
    ReleaseSRWLockExclusive(&port->lock);
}

void win_port_keep(os_port *port, win_op *op, DWORD code, uint32_t bytes) {
    op->code = code;
    op->kept = true;
    op->overlapped.InternalHigh = bytes;
    bool others = atomic_load(&port->kept_count) > 0 &&
                  atomic_load(&port->sleepers) > (self.sleeping ? 1u : 0u);
    bool keeps = self.port_id == port->id && !others;
    if (keeps || !PostQueuedCompletionStatus(port->handle, bytes, 0, &op->overlapped)) {
        port_add(port, &port->kept, &port->kept_count,
                 op); /* also when there is no memory for a packet */
    }
}

static void port_begin_deferred(os_port *port) {
    if (atomic_load(&port->deferred_count) == 0) {
        return;
    }
    win_op *op = ops_take(port, &port->deferred, &port->deferred_count, UINT32_MAX);
    while (op != NULL) {
        win_op *next = op->next; /* `op` may be the caller's again soon */
        win_recv_begin(op);
        op = next;
    }
}

bool win_port_defer(os_port *port, win_op *op) {
    if (self.port_id != port->id || atomic_load(&port->sleepers) > 0) {
        return false;
    }
    op->deferred = true;
    port_add(port, &port->deferred, &port->deferred_count, op);
    if (atomic_load(&port->sleepers) > 0) {
        port_begin_deferred(port);
    }
    return true;
}

void os_port_share_kept(os_port *port) {
    if (atomic_load(&port->kept_count) > 0 || atomic_load(&port->deferred_count) > 0) {
        PostQueuedCompletionStatus(port->handle, 0, 0, NULL);
    }
}

/* The thread turns to another port or ends. */
static void waiter_leave(uint64_t port_id) {
    AcquireSRWLockShared(&ports_lock);
    for (os_port *p = ports; p != NULL; p = p->next) {
        if (p->id == port_id) {
            os_port_share_kept(p);
        }
    }
    ReleaseSRWLockShared(&ports_lock);
}

static void WINAPI on_thread_end(void *port_id) {
    waiter_leave((uint64_t)(uintptr_t)port_id);
}

static BOOL CALLBACK leave_slot_create(INIT_ONCE *once, void *arg, void **context) {
    (void)once;
    (void)arg;
    (void)context;
    leave_slot = FlsAlloc(on_thread_end);
    return TRUE;
}

static void waiter_enter(os_port *port) {
    if (self.port_id == port->id) {
        return;
    }
    if (self.port_id != 0) {
        waiter_leave(self.port_id);
    }
    InitOnceExecuteOnce(&leave_once, leave_slot_create, NULL, NULL);
    /* If its end would not be seen, it keeps nothing: what it does at once is posted. */
    bool seen =
        leave_slot != FLS_OUT_OF_INDEXES && FlsSetValue(leave_slot, (void *)(uintptr_t)port->id);
    self.port_id = seen ? port->id : 0;
    self.looked_ns = 0;
}

/* A completion port takes posts one by one. */
void os_port_posts_begin(os_port *port) {
    (void)port;
}

void os_port_posts_end(os_port *port) {
    (void)port;
}

/* ---- waiting ----------------------------------------------------------------------------- */

/* Turns what the system said into what the caller sees; the op is the caller's from here on. False when
 * there is nothing to see: the operation is in flight again. */
static bool complete(OVERLAPPED *overlapped, uint32_t bytes, os_completion *completion) {
    win_op *op = CONTAINING_RECORD(overlapped, win_op, overlapped);
    /* The OVERLAPPED's own Internal is the documented place of the status (the entry's is "reserved"). Cast,
     * because an NTSTATUS has 32 bits and the upper half is whatever was there. 0 for what was posted.
     * https://learn.microsoft.com/windows/win32/api/minwinbase/ns-minwinbase-overlapped */
    DWORD code = op->kept ? op->code : win_code_of_nt((NTSTATUS)op->overlapped.Internal);
    switch (op->kind) {
    case WIN_OP_ACCEPT: code = win_accept_end(op, code); break;
    case WIN_OP_CONNECT: code = win_connect_end(op, code); break;
    case WIN_OP_RECV: code = win_recv_end(op, code, &bytes); break;
    case WIN_OP_SEND: code = win_send_end(op, code, bytes); break;
    case WIN_OP_POST: break;
    }
    if (code == ERROR_IO_PENDING) {
        return false; /* and not ours to touch any more */
    }
    if (op->held != NULL) {
        win_socket_release(op->held);
    }
    completion->op = (os_op *)(void *)op;
    completion->status = win_status(code);
    completion->bytes = code == ERROR_SUCCESS ? bytes : 0;
    completion->system_error = (int32_t)code;
    return true;
}

/* Hands out what is kept. */
static uint32_t take_kept(os_port *port, os_completion *completions, uint32_t capacity) {
    uint32_t found = 0;
    if (capacity == 0 || atomic_load(&port->kept_count) == 0) {
        return 0;
    }
    win_op *op = ops_take(port, &port->kept, &port->kept_count, capacity);
    while (op != NULL) {
        win_op *next = op->next; /* `op` is the caller's soon */
        if (complete(&op->overlapped, (uint32_t)op->overlapped.InternalHigh, &completions[found])) {
            found++;
        }
        op = next;
    }
    return found;
}

/* One call of the system's, then what is kept. False when there is nothing more to wait for. */
static bool take(os_port *port, os_completion *completions, uint32_t capacity, uint32_t timeout_ms,
                 uint32_t *found) {
    OVERLAPPED_ENTRY entries[OS_WAIT_MAX];
    ULONG count = 0;
    if (!GetQueuedCompletionStatusEx(port->handle, entries, capacity, &count, timeout_ms, FALSE)) {
        DWORD code = GetLastError();
        if (code != WAIT_TIMEOUT) {
            win_fail(
                code); /* the port was destroyed under a waiting thread: ERROR_ABANDONED_WAIT_0 */
        }
        return false;
    }
    for (ULONG i = 0; i < count; i++) {
        /* Without an OVERLAPPED it is a wake-up, or somebody else's: nothing of ours is behind it. */
        if (entries[i].lpOverlapped != NULL &&
            complete(entries[i].lpOverlapped, entries[i].dwNumberOfBytesTransferred,
                     &completions[*found])) {
            (*found)++;
        }
    }
    *found += take_kept(port, completions + *found, capacity - *found);
    return true;
}

/* Nothing is at hand: sleeps until something is, or the time is over. */
static uint32_t port_sleep(os_port *port, os_completion *completions, uint32_t capacity,
                           uint32_t timeout_ms) {
    uint64_t begin_ns = timeout_ms != INFINITE ? os_monotonic_ns() : 0;
    uint32_t left_ms = timeout_ms;
    for (;;) {
        atomic_fetch_add(&port->sleepers, 1);
        self.sleeping = true;
        port_begin_deferred(port);
        uint32_t found = take_kept(port, completions, capacity);
        bool again = found == 0 && take(port, completions, capacity, left_ms, &found);
        self.sleeping = false;
        atomic_fetch_sub(&port->sleepers, 1);
        if (found > 0 || !again) {
            return found;
        }
        if (timeout_ms != INFINITE) { /* with nothing found the rest of the time is waited */
            uint64_t past_ms = (os_monotonic_ns() - begin_ns) / 1000000;
            left_ms = past_ms < timeout_ms ? timeout_ms - (uint32_t)past_ms : 0;
        }
    }
}

uint32_t os_port_wait(os_port *port, os_completion *completions, uint32_t capacity,
                      uint32_t timeout_ms) {
    uint32_t found = 0;
    waiter_enter(port);
    if (capacity > OS_WAIT_MAX) {
        capacity = OS_WAIT_MAX;
    }
    if (capacity == 0) {
        return 0;
    }
    uint64_t now_ns = os_monotonic_ns();
    if (++self.streak < STREAK_MAX && now_ns - self.looked_ns < LOOK_NS) {
        found = take_kept(port, completions, capacity);
        if (found == 0) {
            port_begin_deferred(port);
            found = take_kept(port, completions, capacity);
        }
    } else {
        /* This thread has fed itself for long: now what the port has comes first. */
        self.streak = 0;
        self.looked_ns = now_ns;
        port_begin_deferred(port);
        self.kept_first = !self.kept_first;
        if (self.kept_first) {
            found = take_kept(port, completions, capacity);
        }
        if (found == 0 && !take(port, completions, capacity, 0, &found)) {
            found = take_kept(port, completions, capacity);
        }
    }
    if (found > 0) {
        return found;
    }
    found = port_sleep(port, completions, capacity, timeout_ms);
    self.streak = 0;
    self.looked_ns = os_monotonic_ns();
    return found;
}
