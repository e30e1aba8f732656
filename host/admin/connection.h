/* connection.h: one connection of `ctl`. [admin thread]
 *
 * The client sends lines. Over TCP the first is `token TEXT`; then come commands, one at a time. An
 * answer is any number of lines that begin with "| ", then one line `ok` or `error TEXT`. The next
 * command is read when the answer to the one before has been sent. The answer to `stop` comes in
 * parts until the host ends, and no command is read after it. The answer to `trace` comes in parts
 * until the trace ends; a client that hangs up ends it.
 *
 *   unknown   has not shown the token, and is closed when it has not after a second
 *   trusted   has, or is local
 *   leaving   its last answer has been sent: waits for the client to hang up, for a second
 *
 * A closed connection is free for the next one when its last operation has completed.
 */
#ifndef PORTICO_CONNECTION_H
#define PORTICO_CONNECTION_H

#include "admin/job.h"
#include "admin/stop_waiter.h"
#include "admin/trace_follow.h"
#include "admin/visits.h"

enum {
    CONNECTION_LINE_MAX = 4096, /* bytes of a line, without its end */
    CONNECTION_TRUSTED_MAX = 32 /* over TCP */
};

typedef struct connection {
    os_op recv_op;
    os_op send_op;
    os_socket *socket; /* NULL: closed */
    visit_kind kind;
    bool receiving;
    bool sending;
    bool ended;       /* the client sends no more */
    bool skipping;    /* the present line is too long */
    bool last_answer; /* the answer in `out` is the last one */
    bool leaving;
    os_address peer;
    uint64_t used_ms;   /* when it was accepted, or the client last took something of an answer */
    uint64_t due_ms;    /* it is closed then; UINT64_MAX: never */
    uint64_t judged_ms; /* when its token is looked at; 0: it has sent none */
    uint64_t again_ms;  /* when to submit again what was refused for lack of memory; 0: nothing */
    uint32_t in_size;
    char in[CONNECTION_LINE_MAX + 2]; /* received, and not yet run */
    visit_answer out;                 /* the answer that is being sent */
    admin_job *job;                   /* whose answer it waits for */
    stop_waiter waiter;
    trace_follow *trace; /* that it follows; NULL: none */
} connection;

/* Before the first one. `token` must outlive them. When a client shows it and there are
 * CONNECTION_TRUSTED_MAX others, `make_way` closes one of those; false: it cannot. */
void connections_start(const char *token, bool (*make_way)(visit_kind kind));

/* Serves `socket`, which it takes over. */
void connection_open(connection *c, os_socket *socket, const os_address *peer, visit_kind kind);

/* Does what is due, such as closing it. */
void connection_look(connection *c, uint64_t now_ms);

/* When to look again at the latest; UINT64_MAX: when something completes. */
uint64_t connection_due_ms(const connection *c);

/* Whether a command of it runs. */
bool connection_runs(const connection *c);

/* Whether it is closed and nothing is in flight. */
bool connection_is_free(const connection *c);

void connection_close(connection *c);

#endif
