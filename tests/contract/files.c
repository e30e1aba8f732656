/* Files and folders: created for their owner, listed, renamed over each other, removed; names in
 * UTF-8. */
#include "contract.h"

#if !defined(_WIN32)
#include <unistd.h>
#endif

#define FOLDER "contract_files"
#define NAME "gr\xc3\xbc\xc3\x9f"

static void write_file(const char *path, const char *mode, const char *text) {
    FILE *file = os_fopen(path, mode);
    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0);
    CHECK_EQ(fclose(file), 0);
}

static void check_content(const char *path, const char *expected) {
    char text[64] = "";
    FILE *file = os_fopen(path, "rb");
    CHECK(file != NULL);
    size_t size = fread(text, 1, sizeof text - 1, file);
    CHECK_EQ(size, strlen(expected));
    CHECK(memcmp(text, expected, size) == 0);
    fclose(file);
}

static void count_name(void *arg, const char *name) {
    uint32_t *counts = arg;
    CHECK(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
    counts[0]++;
    counts[1] += strcmp(name, NAME) == 0;
}

static void remove_one(void *arg, const char *name) {
    (void)arg;
    char path[512];
    snprintf(path, sizeof path, FOLDER "/deep/er/%s", name);
    CHECK_OK(os_file_remove(path));
}

/* A folder goes with its files; what a link leads to, and a folder in it, stay. */
static void check_delete(void) {
    CHECK_OK(os_folder_create(FOLDER "/gone"));
    write_file(FOLDER "/gone/one", "wb", "1");
    write_file(FOLDER "/gone/" NAME, "wb", "2");
    CHECK_OK(os_folder_delete(FOLDER "/gone"));
    CHECK_STATUS(os_folder_delete(FOLDER "/gone"), PORTICO_E_NOT_FOUND);
    CHECK_OK(os_folder_create(FOLDER "/kept/inner"));
    write_file(FOLDER "/kept/one", "wb", "1");
    write_file(FOLDER "/kept/inner/two", "wb", "2");
    CHECK_STATUS(os_folder_delete(FOLDER "/kept/one"), PORTICO_E_INVALID);
#if !defined(_WIN32)
    CHECK_EQ(symlink("kept", FOLDER "/link"), 0);
    CHECK_STATUS(os_folder_delete(FOLDER "/link"), PORTICO_E_INVALID);
    CHECK_EQ(unlink(FOLDER "/link"), 0);
    check_content(FOLDER "/kept/one", "1");
#endif
    CHECK(os_folder_delete(FOLDER "/kept") != PORTICO_OK);
    check_content(FOLDER "/kept/inner/two", "2");
    CHECK_OK(os_folder_delete(FOLDER "/kept/inner"));
    CHECK_OK(os_folder_delete(FOLDER "/kept"));
}

/* A name that is taken, even by a link to nowhere, is no new folder. */
static void check_add(void) {
    (void)os_folder_remove(FOLDER "/new");
    CHECK_OK(os_folder_add(FOLDER "/new"));
    CHECK_STATUS(os_folder_add(FOLDER "/new"), PORTICO_E_EXISTS);
    CHECK_OK(os_folder_remove(FOLDER "/new"));
    CHECK_STATUS(os_folder_add(FOLDER "/absent/new"), PORTICO_E_NOT_FOUND);
    write_file(FOLDER "/new", "wb", "");
    CHECK_STATUS(os_folder_add(FOLDER "/new"), PORTICO_E_EXISTS);
    CHECK_OK(os_file_remove(FOLDER "/new"));
#if !defined(_WIN32)
    CHECK_EQ(symlink("nowhere", FOLDER "/new"), 0);
    CHECK_STATUS(os_folder_add(FOLDER "/new"), PORTICO_E_EXISTS);
    CHECK_EQ(unlink(FOLDER "/new"), 0);
#endif
}

/* Different paths of one file have the same absolute path, which is made from the path alone. */
static void check_absolute(void) {
    char path[4096] = "";
    char again[4096] = "";
    char small[8] = "";
    CHECK_OK(os_path_absolute(FOLDER "/absent/" NAME, path, sizeof path));
    CHECK(strlen(path) > strlen(FOLDER "/absent/" NAME));
    CHECK_OK(os_path_absolute(path, again, sizeof again));
    CHECK(strcmp(path, again) == 0);
    CHECK_OK(os_path_absolute(FOLDER "/deep/er/a", path, sizeof path));
    check_content(path, "second");
    CHECK_STATUS(os_path_absolute(FOLDER "/deep/er/a", small, sizeof small), PORTICO_E_TOO_BIG);
    CHECK_STATUS(os_path_absolute(path, small, sizeof small), PORTICO_E_TOO_BIG);
}

SCENARIO(files) {
    CHECK_OK(os_folder_create(FOLDER "/deep/er"));
    CHECK_OK(os_folder_create(FOLDER "/deep/er"));
    CHECK_OK(os_folder_list(FOLDER "/deep/er", remove_one, NULL)); /* left by an interrupted run */

    check_add();
    write_file(FOLDER "/deep/er/a", "wx", "first");
    CHECK(os_fopen(FOLDER "/deep/er/a", "wx") == NULL);
    CHECK_STATUS(os_error_status(), PORTICO_E_EXISTS);
    write_file(FOLDER "/deep/er/" NAME, "wb", "second");
    write_file(FOLDER "/deep/er/a", "ab", "+");
    check_content(FOLDER "/deep/er/a", "first+");

    uint32_t counts[2] = {0};
    CHECK_OK(os_folder_list(FOLDER "/deep/er", count_name, counts));
    CHECK_EQ(counts[0], 2);
    CHECK_EQ(counts[1], 1);

    CHECK_OK(os_file_rename(FOLDER "/deep/er/" NAME, FOLDER "/deep/er/a"));
    check_content(FOLDER "/deep/er/a", "second");
    check_absolute();
    check_delete();
    CHECK(os_fopen(FOLDER "/deep/er/" NAME, "rb") == NULL);
    CHECK_STATUS(os_file_rename(FOLDER "/deep/er/" NAME, FOLDER "/deep/er/b"), PORTICO_E_NOT_FOUND);

    CHECK_OK(os_folder_check(FOLDER "/deep/er"));
    CHECK_STATUS(os_folder_check(FOLDER "/absent"), PORTICO_E_NOT_FOUND);
    CHECK_STATUS(os_folder_check(FOLDER "/deep/er/a"), PORTICO_E_INVALID);
    CHECK_STATUS(os_folder_check(FOLDER "/deep/er/a/b"), PORTICO_E_NOT_FOUND);
    CHECK(os_folder_create(FOLDER "/deep/er/a") != PORTICO_OK); /* a file is in the way */
    CHECK_OK(os_file_remove(FOLDER "/deep/er/a"));
    CHECK_STATUS(os_file_remove(FOLDER "/deep/er/a"), PORTICO_E_NOT_FOUND);
    CHECK_STATUS(os_folder_list(FOLDER "/absent", count_name, counts), PORTICO_E_NOT_FOUND);
    CHECK(os_fopen(FOLDER "/absent/x", "wb") == NULL);
}
