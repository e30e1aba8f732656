/* run_folder.c: a host does not start on a run folder that others could have put files in, and says
 * what it has found and what to do; `portico check` says the same. */
#include "support/check.h"
#include "support/host.h"
#include "support/process.h"
#include "support/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)

SCENARIO(run_folder) {
    printf("skipped: what is planted here are links and modes of Linux\n");
}

#else
#include <sys/stat.h>
#include <unistd.h>

static char folder[1024];
static char ini[1100];

static void in_folder(const char *name, char path[1200]) {
    file_path(path, 1200, folder, name);
}

static void expect(const char *command, int code, const char *path, const char *words) {
    char output[1200];
    in_folder("output.txt", output);
    const char *arguments[] = {host_executable(), command, ini, NULL};
    CHECK_INT(process_run(arguments, output, 60000), code);
    char *text = file_read(output, NULL);
    CHECK(text != NULL);
    if (strstr(text, path) == NULL || strstr(text, words) == NULL ||
        strstr(text, "[host] run_dir = ") == NULL ||
        strstr(text, "delete it, correct its owner and rights, or name another run_dir") == NULL) {
        fprintf(stderr, "%s does not say \"%s is not trusted: %s\":\n%s", command, path, words,
                text);
        exit(1);
    }
    free(text);
}

static void expect_refused(const char *path, const char *words) {
    char whole[1200];
    snprintf(whole, sizeof whole, "%s is not trusted: ", path);
    expect("run", 1, whole, words);
    expect("check", 2, whole, words);
}

SCENARIO(run_folder) {
    static const host_options options = {.name = "run_folder", .modules = "echo"};
    char run[1200];
    char copies[1200];
    char elsewhere[1200];
    host *h = host_start(&options);
    snprintf(folder, sizeof folder, "%s", host_folder(h));
    snprintf(ini, sizeof ini, "%s", host_ini(h));
    host_stop(h);
    in_folder("run", run);
    in_folder("run/copies", copies);
    in_folder("elsewhere", elsewhere);
    CHECK_INT(chmod(run, 0777), 0);
    expect_refused("run", "others than its owner may change it (mode 777)");
    CHECK_INT(chmod(run, 0755), 0);
    CHECK_INT(chmod(copies, 0770), 0);
    expect_refused("run/copies", "others than its owner may change it (mode 770)");
    CHECK_INT(rename(copies, elsewhere), 0);
    CHECK_INT(chmod(elsewhere, 0700), 0);
    CHECK_INT(symlink("../elsewhere", copies), 0);
    expect_refused("run/copies", "it is a link");
    CHECK_INT(unlink(copies), 0);
    CHECK_INT(rename(elsewhere, copies), 0);
    if (geteuid() == 0) {
        CHECK_INT(chown(run, 65534, 65534), 0);
        expect_refused("run", "it belongs to user 65534, and this process is user 0");
        CHECK_INT(chown(run, 0, 0), 0);
    }
    CHECK_INT(rename(run, elsewhere), 0);
    CHECK_INT(symlink("elsewhere", run), 0);
    expect_refused("run", "it is a link");
    CHECK_INT(unlink(run), 0);
    CHECK_INT(rename(elsewhere, run), 0);
    h = host_start(&options); /* and in order again */
    host_stop(h);
}
#endif
