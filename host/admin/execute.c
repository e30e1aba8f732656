/* execute.c: see execute.h. */
#include "admin/execute.h"

#include "admin/command.h"
#include "admin/history_report.h"
#include "admin/limit_report.h"
#include "admin/module_report.h"
#include "admin/room_report.h"
#include "admin/session_report.h"
#include "admin/state_view.h"
#include "admin/status_json.h"
#include "admin/status_report.h"
#include "admin/stop_report.h"
#include "admin/top_options.h"
#include "admin/top_report.h"
#include "loader/contain.h"
#include "loader/loader.h"
#include "loader/swap.h"
#include "metrics/metrics.h"
#include "metrics/openmetrics.h"
#include "net/certificates.h"
#include "net/ready.h"
#include "run/meter.h"
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

/* A command that is being run. */
typedef struct call {
    const char *line;
    const char *argument;
    lines *answer;
    admin_job *job;       /* set: the answer comes from there */
    trace_follow **trace; /* where to put one; NULL: nobody would follow it */
    bool waits;           /* the answer is only the first part: it waits for the end of the stop */
} call;

static void end_ok(call *c) {
    lines_end(c->answer, PORTICO_OK, "");
}

/* ---- on this thread -------------------------------------------------------------------------- */

static void command_status(call *c) {
    if (c->answer->as_json) {
        json_status(c->answer);
    } else {
        report_status(c->answer);
    }
    end_ok(c);
}

static void command_memory(call *c) {
    report_memory(c->answer, c->argument[0] != '\0');
    end_ok(c);
}

/* Also has the host measure until the next `top` is due, and a little longer. */
static void command_top(call *c) {
    enum { LATE_MS = 2000 };
    top_options options;
    char why[COMMAND_WHY_MAX];
    if (!top_options_parse(c->argument, &options, why)) {
        lines_end(c->answer, PORTICO_E_INVALID, why);
        return;
    }
    meter_measure(options.interval_ms + LATE_MS);
    report_top(c->answer);
    end_ok(c);
}

static void command_sessions(call *c) {
    report_sessions(c->answer, c->argument);
}

static void command_rooms(call *c) {
    report_rooms(c->answer, c->argument);
}

static void command_session(call *c) {
    c->job = state_view_begin(ENTITY_SESSION, c->argument, c->answer);
}

static void command_room(call *c) {
    c->job = state_view_begin(ENTITY_ROOM, c->argument, c->answer);
}

static void command_modules(call *c) {
    report_modules(c->answer);
    end_ok(c);
}

static void add_line(void *arg, const char *line) {
    lines_add(arg, "%s", line);
}

static void command_metrics(call *c) {
    json *j = lines_object(c->answer);
    metrics_scraped();
    if (j != NULL) {
        json_metrics(j);
    } else {
        openmetrics_lines(add_line, c->answer);
    }
    end_ok(c);
}

static void command_faults(call *c) {
    enum { FAULTS_SHOWN = 10 };
    uint32_t most =
        c->argument[0] != '\0' ? (uint32_t)strtoul(c->argument, NULL, 10) : FAULTS_SHOWN;
    json *j = lines_object(c->answer);
    if (j != NULL) {
        json_faults(j, most);
    } else {
        report_faults(c->answer, most);
    }
    end_ok(c);
}

static void command_module(call *c) {
    c->job = state_view_begin(ENTITY_MODULE, c->argument, c->answer);
}

static void command_limits(call *c) {
    report_limits(c->answer);
}

static void command_swaps(call *c) {
    report_swaps(c->answer, c->argument);
}

static void command_log(call *c) {
    report_log(c->answer, c->argument);
}

static void command_kick(call *c) {
    char *end = NULL;
    uint64_t id = strtoull(c->argument, &end, 10);
    session *s = *end == '\0' ? session_find(id) : NULL;
    if (s == NULL) {
        lines_end(c->answer, PORTICO_E_GONE, "no session has that id: see `sessions`");
        return;
    }
    bool closes = session_close(s, PORTICO_E_KICKED);
    session_release(s);
    lines_end(c->answer, closes ? PORTICO_OK : PORTICO_E_STATE, "the session is already closing");
}

/* The control thread ends with the command that it runs. */
static void command_stop(call *c) {
    char what[CONTROL_WHAT_MAX];
    uint64_t for_ms = control_look(what);
    if (what[0] != '\0') {
        lines_add(c->answer, "the stop begins after %s, which has taken %llu.%llu s so far", what,
                  (unsigned long long)for_ms / 1000, (unsigned long long)for_ms / 100 % 10);
    }
    report_stop(c->answer);
    control_end();
    c->waits = c->argument[0] == '\0' && !c->answer->as_json;
    if (!c->waits) {
        end_ok(c);
    }
}

static void command_trace(call *c) {
    if (c->trace == NULL) {
        lines_end(c->answer, PORTICO_E_INVALID,
                  "a trace is followed as it happens: use `portico ctl trace`, or `run trace` over "
                  "/live");
        return;
    }
    *c->trace = trace_follow_begin(c->argument, c->answer);
}

/* ---- on the control thread ------------------------------------------------------------------- */

static void job_load(admin_job *job) {
    char why[IMAGE_WHY_MAX];
    portico_status status = loader_load(job->argument, why);
    (void)ready_update(); /* listeners may have opened; a failure is in the log */
    lines_end(&job->answer, status, why);
}

static void job_unload(admin_job *job) {
    char why[IMAGE_WHY_MAX];
    portico_status status = loader_unload(job->argument, why);
    (void)ready_update();
    lines_end(&job->answer, status, why);
}

/* Answers a swap that succeeded with what happened. */
static void end_swap(admin_job *job, portico_status status, const char *why) {
    if (status == PORTICO_OK) {
        lines_add(&job->answer, "%s", why);
    }
    lines_end(&job->answer, status, why);
}

static void add_plan_row(void *arg, const plan_row *row) {
    json *j = lines_object(arg);
    if (j == NULL) {
        lines_add(arg, "%s", row->line);
        return;
    }
    json_begin(j, NULL, '{');
    json_text(j, "entity", row->entity);
    json_text(j, "name", row->name);
    json_number(j, "count", row->count);
    json_text(j, "effect", row->effect);
    json_text(j, "change", row->change);
    json_text(j, "line", row->line);
    json_end(j, '}');
}

/* "[--plan|--force] NAME [FILE]", as command_parse has checked. */
static void job_swap(admin_job *job) {
    char why[IMAGE_WHY_MAX];
    char *word = job->argument;
    bool plan = false;
    bool force = false;
    while (strncmp(word, "--", 2) == 0) {
        size_t size = strcspn(word, " ");
        plan = plan || strncmp(word, "--plan", size) == 0;
        force = force || strncmp(word, "--force", size) == 0;
        word += size;
        word += strspn(word, " ");
    }
    char *file = strchr(word, ' ');
    if (file != NULL) {
        *file++ = '\0';
    }
    if (plan) {
        lines_list(&job->answer, "plan");
        portico_status status = swap_preview(word, file, add_plan_row, &job->answer, why);
        lines_list_end(&job->answer);
        lines_end(&job->answer, status, why);
    } else {
        portico_status status = swap_module(word, file, force, why);
        (void)ready_update();
        end_swap(job, status, why);
    }
}

static void job_rollback(admin_job *job) {
    char why[IMAGE_WHY_MAX];
    portico_status status = swap_rollback(job->argument, why);
    (void)ready_update();
    end_swap(job, status, why);
}

static void job_thaw(admin_job *job) {
    char why[IMAGE_WHY_MAX];
    end_swap(job, contain_thaw(job->argument, why), why);
}

static void job_fault(admin_job *job) {
    report_fault(&job->answer, job->argument);
}

static void job_reopen_log(admin_job *job) {
    char why[LOG_WHY_MAX];
    lines_end(&job->answer, log_reopen(why), why);
}

static void job_reload(admin_job *job) {
    char why[TLS_WHY_MAX] = "";
    uint32_t services = 0;
    if (strcmp(job->argument, "certificates") != 0) {
        lines_end(&job->answer, PORTICO_E_INVALID, "usage: reload certificates");
        return;
    }
    portico_status status = certificates_reload(&services, why);
    if (status == PORTICO_OK) {
        lines_add(&job->answer,
                  "new connections to %u listeners and connectors use what is in the "
                  "files now",
                  (unsigned)services);
    }
    lines_end(&job->answer, status, why);
}

static void post(call *c, void (*run)(admin_job *job)) {
    c->job = job_post(c->line, c->argument, run, c->answer);
}

static void command_load(call *c) {
    post(c, job_load);
}

static void command_unload(call *c) {
    post(c, job_unload);
}

static void command_swap(call *c) {
    post(c, job_swap);
}

static void command_rollback(call *c) {
    post(c, job_rollback);
}

static void command_thaw(call *c) {
    post(c, job_thaw);
}

static void command_fault(call *c) {
    post(c, job_fault);
}

static void command_reopen_log(call *c) {
    post(c, job_reopen_log);
}

static void command_reload(call *c) {
    post(c, job_reload);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void (*const commands[])(call *c) = {
#define COMMAND_FUNCTION(name, usage, file) command_##name,
    COMMAND_LIST(COMMAND_FUNCTION)
#undef COMMAND_FUNCTION
};

bool execute(const char *line, const char *who, lines *answer, admin_job **job, bool *waits,
             trace_follow **trace) {
    static const char json_word[] = "json ";
    char why[COMMAND_WHY_MAX];
    bool as_json = strncmp(line, json_word, sizeof json_word - 1) == 0;
    line += as_json ? sizeof json_word - 1 : 0;
    answer->as_json = answer->as_json || as_json;
    call c = {.line = line, .answer = answer, .trace = trace};
    command_id id = command_parse(line, &c.argument, why);
    if (id != COMMAND_COUNT) {
        if (!command_reports(id, c.argument)) {
            log_info("admin", "`%s` by %s", line, who);
        }
        commands[id](&c);
    } else {
        lines_end(answer, PORTICO_E_INVALID, why);
    }
    *job = c.job;
    *waits = c.waits;
    return c.job == NULL;
}
