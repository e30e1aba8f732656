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

_Thread_local win_waiter waiter_self;

/* The ports that exist, so that a thread can tell whether its last one is still there. */
static SRWLOCK ports_lock = SRWLOCK_INIT;
static os_port *ports;
static uint64_t last_port_id;
static INIT_ONCE leave_once = INIT_ONCE_STATIC_INIT;
static DWORD leave_slot = FLS_OUT_OF_INDEXES;

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
    win_op *w = (win_op *)(void *)op;
    *w = (win_op){.kind = WIN_OP_POST};
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

win_op *port_ops_take(os_port *port, win_ops *ops, atomic_uint *count, uint32_t most) {
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

void port_ops_add(os_port *port, win_ops *ops, atomic_uint *count, win_op *op) {
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
                  atomic_load(&port->sleepers) > (waiter_self.sleeping ? 1u : 0u);
    bool keeps = waiter_self.port_id == port->id && !others;
    if (keeps || !PostQueuedCompletionStatus(port->handle, bytes, 0, &op->overlapped)) {
        port_ops_add(port, &port->kept, &port->kept_count,
                     op); /* also when there is no memory for a packet */
    }
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

void waiter_enter(os_port *port) {
    if (waiter_self.port_id == port->id) {
        return;
    }
    if (waiter_self.port_id != 0) {
        waiter_leave(waiter_self.port_id);
    }
    InitOnceExecuteOnce(&leave_once, leave_slot_create, NULL, NULL);
    /* If its end would not be seen, it keeps nothing: what it does at once is posted. */
    bool seen =
        leave_slot != FLS_OUT_OF_INDEXES && FlsSetValue(leave_slot, (void *)(uintptr_t)port->id);
    waiter_self.port_id = seen ? port->id : 0;
    waiter_self.looked_ns = 0;
}

/* A completion port takes posts one by one. */
void os_port_posts_begin(os_port *port) {
    (void)port;
}

void os_port_posts_end(os_port *port) {
    (void)port;
}
