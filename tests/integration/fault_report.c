/* fault_report.c: what is told about a fault: a block in the log, a file that a later host keeps,
 * `ctl faults`, `ctl modules` and the counters; and that a log in JSON stays one. */
#include "support/check.h"
#include "support/faults.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS = 2000, THROWS = 20 };

static char text[65536];

static void has_not(const char *in, const char *part) {
    if (strstr(in, part) != NULL) {
        (void)fprintf(stderr, "\"%s\" is in:\n%s\n", part, in);
        exit(1);
    }
}

/* The path of the latest report, from `ctl faults 1`. */
static const char *report_path(host *h) {
    static char path[1200];
    host_admin(h, "faults 1", text, sizeof text);
    const char *at = strstr(text, "\n  ");
    CHECK(at != NULL);
    (void)snprintf(path, sizeof path, "%.*s", (int)strcspn(at + 3, "\n"), at + 3);
    return path;
}

static void check_file(host *h) {
    char *report = file_read(report_path(h), NULL);
    CHECK(report != NULL);
    CHECK_HAS(report, "bad address (NULL: it reads 0x0) in opcode 2");
    CHECK_HAS(report, "of faulty 1, generation 1\n");
    CHECK_HAS(report, "\n  at        fault"); /* or a function that is inlined there */
    CHECK_HAS(report,
              "\n  decided   the session that it served closes, everybody else stays connected\n");
    CHECK_HAS(report, "\n  restored  1 state is what it was before the call\n");
    CHECK_HAS(report, "\n  call      opcode 2");
    CHECK_HAS(report, ", type faulty.session, peer 127.0.0.1:");
    CHECK_HAS(report, "\n  packet    ");
    CHECK_HAS(report, ", serves since 20");
    CHECK_HAS(report, "\n  report    ");
    CHECK_HAS(report, "\n  backtrace, the innermost call first\n     0  faulty");
    CHECK_HAS(report, "\n  registers\n     r");
    CHECK_HAS(report, "\n  last calls of the module, the latest first\n     opcode 2 of ");
    CHECK_HAS(report, "\n     opcode 1 of ");
    free(report);
}

/* One fault, everywhere. */
static void one_fault(host *h) {
    net_socket other = faults_connect(h, "game", 1);
    net_socket s = faults_connect(h, "game", 1);
    host_admin(h, "faults", text, sizeof text);
    CHECK_HAS(text, "no module has faulted");
    host_admin(h, "modules", text, sizeof text);
    has_not(text, "faults ");
    (void)faults_echo(s, 1);
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_READ);
    CHECK(faults_ended(s));
    host_wait_log(h, "bad address (NULL: it reads 0x0) in opcode 2", 1);
    host_wait_log(h, "  last calls of the module", 1);
    host_wait_figure(h, "module_faults", 1);
    host_wait_figure(h, "faults_closed", 1);
    CHECK_INT(host_figure(h, "faults_frozen"), 0);
    check_file(h);
    host_admin(h, "faults 1", text, sizeof text);
    CHECK_HAS(text, " s ago: bad address (NULL: it reads 0x0) in opcode 2");
    CHECK_HAS(text, "session closed");
    host_admin(h, "modules", text, sizeof text);
    CHECK_HAS(text, "\n  module_faults 1: see `ctl faults`");
    CHECK_INT(host_ctl(h, "faults", "1", text, sizeof text), 0);
    CHECK_INT(host_ctl(h, "faults", "one", text, sizeof text), 2);
    CHECK_HAS(text, "usage: faults [N]");
    (void)faults_echo(other, 2);
    net_close(other);
}

/* Faults of one kind without end: one report, and their number. */
static void many_faults(host *h) {
    char counted[64];
    net_socket s = faults_connect(h, "game", 1);
    CHECK_INT(faults_join(s, "hall"), 0);
    for (int i = 0; i < FAULTS; i++) {
        faults_post(s, FAULTY_OF_ROOM, FAULTY_DIVIDE, 0);
    }
    host_wait_figure(h, "module_faults", 1 + FAULTS);
    host_wait_log(h, "division by zero in ", 1);
    host_wait_log(h, "  last calls of the module", 2);
    (void)snprintf(counted, sizeof counted, ", and %d,%03d more like it", (FAULTS - 1) / 1000,
                   (FAULTS - 1) % 1000);
    host_wait_answer(h, "faults", counted, text, sizeof text);
    CHECK_HAS(text, "bad address (NULL");
    net_close(s);
}

static host *start(const char *name, const char *log_keys) {
    const faults_options options = {
        .name = name, .module_keys = faults_no_policy, .log_keys = log_keys};
    return faults_host(&options);
}

/* A build on probation without another one to go back to. */
static void frozen(void) {
    const faults_options options = {.name = "frozen"};
    host *h = faults_host(&options);
    net_socket s = faults_connect(h, "game", 1);
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_WRITE);
    host_wait_figure(h, "faults_frozen", 1);
    host_wait_log(h, "  decided   the module waits for its next build or ctl thaw", 1);
    host_admin(h, "modules", text, sizeof text);
    CHECK_HAS(text, "\n  module_faults 1: see `ctl faults`\n  frozen since 20");
    CHECK_HAS(text, ": waits for its next build or `ctl thaw faulty`");
    host_wait_log(h, "  last calls of the module", 1);
    host_admin(h, "faults", text, sizeof text);
    CHECK_HAS(text, ": frozen\n");
    host_admin(h, "thaw faulty", text, sizeof text);
    host_admin(h, "modules", text, sizeof text);
    has_not(text, "frozen since");
    (void)faults_echo(s, 3);
    net_close(s);
    host_stop(h);
}

#if !defined(_WIN32)

/* The report names an exception with its what(). The C++ library itself writes nothing to
 * stderr, where nobody may read. */
static void uncaught(void) {
    static const char exception[] =
        "An exception was not caught: std::runtime_error: a module that "
        "throws.";
    host *h = start("uncaught", NULL);
    net_socket s = faults_connect(h, "game", 1);
    CHECK_INT(faults_join(s, "hall"), 0);
    for (int i = 0; i < THROWS; i++) {
        faults_post(s, FAULTY_OF_ROOM, FAULTY_THROW, 0);
    }
    faults_post(s, FAULTY_OF_ROOM, FAULTY_DIVIDE, 0);
    host_wait_log(h, "division by zero in ", 1); /* without a C++ compiler the others return */
    if (host_figure(h, "module_faults") > 1) {
        host_wait_figure(h, "module_faults", THROWS + 1);
        host_wait_log(h, exception, 1);
        CHECK_INT(host_log_settled(h, "terminate called"), 0);
    }
    net_close(s);
    host_stop(h);
}

#endif

/* Whether the line is an object with the four members, all of them texts. */
static bool is_json_line(const char *line) {
    static const char *const keys[] = {"{\"time\":\"", ",\"level\":\"", ",\"source\":\"",
                                       ",\"text\":\""};
    for (int i = 0; i < 4; i++) {
        if (strncmp(line, keys[i], strlen(keys[i])) != 0) {
            return false;
        }
        for (line += strlen(keys[i]); *line != '"'; line++) {
            if ((unsigned char)*line < 0x20) {
                return false;
            }
            line += *line == '\\' && line[1] != '\0';
        }
        line++;
    }
    return strcmp(line, "}") == 0;
}

static void log_in_json(void) {
    host *h = start("json", "format = json\n");
    net_socket s = faults_connect(h, "game", 1);
    char path[1200];
    char *log;
    int lines = 0;
    faults_send(s, FAULTY_FAULT, FAULTY_ASSERT);
    CHECK(faults_ended(s));
    host_wait_log(h, "  last calls of the module", 1);
    (void)snprintf(path, sizeof path, "%s/output.txt", host_folder(h));
    log = file_read(path, NULL);
    CHECK(log != NULL);
    for (char *line = strtok(log, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
        if (!is_json_line(line)) {
            (void)fprintf(stderr, "no JSON: %s\n", line);
            exit(1);
        }
        lines++;
    }
    CHECK(lines > 20);
    free(log);
    host_stop(h);
}

SCENARIO(fault_report) {
    char folder[1200];
    char counted[64];
    host *h = start("report", NULL);
    (void)snprintf(folder, sizeof folder, "%s/run/faults", host_folder(h));
    int before = folder_count(folder, ""); /* of an earlier run of this test */
    one_fault(h);
    many_faults(h);
    CHECK_INT(folder_count(folder, ""), before + 2);
    (void)host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 20000), 0);
    (void)snprintf(counted, sizeof counted, "%d,%03d more like it in ", (FAULTS - 1) / 1000,
                   (FAULTS - 1) % 1000);
    host_wait_log(h, counted, 1);
    host_finish(h, 0);
    h = start("report", NULL);
    CHECK_INT(folder_count(folder, ""), before + 2);
    host_stop(h);
    frozen();
    log_in_json();
#if !defined(_WIN32)
    uncaught();
#endif
}
