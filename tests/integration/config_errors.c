/* config_errors.c: `portico check` reports every mistake in an ini with file and line and exits
 * with 2, and a host does not start from it. It accepts a good ini and exits with 0. */
#include "support/check.h"
#include "support/host.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char output[65536];

static int run(const char *command, const char *file) {
    char path[1024];
    folder_make(host_test_folder());
    snprintf(path, sizeof path, "%s/output.txt", host_test_folder());
    const char *arguments[] = {host_executable(), command, file, NULL};
    int exit_code = process_run(arguments, path, 60000);
    char *text = file_read(path, NULL);
    CHECK(text != NULL);
    snprintf(output, sizeof output, "%s", text);
    free(text);
    return exit_code;
}

static void write_ini(const char *name, const char *text, char *path, size_t size) {
    folder_make(host_test_folder());
    snprintf(path, size, "%s/%s", host_test_folder(), name);
    file_write(path, text, strlen(text));
}

static void expect_said(const char *text) {
    if (strstr(output, text) == NULL) {
        fprintf(stderr, "\"%s\" is not said in:\n%s", text, output);
        exit(1);
    }
}

static void all_is_reported(void) {
    char path[1024];
    write_ini("bad.ini",
              "[host]\n"                 /*  1 */
              "wrokers = 3\n"            /*  2 */
              "stop_timeout_ms = soon\n" /*  3 */
              "[listner game]\n"         /*  4 */
              "port = 1\n"               /*  5 */
              "[listener game]\n"        /*  6 */
              "address = localhost\n"    /*  7: not numeric */
              "port = 99999\n"           /*  8 */
              "type = echo\n"            /*  9: no module.type */
              "framing = u8\n"           /* 10 */
              "no_delay = perhaps\n"     /* 11 */
              "max_sessions = 0\n"       /* 12 */
              "[module chat]\n"          /* 13 */
              "load = often\n",          /* 14 */
              path, sizeof path);
    static const char *const said[] = {
        "bad.ini:2:",  "wrokers",  "workers",     "bad.ini:3:",  "soon",
        "listner",     "listener", "bad.ini:7:",  "localhost",   "bad.ini:8:",
        "99999",       "65535",    "bad.ini:9:",  "bad.ini:10:", "u32",
        "bad.ini:11:", "perhaps",  "bad.ini:12:", "bad.ini:14:", "often",
    };
    CHECK_INT(run("check", path), 2);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        expect_said(said[i]);
    }
    CHECK_INT(run("run", path), 2);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        expect_said(said[i]);
    }
}

static void good_and_missing(void) {
    char path[1024];
    write_ini("good.ini",
              "[modules]\nautoload = no\ndir = .\n"
              "[listener game]\naddress = 127.0.0.1\nport = 0\ntype = echo.session\n"
              "[module echo]\nload = no\n",
              path, sizeof path);
    CHECK_INT(run("check", path), 0);
    snprintf(path, sizeof path, "%s/not_there.ini", host_test_folder());
    CHECK_INT(run("check", path), 2);
    expect_said("not_there.ini");
    CHECK_INT(run("run", path), 2);
    write_ini("garbage.ini",
              "\x7F"
              "ELF\x02\x01\x01 what is this\n= = =\n[[[\n",
              path, sizeof path);
    CHECK_INT(run("check", path), 2);
    expect_said("garbage.ini:1:");
}

static void usage(void) {
    CHECK_INT(run("check", NULL), 2);
    CHECK_INT(run("dance", "x"), 2);
    expect_said("dance");
    CHECK_INT(run("--help", NULL), 0);
    expect_said("portico");
    CHECK_INT(run("--version", NULL), 0);
    expect_said("0.1");
}

SCENARIO(config_errors) {
    all_is_reported();
    good_and_missing();
    usage();
}
