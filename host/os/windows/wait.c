/* wait.c: os_port_wait: what a thread takes first, when it sleeps, and how completions are
 * finished.
 *
 * Recvs are deferred until their thread has nothing else to do: what it sends goes out first, and
 * the answer is often there when the recv begins, which then need not wait.
 *
 * WHY NOTHING IS HELD UP
 *
 * 1. A thread with nothing at hand begins all deferred recvs before it sleeps.
 * 2. Nothing stays deferred while a thread sleeps. A thread that defers a recv (a) adds it to the
 *    queue, (b) reads `sleepers`, and begins what is queued if there is one. A thread on its way to
 *    sleep (c) counts up `sleepers`, (d) looks at the queue. All are sequentially consistent, so
 *    one of the two begins the recv.
 * 3. While no thread sleeps, all are busy: none could have run the completion earlier.
 * 4. A thread that keeps a second operation while another thread sleeps posts it, which wakes that
 *    one.
 * 5. A port that is never empty holds neither queue up: a thread that asks it begins what is
 *    deferred, and every other time takes what is kept first.
 *
 * WHY NOTHING IS FORGOTTEN
 *
 * 1. A thread that keeps or defers looks at both queues in its next os_port_wait. If it leaves
 *    something there, because its caller asked for less, it has something to do first and waits
 *    again.
 * 2. For a thread that does not come back, a wake-up is posted: a packet without an OVERLAPPED.
 *    That happens when the thread ends or turns to another port (waiter_leave), or when another
 *    thread sees that it is stuck (os_port_share_kept). The thread that gets the packet looks at
 *    the queues.
 */
#include "guard.h"
#include "error.h"
#include "socket.h"

/* How long, and for how many waits, a thread may feed itself without asking the system's port. */
enum { LOOK_NS = 1000000, STREAK_MAX = 64 };

/* Turns the system's result into the caller's; from here on the op is the caller's. False when
 * there is nothing to hand out: the operation is in flight again. */
static bool complete(OVERLAPPED *overlapped, uint32_t bytes, os_completion *completion) {
    op *o = CONTAINING_RECORD(overlapped, op, overlapped);
    /* The OVERLAPPED's own Internal is the documented place of the status (the entry's is
     * "reserved"). The cast drops the upper half, which is undefined: an NTSTATUS has 32 bits. 0
     * for a post. https://learn.microsoft.com/windows/win32/api/minwinbase/ns-minwinbase-overlapped
     */
    DWORD code = o->kept ? o->code : error_of_nt((NTSTATUS)o->overlapped.Internal);
    switch (o->kind) {
    case OP_ACCEPT: code = accept_finish(o, code); break;
    case OP_CONNECT: code = connect_finish(o, code); break;
    case OP_RECV: code = recv_finish(o, code, &bytes); break;
    case OP_SEND: code = send_finish(o, code, bytes); break;
    case OP_POST: break;
    }
    if (code == ERROR_IO_PENDING) {
        return false; /* `o` must not be touched any more */
    }
    if (o->held != NULL) {
        socket_release(o->held);
    }
    completion->op = (os_op *)(void *)o;
    completion->status = error_status(code);
    completion->bytes = code == ERROR_SUCCESS ? bytes : 0;
    completion->system_error = (int32_t)code;
    return true;
}

/* Hands out what is kept. Returns how many. */
static uint32_t take_kept(os_port *port, os_completion *completions, uint32_t capacity) {
    uint32_t found = 0;
    if (capacity == 0 || atomic_load(&port->kept_count) == 0) {
        return 0;
    }
    op *o = port_queue_take(port, &port->kept, &port->kept_count, capacity);
    while (o != NULL) {
        op *next = o->next; /* `o` is the caller's soon */
        if (complete(&o->overlapped, (uint32_t)o->overlapped.InternalHigh, &completions[found])) {
            found++;
        }
        o = next;
    }
    return found;
}

/* Asks the system's port once, then takes what is kept. False when the time ran out. */
static bool take(os_port *port, os_completion *completions, uint32_t capacity, uint32_t timeout_ms,
                 uint32_t *found) {
    OVERLAPPED_ENTRY entries[OS_WAIT_MAX];
    ULONG count = 0;
    if (!GetQueuedCompletionStatusEx(port->handle, entries, capacity, &count, timeout_ms, FALSE)) {
        DWORD code = GetLastError();
        if (code != WAIT_TIMEOUT) {
            /* ERROR_ABANDONED_WAIT_0: the port was destroyed under a waiting thread. */
            error_set(code);
        }
        return false;
    }
    for (ULONG i = 0; i < count; i++) {
        /* A packet without an OVERLAPPED is a wake-up, or not ours: it completes nothing. */
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
    os_guard_thread *guarded = guard_thread();
    if (guarded != NULL && guarded->deep_ms != 0) {
        guard_trim_stack(guarded);
    }
    for (;;) {
        atomic_fetch_add(&port->sleepers, 1);
        waiter_self.sleeping = true;
        recv_begin_deferred(port);
        uint32_t found = take_kept(port, completions, capacity);
        bool again = found == 0 && take(port, completions, capacity, left_ms, &found);
        waiter_self.sleeping = false;
        atomic_fetch_sub(&port->sleepers, 1);
        if (found > 0 || !again) {
            return found;
        }
        if (timeout_ms != INFINITE) { /* a wake-up that brought nothing: wait for the rest */
            uint64_t past_ms = (os_monotonic_ns() - begin_ns) / 1000000;
            left_ms = past_ms < timeout_ms ? timeout_ms - (uint32_t)past_ms : 0;
        }
    }
}

/* The thread has fed itself for long: what the system's port has comes first now. */
static uint32_t port_look(os_port *port, os_completion *completions, uint32_t capacity) {
    uint32_t found = 0;
    recv_begin_deferred(port);
    waiter_self.kept_first = !waiter_self.kept_first;
    if (waiter_self.kept_first) {
        found = take_kept(port, completions, capacity);
    }
    if (found == 0 && !take(port, completions, capacity, 0, &found)) {
        found = take_kept(port, completions, capacity);
    }
    return found;
}

/* Takes completions that are at hand without asking the system's port. */
static uint32_t port_take_own(os_port *port, os_completion *completions, uint32_t capacity) {
    uint32_t found = take_kept(port, completions, capacity);
    if (found > 0) {
        return found;
    }
    recv_begin_deferred(port);
    return take_kept(port, completions, capacity);
}

uint32_t os_port_wait(os_port *port, os_completion *completions, uint32_t capacity,
                      uint32_t timeout_ms) {
    uint32_t found;
    waiter_enter(port);
    if (capacity > OS_WAIT_MAX) {
        capacity = OS_WAIT_MAX;
    }
    if (capacity == 0) {
        return 0;
    }
    uint64_t now_ns = os_monotonic_ns();
    if (++waiter_self.streak < STREAK_MAX && now_ns - waiter_self.looked_ns < LOOK_NS) {
        found = port_take_own(port, completions, capacity);
    } else {
        waiter_self.streak = 0;
        waiter_self.looked_ns = now_ns;
        found = port_look(port, completions, capacity);
    }
    if (found > 0) {
        return found;
    }
    found = port_sleep(port, completions, capacity, timeout_ms);
    waiter_self.streak = 0;
    waiter_self.looked_ns = os_monotonic_ns();
    return found;
}
