/* wait.c: os_port_wait: what is handed out, and when a thread sleeps. Any thread. */
#include "private.h"

/* How long, and for how many waits, a thread may feed itself without a look at what the port has. */
enum { LOOK_NS = 1000000, STREAK_MAX = 64 };

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
    win_op *op = port_ops_take(port, &port->kept, &port->kept_count, capacity);
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
        waiter_self.sleeping = true;
        win_recvs_begin(port);
        uint32_t found = take_kept(port, completions, capacity);
        bool again = found == 0 && take(port, completions, capacity, left_ms, &found);
        waiter_self.sleeping = false;
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
    if (++waiter_self.streak < STREAK_MAX && now_ns - waiter_self.looked_ns < LOOK_NS) {
        found = take_kept(port, completions, capacity);
        if (found == 0) {
            win_recvs_begin(port);
            found = take_kept(port, completions, capacity);
        }
    } else {
        /* This thread has fed itself for long: now what the port has comes first. */
        waiter_self.streak = 0;
        waiter_self.looked_ns = now_ns;
        win_recvs_begin(port);
        waiter_self.kept_first = !waiter_self.kept_first;
        if (waiter_self.kept_first) {
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
    waiter_self.streak = 0;
    waiter_self.looked_ns = os_monotonic_ns();
    return found;
}
