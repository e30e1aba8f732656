/* admin.c: see admin.h. */
#include "admin/admin.h"

#include "admin/command.h"
#include "admin/status_report.h"
#include "admin/stop_report.h"
#include "admin/token.h"
#include "admin/top_options.h"
#include "base/status.h"
#include "base/text.h"
#include "loader/contain.h"
#include "loader/loader.h"
#include "loader/swap.h"
#include "net/ready.h"
#include "run/control.h"
#include "run/meter.h"
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

enum { ARGUMENT_MAX = 4096, PIECE_BYTES = 32 * 1024 };

typedef struct admin_state {
    uint32_t authorised;
} admin_state;

/* A command for the control thread. */
typedef struct admin_job {
    control_command command; /* first */
    portico_session session;
    void (*run)(struct admin_job *job);
    char argument[];
} admin_job;

static const char *admin_token;

static void send_line(portico_session to, const char *text, size_t size) {
    portico_status status = portico->session_send(to, 0, text, (uint32_t)size);
    if (status != PORTICO_OK && status != PORTICO_E_GONE) {
        (void)portico->session_close(
            to, PORTICO_E_CLOSED); /* or ctl would wait for the rest of the answer */
    }
}

static void answer(portico_session to, const char *text) {
    send_line(to, text, strlen(text));
}

/* Like answer, for a text that a module or a file may have a part in: a line feed in it would end
 * the answer. */
static void answer_foreign(portico_session to, char *text) {
    text_make_plain(text);
    answer(to, text);
}

static void answer_status(portico_session to, portico_status status, const char *why) {
    char text[IMAGE_WHY_MAX + 16];
    if (status == PORTICO_OK) {
        answer(to, "ok");
        return;
    }
    snprintf(text, sizeof text, "error %s", why[0] != '\0' ? why : status_text(status));
    answer_foreign(to, text);
}

/* Sends the lines in pieces, each below the frame limit, then `ok`. */
static void answer_lines(portico_session to, lines *l) {
    size_t at = 0;
    while (at < l->size) {
        size_t size = l->size - at;
        if (size > PIECE_BYTES) {
            size = PIECE_BYTES;
            while (l->text[at + size - 1] != '\n') {
                size--;
            }
        }
        send_line(to, l->text + at, size - 1); /* the framing ends the last line */
        at += size;
    }
    answer(to, l->failed ? "error out of memory" : "ok");
    lines_free(l);
}

/* ---- commands ------------------------------------------------------------------------------ */

static void command_status(portico_session from, const char *argument) {
    lines l = {0};
    (void)argument;
    report_status(&l);
    answer_lines(from, &l);
}

/* Also has the host measure until the next `top` is due, and a little longer. */
static void command_top(portico_session from, const char *argument) {
    enum { LATE_MS = 2000 };
    top_options options;
    char why[COMMAND_WHY_MAX];
    if (!top_options_parse(argument, &options, why)) {
        answer_status(from, PORTICO_E_INVALID, why);
        return;
    }
    lines l = {0};
    meter_measure(options.interval_ms + LATE_MS);
    report_top(&l);
    answer_lines(from, &l);
}

static void command_sessions(portico_session from, const char *argument) {
    lines l = {0};
    (void)argument;
    report_sessions(&l);
    answer_lines(from, &l);
}

static void command_modules(portico_session from, const char *argument) {
    lines l = {0};
    (void)argument;
    report_modules(&l);
    answer_lines(from, &l);
}

static void command_faults(portico_session from, const char *argument) {
    enum { FAULTS_SHOWN = 10 };
    lines l = {0};
    report_faults(&l, argument[0] != '\0' ? (uint32_t)strtoul(argument, NULL, 10) : FAULTS_SHOWN);
    answer_lines(from, &l);
}

static void command_kick(portico_session from, const char *argument) {
    char *end = NULL;
    uint64_t id = strtoull(argument, &end, 10);
    session *s = *end == '\0' ? session_find(id) : NULL;
    if (s == NULL) {
        answer(from, "error no session has that id: see `sessions`");
        return;
    }
    bool closes = session_close(s, PORTICO_E_KICKED);
    session_release(s);
    answer(from, closes ? "ok" : "error the session is already closing");
}

static void job_load(admin_job *job) {
    char why[IMAGE_WHY_MAX];
    portico_status status = loader_load(job->argument, why);
    (void)ready_update(); /* listeners may have opened; a failure is in the log */
    answer_status(job->session, status, why);
}

static void job_unload(admin_job *job) {
    char why[IMAGE_WHY_MAX];
    portico_status status = loader_unload(job->argument, why);
    (void)ready_update();
    answer_status(job->session, status, why);
}

static void answer_line(void *arg, const char *line) {
    char text[2 * IMAGE_WHY_MAX];
    snprintf(text, sizeof text, "| %s", line);
    answer_foreign(*(const portico_session *)arg, text);
}

/* Answers a swap that succeeded with what happened. */
static void answer_swap(portico_session to, portico_status status, const char *why) {
    if (status == PORTICO_OK) {
        answer_line(&to, why);
    }
    answer_status(to, status, why);
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
    portico_status status = PORTICO_OK;
    if (plan) {
        status = swap_preview(word, file, answer_line, &job->session, why);
        answer_status(job->session, status, why);
    } else {
        status = swap_module(word, file, force, why);
        (void)ready_update();
        answer_swap(job->session, status, why);
    }
}

static void job_rollback(admin_job *job) {
    char why[IMAGE_WHY_MAX];
    portico_status status = swap_rollback(job->argument, why);
    (void)ready_update();
    answer_swap(job->session, status, why);
}

static void job_thaw(admin_job *job) {
    char why[IMAGE_WHY_MAX];
    portico_status status = contain_thaw(job->argument, why);
    answer_swap(job->session, status, why);
}

static void job_reopen_log(admin_job *job) {
    char why[LOG_WHY_MAX];
    portico_status status = log_reopen(why);
    answer_status(job->session, status, why);
}

static void job_run(control_command *command) {
    admin_job *job = (admin_job *)command;
    if (control_ending()) {
        answer(job->session, "error the host is stopping");
    } else {
        job->run(job);
    }
    free(job);
}

static void post_job(portico_session from, const char *argument, void (*run)(admin_job *job)) {
    size_t size = strlen(argument) + 1;
    admin_job *job = malloc(sizeof *job + size);
    if (job == NULL) {
        answer(from, "error out of memory");
        return;
    }
    job->command.run = job_run;
    job->session = from;
    job->run = run;
    memcpy(job->argument, argument, size);
    control_post(&job->command);
}

static void command_load(portico_session from, const char *argument) {
    post_job(from, argument, job_load);
}

static void command_unload(portico_session from, const char *argument) {
    post_job(from, argument, job_unload);
}

static void command_swap(portico_session from, const char *argument) {
    post_job(from, argument, job_swap);
}

static void command_rollback(portico_session from, const char *argument) {
    post_job(from, argument, job_rollback);
}

static void command_thaw(portico_session from, const char *argument) {
    post_job(from, argument, job_thaw);
}

static void command_reopen_log(portico_session from, const char *argument) {
    post_job(from, argument, job_reopen_log);
}

/* Not a job: the control thread may be what hangs. */
static void command_stop(portico_session from, const char *argument) {
    lines l = {0};
    (void)argument;
    report_stop(&l);
    answer_lines(from, &l);
    control_end();
}

static void (*const commands[])(portico_session from, const char *argument) = {
#define COMMAND_FUNCTION(name, usage, file) command_##name,
    COMMAND_LIST(COMMAND_FUNCTION)
#undef COMMAND_FUNCTION
};

static void run_command(portico_session from, const char *line) {
    char why[COMMAND_WHY_MAX];
    const char *argument = NULL;
    command_id id = command_parse(line, &argument, why);
    if (id != COMMAND_COUNT) {
        commands[id](from, argument);
    } else {
        answer_status(from, PORTICO_E_INVALID, why);
    }
}

/* ---- the session ---------------------------------------------------------------------------- */

/* Logs at most one line a second, so that guessing does not push everything else out of the log. */
static void log_wrong_token(const char *peer) {
    static _Atomic uint64_t logged_ms;
    static _Atomic uint32_t unlogged;
    uint64_t now_ms = portico->clock_ms();
    uint64_t last_ms = atomic_load(&logged_ms);
    if (now_ms - last_ms >= 1000 && atomic_compare_exchange_strong(&logged_ms, &last_ms, now_ms)) {
        log_warn("admin", "%s sent a wrong token (%u more since the last such line)", peer,
                 atomic_exchange(&unlogged, 0));
    } else {
        atomic_fetch_add(&unlogged, 1);
    }
}

/* A client with the right token may idle, and wait for a long command. */
static void let_idle(portico_session client) {
    session *s = session_find(client.id);
    if (s != NULL) {
        atomic_store(&s->may_idle, true);
        session_release(s);
    }
}

static void authorise(portico_session client, admin_state *state, const portico_packet *packet) {
    static const char word[] = "token ";
    const char *text = (const char *)packet->data;
    size_t skip = sizeof word - 1;
    if (packet->size > skip && memcmp(text, word, skip) == 0 &&
        token_equal(admin_token, text + skip, packet->size - skip)) {
        state->authorised = 1;
        let_idle(client);
        answer(client, "ok");
        return;
    }
    portico_session_info info = {.struct_size = sizeof info};
    (void)portico->session_info(client, &info);
    log_wrong_token(info.peer);
    answer(client, "error the token is wrong: send `token TEXT` first");
    (void)portico->session_close(client, PORTICO_E_CLOSED);
}

static void on_line(portico_session client, void *state, const portico_packet *packet) {
    admin_state *s = state;
    if (!s->authorised) {
        authorise(client, s, packet);
    } else if (packet->size < ARGUMENT_MAX && strlen((const char *)packet->data) == packet->size) {
        run_command(client, (const char *)packet->data);
    } else {
        answer(client, "error the line is too long or has a zero byte");
    }
}

const portico_module *admin_module(const char *token) {
    static const portico_session_type types[] = {
        {.name = "admin", .state = PORTICO_STATE_OPAQUE(admin_state, 0), .on_packet = on_line}};
    static const portico_module described = {
        .name = "portico", .version = PORTICO_VERSION, .session_types = PORTICO_TABLE(types)};
    admin_token = token;
    return &described;
}
