/* faults.c: see faults.h. */
#include "support/faults.h"

#include "support/check.h"
#include "support/clock.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char faults_no_policy[] = "probation_s = 0\nfault_limit = 0\n";

enum { TEXT = 4096, EXIT_FAULT = 70 };

/* Appends a section for each module of the list. */
static void write_modules(char *body, const char *modules, const char *keys) {
    char name[64];
    int used = 0;
    for (const char *at = modules; sscanf(at, "%63s%n", name, &used) == 1; at += used) {
        size_t size = strlen(body);
        (void)snprintf(body + size, TEXT - size,
                       "[module %s]\nfile = {tests}/%s{so}\nplan = {dir}/plan.txt\n%s", name, name,
                       keys != NULL ? keys : "");
    }
}

static void write_plan(const char *folder, const char *text) {
    char path[1100];
    (void)snprintf(path, sizeof path, "%s/plan.txt", folder);
    file_write(path, text, strlen(text));
}

host *faults_host(const faults_options *options) {
    static const char keys[] = "framing = u16\nmax_sessions = 2000\nmax_per_address = 2000\n"
                               "send_limit_bytes = 1M\nsend_buffer_bytes = 16K\n";
    static const char narrow[] = "framing = u16\nmax_sessions = 2000\nmax_per_address = 2000\n"
                                 "send_limit_bytes = 64K\nsend_buffer_bytes = 16K\n";
    static const char hasty[] = "framing = u16\nidle_timeout_s = 4\nframe_timeout_s = 4\n";
    char body[TEXT] = "";
    char folder[1024];
    host_options how = {
        .name = options->name,
        .workers = options->workers,
        .modules = "",
        .host_keys = options->host_keys,
        .log_keys = options->log_keys,
        .admin_keys = options->admin_keys,
        .module_keys = options->module_keys,
        .stdio = options->stdio,
        .listeners = {{"game", "faulty.session", keys},
                      {"victims", "faulty.session", narrow},
                      {"large", "faulty.large", keys},
                      {"hasty", "faulty.session", hasty}},
        .body = body,
    };
    write_modules(body, options->modules != NULL ? options->modules : "faulty", options->each_keys);
    folder_make(host_test_folder());
    (void)snprintf(folder, sizeof folder, "%s/%s", host_test_folder(), options->name);
    folder_make(folder);
    write_plan(folder, "");
    host *h = host_start(&how);
    host_expect_error(h, "faulty");
    return h;
}

void faults_plan_file(host *h, const char *text) {
    write_plan(host_folder(h), text);
}

net_socket faults_connect(host *h, const char *listener, uint32_t generation) {
    net_socket s = net_connect(host_port(h, listener));
    uint32_t opened_by = 0;
    CHECK_INT(wire_wait(s, FAULTY_HELLO, &opened_by, sizeof opened_by), sizeof opened_by);
    CHECK(generation == 0 || opened_by == generation);
    return s;
}

void faults_send(net_socket s, uint16_t opcode, uint32_t number) {
    CHECK(wire_send(s, WIRE_U16, opcode, &number, sizeof number));
}

faulty_echo faults_echo(net_socket s, uint32_t number) {
    faulty_echo echo = {0};
    CHECK_INT(wire_ask(s, FAULTY_ECHO, &number, sizeof number, &echo, sizeof echo), sizeof echo);
    CHECK_INT(echo.number, number);
    CHECK_INT(echo.begun, echo.done);
    return echo;
}

void faults_plan(net_socket s, uint32_t entry, uint32_t kind, uint32_t times) {
    faulty_plan plan = {entry, kind, times};
    faulty_plan answer = {0};
    CHECK_INT(wire_ask(s, FAULTY_PLAN, &plan, sizeof plan, &answer, sizeof answer), sizeof answer);
}

faulty_shown faults_show(net_socket s, uint32_t of) {
    faulty_shown shown = {0};
    CHECK_INT(wire_ask(s, FAULTY_SHOW, &of, sizeof of, &shown, sizeof shown), sizeof shown);
    CHECK_INT(shown.of, of);
    return shown;
}

faulty_shown faults_show_whole(net_socket s, uint32_t of) {
    faulty_shown shown = faults_show(s, of);
    CHECK_INT(shown.begun, shown.done);
    CHECK_INT(shown.scratch, 0);
    CHECK(shown.sum < 1000000);
    return shown;
}

void faults_post(net_socket s, uint32_t to, uint32_t kind, uint32_t delay_ms) {
    faulty_post post = {to, kind, delay_ms};
    CHECK(wire_send(s, WIRE_U16, FAULTY_POST, &post, sizeof post));
}

faulty_reply faults_request(net_socket s, uint32_t to, uint32_t kind, uint32_t timeout_ms) {
    faulty_post post = {to, kind, timeout_ms};
    faulty_reply reply = {0};
    CHECK_INT(wire_ask(s, FAULTY_REQUEST, &post, sizeof post, &reply, sizeof reply), sizeof reply);
    return reply;
}

faulty_reply faults_run(net_socket s, uint32_t kind) {
    faulty_reply reply = {0};
    CHECK_INT(wire_ask(s, FAULTY_RUN, &kind, sizeof kind, &reply, sizeof reply), sizeof reply);
    return reply;
}

int32_t faults_join(net_socket s, const char *room) {
    return wire_ask_status(s, FAULTY_JOIN, room);
}

bool faults_ended(net_socket s) {
    bool ended = net_wait_end(s, NET_TIMEOUT_MS);
    net_close(s);
    return ended;
}

int faults_promise(uint32_t kind) {
    bool taken = kind == FAULTY_WILD_FREE || kind == FAULTY_DOUBLE_FREE ||
                 kind == FAULTY_USE_FREED || kind == FAULTY_STRLEN || kind == FAULTY_MEMCPY ||
                 kind == FAULTY_MEMCPY_TO;
    return taken && scale_sanitized() ? 0 : faulty_promise(kind);
}

bool faults_is_end(int exit_code) {
#if defined(_WIN32)
    return exit_code == EXIT_FAULT || ((uint32_t)exit_code & 0x80000000u) != 0;
#else
    return exit_code == EXIT_FAULT || exit_code > 1000;
#endif
}
