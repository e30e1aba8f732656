/* admin_busy.c: while the control thread waits for a module's start, `ctl status` says so. A
 * command that has to wait for it can be given up by ctl, and `ctl stop` says what it waits for. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 3000 };

static char text[65536];
static char path[1200];

static int ctl(host *h, const char *option, const char *value, const char *command) {
    const char *arguments[] = {host_executable(), "ctl", "-c", host_ini(h), option, value,
                               command,           NULL};
    int exit_code = process_run(arguments, path, 60000);
    char *output = file_read(path, NULL);
    CHECK(output != NULL);
    snprintf(text, sizeof text, "%s", output);
    free(output);
    return exit_code;
}

SCENARIO(admin_busy) {
    char module[1024];
    char load_output[1200];
    host_options options = {.name = "admin_busy", .module_keys = "swap_timeout_ms = 20000\n"};
    host *h = host_start(&options);
    host_module_path("dozes_start", module, sizeof module); /* its start takes 3 s */
    snprintf(path, sizeof path, "%s/ctl.txt", host_folder(h));
    snprintf(load_output, sizeof load_output, "%s/load.txt", host_folder(h));
    const char *load[] = {host_executable(), "ctl", "-c", host_ini(h), "load", module, NULL};
    process_options how = {.output_file = load_output};
    process *loads = process_start(load, &how);
    bool seen = false;
    for (int i = 0; i < TRIES && !seen; i++) {
        host_status_line(h, "control ", text, sizeof text);
        seen = strncmp(text, "control the command `load ", 26) == 0;
        clock_sleep_ms(seen ? 0 : 10);
    }
    CHECK(seen && strstr(text, "dozes_start") != NULL);
    CHECK_INT(ctl(h, "--timeout", "0.2", "reopen-log"), 1);
    CHECK(strstr(text, "not answered `reopen-log` within 0.2 s") != NULL);
    CHECK_INT(host_ctl(h, "stop", "--no-wait", text, sizeof text), 0);
    CHECK(strstr(text, "the stop begins after the command `load ") != NULL);
    int code = -1;
    CHECK(process_wait(loads, 60000, &code));
    CHECK_INT(code, 0);
    process_free(loads);
    host_finish(h, 0);
}
