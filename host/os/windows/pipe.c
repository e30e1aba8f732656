/* pipe.c: what is done with a named pipe once local.c has opened it. Any thread, see socket.h. */
#include "error.h"
#include "socket.h"

#include <stdlib.h>
#include <string.h>

static bool is_end(DWORD code) {
    return code == ERROR_BROKEN_PIPE || code == ERROR_PIPE_NOT_CONNECTED || code == ERROR_NO_DATA;
}

/* Operations that complete at once go through the port, too, since pipes do not skip it. */
DWORD pipe_recv(os_socket *socket, op *o, DWORD *bytes) {
    *bytes = 0;
    if (ReadFile(pipe_handle(socket), o->data, o->wanted_bytes, NULL, &o->overlapped)) {
        return ERROR_IO_PENDING;
    }
    DWORD code = GetLastError();
    return is_end(code) ? 0 : code; /* 0: done, with 0 bytes: the end of the stream */
}

DWORD pipe_recv_finish(DWORD code, uint32_t *bytes) {
    if (is_end(code)) {
        *bytes = 0;
        return 0;
    }
    return code;
}

/* A pipe takes one buffer: a list of several is copied. */
DWORD pipe_send(os_socket *socket, op *o, const os_buffer *list) {
    const void *data = list->data;
    o->copy = NULL;
    if (list->next != NULL) {
        uint8_t *at = malloc(o->wanted_bytes);
        o->copy = at;
        data = at;
        if (at == NULL) {
            return ERROR_NOT_ENOUGH_MEMORY;
        }
        for (const os_buffer *b = list; b != NULL; at += b->size, b = b->next) {
            memcpy(at, b->data, b->size);
        }
    }
    if (WriteFile(pipe_handle(socket), data, o->wanted_bytes, NULL, &o->overlapped)) {
        return 0;
    }
    DWORD code = GetLastError();
    if (code == ERROR_IO_PENDING) {
        return 0; /* it may have completed on another thread by now */
    }
    free(o->copy);
    return is_end(code) ? WSAECONNRESET : code;
}

void pipe_close(os_socket *socket) {
    for (os_socket *i = socket->instances; i != NULL; i = i->next_instance) {
        CancelIoEx(pipe_handle(i), NULL);
    }
    if (socket->first != INVALID_SOCKET) {
        CloseHandle((HANDLE)socket->first);
    }
    if (socket->handle != INVALID_SOCKET) {
        CancelIoEx(pipe_handle(socket), NULL);
        CloseHandle(pipe_handle(socket));
    }
}

void pipe_cancel_accept(os_socket *listener, op *o) {
    for (os_socket *i = listener->instances; i != NULL; i = i->next_instance) {
        if (i == o->accepted) {
            CancelIoEx(pipe_handle(i), &o->overlapped);
        }
    }
}
