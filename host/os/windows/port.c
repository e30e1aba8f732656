/* port.c: the completion port. Any thread.
 *
 * Every completion goes through the port, also that of an operation which succeeded at once: the mode
 * that skips those (FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) is not used. An operation that failed at
 * once has no completion, and its submit says so.
 */
#include "private.h"

#include <stdlib.h>

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
    *port = p;
    return PORTICO_OK;
}

void os_port_destroy(os_port *port) {
    CloseHandle(port->handle);
    free(port);
}

portico_status os_port_post(os_port *port, os_op *op) {
    win_op *w = win_op_begin(op, WIN_OP_POST, NULL);
    return PostQueuedCompletionStatus(port->handle, 0, 0, &w->overlapped) ? PORTICO_OK
                                                                          : win_fail(GetLastError());
}

void os_port_share_kept(os_port *port) {
    (void)port; /* what has completed stands in the port's own queue until a thread takes it */
}

/* A completion port takes posts one by one. */
void os_port_posts_begin(os_port *port) {
    (void)port;
}

void os_port_posts_end(os_port *port) {
    (void)port;
}

/* Turns what the port said into what the caller sees; the op is the caller's from here on. False when
 * there is nothing to see: the operation is in flight again. */
static bool complete(const OVERLAPPED_ENTRY *entry, os_completion *completion) {
    win_op *op = CONTAINING_RECORD(entry->lpOverlapped, win_op, overlapped);
    /* The OVERLAPPED's own Internal is the documented place of the status (the entry's is "reserved"). Cast,
     * because an NTSTATUS has 32 bits and the upper half is whatever was there. 0 for what was posted.
     * https://learn.microsoft.com/windows/win32/api/minwinbase/ns-minwinbase-overlapped */
    DWORD code = win_code_of_nt((NTSTATUS)op->overlapped.Internal);
    uint32_t bytes = entry->dwNumberOfBytesTransferred;
    switch (op->kind) {
    case WIN_OP_ACCEPT: code = win_accept_end(op, code); break;
    case WIN_OP_CONNECT: code = win_connect_end(op, code); break;
    case WIN_OP_RECV: code = win_recv_end(op, code, bytes); break;
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

/* One call of the system's; false when there is nothing more to wait for. */
static bool take(os_port *port, OVERLAPPED_ENTRY *entries, uint32_t capacity, uint32_t timeout_ms,
                 ULONG *count) {
    if (GetQueuedCompletionStatusEx(port->handle, entries, capacity, count, timeout_ms, FALSE)) {
        return true;
    }
    *count = 0;
    DWORD code = GetLastError();
    if (code != WAIT_TIMEOUT) {
        win_fail(code); /* the port was destroyed under a waiting thread: ERROR_ABANDONED_WAIT_0 */
    }
    return false;
}

uint32_t os_port_wait(os_port *port, os_completion *completions, uint32_t capacity, uint32_t timeout_ms) {
    OVERLAPPED_ENTRY entries[OS_WAIT_MAX];
    ULONG count = 0;
    uint32_t found = 0;
    if (capacity > OS_WAIT_MAX) {
        capacity = OS_WAIT_MAX;
    }
    uint64_t begin_ns = os_monotonic_ns();
    uint32_t left_ms = timeout_ms;
    while (found == 0 && take(port, entries, capacity, left_ms, &count)) {
        for (ULONG i = 0; i < count; i++) {
            /* Without an OVERLAPPED it is a packet of somebody else's: nothing of ours is behind it. */
            if (entries[i].lpOverlapped != NULL && complete(&entries[i], &completions[found])) {
                found++;
            }
        }
        if (timeout_ms != INFINITE) { /* with nothing found the rest of the time is waited */
            uint64_t past_ms = (os_monotonic_ns() - begin_ns) / 1000000;
            left_ms = past_ms < timeout_ms ? timeout_ms - (uint32_t)past_ms : 0;
        }
    }
    return found;
}
