/* job.h: a command of `ctl` that runs on the control thread when its turn comes, or one whose
 * answer waits for something else (job_wait).
 *
 * The admin thread posts a job and then asks for its answer. The control thread runs the job and
 * wakes the admin thread. `lock` orders the two: the one that needs
 * the job last frees it.
 */
#ifndef PORTICO_ADMIN_JOB_H
#define PORTICO_ADMIN_JOB_H

#include "admin/lines.h"
#include "run/control.h"

/* A command that has not begun after JOB_BEGIN_MS is dropped. After JOB_END_MS nobody waits any
 * more for one that has begun. */
enum { JOB_BEGIN_MS = 30000, JOB_END_MS = 100000 };

/* How many jobs may be waited for at once. There are more places than that for connections of
 * either kind, so that `status` and `stop` still get one when the control thread is busy for long.
 */
enum { JOBS_MAX = 24 };

/* How many jobs may be in the control thread's queue, with those whose connections have ended. */
enum { JOBS_QUEUED_MAX = 200 };

/* Something other than the control thread that an answer waits for. [admin thread] */
typedef struct job_waits {
    /* Adds to the answer and ends it, and frees `arg`. False: the answer is not there yet.
     * Called after jobs_wake, and now and then. */
    bool (*take)(void *arg, uint64_t now_ms, lines *answer);
    /* Frees `arg`: nobody waits for the answer. */
    void (*abandon)(void *arg);
} job_waits;

typedef struct admin_job {
    control_command command;            /* first */
    const job_waits *waits;             /* NULL: it is for the control thread */
    void *arg;                          /* of `waits` */
    void (*run)(struct admin_job *job); /* ends `answer`. [control thread] */
    lines answer;
    uint64_t posted_ms;
    bool running;
    bool ended;
    bool dropped;   /* it is not to begin */
    bool abandoned; /* nobody waits for its answer: the control thread frees it */
    char *argument; /* in `text` */
    char text[];    /* the whole line, and again its argument */
} admin_job;

/* Before the first job: `wake` is called, by any thread, when a job has ended. */
void jobs_start(void (*wake)(void));

/* Has the admin thread look at what its jobs wait for. [any thread] */
void jobs_wake(void);

/* Makes a job that waits for `waits`; `arg` is its own, unless the result is NULL: then `refused`
 * has the answer. [admin thread] */
admin_job *job_wait(const job_waits *waits, void *arg, lines *refused);

/* Whether one more may be posted. [admin thread] */
bool job_has_place(void);

/* Posts the command in `line`. Its answer will have the form of `refused`, which has the answer if
 * the result is NULL. [admin thread] */
admin_job *job_post(const char *line, const char *argument, void (*run)(admin_job *job),
                    lines *refused);

/* Moves the answer of a job that has ended, or has taken too long, to `answer`, and gives up the
 * job. False: it is still to be waited for. [admin thread] */
bool job_take(admin_job *job, uint64_t now_ms, lines *answer);

/* When to call job_take again at the latest, though jobs_wake should come before. */
uint64_t job_look_ms(void);

/* Gives up the job: its connection has ended. It runs all the same. [admin thread] */
void job_abandon(admin_job *job);

#endif
