/* accept.c: listening sockets and AcceptEx. Any thread. Lock: the listener's, for a moment.
 *
 * The submit opens the socket that a connection is accepted into, so a shortage of handles or
 * memory is reported there. The socket is bound to the port only once it is connected.
 */
#include "address.h"
#include "error.h"
#include "socket.h"

#include <limits.h>
#include <string.h>

/* "The buffer size for the local and remote address must be 16 bytes more than the size of the
 * sockaddr". https://learn.microsoft.com/windows/win32/api/mswsock/nf-mswsock-acceptex */
enum { ADDRESS_ROOM = sizeof(SOCKADDR_STORAGE) + 16 };

_Static_assert(2 * ADDRESS_ROOM <= sizeof(((os_accept_op *)0)->sys),
               "os_accept_op.sys is too small");
_Static_assert(offsetof(os_accept_op, op) == 0, "an accept's os_op is found at its start");

static DWORD set_flag(SOCKET handle, int level, int option, BOOL value) {
    return setsockopt(handle, level, option, (const char *)&value, sizeof value) != 0
               ? (DWORD)WSAGetLastError()
               : 0;
}

/* Windows queues up to 200 connections, or more when the number is given as a hint, below zero.
 * https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-listen */
static int backlog_for_system(uint32_t backlog) {
    enum { PLAIN_MAX = 200, HINT_MAX = 65535 };
    if (backlog <= PLAIN_MAX) {
        return backlog > 0 ? (int)backlog : 1;
    }
    return -(int)(backlog < HINT_MAX ? backlog : HINT_MAX); /* SOMAXCONN_HINT() */
}

/* Options, bind, listen. A Win32 code, 0 for success. */
static DWORD listener_prepare(os_socket *listener, const os_address *address,
                              const os_listen_options *options) {
    SOCKADDR_STORAGE system;
    int size = address_to_system(address, &system);
    DWORD code = socket_take_urgent(listener); /* connections inherit it */
    if (code == 0 && listener->family == AF_INET6) {
        code = set_flag(listener->handle, IPPROTO_IPV6, IPV6_V6ONLY, !options->dual_stack);
    }
    if (code == 0 && !options->reuse_address) {
        code = set_flag(listener->handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, TRUE);
    }
    if (code != 0) {
        return code;
    }
    if (bind(listener->handle, (const SOCKADDR *)&system, size) != 0 ||
        listen(listener->handle, backlog_for_system(options->backlog)) != 0) {
        return (DWORD)WSAGetLastError();
    }
    return socket_attach(listener);
}

portico_status os_listen(os_port *port, const os_address *address, const os_listen_options *options,
                         os_socket **listener) {
    *listener = NULL;
    if (!address_valid(address)) {
        return error_refuse(PORTICO_E_INVALID);
    }
    os_socket *s = socket_open(address->family == OS_ADDRESS_IPV6 ? AF_INET6 : AF_INET, port);
    if (s == NULL) {
        return error_set((DWORD)WSAGetLastError());
    }
    DWORD code = listener_prepare(s, address, options);
    if (code != 0) {
        os_close(s, false);
        return error_set(code);
    }
    *listener = s;
    return PORTICO_OK;
}

static DWORD submit(os_socket *listener, os_accept_op *accept) {
    if (listener->pipe) {
        return pipe_accept(listener, accept);
    }
    os_socket *accepted = socket_open(listener->family, listener->port);
    if (accepted == NULL) {
        return (DWORD)WSAGetLastError();
    }
    op *o = socket_op_begin(listener, &accept->op, OP_ACCEPT);
    o->accepted = accepted;
    DWORD bytes = 0;
    /* With room for data it would wait for the first bytes, and silent clients would use up the
     * accepts. */
    if (!winsock.accept(listener->handle, accepted->handle, accept->sys, 0, ADDRESS_ROOM,
                        ADDRESS_ROOM, &bytes, &o->overlapped)) {
        DWORD code = (DWORD)WSAGetLastError();
        if (code != WSA_IO_PENDING) {
            socket_release(listener);
            os_close(accepted, true);
            return code;
        }
    }
    return 0; /* the op may have completed on another thread by now: do not touch it */
}

/* AcceptEx may also fail at once because a client is gone already: only that client is lost. */
static DWORD submit_for_next(os_socket *listener, os_accept_op *accept) {
    enum { ATTEMPTS = 16 };
    DWORD code = submit(listener, accept);
    for (int i = 1; i < ATTEMPTS && error_status(code) == PORTICO_E_RESET; i++) {
        code = submit(listener, accept);
    }
    return code;
}

portico_status os_accept(os_socket *listener, os_accept_op *accept) {
    accept->socket = NULL;
    DWORD code = submit_for_next(listener, accept);
    return code == 0 ? PORTICO_OK : error_set(code);
}

/* Without SO_UPDATE_ACCEPT_CONTEXT neither shutdown nor getsockname works on the new socket. */
static DWORD inherit_from_listener(os_socket *listener, os_socket *accepted) {
    DWORD code = ERROR_OPERATION_ABORTED; /* os_close came before this completion was handed out */
    AcquireSRWLockShared(&listener->lock);
    if (!listener->closed) {
        int failed = setsockopt(accepted->handle, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                                (const char *)&listener->handle, sizeof listener->handle);
        code = failed ? (DWORD)WSAGetLastError() : 0;
    }
    ReleaseSRWLockShared(&listener->lock);
    return code;
}

static void read_peer(os_accept_op *accept) {
    SOCKADDR *local = NULL;
    SOCKADDR *remote = NULL;
    int local_size = 0;
    int remote_size = 0;
    winsock.accept_addresses(accept->sys, 0, ADDRESS_ROOM, ADDRESS_ROOM, &local, &local_size,
                             &remote, &remote_size);
    if (remote != NULL) {
        address_from_system(remote, &accept->peer);
    }
}

/* The client reset its connection while it was queued: ERROR_NETNAME_DELETED or WSAECONNRESET. The
 * listener has not failed and there is no connection, so the op waits for the next one. True when
 * it is in flight again. */
static bool wait_for_next(os_socket *listener, os_accept_op *accept, DWORD *code) {
    bool again = false;
    AcquireSRWLockShared(&listener->lock);
    if (!listener->closed) {
        *code = submit_for_next(listener, accept);
        again = *code == 0;
    }
    ReleaseSRWLockShared(&listener->lock);
    return again;
}

/* Makes the accepted socket usable. A Win32 code, 0 for success. */
static DWORD accepted_prepare(os_socket *listener, os_socket *accepted) {
    DWORD code = inherit_from_listener(listener, accepted);
    if (code == 0) {
        code = socket_attach(accepted);
    }
    if (code == 0) {
        socket_skip_port(accepted);
    }
    return code;
}

DWORD accept_finish(op *o, DWORD code) {
    if (o->held->pipe) {
        return pipe_accept_finish(o, code);
    }
    os_accept_op *accept = (os_accept_op *)(void *)o;
    os_socket *listener = o->held;
    os_socket *accepted = o->accepted;
    memset(&accept->peer, 0, sizeof accept->peer);
    if (code == 0) {
        code = accepted_prepare(listener, accepted);
    }
    if (code == 0) {
        read_peer(accept);
        accept->socket = accepted;
        return 0;
    }
    os_close(accepted, true);
    if (error_status(code) == PORTICO_E_RESET && wait_for_next(listener, accept, &code)) {
        socket_release(listener); /* the hold of the submit that ended */
        return ERROR_IO_PENDING;
    }
    return listener->closed ? ERROR_OPERATION_ABORTED : code;
}
