/* visit.h: one connection over HTTP: one request, one answer. [admin thread]
 *
 *   reading   the request has not arrived as a whole; it must within five seconds
 *   judging   it has, and its token waits after wrong ones from its address (guesses.h)
 *   running   its command runs on the control thread, or its trace has not ended. A client that hangs
 *             up ends the trace
 *   sending   the answer is being sent; then it waits for the client to hang up, for a second
 *   live      instead, it has become a WebSocket (live.h), until that or its login ends
 *
 * A request shows the token itself, or the secret of a login (login.h). A token is compared when it
 * arrives, but whether it was right shows only after the wait. A connection with the right one
 * never makes way for others, so that no crowd can lock the operator out.
 */
#ifndef PORTICO_ADMIN_HTTP_VISIT_H
#define PORTICO_ADMIN_HTTP_VISIT_H

#include "admin/http/live.h"
#include "admin/http/wire.h"

enum { HTTP_BODY_MAX = HTTP_COMMAND_MAX };

typedef struct http_visit {
    http_wire wire;
    bool leaving;   /* the answer has been sent */
    bool drops;     /* of what the client sends, only the end is of interest */
    bool right;     /* its token or secret was */
    uint32_t login; /* whose secret it was; 0: of none */
    os_address peer;
    uint64_t opened_ms;
    uint64_t due_ms;    /* it is closed then */
    uint64_t judged_ms; /* when its request is run, or refused; 0: not judging */
    uint32_t scanned;
    uint32_t head_bytes; /* 0: the head has not arrived */
    uint32_t in_size;
    char in[HTTP_HEAD_MAX + HTTP_BODY_MAX];
    lines answer; /* of the command that runs */
    admin_job *job;
    trace_follow *trace;
    live *live;   /* NULL: it is none */
    bool is_live; /* the answer to its handshake has been sent */
} http_visit;

/* Before the first one. What they point to must outlive them. `keeper` NULL: in the clear.
 * `judging` counts the connections of a client that are judged. */
void http_visits_start(const char *token, const http_site *site, tls_keeper *keeper,
                       uint32_t (*judging)(const os_address *peer));

/* Serves `socket`, which it takes over. */
void http_visit_open(http_visit *v, os_socket *socket, const os_address *peer);

/* Does what is due. */
void http_visit_look(http_visit *v, uint64_t now_ms);

/* When to look again at the latest; UINT64_MAX: when something completes. */
uint64_t http_visit_due_ms(const http_visit *v);

/* Whether it may be closed for another one. */
bool http_visit_may_go(const http_visit *v);

/* Whether its token has been compared, and the answer waits. */
bool http_visit_is_judging(const http_visit *v);

/* The host stops: says so to a live client, and ends a trace, whose answer follows. True: it has
 * neither; or its client has read that and hung up. */
bool http_visit_leave(http_visit *v, uint64_t now_ms);

bool http_visit_is_free(const http_visit *v);
void http_visit_close(http_visit *v);

#endif
