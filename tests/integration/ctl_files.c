/* ctl_files.c: `ctl load` and `ctl swap` resolve file names in the caller's working folder, not in
 * the host's. */
#include "support/check.h"
#include "support/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static host *h;

static void expect_ctl(int code, const char *command, const char *argument, const char *answer) {
    char text[4096];
    int found = host_ctl(h, command, argument, text, sizeof text);
    if (found != code || strstr(text, answer) == NULL) {
        fprintf(stderr, "ctl %s %s: %d, %s\n", command, argument, found, text);
    }
    CHECK_INT(found, code);
    CHECK(strstr(text, answer) != NULL);
}

/* Puts a copy of a module into `folder` and makes that the working folder. */
static void enter_with_copy(const char *folder, const char *module, const char *file) {
    char path[1024];
    size_t size = 0;
    host_module_path(module, path, sizeof path);
    char *bytes = file_read(path, &size);
    CHECK(bytes != NULL);
    folder_make(folder);
    folder_enter(folder);
    file_write(file, bytes, size);
    free(bytes);
}

SCENARIO(ctl_files) {
    host_options options = {.name = "ctl_files", .modules = "echo"};
    char folder[1100];
    char file[64];
    char command[128];
    h = host_start(&options);
    snprintf(folder, sizeof folder, "%s/my build", host_folder(h));
    snprintf(file, sizeof file, "counts%s", host_library_suffix);
    enter_with_copy(folder, "counts", file);
    snprintf(command, sizeof command, "./%s", file);
    expect_ctl(0, "load", command, "");
    expect_ctl(0, "unload", "counts", "");
    expect_ctl(0, "load", file, "");
    snprintf(command, sizeof command, "counts %s", file);
    expect_ctl(0, "swap", command, "nothing has changed: ");
    snprintf(command, sizeof command, "--force counts %s", file);
    expect_ctl(0, "swap", command, "generation 2 replaces");
    snprintf(command, sizeof command, "--plan counts %s", file);
    expect_ctl(0, "swap", command, "my build");
    expect_ctl(2, "swap", "--plan", "usage: ");
    expect_ctl(2, "swap", "--pla counts", "usage: ");
    host_expect_error(h, "absent");
    expect_ctl(1, "load", "absent.bin", "my build");
    expect_ctl(1, "swap", "counts absent.bin", "my build");
    expect_ctl(1, "load", "absent", "absent"); /* a plain name: one of the host's modules */
    expect_ctl(0, "swap", "--force counts", "generation 3 replaces");
    host_stop(h);
}
