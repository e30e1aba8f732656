/* live.h: a live connection: a WebSocket over which a client watches and runs commands of `ctl`.
 * [admin thread]
 *
 *   from the client   watch MS COMMAND   run a command that reports, now and again every MS
 *                     unwatch COMMAND    also ends a trace
 *                     run COMMAND        once; any command. `trace` is answered until it ends
 *   to the client     {"command": COMMAND, "ok": BOOL, "answer": what `ctl --json COMMAND` prints}
 *
 * Each is a text message. A watch sends its answer again only after it has changed. The client's
 * next message is read when the answer to the last one has been sent, and at most LIVE_RUNS_MAX
 * commands wait for the control thread, so a client that floods only delays itself. No socket is
 * used here: visit.c moves the bytes.
 */
#ifndef PORTICO_ADMIN_LIVE_H
#define PORTICO_ADMIN_LIVE_H

#include "admin/http/live_traces.h"
#include "admin/http/rules.h"
#include "admin/http/watch.h"
#include "admin/job.h"
#include "web/websocket.h"

enum { LIVES_MAX = 8, LIVE_RUNS_MAX = 4, LIVE_WHO_MAX = 128 };
enum { LIVE_MESSAGE_MAX = HTTP_COMMAND_MAX + 64 }; /* with the head of its record */

/* A command that the control thread runs. */
typedef struct live_run {
    admin_job *job; /* NULL: the place is free */
    char *command;
} live_run;

typedef struct live {
    websocket ws;
    watches watches;
    live_traces traces;
    live_run runs[LIVE_RUNS_MAX];
    char who[LIVE_WHO_MAX];                       /* for the log */
    bool watched;                                 /* the last answer was of a watch or trace */
    uint8_t control[WEBSOCKET_CONTROL_FRAME_MAX]; /* the frame to send next */
    uint32_t control_size;
    bool closing;                   /* `control` is the last frame */
    char command[LIVE_MESSAGE_MAX]; /* the command that is being run */
} live;

/* NULL: there are LIVES_MAX already, or no memory. */
live *live_create(const char *who);
void live_destroy(live *l); /* NULL: does nothing */

/* Looks at `fresh` bytes that were added to the *size bytes of the block. */
void live_take(live *l, uint8_t *bytes, uint32_t *size, uint32_t fresh);

/* Writes the next frame for the client to `out`; *last: the connection ends after it. False: there
 * is none now. Takes messages out of the block. */
bool live_next(live *l, uint8_t *bytes, uint32_t *size, uint64_t now_ms, lines *out, bool *last);

/* Whether the block has room for more: no message waits in it. */
bool live_wants_more(const live *l, const uint8_t *bytes, uint32_t size);

/* Ends the connection: says so to the client. */
void live_end(live *l, uint16_t code, const char *why);

/* When to ask for the next frame again; UINT64_MAX: when bytes arrive. */
uint64_t live_due_ms(const live *l);

#endif
