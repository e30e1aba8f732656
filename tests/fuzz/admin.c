/* admin.c: a session of the admin listener, from its first line. Without the token it gets an error
 * and is closed. With it, each line gets one answer: lines that begin with "| ", then "ok" or
 * "error WHY", whatever the module, its file or the line contain.
 *
 * The linker wraps what commands do to the host. Input: flags, what they answer, then lines.
 *
 * Covers: admin/admin.c, admin/lines.c, admin/token.c, admin/command.c */
#include "admin/admin.h"
#include "admin/lines.h"
#include "base/log.h"
#include "base/text.h"
#include "fuzz.h"
#include "loader/swap.h"
#include "run/control.h"

enum { SESSION = 77, ANSWER_BYTES = 1024 * 1024, FRAME_LIMIT = 64 * 1024 };

static const char token[] = "0123456789abcdef";

static struct {
    portico_session_type type;
    bool closed;
    char answer[ANSWER_BYTES]; /* to one line, as ctl receives it */
    size_t size;
} host;

/* The answer that the commands give, and their calls. */
static struct {
    char *text; /* from the input; may have line feeds */
    portico_status status;
    bool ending;
    char call[8192];
    uint32_t calls;
} doing;

/* ---- the host -------------------------------------------------------------------------------- */

static portico_status session_send(portico_session session, uint16_t opcode, const void *data,
                                   uint32_t size) {
    CHECK(session.id == SESSION && opcode == 0 && size < FRAME_LIMIT);
    CHECK(memchr(data, '\0', size) == NULL);
    CHECK(host.size + size + 1 < sizeof host.answer);
    memcpy(host.answer + host.size, data, size);
    host.size += size;
    host.answer[host.size++] = '\n';
    return PORTICO_OK;
}

static portico_status session_close(portico_session session, portico_status reason) {
    CHECK(session.id == SESSION && !host.closed && reason == PORTICO_E_CLOSED);
    host.closed = true;
    return PORTICO_OK;
}

static portico_status session_info(portico_session session, portico_session_info *info) {
    CHECK_INT(session.id, SESSION);
    (void)snprintf(info->peer, sizeof info->peer, "127.0.0.1:1");
    return PORTICO_OK;
}

static uint64_t clock_ms(void) {
    return 1; /* so that wrong tokens are not logged */
}

static const portico_host table = {.struct_size = sizeof table,
                                   .session_send = session_send,
                                   .session_close = session_close,
                                   .session_info = session_info,
                                   .clock_ms = clock_ms};

/* ---- what commands do ------------------------------------------------------------------------ */

portico_status __wrap_loader_load(const char *what, char why[IMAGE_WHY_MAX]);
portico_status __wrap_loader_unload(const char *name, char why[IMAGE_WHY_MAX]);
portico_status __wrap_swap_module(const char *name, const char *file, bool force,
                                  char why[IMAGE_WHY_MAX]);
portico_status __wrap_swap_rollback(const char *name, char why[IMAGE_WHY_MAX]);
portico_status __wrap_swap_preview(const char *name, const char *file,
                                   void (*say)(void *arg, const char *line), void *arg,
                                   char why[IMAGE_WHY_MAX]);
portico_status __wrap_log_reopen(char why[LOG_WHY_MAX]);
void __wrap_control_end(void);
bool __wrap_control_ending(void);
void __wrap_report_status(lines *to);
void __wrap_report_top(lines *to);
void __wrap_report_sessions(lines *to);
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

portico_status __wrap_swap_preview(const char *name, const char *file,
                                   void (*say)(void *arg, const char *line), void *arg,
                                   char why[IMAGE_WHY_MAX]) {
    say(arg, doing.text);
    return called("swap --plan", name, file, why, IMAGE_WHY_MAX);
}

portico_status __wrap_log_reopen(char why[LOG_WHY_MAX]) {
    return called("reopen-log", "", NULL, why, LOG_WHY_MAX);
}

void __wrap_control_end(void) {
    char why[1];
    (void)called("stop", "", NULL, why, sizeof why);
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

void __wrap_report_sessions(lines *to) {
    report(to);
}

void __wrap_report_modules(lines *to) {
    report(to);
}

struct session *__wrap_session_find(uint64_t id) {
    (void)id;
    return NULL;
}

/* ---- the session ----------------------------------------------------------------------------- */

/* One answer: lines that begin with "| ", then the last one. */
static void check_answer(bool ok) {
    char *at = host.answer;
    char *end = NULL;
    CHECK(host.size > 0 && host.answer[host.size - 1] == '\n');
    host.answer[host.size] = '\0';
    for (; (end = strchr(at, '\n')) != NULL && strncmp(at, "| ", 2) == 0; at = end + 1) {
        CHECK(text_is_plain(at, (size_t)(end - at)));
    }
    CHECK(end != NULL && end + 1 == host.answer + host.size);
    *end = '\0';
    CHECK(text_is_plain(at, strlen(at)));
    CHECK(strcmp(at, "ok") == 0 || (!ok && strncmp(at, "error ", 6) == 0));
}

/* The line's command was called at most once, with the words of the line. */
static void check_call(const char *line) {
    char right[8192];
    CHECK(doing.calls <= 1);
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
    (void)snprintf(right, sizeof right, "%.*s%s %s", (int)strcspn(line, " "), line,
                   plan    ? " --plan"
                   : force ? " --force"
                           : "",
                   rest);
    CHECK_TEXT(doing.call, right);
}

static void send_packet(void *state, const char *line, size_t size) {
    portico_packet packet = {.data = (const uint8_t *)line, .size = (uint32_t)size};
    host.size = 0;
    doing.calls = 0;
    host.type.on_packet((portico_session){SESSION}, state, &packet);
    control_drain();
}

static void start(void) {
    const portico_module *m = admin_module(token);
    CHECK(m->state.size == 0 && m->start == NULL && m->session_types.count == 1);
    memcpy(&host.type, m->session_types.rows, sizeof host.type);
    CHECK(host.type.on_packet != NULL);
    portico = &table;
    CHECK(log_start(&(log_options){.level = LOG_ERROR}));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (host.type.on_packet == NULL) {
        start();
    }
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
    void *state = calloc(1, host.type.state.size);
    CHECK(state != NULL);
    host.closed = false;
    if (trusted) {
        send_packet(state, "token 0123456789abcdef", 22);
        check_answer(true);
    }
    while (in.size > 0 && !host.closed) {
        const uint8_t *end = memchr(in.at, '\n', in.size);
        size_t line_size = end != NULL ? (size_t)(end - in.at) : in.size;
        char *line = input_line(&in);
        bool right = line_size == 22 && memcmp(line, "token 0123456789abcdef", 22) == 0;
        send_packet(state, line, line_size);
        CHECK(host.closed == (!trusted && !right));
        check_answer(false);
        CHECK(trusted || doing.calls == 0);
        check_call(line);
        trusted = trusted || right;
        free(line);
    }
    free(state);
    free(doing.text);
    return 0;
}
