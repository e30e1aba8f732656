/* probe.c: a file that cannot be loaded without harm is refused, because a child process tries it
 * first. The host and its players notice nothing. tests/abi/loads.c makes the files. A build that
 * was tried and loaded is not tried again. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct refusal {
    const char *name;     /* loads_NAME */
    const char *words[3]; /* one of which the answer must contain */
} refusal;

/* An exit or abort of the module's may end the child with the host's own code for that. Windows's
 * loader survives a fault in a constructor and refuses the file itself, and passes over one in a
 * destructor. */
static const refusal refusals[] = {
    {"crashes", {"loading it crashes: ", "loading it ends the process: ", "cannot be loaded: "}},
    {"exits", {"loading it ends the process: exit code ", NULL}},
    {"aborts", {"loading it ends the process: exit code ", "loading it crashes: signal 6"}},
#if !defined(_WIN32)
    {"forks", {"forks the process", NULL}},
    {"crashes_late", {"unloading it crashes: ", "unloading it ends the process: "}},
    {"closes", {"loading it ends the process: ", "loading it closes the files"}},
#endif
    {"wild_name", {"reading its tables crashes: ", "reading its tables ends the process: "}},
    {"wild_host", {"reading its tables crashes: ", "reading its tables ends the process: "}},
};

/* Each takes the whole limit of ten seconds. */
static const refusal stuck[] = {
    {"loops", {"loading it does not end within 10000 ms", NULL}},
    {"sleeps", {"loading it does not end within 10000 ms", NULL}},
};

static void load(host *h, const char *name, bool expected, char *answer, size_t size) {
    char file[64];
    char path[1024];
    char command[1100];
    snprintf(file, sizeof file, "loads_%s", name);
    host_module_path(file, path, sizeof path);
    CHECK(file_exists(path));
    snprintf(command, sizeof command, "load %s", path);
    if (host_try_admin(h, command, answer, size) != expected) {
        fprintf(stderr, "%s: %s\n", name, answer);
        CHECK_TEXT(name, expected ? "refused" : "loaded");
    }
}

static void check_refused(host *h, const refusal *r, net_socket player) {
    char answer[2048];
    load(h, r->name, false, answer, sizeof answer);
    bool found = false;
    for (int i = 0; i < 3 && r->words[i] != NULL; i++) {
        found = found || strstr(answer, r->words[i]) != NULL;
    }
    if (!found) {
        CHECK_TEXT(answer, r->words[0]);
    }
    CHECK(strstr(answer, "loads_") != NULL);
    wire_expect_echo(player, WIRE_U16, 1, "still here");
}

static int times_tried(host *h) {
    return host_log_settled(h, "was tried in a child process, which took");
}

/* Whether the swap tries the file. */
static bool swap_tries(host *h, const char *path) {
    char command[1100];
    int before = times_tried(h);
    snprintf(command, sizeof command, "swap storm %s", path);
    host_admin(h, command, NULL, 0);
    return times_tried(h) > before;
}

/* Appends a byte to a copy of the module, whose path `path` becomes. */
static void add_byte(host *h, char path[1024]) {
    size_t size = 0;
    char *bytes = file_read(path, &size);
    snprintf(path, 1024, "%s/other%s", host_folder(h), host_library_suffix);
    file_write(path, bytes, size + 1); /* the zero after what was read */
    free(bytes);
}

/* Bytes count, not paths. Windows does not say whether a library has brought others, so there every
 * file is tried. */
static void check_known(host *h) {
    char first[1024];
    char second[1024];
#if defined(_WIN32)
    bool again = true;
#else
    bool again = false;
#endif
    host_module_path("storm", first, sizeof first);
    host_module_path("storm_2", second, sizeof second);
    CHECK(swap_tries(h, second));
    CHECK_INT(swap_tries(h, first), again);
    CHECK_INT(swap_tries(h, second), again);
    add_byte(h, first);
    CHECK(swap_tries(h, first));
}

SCENARIO(probe) {
    static const host_options options = {
        .name = "probe",
        .modules = "echo",
        .listeners = {{"game", "echo.session", NULL}},
        .body = "[module storm]\nfile = {tests}/storm{so}\nrooms = 2\nslow_us = 0\n"};
    char answer[2048];
    host *h = host_start(&options);
    net_socket player = net_connect(host_port(h, "game"));
    host_expect_error(h, "is not loaded: ");
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        check_refused(h, &refusals[i], player);
    }
    for (size_t i = 0; i < sizeof stuck / sizeof stuck[0]; i++) {
        check_refused(h, &stuck[i], player);
    }
    load(h, "talks", true, answer, sizeof answer); /* says something, and waits for no answer */
    check_known(h);
    net_close(player);
    host_stop(h);
}
