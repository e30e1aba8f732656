/* job.c: see job.h. */
#include "admin/job.h"

#include "base/log.h"
#include "os/os.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static struct {
    os_mutex lock; /* a leaf */
    void (*wake)(void);
    uint32_t waited_for; /* [admin thread] */
    atomic_uint queued;  /* posted, and not ended; only the admin thread adds to it */
} jobs;

void jobs_start(void (*wake)(void)) {
    jobs.wake = wake;
    jobs.waited_for = 0;
}

static void job_free(admin_job *job) {
    lines_free(&job->answer);
    free(job);
}

/* ---- the control thread ---------------------------------------------------------------------- */

/* False: it is to be dropped. */
static bool job_begin(admin_job *job) {
    os_mutex_lock(&jobs.lock);
    job->running = !job->dropped;
    bool begins = job->running;
    os_mutex_unlock(&jobs.lock);
    return begins;
}

static void job_end(admin_job *job) {
    os_mutex_lock(&jobs.lock);
    job->ended = true;
    atomic_fetch_sub(&jobs.queued, 1);
    bool abandoned = job->abandoned;
    os_mutex_unlock(&jobs.lock);
    /* If it is not abandoned, the admin thread may have freed it by now. */
    if (abandoned) {
        job_free(job);
    } else {
        jobs.wake();
    }
}

static void job_run(control_command *command) {
    admin_job *job = (admin_job *)command;
    if (job_begin(job)) {
        if (control_ending()) {
            lines_end(&job->answer, PORTICO_E_STATE, "the host is stopping");
        } else {
            control_doing("the command `%s`", job->text);
            job->run(job);
        }
    }
    job_end(job);
}

/* ---- the admin thread ------------------------------------------------------------------------ */

static void refuse(uint32_t waiting, lines *answer) {
    char what[CONTROL_WHAT_MAX];
    char why[CONTROL_WHAT_MAX + 160];
    uint64_t for_ms = control_look(what);
    snprintf(why, sizeof why,
             "not done: %u commands already wait for the control thread; for %llu.%llu s it has "
             "been busy with %s",
             waiting, (unsigned long long)for_ms / 1000, (unsigned long long)for_ms / 100 % 10,
             what);
    lines_end(answer, PORTICO_E_BACKLOG, why);
}

/* How many keep one more out of the queue; 0: it has room. */
static uint32_t keep_out(void) {
    if (atomic_load(&jobs.queued) >= JOBS_QUEUED_MAX) {
        return JOBS_QUEUED_MAX;
    }
    return jobs.waited_for >= JOBS_MAX ? JOBS_MAX : 0;
}

bool job_has_place(void) {
    return keep_out() == 0;
}

admin_job *job_post(const char *line, const char *argument, void (*run)(admin_job *job),
                    lines *refused) {
    size_t size = strlen(line) + 1;
    uint32_t waiting = keep_out();
    if (waiting != 0) {
        refuse(waiting, refused);
        return NULL;
    }
    admin_job *job = calloc(1, sizeof *job + size + strlen(argument) + 1);
    if (job == NULL) {
        lines_end(refused, PORTICO_E_NO_MEMORY, "");
        return NULL;
    }
    jobs.waited_for++;
    atomic_fetch_add(&jobs.queued, 1);
    job->command.run = job_run;
    job->run = run;
    job->answer = lines_like(refused);
    job->posted_ms = os_monotonic_ms();
    job->argument = job->text + size;
    memcpy(job->text, line, size);
    memcpy(job->argument, argument, strlen(argument) + 1);
    control_post(&job->command);
    return job;
}

void jobs_wake(void) {
    jobs.wake();
}

admin_job *job_wait(const job_waits *waits, void *arg, lines *refused) {
    admin_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        lines_end(refused, PORTICO_E_NO_MEMORY, "");
        return NULL;
    }
    job->waits = waits;
    job->arg = arg;
    job->answer = lines_like(refused);
    return job;
}

/* Moves the answer of a job that has ended to `answer`. */
static void move_answer(admin_job *job, lines *answer) {
    *answer = job->answer;
    job->answer = (lines){0};
    job_free(job);
}

static bool take_waiting(admin_job *job, uint64_t now_ms, lines *answer) {
    bool ended = job->waits->take(job->arg, now_ms, &job->answer);
    if (ended) {
        move_answer(job, answer);
    }
    return ended;
}

uint64_t job_look_ms(void) {
    enum { LOOK_MS = 500 };
    return os_monotonic_ms() + LOOK_MS;
}

void job_abandon(admin_job *job) {
    if (job->waits != NULL) {
        job->waits->abandon(job->arg);
        job_free(job);
        return;
    }
    jobs.waited_for--;
    os_mutex_lock(&jobs.lock);
    job->abandoned = true;
    bool ended = job->ended;
    os_mutex_unlock(&jobs.lock);
    if (ended) {
        job_free(job);
    }
}

/* The answer to a command that has not begun. */
static void answer_dropped(uint64_t waited_ms, lines *answer) {
    char what[CONTROL_WHAT_MAX];
    char why[CONTROL_WHAT_MAX + 160];
    uint64_t for_ms = control_look(what);
    snprintf(why, sizeof why,
             "not done: the control thread has not come to it in %llu s; for %llu.%llu s it has "
             "been busy with %s",
             (unsigned long long)waited_ms / 1000, (unsigned long long)for_ms / 1000,
             (unsigned long long)for_ms / 100 % 10, what);
    lines_end(answer, PORTICO_E_TIMEOUT, why);
}

bool job_take(admin_job *job, uint64_t now_ms, lines *answer) {
    if (job->waits != NULL) {
        return take_waiting(job, now_ms, answer);
    }
    uint64_t waited_ms = now_ms > job->posted_ms ? now_ms - job->posted_ms : 0;
    os_mutex_lock(&jobs.lock);
    bool running = job->running;
    bool ended = job->ended;
    job->dropped = !running && !ended && waited_ms >= JOB_BEGIN_MS;
    job->abandoned = job->dropped || (!ended && waited_ms >= JOB_END_MS);
    bool abandoned = job->abandoned;
    os_mutex_unlock(&jobs.lock);
    jobs.waited_for -= ended || abandoned;
    if (ended) {
        move_answer(job, answer);
    } else if (abandoned && !running) {
        answer_dropped(waited_ms, answer);
    } else if (abandoned) {
        lines_end(answer, PORTICO_E_TIMEOUT,
                  "the command has begun and is still running: the log will say how it ends");
    }
    return ended || abandoned;
}
