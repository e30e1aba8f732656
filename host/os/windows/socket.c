/* socket.c: opening and closing sockets, and the Winsock functions that are looked up at run time.
 *
 * Any thread; the owner serialises os_close against its own submits. Lock: os_socket.lock, a leaf.
 */
#include "socket.h"

#include "address.h"
#include "error.h"

#include <stdlib.h>

winsock_extensions winsock;
bool winsock_skips;

/* No child process inherits the socket: it would keep the port and connections open after we exit.
 */
static SOCKET socket_new(int family) {
    return WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
                      WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
}

/* With a layered provider whose handles are not the system's own, skipped completions are lost. A
 * family that the machine lacks does not matter.
 * https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-setfilecompletionnotificationmodes
 */
static bool provider_skips(int family) {
    WSAPROTOCOL_INFOW info;
    int size = sizeof info;
    SOCKET probe = socket_new(family);
    if (probe == INVALID_SOCKET) {
        return true;
    }
    bool skips = getsockopt(probe, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &size) == 0 &&
                 (info.dwServiceFlags1 & XP1_IFS_HANDLES) != 0;
    closesocket(probe);
    return skips;
}

static DWORD load_extension(SOCKET handle, GUID id, void *function, DWORD size) {
    DWORD got = 0;
    int failed = WSAIoctl(handle, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, function,
                          size, &got, NULL, NULL);
    return failed ? (DWORD)WSAGetLastError() : 0;
}

DWORD winsock_load(void) {
    /* The functions are the same for both families; a machine may lack either. */
    SOCKET probe = socket_new(AF_INET);
    if (probe == INVALID_SOCKET) {
        probe = socket_new(AF_INET6);
    }
    if (probe == INVALID_SOCKET) {
        return (DWORD)WSAGetLastError();
    }
    winsock_extensions *e = &winsock;
    DWORD code = load_extension(probe, (GUID)WSAID_ACCEPTEX, &e->accept, sizeof e->accept);
    if (code == 0) {
        code = load_extension(probe, (GUID)WSAID_GETACCEPTEXSOCKADDRS, &e->accept_addresses,
                              sizeof e->accept_addresses);
    }
    if (code == 0) {
        code = load_extension(probe, (GUID)WSAID_CONNECTEX, &e->connect, sizeof e->connect);
    }
    closesocket(probe);
    winsock_skips = provider_skips(AF_INET) && provider_skips(AF_INET6);
    return code;
}

os_socket *socket_open(int family, os_port *port) {
    os_socket *s = calloc(1, sizeof *s);
    if (s == NULL) {
        WSASetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    s->handle = socket_new(family);
    if (s->handle == INVALID_SOCKET) {
        int code = WSAGetLastError();
        free(s);
        WSASetLastError(code);
        return NULL;
    }
    s->port = port;
    s->family = family;
    s->holds = 1;
    InitializeSRWLock(&s->lock);
    return s;
}

DWORD socket_attach(os_socket *socket) {
    return CreateIoCompletionPort((HANDLE)socket->handle, socket->port->handle, 0, 0) != NULL
               ? 0
               : GetLastError();
}

DWORD socket_take_urgent(const os_socket *socket) {
    BOOL in_line = TRUE;
    return setsockopt(socket->handle, SOL_SOCKET, SO_OOBINLINE, (const char *)&in_line,
                      sizeof in_line) != 0
               ? (DWORD)WSAGetLastError()
               : 0;
}

void socket_skip_port(os_socket *socket) {
    /* FIONBIO concerns calls without an OVERLAPPED, as in os_send_now; others ignore it. */
    u_long nonblocking = 1;
    socket->nonblocking = ioctlsocket(socket->handle, (long)FIONBIO, &nonblocking) == 0;
    socket->skips =
        winsock_skips && SetFileCompletionNotificationModes((HANDLE)socket->handle,
                                                            FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
                                                                FILE_SKIP_SET_EVENT_ON_HANDLE);
}

void socket_hold(os_socket *socket) {
    InterlockedIncrement(&socket->holds);
}

void socket_release(os_socket *socket) {
    if (InterlockedDecrement(&socket->holds) == 0) {
        free(socket->early);
        free(socket);
    }
}

op *socket_op_begin(os_socket *socket, os_op *submitted, op_kind kind) {
    op *o = (op *)(void *)submitted;
    *o = (op){.kind = kind, .held = socket};
    socket_hold(socket);
    return o;
}

void os_shutdown(os_socket *socket) {
    if (socket->pipe) {
        return; /* a pipe has no half-close */
    }
    shutdown(socket->handle, SD_SEND); /* a broken connection needs none */
}

void os_cancel(os_socket *socket, os_op *submitted) {
    op *o = (op *)(void *)submitted;
    AcquireSRWLockExclusive(&socket->lock);
    if (o->deferred) {
        o->cancelled = true; /* recv_begin will see it */
    } else if (socket->pipe && o->kind == OP_ACCEPT) {
        pipe_cancel_accept(socket, o);
    } else {
        CancelIoEx((HANDLE)socket->handle, &o->overlapped); /* ERROR_NOT_FOUND: it has completed */
    }
    ReleaseSRWLockExclusive(&socket->lock);
}

void os_close(os_socket *socket, bool reset) {
    AcquireSRWLockExclusive(&socket->lock);
    InterlockedExchange(&socket->closed, 1);
    if (socket->pipe) {
        pipe_close(socket);
        ReleaseSRWLockExclusive(&socket->lock);
        socket_release(socket);
        return;
    }
    if (reset) {
        LINGER now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(socket->handle, SOL_SOCKET, SO_LINGER, (const char *)&now, sizeof now);
    } else if (socket->linger_s > 0) {
        /* With SO_LINGER, closesocket would block for that long. TCP_MAXRT makes the system stop
         * retransmitting after that time without blocking; where it is not supported, the system's
         * own limit applies.
         * https://learn.microsoft.com/windows/win32/winsock/ipproto-tcp-socket-options */
        DWORD seconds = (DWORD)socket->linger_s;
        setsockopt(socket->handle, IPPROTO_TCP, TCP_MAXRT, (const char *)&seconds, sizeof seconds);
    }
    /* Windows cancels what is in flight when the handle closes; Wine leaves sends pending until the
     * peer closes. CancelIoEx is therefore called on both. */
    CancelIoEx((HANDLE)socket->handle, NULL);
    closesocket(socket->handle);
    ReleaseSRWLockExclusive(&socket->lock);
    socket_release(socket);
}

portico_status os_socket_address(os_socket *socket, os_address *address) {
    SOCKADDR_STORAGE system;
    int size = sizeof system;
    if (getsockname(socket->handle, (SOCKADDR *)&system, &size) != 0) {
        return error_set((DWORD)WSAGetLastError());
    }
    address_from_system((const SOCKADDR *)&system, address);
    return PORTICO_OK;
}
