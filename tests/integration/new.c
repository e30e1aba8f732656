/* new.c: `portico new` writes a project under another name, refuses what it cannot write, and
 * overwrites nothing. house.install builds such a project. */
#include "support/check.h"
#include "support/host.h"
#include "support/process.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char output[16384];

/* Runs `portico new` with up to three arguments and compares the exit code. `says`: part of the
 * output. */
static void run(int exit_code, const char *says, const char *a, const char *b, const char *c) {
    char to[1024];
    snprintf(to, sizeof to, "%s/output.txt", host_test_folder());
    const char *arguments[] = {host_executable(), "new", a, b, c, NULL};
    int found = process_run(arguments, to, 60000);
    char *text = file_read(to, NULL);
    CHECK(text != NULL);
    snprintf(output, sizeof output, "%s", text);
    free(text);
    if (found != exit_code || strstr(output, says) == NULL) {
        fprintf(stderr, "new %s %s: exit code %d, expected %d and \"%s\"\n%s", a != NULL ? a : "",
                b != NULL ? b : "", found, exit_code, says, output);
        exit(1);
    }
}

/* A path in the test's folder. Valid until the second next call. */
static const char *in(const char *name) {
    static char paths[2][1024];
    static int turn;
    turn = 1 - turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", host_test_folder(), name);
    return paths[turn];
}

/* Whether the text has the word, which is not part of a longer one. */
static bool has_word(const char *text, const char *word) {
    size_t size = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        bool begins = at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_');
        if (begins && !isalnum((unsigned char)at[size]) && at[size] != '_') {
            return true;
        }
    }
    return false;
}

/* The file is there, has the new name, and nothing of the template is left in it. */
static void expect_file(const char *path, const char *word) {
    char *text = file_read(in(path), NULL);
    CHECK(text != NULL);
    CHECK(word == NULL || has_word(text, word));
    CHECK(strstr(text, "hello") == NULL && strstr(text, "@P") == NULL);
    free(text);
}

/* Removes what an earlier run has left. */
static void clear(const char *folder) {
    static const char *const files[] = {"CMakeLists.txt", "CMakePresets.json", "README.md",
                                        ".gitignore",     "poker.ini",         "poker.c",
                                        "poker.cpp",      "poker_test.c",      "poker_test.cpp"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", in(folder), files[i]);
        file_remove(path);
    }
}

static void names(void) {
    static const char *const wrong[] = {"Game", "1st", "_x", "a-b",
                                        "a.b",  "a b", "",   "a23456789b123456789c123456789d12"};
    static const char *const reserved[] = {"test", "all", "admin", "con", "com1", "lpt9"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        run(2, "1 to 31 of a-z, 0-9 and _, beginning with a letter", wrong[i], in("no"), NULL);
    }
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        run(2, "uses this name", reserved[i], in("no"), NULL);
    }
    run(2, "takes the NAME", NULL, NULL, NULL);
    run(2, "takes the NAME", "--cpp", NULL, NULL);
    run(2, "found also --c", "game", in("no"), "--c");
    run(2, "found also more", "game", in("no"), "more");
    CHECK(!file_exists(in("no/README.md")));
}

static void projects(void) {
    clear("a/b c");
    clear("cpp");
    clear("poker");
    run(0, "cmake --preset default", "poker", in("a/b c"), NULL);
    expect_file("a/b c/CMakeLists.txt", "poker");
    expect_file("a/b c/CMakePresets.json", NULL);
    expect_file("a/b c/README.md", "poker");
    expect_file("a/b c/.gitignore", NULL);
    expect_file("a/b c/poker.c", "poker");
    expect_file("a/b c/poker.ini", "poker");
    expect_file("a/b c/poker_test.c", "poker");
    run(0, "C++", "--cpp", "poker", in("cpp"));
    expect_file("cpp/CMakeLists.txt", "CXX");
    expect_file("cpp/poker.cpp", "poker");
    expect_file("cpp/poker_test.cpp", "poker");
    expect_file("cpp/poker.ini", "poker");
    CHECK(!file_exists(in("cpp/poker.c")) && !file_exists(in("cpp/poker_test.c")));
    folder_enter(host_test_folder());
    run(0, "poker.ini", "poker", NULL, NULL);
    expect_file("poker/poker.c", "poker");
}

static void folders(void) {
    folder_make(in("empty"));
    clear("empty");
    run(0, "poker.ini", "poker", in("empty"), NULL);
    file_write(in("empty/poker.c"), "mine", 4);
    run(1, "is not empty", "poker", in("empty"), NULL);
    char *mine = file_read(in("empty/poker.c"), NULL);
    CHECK(mine != NULL && strcmp(mine, "mine") == 0);
    free(mine);
    file_write(in("file"), "mine", 4);
    run(1, "cannot create the folder", "poker", in("file"), NULL);
    run(1, "cannot create the folder", "poker", in("file/sub"), NULL);
}

SCENARIO(new) {
    folder_make(host_test_folder());
    names();
    projects();
    folders();
}
