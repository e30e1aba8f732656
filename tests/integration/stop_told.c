/* stop_told.c: `ctl stop` waits until the host has ended, and says how: stopped in order, after
 * sessions were cut off, or stuck. Its exit code is the host's. It can be told not to wait or to
 * wait for some time only, and nothing changes for the host when it goes away. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_STUCK = 71, WAIT_MS = 60000, STICK_IN_ROOM = 2 };

static char text[8192];

static host *start(const char *name, const char *keys) {
    host_options options = {
        .name = name,
        .modules = "counts",
        .host_keys = keys,
        .listeners = {{"game", "sticks.session", NULL},
                      {"slow", "counts.session", "close_timeout_ms = 600000\n"}},
        .body = "[module sticks]\nfile = {tests}/sticks{so}\n",
    };
    return host_start(&options);
}

/* A client that does not hang up when the host has ended its side: it keeps its session until the
 * cut. */
static net_socket connect_slow(host *h) {
    net_socket s = net_connect(host_port(h, "slow"));
    wire_expect_echo(s, WIRE_U16, 1, "here");
    return s;
}

/* Closing alone would not do: programs that were started since may have the socket, too. */
static void hang_up(net_socket s) {
    net_half_close(s);
    net_close(s);
}

static void expect_words(const char *words) {
    if (strstr(text, words) == NULL) {
        fprintf(stderr, "ctl stop does not say \"%s\":\n%s", words, text);
    }
    CHECK(strstr(text, words) != NULL);
}

static int ctl_stop(host *h, const char *option) {
    return host_ctl(h, "stop", option, text, sizeof text);
}

static void in_order(void) {
    host *h = start("stop_told-order", "stop_timeout_ms = 60000\n");
    CHECK_INT(ctl_stop(h, NULL), 0);
    expect_words("the host stops: its process ends within 120.0 s");
    expect_words("stopped after ");
    expect_words(" s with exit code 0\n");
    CHECK_INT(host_wait_exit(h, WAIT_MS), 0);
    host_finish(h, 0);
}

static void cut_off(void) {
    host *h = start("stop_told-cut", "stop_timeout_ms = 3000\n");
    net_socket slow = connect_slow(h);
    net_socket quick = net_connect(host_port(h, "game"));
    wire_expect_echo(quick, WIRE_U16, 9, "here");
    net_close(quick);
    CHECK_INT(ctl_stop(h, NULL), 0);
    expect_words(
        "stop_timeout_ms has passed: 1 open session is closed at once, and the process ends "
        "within 3.0 s");
    expect_words(" s with exit code 0\n");
    CHECK_INT(host_wait_exit(h, WAIT_MS), 0);
    net_close(slow);
    host_finish(h, 0);
}

static void stuck(void) {
    host *h = start("stop_told-stuck", "stop_timeout_ms = 500\nwatchdog_ms = 200\n");
    net_socket s = net_connect(host_port(h, "game"));
    CHECK(wire_send(s, WIRE_U16, STICK_IN_ROOM, NULL, 0));
    host_wait_log(h, "sticks in a message of a room", 1);
    CHECK_INT(ctl_stop(h, NULL), EXIT_STUCK);
    expect_words("the process ends within 2.0 s");
    expect_words("\nthe stop has not ended after ");
    const char *last = strstr(text, "\nthe stop has not ended after ");
    CHECK(strstr(last, "\nwaits for sticks: message 1 of room ") != NULL);
    expect_words("\nthe process ends with exit code 71");
    CHECK_INT(host_wait_exit(h, WAIT_MS), EXIT_STUCK);
    net_close(s);
    host_drop(h);
}

/* ---- those who do not wait ------------------------------------------------------------------- */

static process *ctl_start(host *h, char path[1100]) {
    const char *arguments[] = {host_executable(), "ctl", "-c", host_ini(h), "stop", NULL};
    (void)snprintf(path, 1100, "%s/told.txt", host_folder(h));
    return process_start(arguments, &(process_options){.output_file = path});
}

static void await_words(const char *path, const char *words) {
    bool there = false;
    for (uint64_t end_ms = clock_now_ms() + WAIT_MS; !there; clock_sleep_ms(20)) {
        char *found = file_read(path, NULL);
        there = found != NULL && strstr(found, words) != NULL;
        free(found);
        CHECK(there || clock_now_ms() < end_ms);
    }
}

static void gone(void) {
    char path[1100];
    int code = -1;
    host *h = start("stop_told-gone", "stop_timeout_ms = 600000\n");
    const char *hurried[] = {host_executable(), "ctl", "-c",   host_ini(h),
                             "--timeout",       "0.5", "stop", NULL};
    net_socket slow = connect_slow(h);
    net_socket other = connect_slow(h);
    CHECK_INT(ctl_stop(h, "--no-wait"), 0);
    CHECK(strstr(text, "exit code") == NULL && strstr(text, "the host stops: ") != NULL);
    (void)snprintf(path, sizeof path, "%s/hurried.txt", host_folder(h));
    CHECK_INT(process_run(hurried, path, WAIT_MS), 1);
    await_words(path, "the host has not ended within the time of --timeout");
    process *killed = ctl_start(h, path);
    await_words(path, "the host stops: ");
    process_kill(killed);
    process_free(killed);
    process *waits = ctl_start(h, path);
    await_words(path, "the host stops: ");
    CHECK(host_alive(h));
    hang_up(other);
    await_words(path, " (closing sessions): 1 session is left\n");
    CHECK(host_alive(h));
    hang_up(slow);
    CHECK(process_wait(waits, WAIT_MS, &code));
    CHECK_INT(code, 0);
    process_free(waits);
    await_words(path, " s with exit code 0");
    CHECK_INT(host_wait_exit(h, WAIT_MS), 0);
    host_finish(h, 0);
}

SCENARIO(stop_told) {
    in_order();
    cut_off();
    stuck();
    gone();
}
