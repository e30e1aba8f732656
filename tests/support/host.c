/* host.c: see host.h. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "support/host.h"

#include "support/check.h"
#include "support/clock.h"
#include "support/environment.h"
#include "support/process.h"
#include "support/wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if !defined(_WIN32)
#include <unistd.h>
#endif

enum {
    PATH_MAX_BYTES = 1024,
    ANSWER_MAX = 1 << 20,
    SERVICES_MAX = 16,
    EXPECTED_MAX = 16,
    START_TIMEOUT_MS = 60000,
    STOP_TIMEOUT_MS = 60000,
    WAIT_TIMEOUT_MS = 20000
};

#if defined(_WIN32)
const char host_library_suffix[] = ".dll";
#else
const char host_library_suffix[] = ".so";
#endif

typedef struct service {
    char name[64];
    char address[80];
} service;

struct host {
    char folder[PATH_MAX_BYTES];
    char ini[PATH_MAX_BYTES + 16];
    char ready[PATH_MAX_BYTES + 16];
    char log[PATH_MAX_BYTES + 16];
    process *process;
    service services[SERVICES_MAX];
    int service_count;
    net_socket admin; /* stays open between commands; NET_NONE before the first */
    const char *expected[EXPECTED_MAX];
    int expected_count;
};

static _Noreturn void fail(host *h, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    char *log = file_read(h->log, NULL);
    if (log != NULL) {
        size_t size = strlen(log);
        fprintf(stderr, "\nthe end of %s:\n%s", h->log, size > 6000 ? log + size - 6000 : log);
        free(log);
    }
    exit(1);
}

const char *host_executable(void) {
    return environment("PORTICO_EXE");
}

const char *host_test_folder(void) {
    return environment("PORTICO_TEST_DIR");
}

void host_module_path(const char *name, char *path, size_t size) {
    snprintf(path, size, "%s/%s%s", environment("PORTICO_TEST_MODULES_DIR"), name,
             host_library_suffix);
    if (!file_exists(path)) {
        snprintf(path, size, "%s/%s%s", environment("PORTICO_MODULES_DIR"), name,
                 host_library_suffix);
    }
}

/* ---- the ini ----------------------------------------------------------------------------- */

static const char *placeholder_value(const host *h, const char *at, size_t *length) {
    static const char *const names[] = {"{modules}", "{tests}", "{so}", "{dir}"};
    const char *values[] = {environment("PORTICO_MODULES_DIR"),
                            environment("PORTICO_TEST_MODULES_DIR"), host_library_suffix,
                            h->folder};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(at, names[i], strlen(names[i])) == 0) {
            *length = strlen(names[i]);
            return values[i];
        }
    }
    return NULL;
}

static void write_expanded(const host *h, FILE *ini, const char *text) {
    while (*text != '\0') {
        size_t length = 0;
        const char *value = *text == '{' ? placeholder_value(h, text, &length) : NULL;
        if (value != NULL) {
            fputs(value, ini);
            text += length;
        } else {
            fputc(*text++, ini);
        }
    }
}

static void write_modules(FILE *ini, const char *modules) {
    char name[64];
    int used = 0;
    for (const char *at = modules; sscanf(at, "%63s%n", name, &used) == 1; at += used) {
        char path[PATH_MAX_BYTES];
        host_module_path(name, path, sizeof path);
        fprintf(ini, "[module %s]\nfile = %s\n", name, path);
    }
}

static void write_listeners(const host *h, FILE *ini, const host_listener *listeners) {
    for (size_t i = 0; i < HOST_LISTENERS_MAX && listeners[i].name != NULL; i++) {
        fprintf(ini, "[listener %s]\naddress = 127.0.0.1\nport = 0\ntype = %s\n", listeners[i].name,
                listeners[i].type);
        write_expanded(h, ini, listeners[i].keys != NULL ? listeners[i].keys : "");
    }
}

static void ini_write(const host *h, const host_options *options) {
    FILE *ini = fopen(h->ini, "wb");
    CHECK(ini != NULL);
    fprintf(ini, "[host]\nworkers = %u\nready_file = ready\nrun_dir = run\n",
            options->workers != 0 ? options->workers : 4);
    if (options->host_keys != NULL) {
        write_expanded(h, ini, options->host_keys);
    }
    bool level = options->log_keys != NULL && strstr(options->log_keys, "level =") != NULL;
    fprintf(ini, "[log]\n%scolour = never\n", level ? "" : "level = debug\n");
    if (options->log_keys != NULL) {
        write_expanded(h, ini, options->log_keys);
    }
    fprintf(ini, "[admin]\naddress = 127.0.0.1\nport = 0\ntoken = " HOST_TOKEN "\n");
    write_expanded(h, ini, options->admin_keys != NULL ? options->admin_keys : "");
    fprintf(ini, "[modules]\ndir = %s\nautoload = no\n", environment("PORTICO_MODULES_DIR"));
    if (options->module_keys != NULL) {
        write_expanded(h, ini, options->module_keys);
    }
    write_modules(ini, options->modules != NULL ? options->modules : "");
    write_listeners(h, ini, options->listeners);
    write_expanded(h, ini, options->body != NULL ? options->body : "");
    CHECK(fclose(ini) == 0);
}

static host *host_prepare(const host_options *options) {
    host *h = calloc(1, sizeof *h);
    CHECK(h != NULL);
    h->admin = NET_NONE;
    folder_make(host_test_folder());
    snprintf(h->folder, sizeof h->folder, "%s/%s", host_test_folder(), options->name);
    folder_make(h->folder);
    snprintf(h->ini, sizeof h->ini, "%s/portico.ini", h->folder);
    snprintf(h->ready, sizeof h->ready, "%s/ready", h->folder);
    snprintf(h->log, sizeof h->log, "%s/%s", h->folder,
             options->stdio == PROCESS_STDIO_FILE ? "output.txt" : "portico.log");
    file_remove(h->ready);
    file_write(h->log, "", 0); /* so that it can be read from now on */
    ini_write(h, options);
    const char *arguments[] = {host_executable(), "run", h->ini, NULL, NULL};
    if (options->supervised) {
        arguments[2] = "--supervise";
        arguments[3] = h->ini;
    }
    process_options how = {.stdio = options->stdio,
                           .output_file = h->log,
                           .file_limit = options->file_limit,
                           .handle_limit = options->handle_limit};
    h->process = process_start(arguments, &how);
    return h;
}

/* ---- starting ---------------------------------------------------------------------------- */

/* Reads "listener NAME ADDRESS", "admin ADDRESS" and "http ADDRESS". */
static void ready_parse(host *h, char *text) {
    for (char *line = strtok(text, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
        service *s = &h->services[h->service_count];
        CHECK(h->service_count < SERVICES_MAX);
        if (sscanf(line, "listener %63s %79s", s->name, s->address) == 2) {
            h->service_count++;
        } else if (sscanf(line, "admin %79s", s->address) == 1) {
            snprintf(s->name, sizeof s->name, "admin");
            h->service_count++;
        } else if (sscanf(line, "http %79s", s->address) == 1) {
            snprintf(s->name, sizeof s->name, "http");
            h->service_count++;
        }
    }
}

host *host_launch(const host_options *options) {
    process_raise_handle_limit();
    return host_prepare(options);
}

void host_await(host *h) {
    uint64_t end_ms = clock_now_ms() + START_TIMEOUT_MS;
    char *text = NULL;
    while ((text = file_read(h->ready, NULL)) == NULL) {
        int exit_code = 0;
        if (process_wait(h->process, 10, &exit_code)) {
            fail(h, "the host ended with exit code %d before it was ready", exit_code);
        }
        if (clock_now_ms() >= end_ms) {
            fail(h, "the host was not ready after %d ms", START_TIMEOUT_MS);
        }
    }
    ready_parse(h, text);
    free(text);
}

host *host_start(const host_options *options) {
    host *h = host_launch(options);
    host_await(h);
    return h;
}

int host_run_to_end(const host_options *options, char **log) {
    host *h = host_prepare(options);
    int exit_code = -1;
    if (!process_wait(h->process, START_TIMEOUT_MS, &exit_code)) {
        fail(h, "the host was expected to end");
    }
    *log = file_read(h->log, NULL);
    CHECK(*log != NULL);
    host_drop(h);
    return exit_code;
}

void host_read_ready(host *h) {
    char *text = file_read(h->ready, NULL);
    CHECK(text != NULL);
    h->service_count = 0;
    ready_parse(h, text);
    free(text);
}

static const service *service_find(const host *h, const char *name) {
    for (int i = 0; i < h->service_count; i++) {
        if (strcmp(h->services[i].name, name) == 0) {
            return &h->services[i];
        }
    }
    fprintf(stderr, "the ready file names no listener %s\n", name);
    exit(1);
}

uint16_t host_port(const host *h, const char *listener) {
    const char *colon = strrchr(service_find(h, listener)->address, ':');
    CHECK(colon != NULL);
    long port = strtol(colon + 1, NULL, 10);
    CHECK(port > 0 && port < 65536);
    return (uint16_t)port;
}

const char *host_address(const host *h, const char *listener) {
    return service_find(h, listener)->address;
}

const char *host_folder(const host *h) {
    return h->folder;
}

const char *host_ini(const host *h) {
    return h->ini;
}

uint32_t host_process_id(const host *h) {
    return process_id(h->process);
}

static void admin_drop(host *h) {
    if (h->admin != NET_NONE) {
        net_close(h->admin);
        h->admin = NET_NONE;
    }
}

uint32_t host_serving_id(const host *h) {
    char *text = file_read(h->ready, NULL);
    uint32_t id = text != NULL ? (uint32_t)strtoul(text + strlen("pid "), NULL, 10) : 0;
    free(text);
    return id;
}

void host_expect_null_stdio(const host *h) {
#if defined(_WIN32)
    (void)h;
#else
    for (int fd = 0; fd < 3; fd++) {
        char path[64];
        char target[256] = "";
        snprintf(path, sizeof path, "/proc/%u/fd/%d", host_serving_id(h), fd);
        CHECK(readlink(path, target, sizeof target - 1) > 0);
        CHECK_TEXT(target, "/dev/null");
    }
#endif
}

uint32_t host_wait_other(host *h, uint32_t id) {
    uint64_t end_ms = clock_now_ms() + START_TIMEOUT_MS;
    uint32_t now = 0;
    while ((now = host_serving_id(h)) == 0 || now == id) {
        if (clock_now_ms() >= end_ms) {
            fail(h, "no other process than %u has served after %d ms", id, START_TIMEOUT_MS);
        }
        clock_sleep_ms(10);
    }
    admin_drop(h);
    host_read_ready(h);
    return now;
}

/* ---- the admin listener ------------------------------------------------------------------ */

/* Collects "| " lines up to `ok` or `error`. -1: the connection ended first. */
static int admin_answer(host *h, char *answer, size_t size) {
    static char line[65536];
    size_t used = 0;
    answer[0] = '\0';
    while (wire_recv_line(h->admin, line, sizeof line)) {
        if (strcmp(line, "ok") == 0) {
            return 1;
        }
        if (strncmp(line, "error ", 6) == 0) {
            snprintf(answer, size, "%s", line + 6);
            return 0;
        }
        if (strncmp(line, "| ", 2) != 0 && strcmp(line, "|") != 0) {
            fail(h, "the admin listener answered a line that is none: %s", line);
        }
        int wrote = snprintf(answer + used, size - used, "%s\n", line[1] != '\0' ? line + 2 : "");
        used += wrote > 0 ? (size_t)wrote : 0;
        CHECK(used < size);
    }
    return -1;
}

static void admin_open(host *h, char *answer, size_t size) {
    h->admin = net_connect(host_port(h, "admin"));
    CHECK(wire_send_line(h->admin, "token " HOST_TOKEN));
    if (admin_answer(h, answer, size) != 1) {
        fail(h, "the admin listener refused the token: %s", answer);
    }
}

void host_sign_in(net_socket s) {
    char answer[512];
    CHECK(wire_send_line(s, "token " HOST_TOKEN));
    CHECK(wire_recv_line(s, answer, sizeof answer));
    CHECK_TEXT(answer, "ok");
}

void host_drop_admin(host *h) {
    admin_drop(h);
}

bool host_try_admin(host *h, const char *command, char *answer, size_t size) {
    static char kept[ANSWER_MAX];
    if (answer == NULL) {
        answer = kept;
        size = sizeof kept;
    }
    for (int attempt = 0; attempt < 2; attempt++) {
        if (h->admin == NET_NONE) {
            admin_open(h, answer, size);
        }
        int result = wire_send_line(h->admin, command) ? admin_answer(h, answer, size) : -1;
        if (result >= 0) {
            return result == 1;
        }
        net_close(h->admin); /* it has been idle too long: retry once on a new connection */
        h->admin = NET_NONE;
    }
    fail(h, "the admin listener does not answer %s", command);
}

void host_admin(host *h, const char *command, char *answer, size_t size) {
    static char kept[ANSWER_MAX];
    if (answer == NULL) {
        answer = kept;
        size = sizeof kept;
    }
    if (!host_try_admin(h, command, answer, size)) {
        fail(h, "%s was refused: %s", command, answer);
    }
}

int host_ctl(host *h, const char *command, const char *argument, char *output, size_t size) {
    char path[PATH_MAX_BYTES + 32];
    snprintf(path, sizeof path, "%s/ctl.txt", h->folder);
    const char *arguments[] = {host_executable(), "ctl", "-c", h->ini, command, argument, NULL};
    int exit_code = process_run(arguments, path, 60000);
    char *text = file_read(path, NULL);
    CHECK(text != NULL);
    snprintf(output, size, "%s", text);
    free(text);
    return exit_code;
}

/* The line of `answer` that begins with `start`, or NULL. */
static const char *line_find(const char *answer, const char *start) {
    size_t length = strlen(start);
    for (const char *line = answer; line != NULL && *line != '\0';) {
        if (strncmp(line, start, length) == 0) {
            return line;
        }
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return NULL;
}

static const char *figure_text(host *h, const char *answer, const char *name) {
    char start[128];
    snprintf(start, sizeof start, "%s ", name);
    const char *line = line_find(answer, start);
    if (line == NULL) {
        fail(h, "there is no figure %s:\n%s", name, answer);
    }
    return line + strlen(start);
}

int64_t host_figure_of(host *h, const char *answer, const char *name) {
    return strtoll(figure_text(h, answer, name), NULL, 10);
}

int64_t host_figure(host *h, const char *name) {
    static char answer[65536];
    host_admin(h, "status", answer, sizeof answer);
    return host_figure_of(h, answer, name);
}

int64_t host_cpu_us(host *h) {
    static char answer[65536];
    host_admin(h, "status", answer, sizeof answer);
    return (int64_t)(strtod(figure_text(h, answer, "cpu_seconds"), NULL) * 1e6);
}

int64_t host_cpu_ms(host *h) {
    return host_cpu_us(h) / 1000;
}

unsigned long long host_first_id(host *h, const char *command, char *answer, size_t size) {
    unsigned long long id = 0;
    host_admin(h, command, answer, size);
    CHECK_INT(sscanf(answer, "%llu ", &id), 1);
    return id;
}

void host_status_line(host *h, const char *start, char *line, size_t size) {
    static char answer[65536];
    host_admin(h, "status", answer, sizeof answer);
    const char *at = line_find(answer, start);
    if (at == NULL) {
        fail(h, "status has no line that begins with %s:\n%s", start, answer);
    }
    snprintf(line, size, "%.*s", (int)strcspn(at, "\r\n"), at);
}

void host_wait_status_line(host *h, const char *start, const char *part) {
    uint64_t end_ms = clock_now_ms() + WAIT_TIMEOUT_MS;
    char line[1024];
    for (;;) {
        host_status_line(h, start, line, sizeof line);
        if (strstr(line, part) != NULL) {
            return;
        }
        if (clock_now_ms() >= end_ms) {
            fail(h, "the line of status has no \"%s\": %s", part, line);
        }
        clock_sleep_ms(5);
    }
}

void host_wait_answer(host *h, const char *command, const char *part, char *answer, size_t size) {
    uint64_t end_ms = clock_now_ms() + WAIT_TIMEOUT_MS;
    for (;;) {
        host_admin(h, command, answer, size);
        if (strstr(answer, part) != NULL) {
            return;
        }
        if (clock_now_ms() >= end_ms) {
            fail(h, "the answer to %s has no \"%s\":\n%s", command, part, answer);
        }
        clock_sleep_ms(5);
    }
}

static void wait_figure(host *h, const char *name, int64_t least, int64_t most) {
    uint64_t end_ms = clock_now_ms() + WAIT_TIMEOUT_MS;
    for (;;) {
        int64_t found = host_figure(h, name);
        if (found >= least && found <= most) {
            return;
        }
        if (clock_now_ms() >= end_ms) {
            fail(h, "%s is %lld, expected from %lld to %lld", name, (long long)found,
                 (long long)least, (long long)most);
        }
        clock_sleep_ms(5);
    }
}

void host_wait_figure(host *h, const char *name, int64_t value) {
    wait_figure(h, name, value, value);
}

void host_wait_at_least(host *h, const char *name, int64_t value) {
    wait_figure(h, name, value, INT64_MAX);
}

void host_wait_at_most(host *h, const char *name, int64_t value) {
    wait_figure(h, name, INT64_MIN, value);
}

/* ---- the log ----------------------------------------------------------------------------- */

int host_log_count(host *h, const char *text) {
    char *log = file_read(h->log, NULL);
    CHECK(log != NULL);
    int count = 0;
    for (const char *at = log; (at = strstr(at, text)) != NULL; at += strlen(text)) {
        count++;
    }
    free(log);
    return count;
}

void host_wait_log(host *h, const char *text, int count) {
    uint64_t end_ms = clock_now_ms() + WAIT_TIMEOUT_MS;
    for (;;) {
        int found = host_log_count(h, text);
        if (found == count) {
            return;
        }
        if (found > count || clock_now_ms() >= end_ms) {
            fail(h, "\"%s\" is in the log %d times, expected %d", text, found, count);
        }
        clock_sleep_ms(10);
    }
}

void host_wait_log_some(host *h, const char *text, int count) {
    uint64_t end_ms = clock_now_ms() + WAIT_TIMEOUT_MS;
    int found = 0;
    while ((found = host_log_count(h, text)) < count) {
        if (clock_now_ms() >= end_ms) {
            fail(h, "\"%s\" is in the log %d times, expected %d or more", text, found, count);
        }
        clock_sleep_ms(10);
    }
}

/* A refused command is logged, too, and lines keep their order. */
int host_log_settled(host *h, const char *text) {
    static unsigned marks;
    char mark[64];
    snprintf(mark, sizeof mark, "kick 9%018u", ++marks); /* no session */
    (void)host_try_admin(h, mark, NULL, 0);
    host_wait_log_some(h, mark, 1);
    return host_log_count(h, text);
}

void host_wait_log_line(host *h, const char *text, char *line, size_t size) {
    host_wait_log_some(h, text, 1);
    CHECK(host_try_log_line(h, text, line, size));
}

bool host_try_log_line(host *h, const char *text, char *line, size_t size) {
    char *log = file_read(h->log, NULL);
    CHECK(log != NULL);
    const char *at = strstr(log, text);
    if (at != NULL) {
        const char *start = at;
        while (start > log && start[-1] != '\n') {
            start--;
        }
        snprintf(line, size, "%.*s", (int)strcspn(start, "\r\n"), start);
    }
    free(log);
    return at != NULL;
}

void host_expect_error(host *h, const char *text) {
    CHECK(h->expected_count < EXPECTED_MAX);
    h->expected[h->expected_count++] = text;
}

static bool line_is_expected(const host *h, const char *line) {
    for (int i = 0; i < h->expected_count; i++) {
        if (strstr(line, h->expected[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* The level is between spaces, before the line's text. */
static bool line_is_error(const char *line) {
    const char *level = strstr(line, " ERROR ");
    level = level != NULL ? level : strstr(line, " error ");
    return (level != NULL && level - line < 40) || strstr(line, "Sanitizer") != NULL;
}

int host_log_errors(host *h) {
    char *log = file_read(h->log, NULL);
    CHECK(log != NULL);
    int count = 0;
    for (const char *line = strtok(log, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
        count += line_is_error(line);
    }
    free(log);
    return count;
}

void host_wait_log_errors(host *h, int count) {
    uint64_t end_ms = clock_now_ms() + WAIT_TIMEOUT_MS;
    int found = 0;
    while ((found = host_log_errors(h)) != count) {
        if (found > count || clock_now_ms() >= end_ms) {
            fail(h, "the log has %d errors, expected %d", found, count);
        }
        clock_sleep_ms(10);
    }
}

static void log_check(host *h) {
    char *log = file_read(h->log, NULL);
    CHECK(log != NULL);
    for (char *line = strtok(log, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
        if (line_is_error(line) && !line_is_expected(h, line)) {
            fail(h, "an error in the log that this test does not expect:\n%s\n", line);
        }
    }
    free(log);
}

/* ---- the end ----------------------------------------------------------------------------- */

bool host_try_interrupt(host *h) {
    return process_interrupt(h->process);
}

bool host_interrupt(host *h) {
    if (host_try_interrupt(h)) {
        return true;
    }
    host_try_admin(h, "stop --no-wait", NULL, 0); /* does the same, but only once */
    return false;
}

bool host_signal(host *h, const char *name) {
    return process_signal(h->process, name);
}

bool host_limit_to(host *h, process_limit what, uint64_t more) {
    return process_limit_to(h->process, what, more);
}

void host_limit_lift(host *h, process_limit what) {
    process_limit_lift(h->process, what);
}

int host_wait_exit(host *h, uint32_t timeout_ms) {
    int exit_code = -1;
    if (!process_wait(h->process, timeout_ms, &exit_code)) {
        fail(h, "the host has not ended after %u ms", timeout_ms);
    }
    return exit_code;
}

bool host_alive(host *h) {
    int exit_code = 0;
    return !process_wait(h->process, 0, &exit_code);
}

void host_finish(host *h, int expected_exit_code) {
    admin_drop(h);
    int exit_code = host_wait_exit(h, STOP_TIMEOUT_MS);
    if (exit_code != expected_exit_code) {
        fail(h, "the host ended with exit code %d, expected %d", exit_code, expected_exit_code);
    }
    if (expected_exit_code == 0) {
        log_check(h);
        if (file_exists(h->ready)) {
            fail(h, "the ready file is still there");
        }
    }
    host_drop(h);
}

void host_stop(host *h) {
    host_interrupt(h);
    host_finish(h, 0);
}

void host_drop(host *h) {
    admin_drop(h);
    process_free(h->process);
    free(h);
}
