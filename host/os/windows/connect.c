/* connect.c: ConnectEx. Any thread. Lock: the socket's, for a moment. */
#include "private.h"

/* ConnectEx wants a socket that is bound, to any address if need be.
 * https://learn.microsoft.com/windows/win32/api/mswsock/nc-mswsock-lpfn_connectex */
static DWORD bind_for(os_socket *socket, const os_address *from) {
    os_address any = {.family = socket->family == AF_INET6 ? OS_ADDRESS_IPV6 : OS_ADDRESS_IPV4};
    SOCKADDR_STORAGE system;
    int size = win_address_to_system(from != NULL ? from : &any, &system);
    return bind(socket->handle, (const SOCKADDR *)&system, size) != 0 ? (DWORD)WSAGetLastError()
                                                                      : 0;
}

static DWORD submit(os_socket *socket, const os_address *to, os_op *op) {
    SOCKADDR_STORAGE system;
    int size = win_address_to_system(to, &system);
    win_op *w = win_op_begin(op, WIN_OP_CONNECT, socket);
    if (!win_winsock.connect(socket->handle, (const SOCKADDR *)&system, size, NULL, 0, NULL,
                             &w->overlapped)) {
        DWORD code = (DWORD)WSAGetLastError();
        if (code != WSA_IO_PENDING) {
            win_socket_release(socket);
            return code;
        }
    }
    return 0;
}

portico_status os_connect(os_port *port, const os_address *to, const os_address *from, os_op *op,
                          os_socket **socket) {
    *socket = NULL;
    if (!win_address_valid(to) || (from != NULL && from->family != to->family)) {
        return win_refuse(PORTICO_E_INVALID);
    }
    os_socket *s = win_socket_open(to->family == OS_ADDRESS_IPV6 ? AF_INET6 : AF_INET, port);
    if (s == NULL) {
        return win_fail((DWORD)WSAGetLastError());
    }
    *socket = s; /* before the submit: the completion may be handed out before it returns */
    DWORD code = bind_for(s, from);
    if (code == 0) {
        code = win_socket_attach(s);
    }
    if (code == 0) {
        code = submit(s, to, op);
    }
    if (code != 0) {
        *socket = NULL;
        os_close(s, true);
        return win_fail(code);
    }
    return PORTICO_OK;
}

/* Without SO_UPDATE_CONNECT_CONTEXT neither shutdown nor getpeername work on the socket. */
DWORD win_connect_end(win_op *w, DWORD code) {
    os_socket *socket = w->held;
    if (code == 0) {
        AcquireSRWLockShared(&socket->lock);
        if (socket->closed) {
            code = ERROR_OPERATION_ABORTED;
        } else if (setsockopt(socket->handle, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) !=
                   0) {
            code = (DWORD)WSAGetLastError();
        } else {
            win_socket_skip(socket);
        }
        ReleaseSRWLockShared(&socket->lock);
    }
    return code != 0 && socket->closed ? ERROR_OPERATION_ABORTED : code;
}
