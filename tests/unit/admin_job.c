/* admin_job.c: a command for the control thread. It is answered when it has run; dropped, and never
 * run, when it has not begun in time; given up when it runs for too long. In each case it is freed
 * once. A crowd of them is refused, whether or not somebody waits for each. */
#include "admin/job.h"

#include "os/os.h"
#include "support/check.h"
#include "support/scenario.h"

#include <stdio.h>
#include <string.h>

static uint32_t ran;
static uint32_t woken;

static void wake(void) {
    woken++;
}

static void run(admin_job *job) {
    CHECK_TEXT(job->argument, "game");
    ran++;
    lines_end(&job->answer, PORTICO_OK, "");
}

static void expect(lines *answer, const char *start, const char *words) {
    char text[1024];
    snprintf(text, sizeof text, "%.*s", (int)answer->size, answer->text); /* it has no zero */
    CHECK(strncmp(text, start, strlen(start)) == 0);
    CHECK(strstr(text, words) != NULL);
    lines_free(answer);
}

static admin_job *post(void (*fn)(admin_job *job)) {
    lines refused = {0};
    admin_job *job = job_post("unload game", "game", fn, &refused);
    CHECK(job != NULL);
    return job;
}

static void answered(void) {
    lines answer = {0};
    admin_job *job = post(run);
    CHECK(!job_take(job, os_monotonic_ms(), &answer));
    control_drain();
    CHECK(ran == 1 && woken == 1);
    CHECK(job_take(job, os_monotonic_ms(), &answer));
    expect(&answer, "ok\n", "");
}

static void dropped(void) {
    lines answer = {0};
    admin_job *job = post(run);
    control_doing("the swap of game, whose file has changed");
    CHECK(!job_take(job, os_monotonic_ms() + JOB_BEGIN_MS - 1000, &answer));
    CHECK(job_take(job, os_monotonic_ms() + JOB_BEGIN_MS, &answer));
    expect(&answer, "error not done: the control thread has not come to it in 30 s",
           "busy with the swap of game, whose file has changed\n");
    control_drain();
    CHECK(ran == 1 && woken == 1);
}

/* Its connection has ended: it runs all the same. */
static void abandoned(void) {
    admin_job *job = post(run);
    job_abandon(job);
    control_drain();
    CHECK(ran == 2 && woken == 1);
    job = post(run);
    control_drain();
    CHECK(ran == 3 && woken == 2);
    job_abandon(job);
}

static void run_long(admin_job *job) {
    lines answer = {0};
    CHECK(!job_take(job, os_monotonic_ms() + JOB_END_MS - 1000, &answer));
    CHECK(job_take(job, os_monotonic_ms() + JOB_END_MS, &answer));
    expect(&answer, "error the command has begun and is still running", "");
    run(job);
}

/* A crowd of them leaves places for commands that need no control thread. */
static void crowd(void) {
    admin_job *all[JOBS_MAX];
    lines answer = {0};
    for (int i = 0; i < JOBS_MAX; i++) {
        all[i] = post(run);
    }
    CHECK(job_post("unload game", "game", run, &answer) == NULL);
    expect(&answer, "error not done: 24 commands already wait for the control thread; ",
           "busy with the command `unload game`\n");
    job_abandon(all[0]); /* makes room for one */
    all[0] = post(run);
    CHECK(job_post("unload game", "game", run, &answer) == NULL);
    lines_free(&answer);
    for (int i = 0; i < JOBS_MAX; i++) {
        job_abandon(all[i]);
    }
    control_drain();
    CHECK_INT(ran, 4 + JOBS_MAX + 1);
    lines_free(&answer);
}

/* Those whose connections have ended wait as well, so they are counted, too. */
static void hung_up(void) {
    lines answer = {0};
    uint32_t before = ran;
    for (int i = 0; i < JOBS_QUEUED_MAX; i++) {
        job_abandon(post(run));
    }
    CHECK(job_post("unload game", "game", run, &answer) == NULL);
    expect(&answer, "error not done: 200 commands already wait for the control thread; ", "");
    control_drain();
    CHECK_INT(ran, before + JOBS_QUEUED_MAX);
    job_abandon(post(run));
    control_drain();
    CHECK_INT(ran, before + JOBS_QUEUED_MAX + 1);
}

SCENARIO(admin_job) {
    char what[CONTROL_WHAT_MAX];
    jobs_start(wake);
    answered();
    dropped();
    abandoned();
    (void)post(run_long);
    control_drain();
    CHECK(ran == 4 && woken == 2);
    (void)control_look(what);
    CHECK_TEXT(what, "the command `unload game`");
    crowd();
    hung_up();
}
