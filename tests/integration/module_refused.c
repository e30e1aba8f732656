/* module_refused.c: for every way in which a module can be refused, the host names the reason, with
 * what was expected and what was found, and keeps running: at the start and on `load` while it
 * serves. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct refusal {
    const char *name;     /* of the file, without its suffix */
    const char *words[3]; /* that the answer must contain */
} refusal;

static const refusal refusals[] = {
    {"no_symbol", {"portico_module"}},
    {"other_major", {"1.0", "0.3"}},
    {"newer_minor", {"0.4", "0.3"}},
    {"load_fails", {"load"}},
    {"missing_dependency", {"nowhere_to_be_found"}},
    {"name_taken", {"echo"}},
    {"opcode_taken", {"taken"}}, /* the log says which one */
    {"tiny_info", {"8"}},
    {"short_info", {"56", "72"}},
    {"null_info", {"NULL"}},
    {"null_name", {"name"}},
    {"bad_name", {"Bad-Name"}},
    {"huge_state", {"2097152"}},
    {"null_load", {"load"}},
    {"bad_fields", {"load"}}, /* the log names the field */
    {"garbage", {NULL}},
    {"empty", {NULL}},
    {"cut_at_20", {NULL}},
    {"cut_at_1000", {NULL}},
    {"cut_in_half", {NULL}},
    {"cut_near_end", {NULL}},
    {"not_there", {NULL}},
};

enum { REFUSALS = sizeof refusals / sizeof refusals[0] };

/* The test writes its own bad files to its folder; the others are built. */
static void refusal_path(const char *folder, const refusal *r, char *path, size_t size) {
    host_module_path(r->name, path, size);
    if (!file_exists(path)) {
        CHECK(snprintf(path, size, "%s/%s%s", folder, r->name, host_library_suffix) < (int)size);
    }
}

static void write_bad_file(const char *folder, const char *name, const void *data, size_t size) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, host_library_suffix);
    file_write(path, data, size);
}

static void write_bad_files(const char *folder) {
    char path[1024];
    size_t size = 0;
    host_module_path("counts", path, sizeof path);
    char *good = file_read(path, &size);
    CHECK(good != NULL && size > 4096);
    write_bad_file(folder, "garbage", "This is no library, however long one looks at it.\n", 50);
    write_bad_file(folder, "empty", "", 0);
    write_bad_file(folder, "cut_at_20", good, 20);
    write_bad_file(folder, "cut_at_1000", good, 1000);
    write_bad_file(folder, "cut_in_half", good, size / 2);
    write_bad_file(folder, "cut_near_end", good, size - 200);
    free(good);
}

static void expect_refused(host *h, const refusal *r, net_socket client) {
    char path[1024];
    char command[1200];
    char answer[4096];
    refusal_path(host_folder(h), r, path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    if (host_try_admin(h, command, answer, sizeof answer)) {
        fprintf(stderr, "%s was loaded\n", path);
        exit(1);
    }
    for (size_t i = 0; i < 3 && r->words[i] != NULL; i++) {
        if (strstr(answer, r->words[i]) == NULL) {
            fprintf(stderr, "%s: the answer does not say \"%s\": %s\n", r->name, r->words[i],
                    answer);
            exit(1);
        }
    }
    printf("%s: %s\n", r->name, answer);
    CHECK(host_log_count(h, r->name) > 0);
    wire_expect_echo(client, WIRE_U16, 1, "what happened?");
}

static void by_load(const char *folder) {
    host_options options = {
        .name = "module_refused",
        .modules = "echo counts",
        .workers = 1, /* under Wine each thread gets a handle with its first wait or send */
        .listeners =
            {
                {"game", "echo.session", NULL},
                {"counts", "counts.session", NULL},
            },
    };
    host *h = host_start(&options);
    char modules[4096];
    char after[4096];
    (void)folder;
    net_socket client = net_connect(host_port(h, "game"));
    wire_expect_echo(client, WIRE_U16, 1,
                     "its session is counted"); /* before the figures are taken */
    host_admin(h, "modules", modules, sizeof modules);
    int64_t handles = 0;
    enum { ROUNDS = 6 };
    /* Several rounds: a refusal must leave nothing that changes the next one. */
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < REFUSALS; i++) {
            expect_refused(h, &refusals[i], client);
        }
        handles = round == 0 ? host_figure(h, "handles")
                             : handles; /* the loading thread has done so by now */
    }
    /* A handle kept by each refusal would make five; under Wine one of the host's threads may still
     * have got its own. */
    CHECK(host_figure(h, "handles") <= handles + scale(1, ROUNDS - 2));
    CHECK_INT(host_log_count(h, "opcode 7 is already handled by module counts"), ROUNDS);
    CHECK_INT(
        host_log_count(
            h, "type bad_fields.session: field score with offset 2, size 4, count 1 is not inside "
               "the state of 4 bytes"),
        ROUNDS);
    host_admin(h, "modules", after, sizeof after);
    /* Only the number of sessions could differ, and none came or went. */
    CHECK_TEXT(after, modules);
    net_socket counts = net_connect(host_port(h, "counts"));
    wire_expect_echo(counts, WIRE_U16, 1, "the joined type is whole");
    net_close(counts);
    net_close(client);
    host_expect_error(h, ""); /* refusals may be errors in the log */
    host_stop(h);
}

/* With the same modules named in the ini, the host still starts and serves. */
static void at_the_start(const char *folder) {
    static char body[16384];
    size_t used = 0;
    for (size_t i = 0; i < REFUSALS; i++) {
        char path[1024];
        refusal_path(folder, &refusals[i], path, sizeof path);
        /* For a missing file the configuration itself is refused. */
        if (strcmp(refusals[i].name, "not_there") != 0) {
            used += (size_t)snprintf(body + used, sizeof body - used, "[module %s]\nfile = %s\n",
                                     refusals[i].name, path);
        }
    }
    host_options options = {.name = "module_refused-start",
                            .modules = "echo counts",
                            .body = body,
                            .listeners = {
                                {"game", "echo.session", NULL},
                                {"lonely", "load_fails.session", NULL},
                            }};
    host *h = host_start(&options);
    for (size_t i = 0; i < REFUSALS - 1; i++) {
        if (host_log_count(h, refusals[i].name) == 0) {
            fprintf(stderr, "the log does not name %s\n", refusals[i].name);
            exit(1);
        }
    }
    net_socket client = net_connect(host_port(h, "game"));
    wire_expect_echo(client, WIRE_U16, 1, "still served");
    net_close(client);
    char line[256];
    host_status_line(h, "listener lonely ", line, sizeof line); /* its type was never registered */
    CHECK(strstr(line, "waiting") != NULL);
    host_expect_error(h, "");
    host_stop(h);
}

SCENARIO(module_refused) {
    char folder[1024];
    folder_make(host_test_folder());
    snprintf(folder, sizeof folder, "%s/module_refused", host_test_folder());
    folder_make(folder);
    write_bad_files(folder);
    by_load(folder);
    at_the_start(folder);
}
