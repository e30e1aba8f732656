/* disk_full.c: files that cannot be written, as on a full disk, which a limit of the size of files
 * simulates. A command that needs the file is refused with the system's reason, and not with "no
 * such file" or a guess. No half-written file is left. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"
#include "support/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)

SCENARIO(disk_full) {
    printf("skipped: this system has no limit of a file's size\n");
}

#else

#define NO_MODULES "[modules]\ndir = .\nautoload = no\n"

static char folder[1024];

/* Runs a host with an ini of `text` that cannot write a byte to a file. Its log comes through a
 * pipe of the shell, which has no such limit. A sanitizer writes to a file before the host ignores
 * the signal of that. */
static char *run_limited(const char *text, int expected) {
    char ini[1100];
    char output[1100];
    char command[4096];
    snprintf(ini, sizeof ini, "%s/full.ini", folder);
    snprintf(output, sizeof output, "%s/output.txt", folder);
    file_write(ini, text, strlen(text));
    snprintf(command, sizeof command,
             "{ (%s ulimit -f 0 && exec '%s' run '%s') 2>&1; echo \"code $?\"; } | cat",
             scale_sanitized() ? "trap '' XFSZ;" : "", host_executable(), ini);
    const char *arguments[] = {"/bin/sh", "-c", command, NULL};
    CHECK_INT(process_run(arguments, output, 60000), 0);
    char *log = file_read(output, NULL);
    CHECK(log != NULL);
    snprintf(command, sizeof command, "code %d\n", expected);
    if (strstr(log, command) == NULL) {
        fprintf(stderr, "not \"%s\":\n%s", command, log);
        exit(1);
    }
    return log;
}

static void expect(const char *text, const char *path, const char *words) {
    char whole[1100];
    char *log = run_limited(text, 1);
    if (strstr(log, words) == NULL || strstr(log, "File too large") == NULL ||
        strstr(log, "No such file") != NULL) {
        fprintf(stderr, "not \"%s\":\n%s", words, log);
        exit(1);
    }
    free(log);
    snprintf(whole, sizeof whole, "%s/%s", folder, path);
    CHECK(!file_exists(whole));
}

/* A module cannot be copied: the host serves without it, and says why. */
static void no_copy(void) {
    host_options options = {.name = "disk_full", .log_keys = "level = info\n"};
    char answer[4096];
    char path[1200];
    host *h = host_start(&options);
    snprintf(folder, sizeof folder, "%s", host_folder(h));
    host_stop(h);
    options.file_limit = 4096;
    h = host_start(&options);
    host_module_path("echo", path, sizeof path);
    CHECK_INT(host_ctl(h, "load", path, answer, sizeof answer), 1);
    CHECK(strstr(answer, "cannot be copied to ") != NULL);
    CHECK(strstr(answer, ": File too large (system error ") != NULL);
    host_expect_error(h, "is not loaded: ");
    host_stop(h);
}

SCENARIO(disk_full) {
    no_copy();
    expect("[host]\nrun_dir = run1\n[admin]\nport = 0\n" NO_MODULES, "run1/admin.token",
           "run1/admin.token: ");
    expect("[host]\nrun_dir = run2\nready_file = ready2\n[admin]\nenabled = no\n" NO_MODULES,
           "ready2", "ready2 cannot be written (system error ");
}
#endif
