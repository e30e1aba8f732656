/* visits.h: what the connections of `ctl` and those over HTTP have in common: counts, for
 * `ctl status`, and how answers are sent. [admin thread] */
#ifndef PORTICO_VISITS_H
#define PORTICO_VISITS_H

#include "admin/lines.h"
#include "os/os.h"

typedef enum visit_kind {
    VISIT_UNKNOWN, /* over TCP, and has not shown the token */
    VISIT_TRUSTED, /* over TCP, and has */
    VISIT_LOCAL,   /* over the local socket */
    VISIT_HTTP,    /* over HTTP */
    VISIT_KINDS
} visit_kind;

typedef struct visit_counts {
    os_address address;         /* that TCP listens on; no family: nowhere */
    os_address http_address;    /* likewise for HTTP */
    uint32_t open[VISIT_KINDS]; /* connections now */
    uint64_t accepted;          /* ever */
    uint64_t made_way;          /* closed because others needed their place */
    uint64_t wrong_tokens;
} visit_counts;

extern visit_counts visits;

enum {
    VISIT_SEND_MS = 30000, /* for a piece of an answer that the client does not take at once */
    VISIT_AGAIN_MS = 50    /* until a submit is tried again that was refused for a while */
};

/* An answer on its way. */
typedef struct visit_answer {
    lines lines;
    size_t sent;
    os_buffer piece; /* in flight */
} visit_answer;

/* Sends what the system takes at once, and submits a piece of the rest to `op`: when that is sent,
 * the client has read something. Submits at least one byte, whose completion ends the answer.
 * Returns as os_send. */
portico_status visit_send(visit_answer *a, os_socket *socket, os_op *op);

/* Whether both may belong to one client: of IPv6 addresses the network counts, since a client has
 * all addresses of one. */
bool visit_same_client(const os_address *a, const os_address *b);

/* A submit was refused: whether another one may succeed soon. */
bool visit_may_pass(portico_status status);

#endif
