/* socket.h: the inside of an os_socket, for the files of this folder.
 *
 * A slot of the port's slab. Every system call on `fd` is made with `lock` held, so that a number
 * that os_close has returned to the system is never used by mistake.
 */
#ifndef PORTICO_LINUX_SOCKET_H
#define PORTICO_LINUX_SOCKET_H

#include "mutex.h"
#include "op.h"
#include "port.h"

#include <stdalign.h>
#include <sys/epoll.h>

typedef enum socket_kind {
    SOCKET_FREE,
    SOCKET_LISTENER,
    SOCKET_CONNECTING, /* `send` is the connect */
    SOCKET_STREAM
} socket_kind;

typedef enum socket_readable {
    READABLE_NO,    /* the last look found nothing: an event will follow */
    READABLE_MAYBE, /* look */
    READABLE_SURE   /* an event said so, and nothing was read since */
} socket_readable;

struct os_socket {
    alignas(64) mutex lock; /* all on one cache line */
    os_port *port;
    union {
        struct {
            op *recv; /* the recv or recv-ready in flight */
            op *send; /* the send or connect in flight */
        };
        op_queue accepts;     /* SOCKET_LISTENER: the accepts in flight, oldest first */
        os_socket *next_free; /* SOCKET_FREE, under the slab's lock */
    };
    int fd;
    uint32_t index;
    uint32_t generation;    /* changes with os_close: exposes events that come late */
    uint32_t drained_epoch; /* the port's epoch when the last look found nothing */
    uint16_t linger_s;      /* from os_socket_configure, for os_close */
    uint8_t kind;           /* socket_kind */
    uint8_t readable;       /* socket_readable */
    bool writable;          /* false: the last look found no room, an event will follow */
    bool hangup;            /* no more edges will come for reading: never clear `readable` */
    bool urgent;            /* a recv may end early, at an urgent byte, with more behind it */
    uint8_t recv_failed;    /* the code of a failed os_recv_now, for the next recv; 0: none */
    bool shutdown_after_send;
    uint8_t reserve; /* reserve.h: of a listener, or of the one that accepted it; 0: none */
};

static_assert(sizeof(os_socket) <= 64, "keep idle sockets small");

/* The data of an event: its socket. */
static inline uint64_t socket_tag(const os_socket *s) {
    return (uint64_t)s->generation << 32 | s->index;
}

/* Makes a socket of `fd` and registers it with epoll. On failure `fd` is still the caller's. With
 * SOCKET_CONNECTING, `pending` is the connect. *result is written before any completion can be
 * handed out. No socket's lock may be held. */
portico_status socket_create(os_port *port, int fd, socket_kind kind, op *pending,
                             os_socket **result);

/* Accepts while connections and accepts are waiting. No socket's lock may be held. */
void accept_run(os_socket *listener, uint32_t generation);

/* An event of a connecting socket: completes the connect. [socket's lock held] */
void connect_finish(os_socket *s);

/* Perform and complete what is in flight, as far as the system allows. [socket's lock held] */
void stream_perform_recv(os_socket *s);
static inline void stream_run_recv(os_socket *s) {
    if (s->recv != NULL && s->readable != READABLE_NO) {
        stream_perform_recv(s);
    }
}
void stream_run_send(os_socket *s);

#endif
