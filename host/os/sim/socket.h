/* socket.h: connections in memory.
 *
 * A connection has two ends. Pipe i carries what end i sends. Its sender's system takes bytes, as
 * long as the window has room; later they arrive, in order, and can be read. An end that has no
 * socket is not accepted yet, or `closed`. Events that are due hold the connection.
 */
#ifndef PORTICO_SIM_SOCKET_H
#define PORTICO_SIM_SOCKET_H

#include "os/sim/port.h"

typedef struct pipe {
    uint8_t *bytes; /* what is taken and not read, from `read` on; `room` bytes in a ring */
    uint32_t room;
    uint64_t taken;
    uint64_t arrived;
    uint64_t read;
    uint64_t last_ns; /* when the last of it arrives */
    bool end_sent;
    bool end_arrived;
    portico_status broken; /* what the reader finds after the last byte: PORTICO_E_RESET, ... */
    bool lost; /* bytes were, at a reset: no more may be read, or there would be a gap */
} pipe;

typedef struct connection {
    struct connection *next; /* in the listener's queue */
    uint32_t holds;
    os_socket *end[2]; /* 0 connected, 1 accepted */
    bool closed[2];
    os_address address[2];
    pipe pipe[2];
} connection;

struct os_socket {
    os_socket *next; /* among the listeners */
    os_port *port;
    os_address address;
    /* A listener: */
    bool listens;
    bool reserves;   /* os_listener_reserve was called: */
    uint32_t spares; /* handles that it keeps */
    bool dual_stack;
    uint32_t backlog;
    uint32_t queued_count;
    connection *queued; /* the oldest first */
    op *accepts;
    /* A connection: */
    connection *way;
    int side;
    op *connecting;
    op *recv;
    op *send;
    bool shut;      /* the sending direction ends after `send` */
    bool slow;      /* os_send_now never does anything, and os_recv_now takes only ... */
    uint32_t early; /* ... these bytes, which a recv-ready has brought along, as on Windows */
    int32_t linger_s;
};

os_socket *socket_create(os_port *port);
void pipe_init(pipe *p);
void connection_release(connection *c);

/* Whether this machine has the address. */
bool address_is_own(const os_address *a);
void address_choose_port(os_address *address);

/* Makes a listener of an address that is free. */
portico_status socket_listen(os_port *port, const os_address *address,
                             const os_listen_options *options, os_socket **result);
bool socket_listens_at(const os_address *address);

/* Begins to connect, from `from` or any address. */
portico_status connect_begin(os_port *port, const os_address *to, const os_address *from,
                             os_op *submitted, os_socket **result);

/* Queues the connection at the listener of its address. PORTICO_E_REFUSED: there is none;
 * PORTICO_E_BACKLOG: its queue is full. */
portico_status listener_offer(connection *c);

/* The pipe that the socket reads from, and the one it writes to. */
static inline pipe *incoming(const os_socket *s) {
    return &s->way->pipe[1 - s->side];
}
static inline pipe *outgoing(const os_socket *s) {
    return &s->way->pipe[s->side];
}

/* A time from now on that the network takes. */
uint64_t network_at(void);

/* Does what the operations in flight can do now. */
void stream_recv(os_socket *s);
void stream_send(os_socket *s);

/* End `side` sends its last byte, or breaks the connection: the other finds `status`. */
void stream_end(connection *c, int side);
void stream_reset(connection *c, int side, portico_status status);

#endif
