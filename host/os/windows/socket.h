/* socket.h: the inside of an os_socket, for the files of this folder.
 *
 * Every operation in flight holds its os_socket, so that its completion can tell whether os_close
 * has come in between. Accepts and connects use the handle once more when they complete: `lock`
 * keeps it from being closed, and its number from being given to another socket, in that moment.
 */
#ifndef PORTICO_WINDOWS_SOCKET_H
#define PORTICO_WINDOWS_SOCKET_H

#include "op.h"
#include "port.h"

struct os_socket {
    SOCKET handle;
    os_port *port;
    volatile LONG holds;     /* the owner's and one per operation in flight */
    volatile LONG receiving; /* 1 while an os_recv is in flight */
    volatile LONG sending;   /* 1 while an os_send is in flight */
    volatile LONG closed;    /* 1 once os_close was called; set under `lock` */
    SRWLOCK lock;            /* shared: uses the handle in a completion; exclusive: closes it */
    int family;
    int32_t linger_s; /* from os_socket_configure, for os_close */
    bool pipe; /* a named pipe: `handle` is its instance, or of the listener INVALID_SOCKET */
    /* Of a listener of pipes, and under its lock: */
    SOCKET first;         /* its first instance, while no accept has it; else INVALID_SOCKET */
    os_socket *instances; /* that wait for a client; linked by next_instance */
    os_socket *next_instance;
    bool skips;       /* what completes at once has no completion at the system's port */
    bool nonblocking; /* calls without an OVERLAPPED do not wait */
    /* Owned by the os_recv in flight, or by the thread that submits the next one */
    uint8_t *early; /* the buffer that a recv-ready receives into; NULL: it receives nothing */
    uint16_t early_size;
    uint16_t early_begin; /* of the bytes that wait for an os_recv */
    uint16_t early_end;
    uint16_t early_small; /* times in a row that half the buffer would have been enough */
};

/* Winsock's functions that have to be asked for. */
typedef struct winsock_extensions {
    LPFN_ACCEPTEX accept;
    LPFN_GETACCEPTEXSOCKADDRS accept_addresses;
    LPFN_CONNECTEX connect;
} winsock_extensions;

extern winsock_extensions winsock; /* written by os_init only */

/* Whether what completes at once can skip the port. Written by os_init only. */
extern bool winsock_skips;

/* Fills in the two above; a Winsock code, 0 for success. */
DWORD winsock_load(void);

/* Opens a socket that no child process inherits. NULL: the code is in WSAGetLastError(). */
os_socket *socket_open(int family, os_port *port);

/* Binds the socket's completions to its port; a Win32 code, 0 for success. */
DWORD socket_attach(os_socket *socket);

/* Makes urgent bytes arrive as ordinary ones; a Win32 code, 0 for success. */
DWORD socket_take_urgent(const os_socket *socket);

/* From now on, what completes at once on the connected socket skips the port, if it can. */
void socket_skip_port(os_socket *socket);

/* Begins an operation: clears the OVERLAPPED, as every submit needs, and holds the socket. */
op *socket_op_begin(os_socket *socket, os_op *submitted, op_kind kind);

void socket_hold(os_socket *socket);
void socket_release(os_socket *socket);

/* ---- local.c and pipe.c: named pipes. Each does for one what its neighbours do for sockets. */

static inline HANDLE pipe_handle(const os_socket *socket) {
    return (HANDLE)socket->handle;
}

/* Opens an instance and submits an accept; a Win32 code, 0 for success. */
DWORD pipe_accept(os_socket *listener, os_accept_op *accept);
DWORD pipe_accept_finish(op *o, DWORD code);
void pipe_cancel_accept(os_socket *listener, op *o); /* under the listener's lock */
DWORD pipe_recv(os_socket *socket, op *o, DWORD *bytes);
DWORD pipe_recv_finish(DWORD code, uint32_t *bytes);
DWORD pipe_send(os_socket *socket, op *o, const os_buffer *list);

/* Cancels what is in flight and closes the handles. Under the socket's lock. */
void pipe_close(os_socket *socket);

/* Begins the recvs that were deferred. */
void recv_begin_deferred(os_port *port);

/* Each finishes one kind of operation: takes the system's code and returns what the caller gets,
 * both as Win32 codes; ERROR_IO_PENDING: nothing yet, the operation is in flight again. They leave
 * the hold to os_port_wait. */
DWORD accept_finish(op *o, DWORD code);
DWORD connect_finish(op *o, DWORD code);
DWORD recv_finish(op *o, DWORD code, uint32_t *bytes); /* `bytes`: in, moved; out, reported */
DWORD send_finish(op *o, DWORD code, uint32_t bytes);

#endif
