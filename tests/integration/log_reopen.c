/* log_reopen.c: a log file that another program has renamed is reopened under its name by `ctl
 * reopen-log` and, where there are signals, by SIGHUP. No line is lost: the files together hold the
 * lines that went to the terminal. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/scenario.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 5, CLIENTS = 40 };

static host *h;
static char log_file[1200];

static host *start(const char *name, const char *log_keys) {
    host_options options = {.name = name,
                            .modules = "echo",
                            .listeners = {{"game", "echo.session", NULL}},
                            .log_keys = log_keys};
    return host_start(&options);
}

/* Each leaves a line when it disconnects, possibly after this returns. */
static void visitors(void) {
    for (int i = 0; i < CLIENTS; i++) {
        net_close(net_connect(host_port(h, "game")));
    }
}

static void by_signal(void) {
    CHECK(host_signal(h, "HUP"));
}

static void by_ctl(void) {
    char answer[1024];
    CHECK_INT(host_ctl(h, "reopen-log", NULL, answer, sizeof answer), 0);
}

/* Renames the file as logrotate does, and waits until it exists again. */
static void rotate(int round, void (*reopen)(void)) {
    char old[1300];
    snprintf(old, sizeof old, "%s.%d", log_file, round);
    file_remove(old);
    visitors();
    CHECK_INT(rename(log_file, old), 0);
    visitors();
    reopen();
    uint64_t end_ms = clock_now_ms() + 20000;
    while (!file_exists(log_file)) {
        CHECK(clock_now_ms() < end_ms);
        clock_sleep_ms(2);
    }
    visitors();
}

/* Without the carriage returns that Windows' C library adds to a terminal's lines. */
static char *read_text(const char *path) {
    char *text = file_read(path, NULL);
    CHECK(text != NULL);
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        *to = *from;
        to += *from != '\r';
    }
    *to = '\0';
    return text;
}

/* The terminal's lines are those of the files, in the same order. */
static void compare(int rounds) {
    char path[1300];
    snprintf(path, sizeof path, "%s/output.txt", host_folder(h));
    char *shown = read_text(path);
    const char *at = shown;
    for (int i = 0; i <= rounds; i++) {
        snprintf(path, sizeof path, i < rounds ? "%s.%d" : "%s", log_file, i);
        char *part = read_text(path);
        CHECK(part[0] != '\0');
        CHECK(strncmp(at, part, strlen(part)) == 0);
        at += strlen(part);
        free(part);
    }
    CHECK_INT(*at, '\0');
    free(shown);
}

static void no_file(void) {
    char answer[1024];
    h = start("log_reopen-none", NULL);
    CHECK_INT(host_ctl(h, "reopen-log", NULL, answer, sizeof answer), 1);
    CHECK(strstr(answer, "[log] file is not set") != NULL);
    host_stop(h);
}

SCENARIO(log_reopen) {
    char folder[1100];
    snprintf(folder, sizeof folder, "%s/log_reopen", host_test_folder());
    snprintf(log_file, sizeof log_file, "%s/portico.log", folder);
    file_remove(log_file);
    h = start("log_reopen", "file = portico.log\n");
    int round = 0;
    for (; round < ROUNDS; round++) {
        rotate(round, by_ctl);
    }
    if (host_signal(h, "HUP")) {
        for (; round < 2 * ROUNDS; round++) {
            rotate(round, by_signal);
        }
    }
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    CHECK_INT(host_log_count(h, "reopened the log file") >= round, 1);
    compare(round);
    host_finish(h, 0);
    no_file();
}
