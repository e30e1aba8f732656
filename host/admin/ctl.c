/* ctl.c: see ctl.h. One connection, one thread: submits an operation and waits for it. */
#include "admin/ctl.h"

#include "admin/command.h"
#include "admin/token.h"
#include "admin/top_options.h"
#include "admin/top_screen.h"
#include "base/status.h"
#include "base/system_text.h"
#include "net/ready.h"

#include <stdlib.h>
#include <string.h>

/* Longer than an unload may take. */
enum { ANSWER_TIMEOUT_MS = 120000, CONNECT_TIMEOUT_MS = 5000, LINE_MAX_BYTES = 4096 };

typedef struct ctl {
    os_port *port;
    os_socket *socket;
    os_op op;
    char bytes[64 * 1024]; /* what has come and is not read yet */
    uint32_t size;
} ctl;

/* Ctrl+C during `top` ends its waiting by a post; done on a thread of the system's. */
static struct {
    os_mutex lock;
    os_port *port; /* NULL: `top` does not run */
    os_op op;
    bool posted;
} stop;

/* What is done with each line of an answer. */
typedef void (*line_taker)(void *arg, const char *line);

static void top_on_stop(void) {
    os_mutex_lock(&stop.lock);
    if (stop.port != NULL && !stop.posted) {
        stop.posted = os_port_post(stop.port, &stop.op) == PORTICO_OK;
    }
    os_mutex_unlock(&stop.lock);
}

static void top_let_stop(os_port *port) {
    os_mutex_lock(&stop.lock);
    stop.port = port;
    os_mutex_unlock(&stop.lock);
}

static bool top_stopped(void) {
    os_mutex_lock(&stop.lock);
    bool stopped = stop.posted;
    os_mutex_unlock(&stop.lock);
    return stopped;
}

/* Waits for the operation in flight. PORTICO_E_CANCELLED: for a Ctrl+C. */
static portico_status ctl_wait(ctl *c, uint32_t timeout_ms, uint32_t *bytes) {
    os_completion completion;
    if (os_port_wait(c->port, &completion, 1, timeout_ms) == 0) {
        return PORTICO_E_TIMEOUT;
    }
    *bytes = completion.bytes;
    return completion.op == &stop.op ? PORTICO_E_CANCELLED : completion.status;
}

/* Sends one line, at once: in two pieces the second one would wait for the host to acknowledge the first. */
static portico_status ctl_send(ctl *c, const char *line) {
    uint32_t bytes = 0;
    os_buffer end = {.data = (const uint8_t *)"\n", .size = 1};
    os_buffer buffer = {
        .next = &end, .data = (const uint8_t *)line, .size = (uint32_t)strlen(line)};
    portico_status status = os_send(c->socket, &c->op, &buffer);
    if (status != PORTICO_OK) {
        return status;
    }
    return ctl_wait(c, ANSWER_TIMEOUT_MS, &bytes);
}

/* Appends what comes next to c->bytes. */
static portico_status ctl_receive(ctl *c) {
    uint32_t bytes = 0;
    portico_status status =
        os_recv(c->socket, &c->op, c->bytes + c->size, (uint32_t)sizeof c->bytes - c->size);
    if (status != PORTICO_OK) {
        return status;
    }
    status = ctl_wait(c, ANSWER_TIMEOUT_MS, &bytes);
    if (status != PORTICO_OK) {
        return status;
    }
    c->size += bytes;
    return bytes > 0 ? PORTICO_OK : PORTICO_E_EOF;
}

/* Takes the next line of the answer, without its end. */
static portico_status ctl_line(ctl *c, char *line, size_t size) {
    char *end = memchr(c->bytes, '\n', c->size);
    while (end == NULL && c->size < sizeof c->bytes) {
        portico_status status = ctl_receive(c);
        if (status != PORTICO_OK) {
            return status;
        }
        end = memchr(c->bytes, '\n', c->size);
    }
    uint32_t used = end != NULL ? (uint32_t)(end - c->bytes) : c->size;
    snprintf(line, size, "%.*s", (int)used, c->bytes);
    used += end != NULL;
    memmove(c->bytes, c->bytes + used, c->size - used);
    c->size -= used;
    return PORTICO_OK;
}

static void print_line(void *arg, const char *line) {
    (void)arg;
    printf("%s\n", line);
}

/* Sends one line, gives the answer's lines to `take` and leaves its last one in `line`. */
static portico_status ctl_exchange(ctl *c, const char *command, line_taker take, void *arg,
                                   char line[LINE_MAX_BYTES]) {
    portico_status status = ctl_send(c, command);
    if (status != PORTICO_OK) {
        return status;
    }
    for (;;) {
        status = ctl_line(c, line, LINE_MAX_BYTES);
        if (status != PORTICO_OK || strncmp(line, "| ", 2) != 0) {
            return status;
        }
        take(arg, line + 2);
    }
}

/* The same; prints what went wrong and returns the exit code. */
static int ctl_ask(ctl *c, const char *command, line_taker take, void *arg) {
    char line[LINE_MAX_BYTES];
    portico_status status = ctl_exchange(c, command, take, arg, line);
    if (status != PORTICO_OK) {
        if (top_stopped()) {
            return 0;
        }
        fprintf(stderr, "no answer: %s\n", status_text(status));
        return 1;
    }
    if (strcmp(line, "ok") != 0) {
        fprintf(stderr, "%s\n", strncmp(line, "error ", 6) == 0 ? line + 6 : line);
        return 1;
    }
    return 0;
}

/* ---- top --------------------------------------------------------------------------------------- */

static void take_sample_line(void *arg, const char *line) {
    top_sample_line(arg, line);
}

static int top_ask(ctl *c, const char *command, top_sample *s) {
    memset(s, 0, sizeof *s);
    return ctl_ask(c, command, take_sample_line, s);
}

/* Each block is of the time between two answers; the first answer only begins it. Ends after options.count of them, or with
 * Ctrl+C. */
static int ctl_top(ctl *c, const char *command, const top_options *options, top_sample samples[3]) {
    bool terminal = os_terminal(stdout);
    os_completion completion;
    top_sample *shown = &samples[2];
    int code = top_ask(c, command, &samples[0]);
    if (terminal) {
        printf("\x1b[H\x1b[Jmeasuring ...\n");
        fflush(stdout);
    }
    for (uint32_t i = 0; code == 0 && (options->count == 0 || i < options->count); i++) {
        (void)os_port_wait(c->port, &completion, 1, top_stopped() ? 0 : options->interval_ms);
        if (top_stopped()) {
            break;
        }
        const top_sample *before = &samples[i % 2];
        top_sample *now = &samples[(i + 1) % 2];
        code = top_ask(c, command, now);
        if (code == 0 && !top_stopped()) {
            *shown = *now;
            top_sample_since(shown, before);
            top_screen_show(stdout, shown, terminal);
        }
    }
    return code;
}

static int ctl_run_top(ctl *c, const char *command) {
    top_options options;
    char why[COMMAND_WHY_MAX];
    if (!top_options_parse(command + strcspn(command, " "), &options, why)) {
        fprintf(stderr, "%s\n", why);
        return 2;
    }
    top_sample *samples = calloc(3, sizeof *samples);
    if (samples == NULL) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    int code = ctl_top(c, command, &options, samples);
    free(samples);
    return code;
}

static bool is_top(const char *command) {
    const char *argument = NULL;
    char why[COMMAND_WHY_MAX];
    return command_parse(command, &argument, why) == COMMAND_top;
}

/* ---- one command ------------------------------------------------------------------------------- */

static int ctl_talk(ctl *c, const char *token, const char *command) {
    char line[TOKEN_MAX + 8];
    snprintf(line, sizeof line, "token %s", token);
    int code = ctl_ask(c, line, print_line, NULL);
    if (code != 0 || top_stopped()) {
        return code;
    }
    return is_top(command) ? ctl_run_top(c, command) : ctl_ask(c, command, print_line, NULL);
}

static portico_status ctl_connect(ctl *c, const char *at, uint16_t port) {
    os_address address;
    uint32_t bytes = 0;
    portico_status status = os_address_parse(at, port, &address);
    if (status != PORTICO_OK) {
        return status;
    }
    status = os_connect(c->port, &address, NULL, &c->op, &c->socket);
    if (status != PORTICO_OK) {
        return status;
    }
    return ctl_wait(c, CONNECT_TIMEOUT_MS, &bytes);
}

/* Connects to the host of `settings`. False: says why it cannot. */
static bool ctl_reach(ctl *c, const config *settings) {
    uint16_t port = settings->admin.port != 0 ? settings->admin.port : ready_admin_port(settings);
    if (port == 0) {
        fprintf(
            stderr,
            "[admin] port is 0 and the ready file (%s) does not tell which one it became: is the host running?\n",
            settings->ready_file != NULL ? settings->ready_file : "[host] ready_file is not set");
        return false;
    }
    portico_status status = ctl_connect(c, settings->admin.address, port);
    if (status != PORTICO_OK) {
        fprintf(stderr,
                "no host answers on %s port %u: %s. Is it running with this configuration (%s)?\n",
                settings->admin.address, port, status_text(status), settings->path);
        return false;
    }
    return true;
}

int ctl_run(const config *settings, const char *command) {
    static ctl c;
    char token[TOKEN_MAX];
    char why[TOKEN_WHY_MAX];
    if (!settings->admin_enabled) {
        fprintf(stderr, "%s: [admin] enabled = no: there is nothing to talk to\n", settings->path);
        return 1;
    }
    if (token_read(settings, false, token, why) != PORTICO_OK) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    if (is_top(command) && os_on_signals(top_on_stop, NULL) != PORTICO_OK) {
        fprintf(stderr, "Ctrl+C will end at once (%s)\n", system_text(os_error()));
    }
    if (os_port_create(&c.port) != PORTICO_OK) {
        fprintf(stderr, "no completion port (%s)\n", system_text(os_error()));
        return 1;
    }
    top_let_stop(c.port);
    int code = ctl_reach(&c, settings) ? ctl_talk(&c, token, command) : 1;
    top_let_stop(NULL);
    if (c.socket != NULL) {
        os_close(c.socket, false);
    }
    os_completion late[4];
    while (os_port_wait(c.port, late, 4, 0) > 0) {
        /* What a time-out has left in flight comes home. */
    }
    os_port_destroy(c.port);
    return code;
}
