/* ctl_search.c: without -c, `ctl` finds the one running host of the working folder's conf and of
 * the executable's tree. If none runs it says where it looked; if several do it asks for -c. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 1300 };

static char root[1024];
static char program[PATH_BYTES];
static char answer[65536];

static void at(char path[PATH_BYTES], const char *name) {
    file_path(path, PATH_BYTES, root, name);
}

/* Copies a library that the executable needs on Windows, if it is there. */
static void copy_library(const char *name) {
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    snprintf(from, sizeof from, "%s", host_executable());
    char *last = strrchr(from, '/') + 1;
    snprintf(last, sizeof from - (size_t)(last - from), "%s", name);
    if (file_exists(from)) {
        at(to, "tree/bin/");
        strncat(to, name, sizeof to - strlen(to) - 1);
        file_copy(from, to);
    }
}

/* tree/bin holds a copy of the executable and of the libraries that it needs. tree/conf
 * and work/conf hold configurations that differ in their numbers of workers. */
static void prepare(void) {
    static const char *const folders[] = {"",     "tree",      "tree/bin", "tree/conf",
                                          "work", "work/conf", "empty"};
    static const char *const libraries[] = {"inih.dll", "libssl-3-x64.dll", "libcrypto-3-x64.dll"};
    static const struct {
        const char *file;
        int workers;
    } inis[] = {{"tree/conf/portico.ini", 1},
                {"tree/conf/other.ini", 2},
                {"work/conf/portico.ini", 3},
                {"work/conf/broken.ini", -1}};
    char path[PATH_BYTES];
    char text[512];
    snprintf(root, sizeof root, "%s/ctl_search", host_test_folder());
    folder_make(host_test_folder());
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        at(path, folders[i]);
        folder_make(path);
    }
    for (size_t i = 0; i < sizeof inis / sizeof inis[0]; i++) {
        at(path, inis[i].file);
        int n = inis[i].workers;
        snprintf(text, sizeof text,
                 "[host]\nworkers = %d\nrun_dir = run%d\nready_file = ready%d\n"
                 "[admin]\nport = 0\n[modules]\nautoload = no\n",
                 n, n, n);
        file_write(path, text, strlen(text));
        *strrchr(path, '/') = '\0';
        snprintf(text, sizeof text, "/run%d/admin.token", n);
        strncat(path, text, sizeof path - strlen(path) - 1);
        file_remove(path); /* left by an earlier run of this test */
    }
    at(program, "tree/bin");
    strncat(program, strrchr(host_executable(), '/'), sizeof program - strlen(program) - 1);
    file_copy(host_executable(), program);
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        copy_library(libraries[i]);
    }
}

static process *serve(const char *ini, const char *ready) {
    char output[PATH_BYTES];
    char path[PATH_BYTES];
    char ready_path[PATH_BYTES];
    at(path, ini);
    at(ready_path, ready);
    at(output, ready);
    strncat(output, ".txt", sizeof output - strlen(output) - 1);
    file_remove(ready_path);
    const char *arguments[] = {program, "run", path, NULL};
    process_options options = {.output_file = output};
    process *p = process_start(arguments, &options);
    uint64_t end_ms = clock_now_ms() + 60000;
    int exit_code = 0;
    while (!file_exists(ready_path)) {
        CHECK(!process_wait(p, 10, &exit_code));
        CHECK(clock_now_ms() < end_ms);
    }
    return p;
}

/* Runs ctl in a folder, with the configuration `ini` or without one. */
static int ctl(const char *folder, const char *ini, const char *command) {
    char path[PATH_BYTES];
    char output[PATH_BYTES];
    at(output, "ctl.txt");
    at(path, folder);
    folder_enter(path);
    at(path, ini != NULL ? ini : "");
    const char *without[] = {program, "ctl", command, NULL};
    const char *with[] = {program, "ctl", "-c", path, command, NULL};
    int exit_code = process_run(ini != NULL ? with : without, output, 60000);
    char *text = file_read(output, NULL);
    CHECK(text != NULL);
    snprintf(answer, sizeof answer, "%s", text);
    free(text);
    return exit_code;
}

static void expect_workers(const char *folder, const char *ini, int workers) {
    char line[32];
    CHECK_INT(ctl(folder, ini, "status"), 0);
    snprintf(line, sizeof line, "\nworkers %d", workers);
    if (strstr(answer, line) == NULL) {
        fprintf(stderr, "%s", answer);
    }
    CHECK(strstr(answer, line) != NULL);
}

/* Each part follows the previous one. */
static void expect_parts(const char *const *parts) {
    const char *from = answer;
    for (; *parts != NULL; parts++) {
        from = strstr(from, *parts);
        if (from == NULL) {
            fprintf(stderr, "%s is missing, or not in order:\n%s", *parts, answer);
        }
        CHECK(from != NULL);
    }
}

static void stop(process *p, const char *folder, const char *ini) {
    int exit_code = -1;
    CHECK_INT(ctl(folder, ini, "stop"), 0);
    CHECK(process_wait(p, 60000, &exit_code));
    CHECK_INT(exit_code, 0);
    process_free(p);
}

static void nobody_runs(void) {
    static const char *const tried[] = {"no running host was found",
                                        "-c FILE",
                                        "portico.ini: ",
                                        "run3/admin.token cannot be read",
                                        "broken.ini:",
                                        "workers = -1",
                                        "portico.ini: ",
                                        "run1/admin.token cannot be read",
                                        "other.ini: ",
                                        "run2/admin.token cannot be read",
                                        NULL};
    static const char *const no_folder[] = {"conf: no .ini file is there", "other.ini: ", NULL};
    CHECK_INT(ctl("work", NULL, "status"), 1);
    expect_parts(tried);
    CHECK_INT(ctl("empty", NULL, "status"), 1);
    expect_parts(no_folder);
    CHECK_INT(ctl("work", "work/conf/broken.ini", "status"), 2);
}

/* No command may reach a host by chance. */
static void expect_several(const char *folder, const char *first, const char *second) {
    const char *const parts[] = {"several hosts are running", "-c FILE", first, second, NULL};
    CHECK_INT(ctl(folder, NULL, "stop"), 1);
    expect_parts(parts);
}

SCENARIO(ctl_search) {
    prepare();
    nobody_runs();
    process *work = serve("work/conf/portico.ini", "work/conf/ready3");
    expect_workers("work", NULL, 3);
    CHECK_INT(ctl("empty", NULL, "status"), 1); /* of another folder */
    process *other = serve("tree/conf/other.ini", "tree/conf/ready2");
    expect_workers("empty", NULL, 2);
    expect_several("work", "conf/portico.ini", "conf/other.ini");
    process *tree = serve("tree/conf/portico.ini", "tree/conf/ready1");
    expect_several("tree", "conf/portico.ini", "conf/other.ini");
    expect_workers("tree", "work/conf/portico.ini", 3); /* -c wins */
    CHECK_INT(ctl("work", "work/conf/broken.ini", "status"), 2);
    stop(tree, "tree", "tree/conf/portico.ini");
    expect_workers("tree", NULL, 2);
    stop(other, "tree", NULL);
    stop(work, "work", NULL);
    CHECK_INT(ctl("work", NULL, "status"), 1);
    /* Their tokens still exist, but nothing listens any more. */
    CHECK(strstr(answer, "no running host was found") != NULL);
}
