/* stream.c: WSARecv and WSASend. Any thread; at most one of each is in flight on a socket. */
#include "private.h"

/* A submit that was taken, at once or pending, completes through the port, perhaps on another thread
 * before this: then neither op nor socket are touched. One that failed has no completion. */
static portico_status submitted(int failed, os_socket *socket, volatile LONG *busy) {
    int code = failed ? WSAGetLastError() : 0;
    if (code == 0 || code == WSA_IO_PENDING) {
        return PORTICO_OK;
    }
    InterlockedExchange(busy, 0);
    win_socket_release(socket);
    return win_fail((DWORD)code);
}

portico_status os_recv(os_socket *socket, os_op *op, void *data, uint32_t capacity) {
    if (InterlockedExchange(&socket->receiving, 1) != 0) {
        return win_refuse(PORTICO_E_STATE); /* Windows would take it, and nobody could tell who gets what */
    }
    win_op *w = win_op_begin(op, WIN_OP_RECV, socket);
    w->wanted_bytes = capacity;
    WSABUF buffer = {.len = capacity, .buf = data};
    DWORD flags = 0;
    int failed = WSARecv(socket->handle, &buffer, 1, NULL, &flags, &w->overlapped, NULL);
    return submitted(failed, socket, &socket->receiving);
}

/* When a reset comes while no recv is pending, Wine loses it and the next recv reads an end of stream;
 * a poll still tells the two apart. */
static DWORD wine_reset_unseen(os_socket *socket) {
    WSAPOLLFD poll = {.fd = socket->handle, .events = POLLIN};
    AcquireSRWLockShared(&socket->lock);
    bool reset = !socket->closed && WSAPoll(&poll, 1, 0) == 1 && (poll.revents & POLLERR) != 0;
    ReleaseSRWLockShared(&socket->lock);
    return reset ? WSAECONNRESET : 0;
}

DWORD win_recv_end(win_op *w, DWORD code, uint32_t bytes) {
    os_socket *socket = w->held;
    if (code == 0 && bytes == 0 && w->wanted_bytes > 0 && win_is_wine()) {
        code = wine_reset_unseen(socket);
    }
    InterlockedExchange(&socket->receiving, 0);
    /* Nobody wants what came after os_close; a failure then has many codes, ERROR_NETNAME_DELETED for one. */
    return socket->closed ? ERROR_OPERATION_ABORTED : code;
}

uint32_t os_recv_now(os_socket *socket, void *data, uint32_t capacity) {
    (void)socket;
    (void)data;
    (void)capacity;
    return 0;
}

uint32_t os_send_now(os_socket *socket, os_buffer **list) {
    (void)socket;
    (void)list;
    return 0;
}

portico_status os_send(os_socket *socket, os_op *op, os_buffer *list) {
    /* May live on this stack: the provider copies the array before it returns.
     * https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-wsasend */
    WSABUF buffers[OS_SEND_BUFFERS_MAX];
    DWORD count = 0;
    uint64_t bytes = 0;
    for (const os_buffer *b = list; b != NULL; b = b->next) {
        if (count == OS_SEND_BUFFERS_MAX) {
            return win_refuse(PORTICO_E_INVALID);
        }
        buffers[count++] = (WSABUF){.len = b->size, .buf = (char *)(uintptr_t)b->data};
        bytes += b->size;
    }
    if (count == 0 || bytes > UINT32_MAX) {
        return win_refuse(PORTICO_E_INVALID);
    }
    if (InterlockedExchange(&socket->sending, 1) != 0) {
        return win_refuse(PORTICO_E_STATE);
    }
    win_op *w = win_op_begin(op, WIN_OP_SEND, socket);
    w->wanted_bytes = (uint32_t)bytes;
    int failed = WSASend(socket->handle, buffers, count, NULL, 0, &w->overlapped, NULL);
    return submitted(failed, socket, &socket->sending);
}

DWORD win_send_end(win_op *w, DWORD code, uint32_t bytes) {
    InterlockedExchange(&w->held->sending, 0);
    if (code == 0 && bytes < w->wanted_bytes) {
        return ERROR_OPERATION_ABORTED; /* cut off by a cancel: the stream has a hole */
    }
    return code != 0 && w->held->closed ? ERROR_OPERATION_ABORTED : code;
}
