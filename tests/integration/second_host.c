/* second_host.c: a second host with the same ini cannot start, says why, and leaves the first
 * alone: its ready file, by which `ctl` finds it, and its modules. And a host only removes or
 * overwrites its own files: neither modules beside its copies nor a ready_file that is something
 * else. */
#include "support/check.h"
#include "support/host.h"
#include "support/process.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void same_ini(void) {
    char body[256];
    char output[1024];
    uint16_t port = net_free_port();
    snprintf(body, sizeof body,
             "[listener fixed]\naddress = 127.0.0.1\nport = %u\ntype = echo.session\n", port);
    host_options options = {.name = "second_host", .modules = "echo", .body = body};
    host *h = host_start(&options);
    snprintf(output, sizeof output, "%s/second.log", host_folder(h));
    const char *arguments[] = {host_executable(), "run", host_ini(h), NULL};
    CHECK_INT(process_run(arguments, output, 30000), 1);
    char *log = file_read(output, NULL);
    char words[128];
    snprintf(words, sizeof words,
             "is that of the host that runs as process %u: stop that one first",
             host_serving_id(h));
    CHECK(log != NULL && strstr(log, words) != NULL);
    free(log);
    CHECK_INT(host_ctl(h, "status", NULL, NULL, 0), 0);
    wire_expect_echo(net_connect(port), WIRE_U16, 1, "still served");
    host_stop(h);
}

/* A host that is killed leaves nothing behind that keeps the next one from starting. */
static void killed(void) {
    host_options options = {.name = "second_host-killed", .modules = "echo"};
    host *h = host_start(&options);
    uint32_t id = host_serving_id(h);
    CHECK(process_kill_id(id));
    (void)host_wait_exit(h, 60000);
    host_drop(h);
    h = host_start(&options);
    CHECK(host_serving_id(h) != id);
    host_stop(h);
}

static void foreign_files(void) {
    char path[1200];
    char folder[1024];
    host_options options = {.name = "second_host-foreign", .modules = "echo"};
    host *h = host_start(&options); /* makes the folder */
    snprintf(folder, sizeof folder, "%s", host_folder(h));
    host_stop(h);
    snprintf(path, sizeof path, "%s/run/copies/game%s", folder, host_library_suffix);
    file_write(path, "x", 1);
    h = host_start(&options);
    host_stop(h);
    CHECK(file_exists(path)); /* not a copy that a host has made */
    snprintf(path, sizeof path, "%s/ready", folder);
    file_write(path, "precious", 8);
    char ini[1200];
    char output[1200];
    snprintf(ini, sizeof ini, "%s/portico.ini", folder);
    snprintf(output, sizeof output, "%s/refused.log", folder);
    const char *arguments[] = {host_executable(), "run", ini, NULL};
    CHECK_INT(process_run(arguments, output, 30000), 1);
    char *log = file_read(output, NULL);
    CHECK(log != NULL && strstr(log, "not a ready file") != NULL);
    CHECK(file_exists(path));
    free(log);
}

SCENARIO(second_host) {
    same_ini();
    killed();
    foreign_files();
}
