/* socket.c: opening and closing sockets, and the functions of Winsock that have to be asked for.
 *
 * Any thread; the owner serialises os_close against its own submits. Lock: os_socket.lock, a leaf.
 */
#include "private.h"

#include <stdlib.h>

win_extensions win_winsock;
bool win_winsock_skips;

/* Where a layered provider stands in between whose handles are not the system's own, completions that are skipped are
 * lost. A family that the machine lacks does not count.
 * https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-setfilecompletionnotificationmodes */
static bool provider_skips(int family) {
    WSAPROTOCOL_INFOW info;
    int size = sizeof info;
    SOCKET probe = WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
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

DWORD win_winsock_load(void) {
    /* The functions are the same for both families; a machine may lack either. */
    SOCKET probe = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    if (probe == INVALID_SOCKET) {
        probe = WSASocketW(AF_INET6, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    }
    if (probe == INVALID_SOCKET) {
        return (DWORD)WSAGetLastError();
    }
    win_extensions *e = &win_winsock;
    DWORD code = load_extension(probe, (GUID)WSAID_ACCEPTEX, &e->accept, sizeof e->accept);
    if (code == 0) {
        code = load_extension(probe, (GUID)WSAID_GETACCEPTEXSOCKADDRS, &e->accept_addresses,
                              sizeof e->accept_addresses);
    }
    if (code == 0) {
        code = load_extension(probe, (GUID)WSAID_CONNECTEX, &e->connect, sizeof e->connect);
    }
    closesocket(probe);
    win_winsock_skips = provider_skips(AF_INET) && provider_skips(AF_INET6);
    return code;
}

os_socket *win_socket_open(int family, os_port *port) {
    os_socket *s = calloc(1, sizeof *s);
    if (s == NULL) {
        WSASetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    /* Not inheritable: a child process would keep the port and the connections open after our end. */
    s->handle = WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
                           WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
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

DWORD win_socket_attach(os_socket *socket) {
    return CreateIoCompletionPort((HANDLE)socket->handle, socket->port->handle, 0, 0) != NULL
               ? 0
               : GetLastError();
}

void win_socket_skip(os_socket *socket) {
    u_long nonblocking =
        1; /* of calls without an OVERLAPPED, as in os_send_now; others do not mind */
    socket->nonblocking = ioctlsocket(socket->handle, (long)FIONBIO, &nonblocking) == 0;
    socket->skips = win_winsock_skips &&
                    SetFileCompletionNotificationModes((HANDLE)socket->handle,
                                                       FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
                                                           FILE_SKIP_SET_EVENT_ON_HANDLE);
}

void win_socket_hold(os_socket *socket) {
    InterlockedIncrement(&socket->holds);
}

void win_socket_release(os_socket *socket) {
    if (InterlockedDecrement(&socket->holds) == 0) {
        free(socket->early);
        free(socket);
    }
}

win_op *win_op_begin(os_op *op, win_op_kind kind, os_socket *held) {
    win_op *w = (win_op *)(void *)op;
    *w = (win_op){.kind = kind, .held = held};
    win_socket_hold(held);
    return w;
}

void os_shutdown(os_socket *socket) {
    shutdown(socket->handle, SD_SEND); /* a connection that is broken already needs none */
}

void os_cancel(os_socket *socket, os_op *op) {
    win_op *w = (win_op *)(void *)op;
    AcquireSRWLockExclusive(&socket->lock);
    if (w->deferred) {
        w->cancelled = true; /* recv_begin will see it */
    } else {
        CancelIoEx((HANDLE)socket->handle, &w->overlapped); /* ERROR_NOT_FOUND: it has completed */
    }
    ReleaseSRWLockExclusive(&socket->lock);
}

void os_close(os_socket *socket, bool reset) {
    AcquireSRWLockExclusive(&socket->lock);
    InterlockedExchange(&socket->closed, 1);
    if (reset) {
        LINGER now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(socket->handle, SOL_SOCKET, SO_LINGER, (const char *)&now, sizeof now);
    } else if (socket->linger_s > 0) {
        /* With SO_LINGER, closesocket would block so long. This gives up retransmitting after that time and
         * nobody waits; where it is not known, the system's own patience counts.
         * https://learn.microsoft.com/windows/win32/winsock/ipproto-tcp-socket-options */
        DWORD seconds = (DWORD)socket->linger_s;
        setsockopt(socket->handle, IPPROTO_TCP, TCP_MAXRT, (const char *)&seconds, sizeof seconds);
    }
    /* Windows cancels what is in flight when the handle closes; Wine leaves sends pending until
     * the peer closes, so both are asked. */
    CancelIoEx((HANDLE)socket->handle, NULL);
    closesocket(socket->handle);
    ReleaseSRWLockExclusive(&socket->lock);
    win_socket_release(socket);
}

portico_status os_socket_address(os_socket *socket, os_address *address) {
    SOCKADDR_STORAGE system;
    int size = sizeof system;
    if (getsockname(socket->handle, (SOCKADDR *)&system, &size) != 0) {
        return win_fail((DWORD)WSAGetLastError());
    }
    win_address_from_system((const SOCKADDR *)&system, address);
    return PORTICO_OK;
}
