/* accept.c: listening sockets and AcceptEx. Any thread. Lock: the listener's, for a moment.
 *
 * The socket that a connection is taken into is opened by the submit, so that being out of handles or
 * memory is told there; it is bound to the port only when the connection is there.
 */
#include "private.h"

#include <limits.h>
#include <string.h>

/* "The buffer size for the local and remote address must be 16 bytes more than the size of the sockaddr".
 * https://learn.microsoft.com/windows/win32/api/mswsock/nf-mswsock-acceptex */
enum { ADDRESS_ROOM = sizeof(SOCKADDR_STORAGE) + 16 };

_Static_assert(2 * ADDRESS_ROOM <= sizeof(((os_accept_op *)0)->sys),
               "os_accept_op.sys is too small");
_Static_assert(offsetof(os_accept_op, op) == 0, "an accept's os_op is found at its start");

static DWORD set_flag(SOCKET handle, int level, int option, BOOL value) {
    return setsockopt(handle, level, option, (const char *)&value, sizeof value) != 0
               ? (DWORD)WSAGetLastError()
               : 0;
}

/* Up to 200 connections are queued, unless a number is given as a hint, below zero.
 * https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-listen */
static int backlog_for_system(uint32_t backlog) {
    enum { PLAIN_MAX = 200, HINT_MAX = 65535 };
    if (backlog <= PLAIN_MAX) {
        return backlog > 0 ? (int)backlog : 1;
    }
    return -(int)(backlog < HINT_MAX ? backlog : HINT_MAX); /* SOMAXCONN_HINT() */
}

static DWORD listen_on(os_socket *listener, const os_address *address,
                       const os_listen_options *options) {
    SOCKADDR_STORAGE system;
    int size = win_address_to_system(address, &system);
    DWORD code = 0;
    if (listener->family == AF_INET6) {
        code = set_flag(listener->handle, IPPROTO_IPV6, IPV6_V6ONLY, !options->dual_stack);
    }
    if (code == 0 && !options->reuse_address) {
        code = set_flag(listener->handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, TRUE);
    }
    if (code == 0 && bind(listener->handle, (const SOCKADDR *)&system, size) != 0) {
        code = (DWORD)WSAGetLastError();
    }
    if (code == 0 && listen(listener->handle, backlog_for_system(options->backlog)) != 0) {
        code = (DWORD)WSAGetLastError();
    }
    return code != 0 ? code : win_socket_attach(listener);
}

portico_status os_listen(os_port *port, const os_address *address, const os_listen_options *options,
                         os_socket **listener) {
    *listener = NULL;
    if (!win_address_valid(address)) {
        return win_refuse(PORTICO_E_INVALID);
    }
    os_socket *s = win_socket_open(address->family == OS_ADDRESS_IPV6 ? AF_INET6 : AF_INET, port);
    if (s == NULL) {
        return win_fail((DWORD)WSAGetLastError());
    }
    DWORD code = listen_on(s, address, options);
    if (code != 0) {
        os_close(s, false);
        return win_fail(code);
    }
    *listener = s;
    return PORTICO_OK;
}

static DWORD submit(os_socket *listener, os_accept_op *op) {
    os_socket *accepted = win_socket_open(listener->family, listener->port);
    if (accepted == NULL) {
        return (DWORD)WSAGetLastError();
    }
    win_op *w = win_op_begin(&op->op, WIN_OP_ACCEPT, listener);
    w->accepted = accepted;
    DWORD bytes = 0;
    /* With room for data it would wait for the first bytes, and silent clients would use up the accepts. */
    if (!win_winsock.accept(listener->handle, accepted->handle, op->sys, 0, ADDRESS_ROOM,
                            ADDRESS_ROOM, &bytes, &w->overlapped)) {
        DWORD code = (DWORD)WSAGetLastError();
        if (code != WSA_IO_PENDING) {
            win_socket_release(listener);
            os_close(accepted, true);
            return code;
        }
    }
    return 0; /* the op may have completed on another thread by now: not touched any more */
}

/* AcceptEx may also fail at once because of a client that is gone already: only that one is lost. */
static DWORD submit_for_next(os_socket *listener, os_accept_op *op) {
    enum { ATTEMPTS = 16 };
    DWORD code = submit(listener, op);
    for (int i = 1; i < ATTEMPTS && win_status(code) == PORTICO_E_RESET; i++) {
        code = submit(listener, op);
    }
    return code;
}

portico_status os_accept(os_socket *listener, os_accept_op *op) {
    op->socket = NULL;
    DWORD code = submit_for_next(listener, op);
    return code == 0 ? PORTICO_OK : win_fail(code);
}

/* Without SO_UPDATE_ACCEPT_CONTEXT neither shutdown nor getsockname work on the new socket. */
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

static void read_peer(os_accept_op *op) {
    SOCKADDR *local = NULL;
    SOCKADDR *remote = NULL;
    int local_size = 0;
    int remote_size = 0;
    win_winsock.accept_addresses(op->sys, 0, ADDRESS_ROOM, ADDRESS_ROOM, &local, &local_size,
                                 &remote, &remote_size);
    if (remote != NULL) {
        win_address_from_system(remote, &op->peer);
    }
}

/* The client reset its connection while that was queued: ERROR_NETNAME_DELETED, or WSAECONNRESET. That is no
 * failure of the listener's and no connection either, so the op waits for the next one. True when it is in
 * flight again. */
static bool wait_for_next(os_socket *listener, os_accept_op *op, DWORD *code) {
    bool again = false;
    AcquireSRWLockShared(&listener->lock);
    if (!listener->closed) {
        *code = submit_for_next(listener, op);
        again = *code == 0;
    }
    ReleaseSRWLockShared(&listener->lock);
    return again;
}

DWORD win_accept_end(win_op *w, DWORD code) {
    os_accept_op *op = (os_accept_op *)(void *)w;
    os_socket *listener = w->held;
    os_socket *accepted = w->accepted;
    memset(&op->peer, 0, sizeof op->peer);
    if (code == 0) {
        code = inherit_from_listener(listener, accepted);
    }
    if (code == 0) {
        code = win_socket_attach(accepted);
    }
    if (code == 0) {
        win_socket_skip(accepted);
        read_peer(op);
        op->socket = accepted;
        return 0;
    }
    os_close(accepted, true);
    if (win_status(code) == PORTICO_E_RESET && wait_for_next(listener, op, &code)) {
        win_socket_release(listener); /* the hold of the submit that ended */
        return ERROR_IO_PENDING;
    }
    return listener->closed ? ERROR_OPERATION_ABORTED : code;
}
