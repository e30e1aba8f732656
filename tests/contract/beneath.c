/* Files of a folder: those in it and below it, and nothing that a link or another name of a file
 * could lead to. */
#include "contract.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <sys/stat.h>
#include <unistd.h>
#endif

#define FOLDER "contract_beneath"

static void write_file(const char *path, const char *text) {
    FILE *file = os_fopen(path, "wb");
    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0);
    CHECK_EQ(fclose(file), 0);
}

static void check_file(const char *folder, const char *name, const char *expected) {
    char text[64];
    FILE *file = NULL;
    os_file_info info = {0};
    os_file_info same = {0};
    char path[256];
    CHECK_OK(os_fopen_beneath(folder, name, &file, &info));
    size_t size = fread(text, 1, sizeof text, file);
    CHECK_EQ(size, strlen(expected));
    CHECK(memcmp(text, expected, size) == 0);
    CHECK_EQ(fclose(file), 0);
    CHECK_EQ(info.size, size);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_OK(os_file_look(path, &same));
    CHECK(info.modified_ns == same.modified_ns && info.id == same.id);
}

static void check_refused(const char *name) {
    os_file_info info;
    FILE *file = stdin;
    printf("%s\n", name);
    CHECK(os_fopen_beneath(FOLDER "/in", name, &file, &info) != PORTICO_OK);
    CHECK(file == NULL);
}

static void check_names(void) {
    static const char *const names[] = {
        "",          ".",           "..",           "/",           "sub",
        "sub/",      "none",        "none/one.txt", "../out.txt",  "sub/../one.txt",
        "./one.txt", "//one.txt",   "sub//two.txt", "one.txt/",    "one.txt/two.txt",
        "ONE.txt",   "SUB/two.txt", "one.txt ",     "sub/two.tx?", "on*.txt",
        "one.txt.",  "sub./two.txt"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_refused(names[i]);
    }
    os_file_info info;
    FILE *file = NULL;
    CHECK_STATUS(os_fopen_beneath(FOLDER "/in", "none", &file, &info), PORTICO_E_NOT_FOUND);
    CHECK_STATUS(os_fopen_beneath(FOLDER "/absent", "one.txt", &file, &info), PORTICO_E_NOT_FOUND);
}

#if defined(_WIN32)
/* Names that mean something else to Windows. The stream and the short name exist, if the file
 * system has such. */
static void check_system(void) {
    static const char *const names[] = {"NUL",       "CON",           "nul.txt",      "sub/NUL",
                                        "COM1.html", "..\\out.txt",   "sub\\two.txt", "one.txt:s",
                                        "C:one.txt", "one.txt::$DATA"};
    char whole[MAX_PATH];
    FILE *stream = fopen(FOLDER "/in/one.txt:s", "wb");
    if (stream != NULL) {
        CHECK_EQ(fclose(stream), 0);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_refused(names[i]);
    }
    write_file(FOLDER "/in/a_long_name.html", "long");
    check_file(FOLDER "/in", "a_long_name.html", "long");
    DWORD size = GetShortPathNameA(FOLDER "/in/a_long_name.html", whole, sizeof whole);
    CHECK(size > 0 && size < sizeof whole);
    const char *name = whole + size;
    while (name > whole && name[-1] != '/' && name[-1] != '\\') {
        name--;
    }
    if (strcmp(name, "a_long_name.html") != 0) {
        check_refused(name);
    }
    CHECK_OK(os_file_remove(FOLDER "/in/a_long_name.html"));
}
#else
/* Links, out of the folder and within it, and what is no file. */
static void check_system(void) {
    CHECK_EQ(symlink("../out.txt", FOLDER "/in/link.txt"), 0);
    check_refused("link.txt");
    CHECK_EQ(unlink(FOLDER "/in/link.txt"), 0);
    CHECK_EQ(symlink("one.txt", FOLDER "/in/link.txt"), 0);
    check_refused("link.txt");
    CHECK_EQ(unlink(FOLDER "/in/link.txt"), 0);
    CHECK_EQ(symlink("..", FOLDER "/in/link"), 0);
    check_refused("link/out.txt");
    check_refused("link/in/one.txt");
    CHECK_EQ(unlink(FOLDER "/in/link"), 0);
    CHECK_EQ(mkfifo(FOLDER "/in/pipe", 0600), 0);
    check_refused("pipe"); /* without waiting for its other end */
    CHECK_EQ(unlink(FOLDER "/in/pipe"), 0);
    CHECK_EQ(symlink("in", FOLDER "/link"), 0); /* the folder is the operator's choice */
    check_file(FOLDER "/link", "sub/two.txt", "second");
    CHECK_EQ(unlink(FOLDER "/link"), 0);
}
#endif

SCENARIO(beneath) {
    CHECK_OK(os_folder_create(FOLDER "/in/sub"));
    write_file(FOLDER "/out.txt", "out");
    write_file(FOLDER "/in/one.txt", "first");
    write_file(FOLDER "/in/sub/two.txt", "second");
    check_file(FOLDER "/in", "one.txt", "first");
    check_file(FOLDER "/in/", "sub/two.txt", "second");
    check_names();
    check_system();
    CHECK_OK(os_folder_delete(FOLDER "/in/sub"));
    CHECK_OK(os_folder_delete(FOLDER "/in"));
    CHECK_OK(os_folder_delete(FOLDER));
}
