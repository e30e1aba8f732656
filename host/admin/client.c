/* client.c: see client.h. Submits one operation at a time and waits for its completion. */
#include "admin/client.h"

#include "base/status.h"
#include "base/system_text.h"
#include "base/text.h"
#include "net/ready.h"
#include "os/local.h"

#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_TIMEOUT_MS = 10000, /* also for the answer to the token */
    BUSY_PAUSE_MS = 20,
    LINE_MAX_BYTES = 8192 /* as JSON a line of the host may be twice as long */
};

struct client {
    os_port *port;
    os_socket *socket;
    os_op op;
    bool in_flight;        /* `op` is */
    uint32_t timeout_ms;   /* of an answer, and of connecting */
    uint64_t until_ns;     /* when the present one is given up */
    uint64_t end_ns;       /* when all of them are; 0: never */
    const char *too_late;  /* printed when that has passed */
    bool line_by_line;     /* timeout_ms is the limit of each line of an answer */
    char bytes[64 * 1024]; /* received and not yet read */
    uint32_t size;
};

/* Ctrl+C arrives on a thread of the system's. It posts `op` to the port, which ends the client's
 * wait. */
static struct {
    os_mutex lock;
    os_port *port; /* the open client's; NULL: none */
    os_op op;
    bool caught;
} interrupt;

static void client_on_interrupt(void) {
    os_mutex_lock(&interrupt.lock);
    if (interrupt.port != NULL && !interrupt.caught) {
        (void)os_port_post(interrupt.port, &interrupt.op);
    }
    interrupt.caught = true;
    os_mutex_unlock(&interrupt.lock);
}

static void interrupt_set_port(os_port *port) {
    os_mutex_lock(&interrupt.lock);
    interrupt.port = port;
    os_mutex_unlock(&interrupt.lock);
}

portico_status client_catch_interrupt(void) {
    return os_on_signals(client_on_interrupt, NULL);
}

bool client_interrupted(void) {
    os_mutex_lock(&interrupt.lock);
    bool caught = interrupt.caught;
    os_mutex_unlock(&interrupt.lock);
    return caught;
}

/* From now on its time counts. */
static void client_begin(client *c) {
    c->until_ns = os_monotonic_ns() + c->timeout_ms * 1000000ull;
}

/* How long the next operation may take; 0: the time is up. */
static uint32_t client_left_ms(const client *c) {
    uint64_t now_ns = os_monotonic_ns();
    uint64_t end_ns = c->end_ns != 0 && c->end_ns < c->until_ns ? c->end_ns : c->until_ns;
    return end_ns > now_ns ? (uint32_t)((end_ns - now_ns + 999999) / 1000000) : 0;
}

/* Waits for the operation that was submitted with `submitted`. PORTICO_E_CANCELLED: an interrupt
 * came first. */
static portico_status client_wait(client *c, portico_status submitted, uint32_t *bytes) {
    os_completion completion;
    if (submitted != PORTICO_OK) {
        return submitted;
    }
    c->in_flight = true;
    if (client_interrupted()) {
        return PORTICO_E_CANCELLED;
    }
    uint32_t left_ms = client_left_ms(c);
    if (left_ms == 0 || os_port_wait(c->port, &completion, 1, left_ms) == 0) {
        return PORTICO_E_TIMEOUT;
    }
    if (completion.op == &interrupt.op) {
        return PORTICO_E_CANCELLED;
    }
    c->in_flight = false;
    *bytes = completion.bytes;
    return completion.status;
}

void client_pause(client *c, uint32_t pause_ms) {
    os_completion completion;
    if (!client_interrupted()) {
        (void)os_port_wait(c->port, &completion, 1, pause_ms);
    }
}

/* Sends a line and its end in one operation: a second one would wait for the host to acknowledge
 * the first. */
static portico_status client_send(client *c, const char *line) {
    uint32_t bytes = 0;
    os_buffer end = {.data = (const uint8_t *)"\n", .size = 1};
    os_buffer buffer = {
        .next = &end, .data = (const uint8_t *)line, .size = (uint32_t)strlen(line)};
    return client_wait(c, os_send(c->socket, &c->op, &buffer), &bytes);
}

static portico_status client_receive(client *c) {
    uint32_t bytes = 0;
    uint32_t space = (uint32_t)sizeof c->bytes - c->size;
    portico_status status =
        client_wait(c, os_recv(c->socket, &c->op, c->bytes + c->size, space), &bytes);
    if (status != PORTICO_OK) {
        return status;
    }
    c->size += bytes;
    return bytes > 0 ? PORTICO_OK : PORTICO_E_EOF;
}

/* Takes the next line of the answer, without its end and made plain: it may be shown on a terminal,
 * and whatever listens on the port may have sent it. */
static portico_status client_read_line(client *c, char line[LINE_MAX_BYTES]) {
    char *end = memchr(c->bytes, '\n', c->size);
    while (end == NULL && c->size < sizeof c->bytes) {
        portico_status status = client_receive(c);
        if (status != PORTICO_OK) {
            return status;
        }
        end = memchr(c->bytes, '\n', c->size);
    }
    uint32_t used = end != NULL ? (uint32_t)(end - c->bytes) : c->size;
    snprintf(line, LINE_MAX_BYTES, "%.*s", (int)used, c->bytes);
    text_make_plain(line);
    used += end != NULL;
    memmove(c->bytes, c->bytes + used, c->size - used);
    c->size -= used;
    return PORTICO_OK;
}

/* Sends a command, gives the lines of its answer to `take` and leaves the last one in `line`:
 * "ok", or "error WHY". All of that has one time limit, so that an answer which never ends is given
 * up as well; the time that `take` needs does not count, for it may write to a pager. */
static portico_status client_exchange(client *c, const char *command, client_line take, void *arg,
                                      char line[LINE_MAX_BYTES]) {
    client_begin(c);
    portico_status status = client_send(c, command);
    if (status != PORTICO_OK) {
        return status;
    }
    for (;;) {
        status = client_read_line(c, line);
        if (status != PORTICO_OK || strncmp(line, "| ", 2) != 0) {
            return status;
        }
        uint64_t taken_ns = os_monotonic_ns();
        take(arg, line + 2);
        c->until_ns += os_monotonic_ns() - taken_ns;
        if (c->line_by_line) {
            client_begin(c);
        }
    }
}

/* Prints why no whole answer has come. */
static void print_no_answer(const client *c, const char *command, portico_status status) {
    int word = (int)strcspn(command, " ");
    if (status == PORTICO_E_TIMEOUT && c->end_ns != 0 && os_monotonic_ns() >= c->end_ns) {
        fprintf(stderr, "%s\n", c->too_late);
    } else if (status == PORTICO_E_TIMEOUT) {
        fprintf(stderr,
                "the host has accepted the connection, but not answered `%.*s` within %u.%u s: it "
                "hangs, or the machine is overloaded; see its log. ctl --timeout SECONDS waits "
                "longer\n",
                word, command, c->timeout_ms / 1000, c->timeout_ms / 100 % 10);
    } else if (status == PORTICO_E_EOF || status == PORTICO_E_RESET) {
        fprintf(stderr,
                "the host has closed the connection before the answer to `%.*s` was complete: see "
                "its log\n",
                word, command);
    } else {
        fprintf(stderr, "no answer to `%.*s`: %s\n", word, command, status_text(status));
    }
}

int client_ask(client *c, const char *command, client_line take, void *arg) {
    char line[LINE_MAX_BYTES];
    portico_status status = client_exchange(c, command, take, arg, line);
    if (client_interrupted()) {
        return 0;
    }
    if (status != PORTICO_OK) {
        print_no_answer(c, command, status);
        return 1;
    }
    if (strcmp(line, "ok") != 0) {
        fprintf(stderr, "%s\n", strncmp(line, "error ", 6) == 0 ? line + 6 : line);
        return 1;
    }
    return 0;
}

void client_set_timeout(client *c, uint32_t timeout_ms) {
    c->timeout_ms = timeout_ms;
}

void client_follow_lines(client *c) {
    c->line_by_line = true;
}

void client_set_end(client *c, uint64_t until_ms, const char *message) {
    c->end_ns = until_ms * 1000000;
    c->too_late = message;
}

int client_await_end(client *c) {
    portico_status status = PORTICO_OK;
    while (status == PORTICO_OK) {
        c->size = 0; /* nothing more is expected */
        client_begin(c);
        status = client_receive(c);
    }
    if (status == PORTICO_E_TIMEOUT) {
        print_no_answer(c, "stop", status);
        return 1;
    }
    return 0;
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void ignore_line(void *arg, const char *line) {
    (void)arg;
    (void)line;
}

/* Closes what an attempt has opened, and waits until nothing is in flight. */
static void client_hang_up(client *c) {
    os_completion late;
    if (c->socket != NULL) {
        os_close(c->socket, false);
        c->socket = NULL;
    }
    while (c->in_flight && os_port_wait(c->port, &late, 1, UINT32_MAX) > 0) {
        c->in_flight = late.op != &c->op; /* a time-out or an interrupt has left it in flight */
    }
}

/* Connects to the local socket. False: `why` says what is wrong. */
static bool client_connect_local(client *c, const config *settings, char why[CLIENT_WHY_MAX]) {
    char path[LOCAL_PATH_MAX];
    char reason[LOCAL_WHY_MAX];
    uint32_t bytes = 0;
    uint64_t until_ms = os_monotonic_ms() + CONNECT_TIMEOUT_MS;
    portico_status status = PORTICO_E_BACKLOG;
    local_path(settings, path);
    client_begin(c);
    while (status == PORTICO_E_BACKLOG && os_monotonic_ms() < until_ms && !client_interrupted()) {
        status = client_wait(c, os_connect_local(c->port, path, &c->op, &c->socket), &bytes);
        if (status == PORTICO_E_BACKLOG) {
            client_pause(c, BUSY_PAUSE_MS);
        }
    }
    if (status != PORTICO_OK) {
        local_explain_connect(status, path, reason);
        snprintf(why, CLIENT_WHY_MAX, "%s", reason);
    }
    return status == PORTICO_OK;
}

static portico_status client_connect(client *c, const char *at, uint16_t port) {
    os_address address;
    uint32_t bytes = 0;
    portico_status status = os_address_parse(at, port, &address);
    if (status != PORTICO_OK) {
        return status;
    }
    client_begin(c);
    return client_wait(c, os_connect(c->port, &address, NULL, &c->op, &c->socket), &bytes);
}

/* Connects over TCP and shows the token. False: `why` says what is wrong. */
static bool client_log_in(client *c, const config *settings, const char *token,
                          char why[CLIENT_WHY_MAX]) {
    const char *at = settings->admin.address;
    uint16_t port = settings->admin.port != 0 ? settings->admin.port : ready_admin_port(settings);
    if (port == 0) {
        snprintf(
            why, CLIENT_WHY_MAX,
            "[admin] port is 0, and %s does not say which port that became: is the host running?",
            settings->ready_file != NULL ? settings->ready_file
                                         : "a [host] ready_file, which is not set,");
        return false;
    }
    portico_status status = client_connect(c, at, port);
    if (status != PORTICO_OK) {
        snprintf(why, CLIENT_WHY_MAX, "no host listens on %s port %u (%s): is it running?", at,
                 port, status_text(status));
        return false;
    }
    char line[LINE_MAX_BYTES];
    snprintf(line, sizeof line, "token %s", token);
    status = client_exchange(c, line, ignore_line, NULL, line);
    if (status != PORTICO_OK) {
        snprintf(why, CLIENT_WHY_MAX,
                 "the host on %s port %u has accepted the connection, but not answered: %s", at,
                 port, status_text(status));
        return false;
    }
    if (strcmp(line, "ok") != 0) {
        snprintf(why, CLIENT_WHY_MAX,
                 "the host on %s port %u has another token: it runs with another configuration", at,
                 port);
        return false;
    }
    return true;
}

/* The same, after the local socket was of no use, as `why` says. */
static bool client_connect_tcp(client *c, const config *settings, char why[CLIENT_WHY_MAX]) {
    char token[TOKEN_MAX];
    static char reason[CLIENT_WHY_MAX];
    reason[0] = '\0';
    client_hang_up(c);
    if (client_interrupted() || settings->admin.address == NULL) {
        return false;
    }
    if (token_read(settings, false, token, reason) == PORTICO_OK &&
        client_log_in(c, settings, token, reason)) {
        return true;
    }
    size_t used = strlen(why);
    snprintf(why + used, CLIENT_WHY_MAX - used, "; over TCP: %s", reason);
    return false;
}

client *client_open(const config *settings, char why[CLIENT_WHY_MAX]) {
    why[0] = '\0';
    if (!settings->admin_enabled) {
        snprintf(why, CLIENT_WHY_MAX, "[admin] enabled = no: its host listens to no commands");
        return NULL;
    }
    client *c = calloc(1, sizeof *c);
    if (c == NULL || os_port_create(&c->port) != PORTICO_OK) {
        snprintf(why, CLIENT_WHY_MAX, "out of memory or handles (%s)", system_text(os_error()));
        free(c);
        return NULL;
    }
    interrupt_set_port(c->port);
    c->timeout_ms = CONNECT_TIMEOUT_MS;
    if (!client_connect_local(c, settings, why) && !client_connect_tcp(c, settings, why)) {
        client_close(c);
        return NULL;
    }
    why[0] = '\0'; /* the local socket may have been of no use */
    return c;
}

void client_close(client *c) {
    os_completion late;
    interrupt_set_port(NULL);
    client_hang_up(c);
    while (os_port_wait(c->port, &late, 1, 0) > 0) {
        /* An interrupt that nobody has waited for. */
    }
    os_port_destroy(c->port);
    free(c);
}
