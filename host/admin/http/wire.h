/* wire.h: the bytes of one connection over HTTP, in the clear or through TLS. [admin thread]
 *
 * At most one receive and one answer are in flight, and both may be. A submit that the system refuses
 * for a while is tried again. A step of a TLS handshake waits for its turn, which the caller gives.
 * `events` is called from completions, http_wire_take_turn and http_wire_look, and may call any
 * function here.
 */
#ifndef PORTICO_ADMIN_WIRE_H
#define PORTICO_ADMIN_WIRE_H

#include "admin/visits.h"
#include "tls/keeper.h"

typedef struct http_wire http_wire;
typedef struct http_secure http_secure;

typedef struct http_wire_events {
    void (*received)(http_wire *w, uint32_t bytes);
    void (*sent)(http_wire *w);
    void (*ended)(http_wire *w);  /* nothing can be sent or received: close it */
    void (*rested)(http_wire *w); /* it is closed, and nothing is in flight any more: last of all */
} http_wire_events;

struct http_wire {
    os_op recv_op;
    os_op send_op;
    os_socket *socket; /* NULL: closed */
    const http_wire_events *events;
    http_secure *secure; /* NULL: in the clear */
    bool receiving;
    bool sending;
    bool ends;   /* nothing more is sent after `out` */
    bool answer; /* an answer is being sent; else `out` is TLS's own */
    char *to;    /* where to receive; NULL: that is not asked for */
    uint32_t capacity;
    visit_answer out;
    uint64_t due_ms;   /* what is being sent has to move on until then */
    uint64_t again_ms; /* when to submit again what was refused; 0: nothing */
    uint64_t turn;     /* of its handshake, lower ones come first; 0: it waits for none */
};

/* Takes over the socket. `keeper` NULL: in the clear. */
void http_wire_open(http_wire *w, os_socket *socket, tls_keeper *keeper,
                    const http_wire_events *events);

/* Receives at least one byte to `to`. Not while that is asked for already. */
void http_wire_receive(http_wire *w, char *to, uint32_t capacity);
bool http_wire_receives(const http_wire *w);

/* Sends the answer, which it takes over. Not while another one is being sent. */
void http_wire_send(http_wire *w, lines answer);
bool http_wire_sends(const http_wire *w);

/* Says that nothing more is sent, after everything has been. If TLS cannot say so, `ended` is
 * called instead. */
void http_wire_shutdown(http_wire *w);

/* Whether its TLS handshake is not complete. */
bool http_wire_is_opening(const http_wire *w);

/* Computes the step of its handshake that waits: `turn` is not 0. A private key takes a processor a
 * millisecond, or several. */
void http_wire_take_turn(http_wire *w);

/* A client that does not take its answer has ended. */
void http_wire_look(http_wire *w, uint64_t now_ms);
uint64_t http_wire_due_ms(const http_wire *w);

void http_wire_close(http_wire *w);
bool http_wire_is_free(const http_wire *w);

#endif
