/* connect.c: outgoing connections by ConnectEx. Any thread. Lock: the socket's, for a moment. */
#include "address.h"
#include "error.h"
#include "socket.h"

/* ConnectEx needs a bound socket, if only to any address.
 * https://learn.microsoft.com/windows/win32/api/mswsock/nc-mswsock-lpfn_connectex */
static DWORD bind_for(os_socket *socket, const os_address *from) {
    os_address any = {.family = socket->family == AF_INET6 ? OS_ADDRESS_IPV6 : OS_ADDRESS_IPV4};
    SOCKADDR_STORAGE system;
    int size = address_to_system(from != NULL ? from : &any, &system);
    return bind(socket->handle, (const SOCKADDR *)&system, size) != 0 ? (DWORD)WSAGetLastError()
                                                                      : 0;
}

/* Binds, attaches and submits. A Win32 code, 0 for success. */
static DWORD connect_begin(os_socket *socket, const os_address *to, const os_address *from,
                           os_op *submitted) {
    DWORD code = bind_for(socket, from);
    if (code == 0) {
        code = socket_take_urgent(socket);
    }
    if (code == 0) {
        code = socket_attach(socket);
    }
    if (code != 0) {
        return code;
    }
    SOCKADDR_STORAGE system;
    int size = address_to_system(to, &system);
    op *o = socket_op_begin(socket, submitted, OP_CONNECT);
    if (winsock.connect(socket->handle, (const SOCKADDR *)&system, size, NULL, 0, NULL,
                        &o->overlapped)) {
        return 0;
    }
    code = (DWORD)WSAGetLastError();
    if (code == WSA_IO_PENDING) {
        return 0;
    }
    socket_release(socket);
    return code;
}

portico_status os_connect(os_port *port, const os_address *to, const os_address *from,
                          os_op *submitted, os_socket **socket) {
    *socket = NULL;
    if (!address_valid(to) || (from != NULL && from->family != to->family)) {
        return error_refuse(PORTICO_E_INVALID);
    }
    os_socket *s = socket_open(to->family == OS_ADDRESS_IPV6 ? AF_INET6 : AF_INET, port);
    if (s == NULL) {
        return error_set((DWORD)WSAGetLastError());
    }
    *socket = s; /* before the submit: the completion may be handed out before it returns */
    DWORD code = connect_begin(s, to, from, submitted);
    if (code != 0) {
        *socket = NULL;
        os_close(s, true);
        return error_set(code);
    }
    return PORTICO_OK;
}

/* Without SO_UPDATE_CONNECT_CONTEXT neither shutdown nor getpeername works on the socket. */
DWORD connect_finish(op *o, DWORD code) {
    os_socket *socket = o->held;
    if (socket->pipe) {
        return socket->closed ? ERROR_OPERATION_ABORTED : code;
    }
    if (code == 0) {
        AcquireSRWLockShared(&socket->lock);
        if (socket->closed) {
            code = ERROR_OPERATION_ABORTED;
        } else if (setsockopt(socket->handle, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) !=
                   0) {
            code = (DWORD)WSAGetLastError();
        } else {
            socket_skip_port(socket);
        }
        ReleaseSRWLockShared(&socket->lock);
    }
    return code != 0 && socket->closed ? ERROR_OPERATION_ABORTED : code;
}
