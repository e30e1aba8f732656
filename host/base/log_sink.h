/* log_sink.h: a place that log lines go to, with a queue of bounded size and a thread that writes
 * from it: nobody but this thread waits for a file or a pipe that takes no bytes.
 *
 * All functions but log_sink_last are called under log_lock, which is taken last of all locks and
 * never held while a line is written. The writing is for the sink's thread alone, or, while it has
 * none, for the caller.
 */
#ifndef PORTICO_LOG_SINK_H
#define PORTICO_LOG_SINK_H

#include "base/log_ring.h"
#include "os/os.h"

#include <stdatomic.h>

enum { LOG_QUEUE_BYTES = 1 << 20 };

/* Constants of a sink. */
typedef struct log_sink_kind {
    const char *name;                        /* of its thread */
    void (*write)(const log_record *record); /* without the lock */
    void (*errand)(void); /* of log_sink_ask, between two lines, without the lock; NULL: none */
    /* Called under the lock before each line and each sleep; returns when to call it again at the
     * latest, in ms; UINT64_MAX: after log_sink_wake. */
    uint64_t (*tick)(uint64_t now_ms);
} log_sink_kind;

/* Static. All zero but `kind`: lines are written at once, by their callers. */
typedef struct log_sink {
    const log_sink_kind *kind;
    log_ring ring;
    os_cond changed;  /* for the thread */
    os_cond progress; /* for those who wait for it */
    os_thread *thread;
    bool sleeps;
    bool stops;
    bool ended;
    bool asks; /* for the errand */
    uint32_t waiters;
    uint64_t asked;   /* `queued` when the errand was asked for */
    uint64_t dropped; /* lines since the last line about dropped ones */
    uint64_t queued;  /* lines, since the start */
    _Atomic uint64_t written;
    _Atomic bool runs;    /* there is a thread */
    _Atomic bool writing; /* the thread is inside kind->write or kind->errand */
    _Atomic(const log_record *) last;
    uint64_t bytes[LOG_QUEUE_BYTES / sizeof(uint64_t)];
} log_sink;

extern os_mutex log_lock;

/* Starts the thread. */
portico_status log_sink_start(log_sink *s);

/* Queues a line. If there is no room it is dropped and counted; a line about that is written once
 * there is. Lines below LOG_WARN leave an eighth of the queue to the others. */
void log_sink_put(log_sink *s, uint64_t wall_ms, int level, const char *source, const char *text);

/* Has the thread call `tick` soon. */
void log_sink_wake(log_sink *s);

/* Has the thread run the errand after what is queued now, and waits for that. False: nothing was
 * written for `stall_ms`; the errand is run later. */
bool log_sink_ask(log_sink *s, uint32_t stall_ms);

/* Waits until what is queued now is written. False: one write has taken longer than `stall_ms`. */
bool log_sink_flush(log_sink *s, uint32_t stall_ms);

/* Writes what is queued and ends the thread; releases the lock while it joins it. False: as
 * log_sink_flush; the thread is left behind with the line that it writes, and the rest is lost. */
bool log_sink_stop(log_sink *s, uint32_t stall_ms);

/* In a handler of faults: has the thread write what is queued and then `record`. Takes no lock.
 * True: it is written. False, and `*stuck`: a write does not return, so another one would not
 * either; else the caller may write it. */
bool log_sink_last(log_sink *s, const log_record *record, bool *stuck);

#endif
