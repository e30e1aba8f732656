/* Children: their pipes, arguments, ends and what they inherit. Each child runs this scenario with
 * the name of a mode. */
#include "contract.h"

#include "os/child.h"

#include "support/clock.h"

#if !defined(_WIN32)
#include <unistd.h>
#endif

enum { WAIT_MS = 20000, SHORT_MS = 50, BIG_BYTES = 300 * 1000, NOTES = 3000 };

static const char held_file[] = "child_held.txt";

/* ---- the modes of children ------------------------------------------------------------------- */

static void child_echo(void) {
    int byte = 0;
    while ((byte = getchar()) != EOF) {
        putchar(byte);
        if (byte == '\n') {
            fflush(stdout);
        }
    }
    os_exit(3);
}

static void child_arguments(void) {
    for (int i = 1; scenario_argument(i) != NULL; i++) {
        printf("[%s]", scenario_argument(i));
    }
    fflush(stdout);
}

static void child_crash(void) {
    *(volatile char *)(uintptr_t)scenario_argument(1) = 1; /* there is none: NULL */
}

/* Noise on the standard streams must not reach the parent. */
static void child_take(void) {
    char bytes[256];
    size_t size = 0;
    CHECK_OK(os_parent_take());
    printf("noise");
    fflush(stdout);
    CHECK_EQ(getchar(), EOF);
    while (os_parent_read(bytes, sizeof bytes, &size) == PORTICO_OK) {
        CHECK_OK(os_parent_write(bytes, size));
    }
    os_exit(4);
}

/* Notes wake nobody and outlive the child. */
static void child_notes(void) {
    CHECK_OK(os_parent_take());
    os_parent_note(7);
    fprintf(stderr, "noise");
    fflush(stderr);
    for (int i = 0; i < NOTES; i++) {
        os_parent_note(9);
    }
    os_sleep(SHORT_MS);
    CHECK_OK(os_parent_write("n", 1));
    os_parent_note(200);
    os_exit(4);
}

/* Text that foreign code writes before os_parent_take is no note. */
static void child_prints(void) {
    fprintf(stderr, "cannot be preloaded: ignored.\n");
    fflush(stderr);
    CHECK_OK(os_parent_take());
    CHECK_OK(os_parent_write("p", 1));
    char byte = 0;
    size_t size = 0;
    CHECK_OK(os_parent_read(&byte, 1, &size));
    os_parent_note(11);
    os_exit(5);
}

static void child_stuck(void) {
    CHECK_OK(os_parent_take());
    FILE *held = os_fopen(held_file, "w");
    CHECK(held != NULL);
    CHECK_OK(os_parent_write("s", 1));
    os_sleep(CONTRACT_WATCHDOG_MS);
}

/* Has a child that is stuck, and is stuck itself. */
static void child_nests(void) {
    static const char *const stuck[] = {"child", "stuck", NULL};
    os_child *child = NULL;
    char byte = 0;
    size_t size = 0;
    CHECK_OK(os_child_start(stuck, OS_CHILD_PIPES, &child));
    CHECK_OK(os_child_read(child, &byte, 1, WAIT_MS, &size));
    putchar('n');
    fflush(stdout);
    os_sleep(CONTRACT_WATCHDOG_MS);
}

static void on_stop(void) {
    os_exit(5);
}

static void child_serves(void) {
    CHECK_OK(os_on_signals(on_stop, NULL));
    FILE *ready = os_fopen(held_file, "w");
    CHECK(ready != NULL);
    os_sleep(CONTRACT_WATCHDOG_MS);
}

static void child_forks(void) {
    bool forked = false;
    CHECK_OK(os_parent_take());
    CHECK(!os_parent_forked());
#if !defined(_WIN32)
    if (fork() == 0) {
        (void)os_parent_write("copy", 4);
        os_exit(0);
    }
    os_sleep(SHORT_MS);
    forked = true;
#endif
    CHECK_OK(os_parent_write(os_parent_forked() == forked ? "y" : "n", 1));
}

static void child_main(const char *mode) {
    static const struct {
        const char *name;
        void (*run)(void);
    } modes[] = {{"echo", child_echo},     {"arguments", child_arguments}, {"crash", child_crash},
                 {"take", child_take},     {"stuck", child_stuck},         {"nests", child_nests},
                 {"serves", child_serves}, {"forks", child_forks},         {"notes", child_notes},
                 {"prints", child_prints}};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(modes[i].name, mode) == 0) {
            modes[i].run();
            return;
        }
    }
    contract_fail(__FILE__, __LINE__, "no such mode");
}

/* ---- the parent ------------------------------------------------------------------------------ */

static os_child *begin(const char *mode, os_child_io io) {
    const char *const arguments[] = {"child", mode, NULL};
    os_child *child = NULL;
    CHECK_OK(os_child_start(arguments, io, &child));
    CHECK(os_child_id(child) != 0 && os_child_id(child) != os_process_id());
    return child;
}

static void expect_text(os_child *child, const char *expected) {
    char text[256];
    size_t used = 0;
    size_t wanted = strlen(expected);
    CHECK(wanted < sizeof text);
    while (used < wanted) {
        size_t size = 0;
        CHECK_OK(os_child_read(child, text + used, wanted - used, WAIT_MS, &size));
        CHECK(size > 0 && size <= wanted - used);
        used += size;
    }
    text[used] = '\0';
    if (strcmp(text, expected) != 0) {
        contract_fail(__FILE__, __LINE__, text);
    }
}

static void expect_closed(os_child *child) {
    char byte = 0;
    size_t size = 1;
    CHECK_STATUS(os_child_read(child, &byte, 1, WAIT_MS, &size), PORTICO_E_CLOSED);
    CHECK_EQ(size, 0);
}

static void expect_timeout(os_child *child) {
    char byte = 0;
    size_t size = 1;
    CHECK_STATUS(os_child_read(child, &byte, 1, SHORT_MS, &size), PORTICO_E_TIMEOUT);
    CHECK_EQ(size, 0);
}

/* Waits for the end and frees. `text` NULL: any. */
static void expect_end(os_child *child, int32_t code, bool crashed, const char *text) {
    os_child_end end = {0};
    os_child_end again = {0};
    CHECK(os_child_wait(child, WAIT_MS, &end));
    CHECK(os_child_wait(child, 0, &again));
    CHECK_EQ(again.code, end.code);
    if (text != NULL && strcmp(end.text, text) != 0) {
        contract_fail(__FILE__, __LINE__, end.text);
    }
    CHECK_EQ(end.code, code);
    CHECK_EQ(end.crashed, crashed);
    os_child_stop(child, true); /* no matter */
    os_child_free(child);
}

/* More than the pipes hold, in both directions. */
static void check_echo(void) {
    static char line[1000];
    static char back[1000];
    os_child *child = begin("echo", OS_CHILD_PIPES);
    os_child_end end;
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    expect_timeout(child);
    CHECK(!os_child_wait(child, SHORT_MS, &end));
    for (size_t sent = 0; sent < BIG_BYTES; sent += sizeof line) {
        size_t used = 0;
        CHECK_OK(os_child_write(child, line, sizeof line));
        while (used < sizeof back) {
            size_t size = 0;
            CHECK_OK(os_child_read(child, back + used, sizeof back - used, WAIT_MS, &size));
            used += size;
        }
        CHECK(memcmp(line, back, sizeof back) == 0);
    }
    expect_timeout(child);
    os_child_free(child);
    os_child_free(NULL);
}

static void check_arguments(void) {
    static const char *const arguments[] = {"child",    "arguments",  "a b",        "",
                                            "\"q\"",    "end\\",      "a\\b",       "\\\\\"x\\\"",
                                            "\xc3\xa4", "*.c ?.h $x", "'y' %PATH%", NULL};
    os_child *child = NULL;
    CHECK_OK(os_child_start(arguments, OS_CHILD_PIPES, &child));
    for (int i = 2; arguments[i] != NULL; i++) {
        char text[64];
        snprintf(text, sizeof text, "[%s]", arguments[i]);
        expect_text(child, text);
    }
    expect_closed(child);
    expect_end(child, 0, false, "exit code 0");
}

static void check_crash(void) {
    os_child *child = begin("crash", OS_CHILD_PIPES);
    expect_closed(child);
    if (scale_sanitized()) { /* the sanitizer ends it */
        os_child_end end;
        CHECK(os_child_wait(child, WAIT_MS, &end));
        CHECK(end.code != 0);
        os_child_free(child);
        return;
    }
#if defined(_WIN32)
    expect_end(child, (int32_t)0xC0000005, true, "exception C0000005");
#else
    expect_end(child, 11, true, "signal 11 (SIGSEGV)");
#endif
}

static void check_take(void) {
    os_child *child = begin("take", OS_CHILD_PIPES);
    CHECK_OK(os_child_write(child, "hello", 5));
    expect_text(child, "hello");
    expect_timeout(child);
    os_child_free(child);
    child = begin("forks", OS_CHILD_PIPES);
    expect_text(child, "y");
    expect_closed(child);
    expect_end(child, 0, false, "exit code 0");
}

static void check_notes(void) {
    os_child *child = begin("notes", OS_CHILD_PIPES);
    os_child_end end;
    expect_text(child, "n");
    uint8_t note = os_child_note(child);
    CHECK(note == 9 || note == 200);
    CHECK(os_child_wait(child, WAIT_MS, &end));
    CHECK_EQ(end.code, 4);
    CHECK_EQ(os_child_note(child), note == 9 ? 200 : 0);
    CHECK_EQ(os_child_note(child), 0);
    os_child_free(child);
}

static void check_note_after_text(void) {
    os_child *child = begin("prints", OS_CHILD_PIPES);
    os_child_end end;
    expect_text(child, "p");
    CHECK_EQ(os_child_note(child), 0);
    CHECK_OK(os_child_write(child, "n", 1));
    CHECK(os_child_wait(child, WAIT_MS, &end));
    CHECK_EQ(end.code, 5);
    CHECK_EQ(os_child_note(child), 11);
    os_child_free(child);
}

/* Writing to a child that has ended. */
static void check_write_closed(void) {
    os_child *child = begin("arguments", OS_CHILD_PIPES);
    os_child_end end;
    CHECK(os_child_wait(child, WAIT_MS, &end));
    CHECK_STATUS(os_child_write(child, "x", 1), PORTICO_E_CLOSED);
    expect_closed(child);
    os_child_free(child);
}

static void wait_held(bool held) {
    uint64_t until_ms = os_monotonic_ms() + WAIT_MS;
    while (os_file_is_written(held_file) != held) {
        CHECK(os_monotonic_ms() < until_ms);
        os_sleep(10);
    }
}

/* The child that is stuck has the file open. */
static void check_stuck(void) {
    (void)os_file_remove(held_file);
    os_child *child = begin("stuck", OS_CHILD_PIPES);
    expect_text(child, "s");
    CHECK(os_file_is_written(held_file));
    os_child_free(child);
    wait_held(false);

    child = begin("nests", OS_CHILD_PIPES);
    expect_text(child, "n");
    CHECK(os_file_is_written(held_file));
    os_child_stop(child, true); /* its own child ends, too */
    wait_held(false);
    os_child_free(child);
}

static void check_stop(void) {
    CHECK_OK(os_file_remove(held_file));
    os_child *child = begin("serves", OS_CHILD_INHERITS);
    wait_held(true);
    os_child_stop(child, false);
    expect_end(child, 5, false, "exit code 5");
    child = begin("serves", OS_CHILD_INHERITS);
    wait_held(true);
    os_child_stop(child, true);
    os_child_end end;
    CHECK(os_child_wait(child, WAIT_MS, &end));
    CHECK(end.code != 5 && end.code != 0);
    os_child_free(child);
}

/* A child has neither the host's sockets nor a file that foreign code has opened. */
static void check_inherits(void) {
    os_address address;
    os_listen_options options = {.backlog = 1, .reuse_address = true};
    os_port *port = contract_port();
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    FILE *file = fopen(held_file, "w");
    CHECK(listener != NULL && file != NULL);
    os_child *child = begin("take", OS_CHILD_PIPES);
    fclose(file);
    os_close(listener, false);
    CHECK_OK(os_child_write(child, "x", 1));
    expect_text(child, "x");
    CHECK(!os_file_is_written(held_file));
    CHECK_OK(os_listen(port, &address, &options, &listener));
    os_close(listener, false);
    os_port_destroy(port);
    os_child_free(child);
    CHECK_OK(os_file_remove(held_file));
}

/* The simulation has no processes. */
static bool is_simulated(void) {
    char path[1024];
    os_child *child = NULL;
    const char *const arguments[] = {"child", "echo", NULL};
    CHECK_OK(os_executable_path(path, sizeof path));
    if (strstr(path, "contract-sim") == NULL) {
        return false;
    }
    CHECK_STATUS(os_child_start(arguments, OS_CHILD_PIPES, &child), PORTICO_E_STATE);
    CHECK(child == NULL);
    return true;
}

SCENARIO(child) {
    const char *mode = scenario_argument(0);
    if (mode != NULL) {
        child_main(mode);
        return;
    }
    if (is_simulated()) {
        return;
    }
    check_echo();
    check_arguments();
    check_crash();
    check_take();
    check_notes();
    check_note_after_text();
    check_write_closed();
    check_stuck();
    check_stop();
    check_inherits();
}
