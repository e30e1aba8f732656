/* post.h: what becomes of every message, timer and job: it arrives once, in order, not too early,
 * and where it was sent, or its receiver has ended.
 *
 * Boxes are what receives messages: sessions, rooms, modules. A report fails the run (sim_fail) at
 * the first thing that the host may not do. A letter, timer or job is known by its number, which is
 * the data of its message. Only one thread runs at a time, so all this is plain variables. */
#ifndef TEST_POST_H
#define TEST_POST_H

#include <portico/portico.h>
#include <stdbool.h>

typedef struct post_box {
    uint64_t id;
    uint64_t owner; /* the module's */
    bool open;      /* its first handler has begun */
    bool ended;     /* its last handler has returned */
    bool ends;      /* somebody has begun to end it */
    bool is_session;
    bool inside;      /* a handler runs */
    bool unsure;      /* a handler has faulted: see crash_may_lose */
    uint64_t handled; /* messages: what its state must have */
    uint64_t sum;     /* of their numbers */
} post_box;

/* Calls may run out of memory, and libraries may fail. */
extern bool post_faults;

/* ---- boxes -------------------------------------------------------------------------------- */

post_box *post_open(uint64_t id, uint64_t owner);
/* Encloses a handler. post_enter lets other threads run. */
post_box *post_enter(uint64_t id);
void post_leave(post_box *b);
/* A handler is about to fault, which began when the box had these values. */
void post_faults_in(post_box *b, uint64_t handled, uint64_t sum);
/* The module ends while it is not called: the others of its boxes have ended. */
void post_bury(uint64_t owner);
/* The entity has ended: nothing arrives any more. A module's timers end with it. */
void post_end(post_box *b);
post_box *post_find(uint64_t id);
/* The nth box, counted from the latest, or NULL. */
post_box *post_latest(uint32_t n);

/* ---- letters ------------------------------------------------------------------------------ */

/* A message is about to be posted from the turn of `from`. Returns its number. */
uint64_t post_letter(uint64_t from, uint64_t to);
/* The status that `post` has returned. */
void post_lettered(uint64_t number, portico_status status);

/* ---- timers ------------------------------------------------------------------------------- */

/* A timer is about to be started by the module `owner`; `period_ms` 0: once. Returns its number. */
uint64_t post_timer(uint64_t owner, uint64_t to, uint32_t delay_ms, uint32_t period_ms);
void post_timed(uint64_t number, portico_status status, uint64_t id);
/* Some timer that has been started, for timer_cancel; 0: there is none. */
uint64_t post_some_timer(uint64_t *number);
void post_cancels(uint64_t number);
void post_cancelled(uint64_t number, portico_status status);

/* ---- jobs --------------------------------------------------------------------------------- */

/* run_job is about to be called. `waiting_max`: [host] blocking_queue. */
uint64_t post_job(uint64_t owner, uint64_t reply_to);
void post_jobbed(uint64_t number, portico_status status, uint32_t waiting_max);
/* The job runs. */
void post_works(uint64_t number);
/* It faults: its reply has no number. */
void post_job_faults(uint64_t number);

/* ---- arrival ------------------------------------------------------------------------------ */

typedef enum post_kind { POST_LETTER, POST_ONCE, POST_EVERY, POST_JOB } post_kind;

/* A message has arrived in the box. */
void post_arrives(post_box *b, post_kind kind, uint64_t number, uint32_t missed);

/* Nothing has been posted for `idle_ms`, and no fault strikes: everything has arrived. */
void post_settled(uint32_t idle_ms);

/* The host has ended. */
void post_closed(void);

/* How many letters, timers and jobs there are. */
uint32_t post_count(void);

#endif
