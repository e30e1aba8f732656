/* signals.c: what does not ask the host to stop does not stop it: players stay connected through
 * SIGHUP, the user signals, and the end of the terminal in which the host was started. SIGTERM
 * stops it. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"
#include "support/scenario.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* False: there are no signals. */
static bool ignored(void) {
    static const char *const names[] = {"USR1", "USR2", "PIPE", "HUP"};
    host_options options = {
        .name = "signals", .modules = "echo", .listeners = {{"game", "echo.session", NULL}}};
    host *h = host_start(&options);
    net_socket player = net_connect(host_port(h, "game"));
    wire_expect_echo(player, WIRE_U16, 1, "here");
    if (!host_signal(h, names[0])) {
        host_stop(h);
        return false;
    }
    for (size_t i = 1; i < sizeof names / sizeof names[0]; i++) {
        CHECK(host_signal(h, names[i]));
    }
    host_wait_log(h, "SIGHUP is ignored: there is no log file", 1);
    wire_expect_echo(player, WIRE_U16, 2, "still here");
    CHECK(host_signal(h, "TERM"));
    host_finish(h, 0);
    net_close(player);
    return true;
}

/* The port of the listener `game`, once the host serves. */
static uint16_t wait_port(process *p, const char *ready) {
    uint64_t end_ms = clock_now_ms() + 60000;
    char *text = NULL;
    int exit_code = 0;
    while ((text = file_read(ready, NULL)) == NULL) {
        CHECK(!process_wait(p, 10, &exit_code));
        CHECK(clock_now_ms() < end_ms);
    }
    const char *address = strstr(text, "listener game ");
    CHECK(address != NULL && strchr(address, ':') != NULL);
    long port = strtol(strchr(address, ':') + 1, NULL, 10);
    free(text);
    return (uint16_t)port;
}

static void wait_text(const char *path, const char *text) {
    uint64_t end_ms = clock_now_ms() + 20000;
    bool found = false;
    while (!found) {
        char *all = file_read(path, NULL);
        found = all != NULL && strstr(all, text) != NULL;
        free(all);
        CHECK(clock_now_ms() < end_ms);
        clock_sleep_ms(5);
    }
}

static void terminal_closes(void) {
    char folder[1024];
    char ini[1100];
    char ready[1100];
    char log_file[1100];
    char text[2048];
    snprintf(folder, sizeof folder, "%s/signals-terminal", host_test_folder());
    snprintf(ini, sizeof ini, "%s/portico.ini", folder);
    snprintf(ready, sizeof ready, "%s/ready", folder);
    snprintf(log_file, sizeof log_file, "%s/portico.log", folder);
    folder_make(folder);
    file_remove(ready);
    file_remove(log_file);
    char module[1024];
    host_module_path("echo", module, sizeof module);
    snprintf(text, sizeof text,
             "[host]\nready_file = ready\nrun_dir = run\n[log]\nfile = portico.log\n"
             "[admin]\nenabled = no\n"
             "[modules]\nautoload = no\n[module echo]\nfile = %s\n"
             "[listener game]\naddress = 127.0.0.1\nport = 0\ntype = echo.session\n",
             module);
    file_write(ini, text, strlen(text));
    const char *arguments[] = {host_executable(), "run", ini, NULL};
    process_options options = {.terminal = true};
    process *p = process_start(arguments, &options);
    net_socket player = net_connect(wait_port(p, ready));
    wire_expect_echo(player, WIRE_U16, 1, "here");
    process_hang_up(p);
    wait_text(log_file, "reopened the log file"); /* SIGHUP has come */
    wire_expect_echo(player, WIRE_U16, 2, "still here");
    CHECK(process_signal(p, "TERM"));
    int exit_code = -1;
    CHECK(process_wait(p, 60000, &exit_code));
    CHECK_INT(exit_code, 0);
    wait_text(log_file, "stopped: 1 sessions opened, 1 closed");
    net_close(player);
    process_free(p);
}

SCENARIO(signals) {
    if (ignored()) {
        terminal_closes();
    } else {
        printf("skipped: there are no signals\n");
    }
}
