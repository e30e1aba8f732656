/* fault_files.c: the last hundred reports are kept, whoever wrote them, and nothing else in the
 * folder is touched. Working folder: the test's own. */
#include "module/fault_files.h"

#include "os/os.h"

#include "support/check.h"
#include "support/host.h"

enum { OLD = 330 };

static const char folder[] = "run/faults";

static void empty(void) {
    static const char *const rest[] = {"notes.txt", "20261128.txt",
                                       "20261128-231501-042-a-1.txt.bak"};
    (void)os_folder_create(folder);
    (void)os_folder_delete(folder);
    (void)os_folder_create(folder);
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        char path[200];
        (void)snprintf(path, sizeof path, "%s/%s", folder, rest[i]);
        file_write(path, "kept", 4);
    }
}

static void make(int number, const char *ending) {
    char path[200];
    (void)snprintf(path, sizeof path, "%s/20261128-2315%02d-%03d-arena-3%s", folder, number / 1000,
                   number % 1000, ending);
    file_write(path, "old", 3);
}

static bool exists(int number, const char *ending) {
    char path[200];
    (void)snprintf(path, sizeof path, "%s/20261128-2315%02d-%03d-arena-3%s", folder, number / 1000,
                   number % 1000, ending);
    return file_exists(path);
}

static void old_ones(void) {
    empty();
    for (int i = 0; i < OLD; i++) {
        make(i * 7 % OLD, ".txt");
    }
    make(5, ".dmp");
    make(OLD - 1, ".dmp");
    fault_files_start("run");
    CHECK_INT(folder_count(folder, "20261128-2315"), FAULT_FILES_MAX + 2); /* .bak and one .dmp */
    for (int i = 0; i < OLD; i++) {
        CHECK_INT(exists(i, ".txt"), i >= OLD - FAULT_FILES_MAX);
    }
    CHECK(!exists(5, ".dmp") && exists(OLD - 1, ".dmp"));
}

static void new_ones(void) {
    char path[FAULT_PATH_MAX];
    char again[FAULT_PATH_MAX];
    char dump[FAULT_PATH_MAX];
    uint64_t later_ms = 1900000000123; /* 2030-03-17T17:46:40.123Z */
    fault_files_free_path(later_ms, "echo", 12, path);
    CHECK(strstr(path, "/run/faults/20300317-174640-123-echo-12.txt") != NULL ||
          strstr(path, "\\run\\faults/20300317-174640-123-echo-12.txt") != NULL);
    CHECK(fault_files_write(path, "new", 3));
    fault_files_free_path(later_ms, "echo", 12, again); /* taken */
    CHECK(strstr(again, "20300317-174640-124-echo-12.txt") != NULL);
    CHECK(!fault_files_write(path, "other", 5)); /* never over another one */
    CHECK(!exists(OLD - FAULT_FILES_MAX, ".txt") && exists(OLD - FAULT_FILES_MAX + 1, ".txt"));
    fault_files_dump_path(path, dump);
    CHECK(strstr(dump, "174640-123-echo-12.dmp") != NULL);
    fault_files_path(later_ms, "", 0, path); /* of no module */
    CHECK(strstr(path, "20300317-174640-123-host.txt") != NULL);
}

SCENARIO(fault_files) {
    char path[FAULT_PATH_MAX];
    fault_files_path(1, "echo", 1, path);
    CHECK_TEXT(path, ""); /* not started: none are kept */
    old_ones();
    new_ones();
    CHECK_INT(folder_count(folder, "20300317"), 1);
    CHECK(file_exists("run/faults/notes.txt") && file_exists("run/faults/20261128.txt"));
}
