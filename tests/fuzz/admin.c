/* admin.c: a connection of the admin side, from its first line. Without the token it gets an error
 * and is closed. With it, each line gets one answer: lines that begin with "| ", then "ok" or
 * "error WHY", whatever the module, its file or the line contain, and in whatever pieces the line
 * arrives.
 *
 * The socket and the clock are the target's, and so is what commands do to the host: the linker
 * wraps those functions. Input: flags, what the commands answer, then lines.
 *
 * Covers: admin/connection.c, admin/execute.c, admin/job.c, admin/lines.c, admin/token.c,
 * admin/guesses.c, admin/command.c */
#include "admin/connection.h"
#include "base/log.h"
#include "base/text.h"
#include "fuzz.h"
#include "loader/swap.h"

enum { ANSWER_BYTES = 1024 * 1024 };

static const char token[] = "0123456789abcdef";

static struct {
    _Atomic uint64_t now_ms; /* the threads of the log ask, too */
    bool open;
    bool shut;
    const uint8_t *at; /* what the client still sends */
    size_t size;
    uint32_t piece; /* the most that arrives at once */
    os_op *recv;    /* in flight */
    uint8_t *data;
    uint32_t capacity;
    os_op *send; /* in flight */
    uint32_t sent;
    char answer[ANSWER_BYTES]; /* to one line, as ctl receives it */
    size_t answer_size;
} host;

/* The answer that the commands give, and their calls. */
static struct {
    char *text; /* from the input; may have line feeds */
    portico_status status;
    bool ending;
    char call[8192];
    uint32_t calls;
} doing;

/* ---- the seam -------------------------------------------------------------------------------- */

uint64_t __wrap_os_monotonic_ns(void);
portico_status __wrap_os_recv(os_socket *socket, os_op *op, void *data, uint32_t capacity);
portico_status __wrap_os_send(os_socket *socket, os_op *op, os_buffer *list);
uint32_t __wrap_os_send_now(os_socket *socket, os_buffer **list);
void __wrap_os_shutdown(os_socket *socket);
void __wrap_os_close(os_socket *socket, bool reset);

static os_socket *socket_of(void) {
    return (os_socket *)(void *)&host;
}

uint64_t __wrap_os_monotonic_ns(void) {
    return host.now_ms * 1000000;
}

portico_status __wrap_os_recv(os_socket *socket, os_op *op, void *data, uint32_t capacity) {
    CHECK(socket == socket_of() && host.open && host.recv == NULL && capacity > 0);
    host.recv = op;
    host.data = data;
    host.capacity = capacity;
    return PORTICO_OK;
}

/* The client receives a part of the answer. */
static void take(const uint8_t *data, uint32_t size) {
    CHECK(memchr(data, '\0', size) == NULL);
    CHECK(host.answer_size + size < sizeof host.answer);
    memcpy(host.answer + host.answer_size, data, size);
    host.answer_size += size;
}

/* Now and then it takes nothing at once. */
uint32_t __wrap_os_send_now(os_socket *socket, os_buffer **list) {
    CHECK(socket == socket_of() && host.open && host.send == NULL && (*list)->next == NULL);
    uint32_t most = (uint32_t)(host.answer_size % 7) * 1000;
    uint32_t size = (*list)->size < most ? (*list)->size : most;
    take((*list)->data, size);
    return size;
}

portico_status __wrap_os_send(os_socket *socket, os_op *op, os_buffer *list) {
    CHECK(socket == socket_of() && host.open && host.send == NULL && !host.shut);
    CHECK(list->next == NULL && list->size > 0);
    take(list->data, list->size);
    host.sent = list->size;
    host.send = op;
    return PORTICO_OK;
}

void __wrap_os_shutdown(os_socket *socket) {
    CHECK(socket == socket_of() && host.open);
    host.shut = true;
}

void __wrap_os_close(os_socket *socket, bool reset) {
    CHECK(socket == socket_of() && host.open && !reset);
    host.open = false;
}

static void complete(os_op **op, portico_status status, uint32_t bytes) {
    os_completion completion = {.op = *op, .status = status, .bytes = bytes};
    *op = NULL;
    completion.op->done(&completion);
}

/* The client's next bytes arrive. */
static void arrive(void) {
    uint32_t bytes = host.size < host.capacity ? (uint32_t)host.size : host.capacity;
    bytes = bytes < host.piece ? bytes : host.piece;
    memcpy(host.data, host.at, bytes);
    host.at += bytes;
    host.size -= bytes;
    complete(&host.recv, PORTICO_OK, bytes);
}

/* ---- the host -------------------------------------------------------------------------------- */

portico_status __wrap_loader_load(const char *what, char why[IMAGE_WHY_MAX]);
portico_status __wrap_loader_unload(const char *name, char why[IMAGE_WHY_MAX]);
portico_status __wrap_swap_module(const char *name, const char *file, bool force,
                                  char why[IMAGE_WHY_MAX]);
portico_status __wrap_swap_rollback(const char *name, char why[IMAGE_WHY_MAX]);
portico_status __wrap_swap_preview(const char *name, const char *file, plan_say *say, void *arg,
                                   char why[IMAGE_WHY_MAX]);
portico_status __wrap_log_reopen(char why[LOG_WHY_MAX]);
void __wrap_control_end(void);
bool __wrap_control_ending(void);
void __wrap_report_status(lines *to);
void __wrap_report_top(lines *to);
void __wrap_report_sessions(lines *to, const char *argument);
void __wrap_report_modules(lines *to);
struct session *__wrap_session_find(uint64_t id);

static portico_status called(const char *what, const char *name, const char *file, char *why,
                             size_t why_size) {
    doing.calls++;
    (void)snprintf(doing.call, sizeof doing.call, "%s %s%s%s", what, name, file != NULL ? " " : "",
                   file != NULL ? file : "");
    (void)snprintf(why, why_size, "%s", doing.text);
    return doing.status;
}

portico_status __wrap_loader_load(const char *what, char why[IMAGE_WHY_MAX]) {
    return called("load", what, NULL, why, IMAGE_WHY_MAX);
}

portico_status __wrap_loader_unload(const char *name, char why[IMAGE_WHY_MAX]) {
    return called("unload", name, NULL, why, IMAGE_WHY_MAX);
}

portico_status __wrap_swap_module(const char *name, const char *file, bool force,
                                  char why[IMAGE_WHY_MAX]) {
    CHECK(name[0] != '\0');
    return called(force ? "swap --force" : "swap", name, file, why, IMAGE_WHY_MAX);
}

portico_status __wrap_swap_rollback(const char *name, char why[IMAGE_WHY_MAX]) {
    return called("rollback", name, NULL, why, IMAGE_WHY_MAX);
}

portico_status __wrap_swap_preview(const char *name, const char *file, plan_say *say, void *arg,
                                   char why[IMAGE_WHY_MAX]) {
    say(arg,
        &(plan_row){.entity = "note", .name = "", .effect = "", .change = "", .line = doing.text});
    return called("swap --plan", name, file, why, IMAGE_WHY_MAX);
}

portico_status __wrap_log_reopen(char why[LOG_WHY_MAX]) {
    return called("reopen-log", "", NULL, why, LOG_WHY_MAX);
}

void __wrap_control_end(void) {
    char why[1];
    (void)called("stop", "", NULL, why, sizeof why);
    stop_announce(0);
}

bool __wrap_control_ending(void) {
    return doing.ending;
}

/* As many lines as the text says, of many sizes: a long answer is sent in pieces. */
static void report(lines *to) {
    uint32_t count = doing.text[0] == '\0' ? 0 : (uint8_t)doing.text[0] / 2;
    for (uint32_t i = 0; i < count; i++) {
        lines_add(to, "%u %.*s %s", i, (int)(i * 37 % 1000), doing.text, doing.text);
    }
}

void __wrap_report_status(lines *to) {
    report(to);
}

void __wrap_report_top(lines *to) {
    report(to);
}

void __wrap_report_sessions(lines *to, const char *argument) {
    (void)argument;
    report(to);
    lines_end(to, PORTICO_OK, "");
}

void __wrap_report_modules(lines *to) {
    report(to);
}

struct session *__wrap_session_find(uint64_t id) {
    (void)id;
    return NULL;
}

/* ---- the connection -------------------------------------------------------------------------- */

static void nothing(void) {
}

/* Runs until the connection waits for bytes that the client has not sent, or for a time. */
static void settle(connection *c) {
    while (host.send != NULL || (host.recv != NULL && host.size > 0) || c->job != NULL ||
           (c->waiter.waits && !c->waiter.told)) {
        if (host.send != NULL) {
            complete(&host.send, host.open ? PORTICO_OK : PORTICO_E_CANCELLED, host.sent);
        } else if (c->job != NULL) {
            control_drain();
            connection_look(c, host.now_ms);
        } else if (c->waiter.waits) {
            connection_look(c, host.now_ms); /* the host has announced its end */
        } else {
            arrive();
        }
    }
}

/* Sends one line. A token may have to wait. */
static void send_line(connection *c, const char *line, size_t size) {
    char *bytes = malloc(size + 1);
    CHECK(bytes != NULL);
    memcpy(bytes, line, size);
    bytes[size] = '\n';
    host.answer_size = 0;
    doing.calls = 0;
    host.at = (const uint8_t *)bytes;
    host.size = size + 1;
    settle(c);
    if (host.answer_size == 0) {
        CHECK(c->kind == VISIT_UNKNOWN && connection_due_ms(c) > host.now_ms);
        host.now_ms = connection_due_ms(c);
        connection_look(c, host.now_ms);
        settle(c);
    }
    free(bytes);
}

/* One answer: lines that begin with "| ", then the last one. */
static void check_answer(bool ok) {
    char *at = host.answer;
    char *end = NULL;
    CHECK(host.answer_size > 0 && host.answer[host.answer_size - 1] == '\n');
    host.answer[host.answer_size] = '\0';
    for (; (end = strchr(at, '\n')) != NULL && strncmp(at, "| ", 2) == 0; at = end + 1) {
        CHECK(text_is_plain(at, (size_t)(end - at)));
    }
    CHECK(end != NULL && end + 1 == host.answer + host.answer_size);
    *end = '\0';
    CHECK(text_is_plain(at, strlen(at)));
    CHECK(strcmp(at, "ok") == 0 || (!ok && strncmp(at, "error ", 6) == 0));
}

/* The line's command was called at most once, with the words of the line. */
static void check_call(const char *line) {
    char right[8192];
    CHECK(doing.calls <= 1);
    line += strncmp(line, "json ", 5) == 0 ? 5 : 0;
    bool swap = strncmp(line, "swap ", 5) == 0;
    if (doing.calls == 0) {
        return;
    }
    const char *rest = line + strcspn(line, " ");
    rest += *rest == ' ';
    bool plan = false;
    bool force = false;
    while (swap && strncmp(rest, "--", 2) == 0) {
        plan = plan || strncmp(rest, "--plan", 6) == 0;
        force = force || strncmp(rest, "--force", 7) == 0;
        rest += strcspn(rest, " ");
        rest += strspn(rest, " ");
    }
    rest += strncmp(line, "stop ", 5) == 0 ? strlen(rest) : 0; /* its option */
    (void)snprintf(right, sizeof right, "%.*s%s %s", (int)strcspn(line, " "), line,
                   plan    ? " --plan"
                   : force ? " --force"
                           : "",
                   rest);
    CHECK_TEXT(doing.call, right);
}

static bool is_token(const char *line, size_t size) {
    return size == 6 + sizeof token - 1 && memcmp(line, "token ", 6) == 0 &&
           memcmp(line + 6, token, sizeof token - 1) == 0;
}

/* After its last answer a connection drops what still comes, and is closed after a second. */
static void check_leaving(connection *c) {
    CHECK(host.open && host.shut && c->leaving);
    host.size = 1;
    host.at = (const uint8_t *)"x";
    settle(c);
    host.now_ms = connection_due_ms(c);
    connection_look(c, host.now_ms);
    CHECK(!host.open);
}

/* There is one connection. */
static bool no_way(visit_kind kind) {
    (void)kind;
    return false;
}

static void start(void) {
    static bool started;
    if (!started) {
        started = true;
        connections_start(token, no_way);
        jobs_start(nothing);
        CHECK(log_start(&(log_options){.level = LOG_ERROR}));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static connection c;
    static const uint32_t pieces[] = {UINT32_MAX, 1, 7, 4099};
    const os_address peer = {.family = OS_ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};
    start();
    input in = {data, size};
    uint8_t flags = input_u8(&in);
    bool trusted = flags % 8 != 0;
    doing.ending = flags / 8 % 8 == 7;
    doing.status = flags % 2 == 0 ? PORTICO_OK : PORTICO_E_INVALID;
    uint32_t text_size = input_u8(&in);
    input text = {in.at, text_size < in.size ? text_size : in.size};
    in.at += text.size;
    in.size -= text.size;
    doing.text = input_rest(&text);
    host.open = true;
    host.shut = false;
    host.piece = pieces[flags / 64];
    host.now_ms += 1000; /* wrong tokens before make the next one wait */
    connection_open(&c, socket_of(), &peer, trusted ? VISIT_LOCAL : VISIT_UNKNOWN);
    while (in.size > 0 && !host.shut && !c.waiter.waits) {
        const uint8_t *end = memchr(in.at, '\n', in.size);
        size_t line_size = end != NULL ? (size_t)(end - in.at) : in.size;
        char *line = input_line(&in);
        send_line(&c, line, line_size);
        line_size -= line_size > 0 && line[line_size - 1] == '\r';
        line[line_size] = '\0';
        CHECK(host.shut == (!trusted && !is_token(line, line_size)));
        check_answer(false);
        CHECK(trusted || doing.calls == 0);
        check_call(line);
        trusted = trusted || is_token(line, line_size);
        free(line);
    }
    if (host.shut) {
        check_leaving(&c);
    } else if (c.waiter.waits) { /* until the host ends */
        CHECK(host.open && host.recv == NULL && stop_all_told());
        connection_close(&c);
    } else {
        complete(&host.recv, PORTICO_OK, 0); /* the end of the stream */
        CHECK(!host.open);
    }
    if (host.recv != NULL) {
        complete(&host.recv, PORTICO_E_CANCELLED, 0);
    }
    CHECK(connection_is_free(&c) && c.out.lines.text == NULL);
    free(doing.text);
    return 0;
}
