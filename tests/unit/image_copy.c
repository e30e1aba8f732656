/* image_copy.c: private copies of modules: folders, names, debug symbols, and what happens to the
 * copies of earlier hosts. Files are made in the working folder. */
#include "base/log.h"
#include "module/copy_folder.h"
#include "module/image_copy.h"

#include "support/check.h"
#include "support/host.h"

#if !defined(_WIN32)
#include <sys/stat.h>
#include <unistd.h>
#endif

static char why[IMAGE_WHY_MAX];

static void expect(const char *folder, const char *name, const char *text) {
    char path[512];
    size_t size = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *found = file_read(path, &size);
    CHECK_TEXT(found, text);
    free(found);
}

static void count_entry(void *arg, const char *name) {
    (void)name;
    ++*(int *)arg;
}

static int entries(const char *folder) {
    int count = 0;
    CHECK_INT(os_folder_list(folder, count_entry, &count), PORTICO_OK);
    return count;
}

static void copy_with_symbols(void) {
    folder_make("built");
    file_write("built/game.v2.so", "the code", 8);
    file_write("built/game.v2.so.debug", "a", 1);
    file_write("built/game.v2.so.dwp", "b", 1);
    file_write("built/game.v2.debug", "c", 1);
    file_write("built/game.v2.pdb", "d", 1);
    file_write("built/game.v2.obj", "not this", 8);
    image_copy first;
    image_copy second;
    CHECK_INT(image_copy_make("built/game.v2.so", &first, why), PORTICO_OK);
    expect(first.folder, "game.v2.so", "the code");
    expect(first.folder, "game.v2.so.debug", "a");
    expect(first.folder, "game.v2.so.dwp", "b");
    expect(first.folder, "game.v2.debug", "c");
    expect(first.folder, "game.v2.pdb", "d");
    CHECK_INT(entries(first.folder), 5);
    CHECK_INT(strncmp(first.path, first.folder, strlen(first.folder)), 0);

    file_write("built/game.v2.so", "the c0de", 8); /* the build continues while a copy exists */
    file_remove("built/game.v2.pdb");
    CHECK_INT(image_copy_make("built/game.v2.so", &second, why), PORTICO_OK);
    expect(first.folder, "game.v2.so", "the code");
    expect(second.folder, "game.v2.so", "the c0de");
    CHECK_INT(entries(second.folder), 4);
    CHECK_INT(second.size, first.size);
    CHECK(second.hash != first.hash);
    uint64_t size = 0;
    uint64_t hash = 0;
    CHECK_INT(image_hash(second.path, &size, &hash), PORTICO_OK);
    CHECK(size == second.size && hash == second.hash);
    CHECK_INT(entries("run/copies"), 3); /* two, and that this host lives */

    image_copy_remove(&first);
    CHECK(first.path == NULL && first.folder == NULL);
    image_copy_remove(&first);
    CHECK_INT(entries("run/copies"), 2);
    image_copy_remove(&second);
    CHECK_INT(entries("run/copies"), 0);
}

static void remove_entry(void *arg, const char *name) {
    char path[512];
    (void)arg;
    snprintf(path, sizeof path, "run/copies/%s/game.so", name);
    file_remove(path);
    snprintf(path, sizeof path, "run/copies/%s", name);
    if (os_folder_remove(path) != PORTICO_OK) {
        file_remove(path);
    }
}

/* The next names are taken by a link and by a folder that others may change: both are passed
 * over. */
static void planted(void) {
#if !defined(_WIN32)
    char path[64];
    uint32_t number = 0;
    image_copy copy;
    folder_make("trap");
    CHECK_INT(image_copy_make("built/game.v2.so", &copy, why), PORTICO_OK);
    CHECK_INT(sscanf(strrchr(copy.folder, '.'), ".%u", &number), 1);
    image_copy_remove(&copy);
    snprintf(path, sizeof path, "run/copies/%u.%u", os_process_id(), number + 1);
    CHECK_INT(symlink("../../trap", path), 0);
    snprintf(path, sizeof path, "run/copies/%u.%u", os_process_id(), number + 2);
    folder_make(path);
    CHECK_INT(chmod(path, 0777), 0);
    CHECK_INT(image_copy_make("built/game.v2.so", &copy, why), PORTICO_OK);
    CHECK_INT(entries("trap"), 0);
    CHECK_INT(entries(path), 0);
    snprintf(path, sizeof path, "run/copies/%u.%u", os_process_id(), number + 3);
    CHECK_TEXT(copy.folder, path);
    image_copy_remove(&copy);
    (void)os_folder_list("run/copies", remove_entry, NULL);
#endif
}

static void refused(void) {
    image_copy copy;
    CHECK_INT(image_copy_make("built/absent.so", &copy, why), PORTICO_E_NOT_FOUND);
    CHECK(strstr(why, "built/absent.so cannot be read") != NULL);
    CHECK(copy.path == NULL);
    image_copy_remove(&copy);
    CHECK(image_copy_make("built", &copy, why) != PORTICO_OK);
    CHECK_INT(entries("run/copies"), 0);
    uint64_t size = 0;
    uint64_t hash = 0;
    CHECK_INT(image_hash("built/absent.so", &size, &hash), PORTICO_E_NOT_FOUND);
}

static uint64_t hash_of(const void *bytes, size_t count) {
    uint64_t size = 0;
    uint64_t hash = 0;
    file_write("built/bytes", bytes, count);
    CHECK_INT(image_hash("built/bytes", &size, &hash), PORTICO_OK);
    CHECK_INT(size, count);
    return hash;
}

/* Every byte counts, and so does its place. */
static void every_byte_is_hashed(void) {
    enum { HALF = 40000 };
    static uint8_t bytes[2 * HALF];
    static uint8_t other[2 * HALF];
    memset(bytes, 'a', HALF);
    memset(bytes + HALF, 'b', HALF);
    memset(other, 'b', HALF);
    memset(other + HALF, 'a', HALF);
    uint64_t hash = hash_of(bytes, sizeof bytes);
    CHECK(hash_of(other, sizeof other) != hash);
    CHECK(hash_of(bytes, sizeof bytes) == hash);
    for (size_t i = 0; i < sizeof bytes; i += 997) {
        bytes[i] ^= 1;
        CHECK(hash_of(bytes, sizeof bytes) != hash);
        bytes[i] ^= 1;
    }
    CHECK(hash_of(bytes, 0) != hash_of(bytes, 1));
}

static void make_copy_of(const char *pid_and_number) {
    char path[512];
    snprintf(path, sizeof path, "run/copies/%s", pid_and_number);
    CHECK_INT(os_folder_create(path), PORTICO_OK);
    snprintf(path, sizeof path, "run/copies/%s/game.so", pid_and_number);
    file_write(path, "x", 1);
}

static bool has_copy(const char *pid_and_number) {
    char path[512];
    snprintf(path, sizeof path, "run/copies/%s/game.so", pid_and_number);
    return file_exists(path);
}

/* A host that did not stop cleanly, later than those before. */
static void crash(const char *set) {
    char name[64];
    snprintf(name, sizeof name, "%s.1", set);
    make_copy_of(name);
    snprintf(name, sizeof name, "run/copies/%s.live", set);
    file_write(name, "", 0);
    os_sleep(20);
}

/* Of hosts 1, which has stopped cleanly, and 2, which runs. */
static void leftovers(void) {
    make_copy_of("1.1");
    make_copy_of("1.2");
    make_copy_of("2.1");
    make_copy_of("3.x");
    file_write("run/copies/game.so", "x", 1);
    FILE *live = os_fopen("run/copies/2.live", "wb");
    CHECK(live != NULL);
    CHECK_INT(copy_folder_start("run"), PORTICO_OK);
    CHECK(!has_copy("1.1") && !has_copy("1.2"));
    CHECK(has_copy("2.1"));
    CHECK(has_copy("3.x"));
    CHECK(file_exists("run/copies/game.so"));
    CHECK_INT(entries("run/copies"), 4);
    fclose(live);
    file_remove("run/copies/2.live");
    CHECK_INT(copy_folder_start("run"), PORTICO_OK);
    CHECK_INT(entries("run/copies"), 2);
    file_remove("run/copies/3.x/game.so");
    CHECK_INT(os_folder_remove("run/copies/3.x"), PORTICO_OK);
    file_remove("run/copies/game.so");
}

/* The last three are kept, whatever their PIDs, for a core dump; a host that runs does not
 * count. */
static void crashed(void) {
    crash("500");
    crash("90");
    crash("7");
    crash("7-2");
    make_copy_of("7-2.2");
    crash("600");
    FILE *live = os_fopen("run/copies/500.live", "rb+");
    CHECK(live != NULL);
    bool told = os_file_is_written("run/copies/500.live");
    for (int i = 0; i < 2; i++) { /* a start that nothing has happened before changes nothing */
        CHECK_INT(copy_folder_start("run"), PORTICO_OK);
        CHECK_INT(has_copy("500.1"), told);
        CHECK(!has_copy("90.1") && !file_exists("run/copies/90.live"));
        CHECK(has_copy("7.1") && file_exists("run/copies/7.live"));
        CHECK(has_copy("7-2.1") && has_copy("7-2.2") && file_exists("run/copies/7-2.live"));
        CHECK(has_copy("600.1") && file_exists("run/copies/600.live"));
    }
    /* 500 has run since before all others, and is one of the last that crashed. */
    fclose(live);
    crash("8");
    crash("9");
    CHECK_INT(copy_folder_start("run"), PORTICO_OK);
    CHECK_INT(has_copy("500.1"), told);
    CHECK_INT(has_copy("600.1"), !told);
    CHECK(has_copy("8.1") && has_copy("9.1"));
    CHECK_INT(entries("run/copies"), 6);
}

/* Nothing that a link in the folder leads to is deleted or written. */
static void links(void) {
#if !defined(_WIN32)
    folder_make("victim");
    file_write("victim/file", "x", 1);
    CHECK_INT(symlink("../../victim", "run/copies/80.1"), 0);
    CHECK_INT(symlink("../../victim/file", "run/copies/81.live"), 0);
    CHECK_INT(copy_folder_start("run"), PORTICO_OK);
    expect("victim", "file", "x");
    CHECK_INT(unlink("run/copies/80.1"), 0);
    file_remove("run/copies/81.live");
#endif
}

/* A host gets the PID of one that crashed, as in containers. */
static void same_pid(void) {
    char set[32];
    char name[64];
    image_copy copy;
    snprintf(set, sizeof set, "%u", os_process_id());
    crash(set);
    CHECK_INT(copy_folder_start("run"), PORTICO_OK);
    file_write("game.so", "y", 1);
    CHECK_INT(image_copy_make("game.so", &copy, why), PORTICO_OK);
    snprintf(name, sizeof name, "run/copies/%s-2.live", set);
    CHECK(file_exists(name));
    snprintf(name, sizeof name, "/%s-2.1", set);
    CHECK(strstr(copy.folder, name) != NULL);
    image_copy_remove(&copy);
    snprintf(name, sizeof name, "%s.1", set);
    CHECK(has_copy(name));
    CHECK_INT(entries("run/copies"), 6);
}

SCENARIO(image_copy) {
    CHECK(!copy_folder_ready());
    CHECK_INT(os_folder_create("run/copies"), PORTICO_OK);
    (void)os_folder_list("run/copies", remove_entry, NULL); /* of a run that failed */
    leftovers();
    CHECK(copy_folder_ready());
    crashed();
    links();
    same_pid();
    (void)os_folder_list("run/copies", remove_entry, NULL);
    copy_with_symbols();
    planted();
    refused();
    every_byte_is_hashed();
}
