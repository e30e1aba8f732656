/* port.c: the completion port, and what it does not know of. Any thread.
 *
 * An operation whose end the system's port does not report is KEPT in a queue until a thread waits:
 * one that succeeded at once (socket_skip_port), or a recv that failed when it began. Recvs that
 * have not begun are DEFERRED in another (stream.c). Both are for threads that wait on the port;
 * what other threads submit begins at once, and is posted. wait.c explains why neither queue holds
 * anything up.
 */
#include "port.h"

#include "error.h"

#include <stdlib.h>

_Thread_local waiter waiter_self;

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
        return error_set(ERROR_NOT_ENOUGH_MEMORY);
    }
    p->handle = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    if (p->handle == NULL) {
        portico_status status = error_set(GetLastError());
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

portico_status os_port_post(os_port *port, os_op *submitted) {
    op *o = (op *)(void *)submitted;
    *o = (op){.kind = OP_POST};
    if (!PostQueuedCompletionStatus(port->handle, 0, 0, &o->overlapped)) {
        return error_set(GetLastError());
    }
    return PORTICO_OK;
}

/* A completion port takes posts one by one. */
void os_port_posts_begin(os_port *port) {
    (void)port;
}

void os_port_posts_end(os_port *port) {
    (void)port;
}

/* ---- its own queues ---------------------------------------------------------------------- */

void port_queue_add(os_port *port, op_queue *queue, atomic_uint *count, op *o) {
    o->next = NULL;
    AcquireSRWLockExclusive(&port->lock);
    if (queue->first == NULL) {
        queue->first = o;
    } else {
        queue->last->next = o;
    }
    queue->last = o;
    atomic_fetch_add(count, 1);
    ReleaseSRWLockExclusive(&port->lock);
}

op *port_queue_take(os_port *port, op_queue *queue, atomic_uint *count, uint32_t most) {
    AcquireSRWLockExclusive(&port->lock);
    op *first = queue->first;
    op **end = &queue->first;
    uint32_t taken = 0;
    while (*end != NULL && taken < most) {
        end = &(*end)->next;
        taken++;
    }
    op *rest = *end;
    *end = NULL;
    queue->first = rest;
    atomic_fetch_sub(count, taken);
    ReleaseSRWLockExclusive(&port->lock);
    return taken > 0 ? first : NULL;
}

void port_keep(os_port *port, op *o, DWORD code, uint32_t bytes) {
    o->code = code;
    o->kept = true;
    o->overlapped.InternalHigh = bytes;
    bool others = atomic_load(&port->kept_count) > 0 &&
                  atomic_load(&port->sleepers) > (waiter_self.sleeping ? 1u : 0u);
    bool keeps = waiter_self.port_id == port->id && !others;
    /* Kept as well when there is no memory for a packet. */
    if (keeps || !PostQueuedCompletionStatus(port->handle, bytes, 0, &o->overlapped)) {
        port_queue_add(port, &port->kept, &port->kept_count, o);
    }
}

void os_port_share_kept(os_port *port) {
    if (atomic_load(&port->kept_count) > 0 || atomic_load(&port->deferred_count) > 0) {
        PostQueuedCompletionStatus(port->handle, 0, 0, NULL);
    }
}

/* ---- the threads that wait --------------------------------------------------------------- */

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
    /* A thread whose end would not be seen keeps nothing: what it completes at once is posted. */
    bool seen =
        leave_slot != FLS_OUT_OF_INDEXES && FlsSetValue(leave_slot, (void *)(uintptr_t)port->id);
    waiter_self.port_id = seen ? port->id : 0;
    waiter_self.looked_ns = 0;
}
