/* job.h: a command of `ctl` that runs on the control thread, after what that has to do before.
 *
 * The admin thread posts a job and then asks for its answer. The control thread runs the job and
 * wakes the admin thread. `lock` orders the two: whichever needs the job last frees it.
 */
#ifndef PORTICO_ADMIN_JOB_H
#define PORTICO_ADMIN_JOB_H

#include "admin/lines.h"
#include "run/control.h"

/* A command that has not begun after the first time is dropped; for one that has begun, nobody
 * waits longer than the second. */
enum { JOB_BEGIN_MS = 30000, JOB_END_MS = 100000 };

/* So many may be waited for at once: fewer than there are places for connections of either kind, so
 * that a control thread which is busy for long leaves places for `status` and `stop`. */
enum { JOBS_MAX = 24 };

typedef struct admin_job {
    control_command command;            /* first */
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

/* Before the first job: `wake` is called on the control thread when a job has ended. */
void jobs_start(void (*wake)(void));

/* Posts the command in `line`. Its answer will have the form of `refused`, which has the answer if
 * the result is NULL. [admin thread] */
admin_job *job_post(const char *line, const char *argument, void (*run)(admin_job *job),
                    lines *refused);

/* Moves the answer of a job that has ended, or has taken too long, to `answer`, and gives up the
 * job. False: it is still to be waited for. [admin thread] */
bool job_take(admin_job *job, uint64_t now_ms, lines *answer);

/* Gives up the job: its connection has ended. It runs all the same. [admin thread] */
void job_abandon(admin_job *job);

#endif
