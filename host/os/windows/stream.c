/* stream.c: WSARecv and WSASend. Any thread; at most one of each is in flight on a socket.
 *
 * A recv-ready RECEIVES EARLY: into a small buffer of the socket, from which os_recv_now or the
 * next os_recv takes the bytes without a system call. A packet for an idle session so costs one
 * WSARecv instead of a zero-byte one and another.
 */
#include "error.h"
#include "socket.h"

#include <stdlib.h>
#include <string.h>

/* The early buffer grows when it was full and shrinks when half of it has been enough for some
 * time. */
enum { EARLY_MIN = 256, EARLY_MAX = 2048, EARLY_SMALL_MAX = 64 };

/* The most that os_send_now sends: the system copies it, and may take more than its buffer holds.
 * What is above it is for os_send. */
enum { NOW_MAX = 64 * 1024 };

/* Resizes the early buffer, which is empty, as needed. Without memory it keeps its size. */
static void early_fit(os_socket *socket) {
    uint16_t size = socket->early_size;
    if (size == 0) {
        size = EARLY_MIN;
    } else if (socket->early_end == size && size < EARLY_MAX) {
        size *= 2;
    } else if (socket->early_small > EARLY_SMALL_MAX) {
        size /= 2;
    }
    socket->early_begin = 0;
    socket->early_end = 0;
    if (size == socket->early_size) {
        return;
    }
    uint8_t *fitting = malloc(size);
    if (fitting != NULL) {
        free(socket->early);
        socket->early = fitting;
        socket->early_size = size;
        socket->early_small = 0;
    }
}

/* Moves out what was received early. */
static uint32_t early_take(os_socket *socket, void *data, uint32_t capacity) {
    uint32_t bytes = socket->early_end - socket->early_begin;
    if (bytes > capacity) {
        bytes = capacity;
    }
    if (bytes > 0) {
        memcpy(data, socket->early + socket->early_begin, bytes);
        socket->early_begin = (uint16_t)(socket->early_begin + bytes);
    }
    return bytes;
}

/* Begins the recv. If it is pending, it may complete on another thread before this returns; neither
 * op nor socket is touched after that. Returns a Win32 code; 0: done, with `bytes`. */
static DWORD recv_submit(os_socket *socket, op *o, DWORD *bytes) {
    WSABUF buffer = {.len = o->wanted_bytes, .buf = o->data};
    DWORD flags = 0;
    if (socket->pipe) {
        return pipe_recv(socket, o, bytes);
    }
    if (o->wanted_bytes == 0) {
        early_fit(socket);
        buffer = (WSABUF){.len = socket->early_size, .buf = (char *)socket->early};
    }
    bool skips = socket->skips;
    /* With an OVERLAPPED, `bytes` is valid only when the recv is done at once. */
    int failed = WSARecv(socket->handle, &buffer, 1, bytes, &flags, &o->overlapped, NULL);
    if (failed && o->wanted_bytes == 0 && buffer.len > 0 && WSAGetLastError() == WSAENOBUFS) {
        buffer.len = 0; /* a recv that only waits locks no memory, and there is none left to lock */
        flags = 0;
        failed = WSARecv(socket->handle, &buffer, 1, bytes, &flags, &o->overlapped, NULL);
    }
    if (failed) {
        return (DWORD)WSAGetLastError();
    }
    return skips ? 0 : WSA_IO_PENDING;
}

static void recv_begin(op *o) {
    os_socket *socket = o->held;
    DWORD bytes = 0;
    socket_hold(socket);
    AcquireSRWLockShared(&socket->lock);
    o->deferred = false;
    DWORD code =
        socket->closed || o->cancelled ? ERROR_OPERATION_ABORTED : recv_submit(socket, o, &bytes);
    ReleaseSRWLockShared(&socket->lock);
    if (code != WSA_IO_PENDING) {
        port_keep(socket->port, o, code, bytes);
    }
    socket_release(socket);
}

void recv_begin_deferred(os_port *port) {
    if (atomic_load(&port->deferred_count) == 0) {
        return;
    }
    op *o = port_queue_take(port, &port->deferred, &port->deferred_count, UINT32_MAX);
    while (o != NULL) {
        op *next = o->next; /* `o` may be the caller's again soon */
        recv_begin(o);
        o = next;
    }
}

/* Leaves a recv to the next os_port_wait; false: it has to begin now. wait.c has the protocol. */
static bool recv_defer(os_port *port, op *o) {
    if (waiter_self.port_id != port->id || atomic_load(&port->sleepers) > 0) {
        return false;
    }
    o->deferred = true;
    port_queue_add(port, &port->deferred, &port->deferred_count, o);
    if (atomic_load(&port->sleepers) > 0) {
        recv_begin_deferred(port);
    }
    return true;
}

portico_status os_recv(os_socket *socket, os_op *submitted, void *data, uint32_t capacity) {
    if (InterlockedExchange(&socket->receiving, 1) != 0) {
        /* Windows would accept it, but which recv gets which bytes would be undefined. */
        return error_refuse(PORTICO_E_STATE);
    }
    if (socket->pipe && capacity == 0) {
        InterlockedExchange(&socket->receiving, 0);
        return error_refuse(PORTICO_E_UNSUPPORTED);
    }
    op *o = socket_op_begin(socket, submitted, OP_RECV);
    if (socket->early_end > socket->early_begin) {
        o->early = true;
        port_keep(socket->port, o, 0, early_take(socket, data, capacity));
        return PORTICO_OK;
    }
    o->data = data;
    o->wanted_bytes = capacity;
    if (recv_defer(socket->port, o)) {
        return PORTICO_OK;
    }
    DWORD bytes = 0;
    DWORD code = recv_submit(socket, o, &bytes);
    if (code == WSA_IO_PENDING) {
        return PORTICO_OK;
    }
    if (code == 0) {
        port_keep(socket->port, o, 0, bytes);
        return PORTICO_OK;
    }
    InterlockedExchange(&socket->receiving, 0);
    socket_release(socket);
    return error_set(code);
}

/* A recv-ready is done: the bytes wait for the next os_recv. */
static void early_came(os_socket *socket, uint32_t bytes) {
    socket->early_end = (uint16_t)bytes;
    bool small = socket->early_size > EARLY_MIN && bytes * 2 <= socket->early_size;
    socket->early_small = small ? (uint16_t)(socket->early_small + 1) : 0;
}

/* If a reset arrives while no recv is pending, Wine loses it and the next recv reads an end of
 * stream; a poll still tells the two apart. */
static DWORD wine_reset_unseen(os_socket *socket) {
    WSAPOLLFD poll = {.fd = socket->handle, .events = POLLIN};
    AcquireSRWLockShared(&socket->lock);
    bool reset = !socket->closed && WSAPoll(&poll, 1, 0) == 1 && (poll.revents & POLLERR) != 0;
    ReleaseSRWLockShared(&socket->lock);
    return reset ? WSAECONNRESET : 0;
}

DWORD recv_finish(op *o, DWORD code, uint32_t *bytes) {
    os_socket *socket = o->held;
    if (socket->pipe) {
        code = pipe_recv_finish(code, bytes);
    } else if (o->early) {
        /* The submit has taken the bytes. */
    } else if (o->wanted_bytes == 0) {
        early_came(socket, code == 0 ? *bytes : 0);
        *bytes = 0;
    } else if (code == 0 && *bytes == 0 && win_is_wine()) {
        code = wine_reset_unseen(socket);
    }
    InterlockedExchange(&socket->receiving, 0);
    /* After os_close the bytes are not wanted, and a failure has one of many codes, such as
     * ERROR_NETNAME_DELETED. */
    return socket->closed ? ERROR_OPERATION_ABORTED : code;
}

uint32_t os_recv_now(os_socket *socket, void *data, uint32_t capacity) {
    return socket->receiving ? 0 : early_take(socket, data, capacity);
}

/* Takes `bytes` sent bytes off the list. */
static void list_sent(os_buffer **list, uint32_t bytes) {
    while (*list != NULL && bytes >= (*list)->size) {
        bytes -= (*list)->size;
        *list = (*list)->next;
    }
    if (*list != NULL && bytes > 0) {
        (*list)->data += bytes;
        (*list)->size -= bytes;
    }
}

uint32_t os_send_now(os_socket *socket, os_buffer **list) {
    WSABUF buffers[OS_SEND_BUFFERS_MAX];
    DWORD count = 0;
    uint32_t bytes = 0;
    for (const os_buffer *b = *list; b != NULL && count < OS_SEND_BUFFERS_MAX; b = b->next) {
        if (b->size > NOW_MAX - bytes) {
            break;
        }
        buffers[count++] = (WSABUF){.len = b->size, .buf = (char *)(uintptr_t)b->data};
        bytes += b->size;
    }
    DWORD sent = 0;
    if (count == 0 || !socket->nonblocking || InterlockedExchange(&socket->sending, 1) != 0) {
        return 0;
    }
    int failed = WSASend(socket->handle, buffers, count, &sent, 0, NULL, NULL);
    InterlockedExchange(&socket->sending, 0);
    if (failed) {
        return 0; /* it would have to wait, or os_send will fail in the same way */
    }
    list_sent(list, sent);
    return sent;
}

/* Describes the list to Winsock. Returns how many nodes it has, 0 if none or too many, and their
 * `bytes`. */
static DWORD list_buffers(const os_buffer *list, WSABUF buffers[OS_SEND_BUFFERS_MAX],
                          uint64_t *bytes) {
    DWORD count = 0;
    *bytes = 0;
    for (const os_buffer *b = list; b != NULL; b = b->next) {
        if (count == OS_SEND_BUFFERS_MAX) {
            return 0;
        }
        buffers[count++] = (WSABUF){.len = b->size, .buf = (char *)(uintptr_t)b->data};
        *bytes += b->size;
    }
    return count;
}

portico_status os_send(os_socket *socket, os_op *submitted, os_buffer *list) {
    /* May be on this stack: the provider copies the array before it returns.
     * https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-wsasend */
    WSABUF buffers[OS_SEND_BUFFERS_MAX];
    uint64_t bytes;
    DWORD count = list_buffers(list, buffers, &bytes);
    if (count == 0 || bytes > UINT32_MAX) {
        return error_refuse(PORTICO_E_INVALID);
    }
    if (InterlockedExchange(&socket->sending, 1) != 0) {
        return error_refuse(PORTICO_E_STATE);
    }
    op *o = socket_op_begin(socket, submitted, OP_SEND);
    o->wanted_bytes = (uint32_t)bytes;
    bool skips = socket->skips;
    DWORD sent = 0;
    if (socket->pipe) {
        DWORD refused = pipe_send(socket, o, list);
        if (refused != 0) {
            InterlockedExchange(&socket->sending, 0);
            socket_release(socket);
        }
        return refused == 0 ? PORTICO_OK : error_set(refused);
    }
    int failed = WSASend(socket->handle, buffers, count, &sent, 0, &o->overlapped, NULL);
    DWORD code = failed ? (DWORD)WSAGetLastError() : 0;
    if (code != 0 && code != WSA_IO_PENDING) {
        InterlockedExchange(&socket->sending, 0);
        socket_release(socket);
        return error_set(code);
    }
    if (code == 0 && skips) {
        port_keep(socket->port, o, 0, sent);
    } /* else it may have completed on another thread by now */
    return PORTICO_OK;
}

DWORD send_finish(op *o, DWORD code, uint32_t bytes) {
    free(o->copy);
    InterlockedExchange(&o->held->sending, 0);
    if (code == 0 && bytes < o->wanted_bytes) {
        return ERROR_OPERATION_ABORTED; /* cut short by a cancel: the stream has a hole */
    }
    return code != 0 && o->held->closed ? ERROR_OPERATION_ABORTED : code;
}
