/* module_path.c: a test that asks for a test module gets it even if the user has a module of that
 * name in plugins/. The working folder is the test's own. */
#include "support/check.h"
#include "support/host.h"

#include <stdio.h>
#include <stdlib.h>

static void set_environment(const char *name, const char *value) {
#ifdef _WIN32
    CHECK_INT(_putenv_s(name, value), 0);
#else
    CHECK_INT(setenv(name, value, 1), 0);
#endif
}

static void write_module(const char *folder, const char *name) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s%s", folder, name, host_library_suffix);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    (void)fclose(file);
}

static void expect_in(const char *folder, const char *name) {
    char path[128];
    char expected[128];
    host_module_path(name, path, sizeof path);
    (void)snprintf(expected, sizeof expected, "%s/%s%s", folder, name, host_library_suffix);
    CHECK_TEXT(path, expected);
}

SCENARIO(module_path) {
    folder_make("plugins");
    folder_make("tests");
    set_environment("PORTICO_MODULES_DIR", "plugins");
    set_environment("PORTICO_TEST_MODULES_DIR", "tests");
    write_module("plugins", "echo");
    write_module("plugins", "first");
    write_module("tests", "first");
    expect_in("plugins", "echo");
    expect_in("tests", "first");
}
