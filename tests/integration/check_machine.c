/* check_machine.c: `portico check` reports everything that a configuration names and this machine
 * lacks, with file and line, and changes nothing. One more line says what it does not check. */
#include "support/check.h"
#include "support/host.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTENER "[listener game]\naddress = 127.0.0.1\nport = 0\ntype = "
#define NO_MODULES "[modules]\nautoload = no\n"
#define FROM_MODS "[modules]\ndir = mods\n"

static char output[65536];

static void path_in_folder(const char *name, char path[1024]) {
    snprintf(path, 1024, "%s/%s", host_test_folder(), name);
}

static int check(const char *ini) {
    char file[1024];
    char log[1024];
    path_in_folder("machine.ini", file);
    path_in_folder("machine.txt", log);
    file_write(file, ini, strlen(ini));
    const char *arguments[] = {host_executable(), "check", file, NULL};
    int code = process_run(arguments, log, 60000);
    char *text = file_read(log, NULL);
    CHECK(text != NULL);
    snprintf(output, sizeof output, "%s", text);
    free(text);
    return code;
}

static void expect(bool condition, const char *ini, const char *wanted) {
    if (!condition) {
        fprintf(stderr, "checked:\n%s\nexpected: %s\nfound:\n%s", ini, wanted, output);
        exit(1);
    }
}

/* Expects a fault at `place`, "LINE: [section] key", whose message contains `words`. */
static void expect_fault(const char *ini, const char *place, const char *words) {
    char start[256];
    snprintf(start, sizeof start, "machine.ini:%s", place);
    expect(check(ini) == 2, ini, "exit code 2");
    expect(strstr(output, start) != NULL, ini, start);
    expect(strstr(output, words) != NULL, ini, words);
    expect(strstr(output, "fine") == NULL, ini, "no \"fine\"");
}

static void expect_fine(const char *ini) {
    expect(check(ini) == 0, ini, "exit code 0");
    expect(strstr(output, "machine.ini: fine") != NULL, ini, "fine");
}

static void paths(void) {
    char path[1024];
    path_in_folder("a_file", path);
    file_write(path, "text\n", 5);
    expect_fault(NO_MODULES "[log]\nfile = nowhere/portico.log\n", "4: [log] file",
                 "there is no folder");
    expect_fault(NO_MODULES "[log]\nfile = a_file/portico.log\n", "4: [log] file", "not a folder");
    expect_fault(NO_MODULES "[log]\nfile = .\n", "4: [log] file", "cannot be written");
    expect_fine(NO_MODULES "[log]\nfile = a_file\n");
    expect_fine(NO_MODULES "[log]\nfile = new.log\n");
    expect_fault(NO_MODULES "[host]\nrun_dir = a_file\n", "4: [host] run_dir", "not a folder");
    expect_fault(NO_MODULES "[host]\nrun_dir = a_file/b/c\n", "4: [host] run_dir", "not a folder");
    expect_fine(NO_MODULES "[host]\nrun_dir = new/er/run\n");
    expect_fault(NO_MODULES "[host]\ndata_dir = a_file\n", "4: [host] data_dir", "not a folder");
    expect_fine(NO_MODULES "[host]\ndata_dir = new/data\n");
    expect_fault(NO_MODULES "[host]\nready_file = nowhere/ready\n", "4: [host] ready_file",
                 "there is no folder");
    expect_fault(NO_MODULES "[host]\nready_file = a_file\n", "4: [host] ready_file",
                 "no ready file");
    expect_fault(NO_MODULES "[host]\nready_file = mods\n", "4: [host] ready_file",
                 "it is a folder");
    expect_fine(NO_MODULES "[host]\nrun_dir = new/run\nready_file = new/run/ready\n");
    expect_fine(NO_MODULES "[host]\nrun_dir = new/run\nready_file = new/ready\n");
    path_in_folder("new", path);
    CHECK(!file_exists(path)); /* the check has created nothing */
    path_in_folder("new.log", path);
    CHECK(!file_exists(path));
}

static void token(void) {
    char path[1024];
    path_in_folder("keys", path);
    folder_make(path);
    path_in_folder("keys/admin.token", path);
    file_write(path, "short\n", 6);
    CHECK(file_share(path));
    expect_fine(NO_MODULES "[host]\nrun_dir = keys\n"); /* without TCP it is not used */
    expect_fault(NO_MODULES "[host]\nrun_dir = keys\n[admin]\nport = 0\n", "4: [host] run_dir",
                 "can be read by others");
    expect_fine(NO_MODULES "[host]\nrun_dir = keys\n[admin]\nenabled = no\n");
    expect_fine(NO_MODULES "[host]\nrun_dir = keys\n[admin]\ntoken = 0123456789abcdef\n");
}

/* 192.0.2.1 and 2001:db8::1 are reserved for documentation: no machine has them. */
static void addresses(void) {
    expect_fault(NO_MODULES "[module echo]\nload = no\n" /* 3, 4 */
                            "[listener game]\naddress = 192.0.2.1\nport = 0\ntype = echo.session\n",
                 "6: [listener game] address = 192.0.2.1", "0.0.0.0 for all");
    expect_fault(NO_MODULES "[module echo]\nload = no\n"
                            "[connector up]\naddress = 127.0.0.1\nport = 1\ntype = echo.session\n"
                            "bind_address = 192.0.2.1\n",
                 "9: [connector up] bind_address = 192.0.2.1", "leave it empty");
    expect_fault(NO_MODULES "[admin]\naddress = 2001:db8::1\ntoken = 0123456789abcdef\n",
                 "4: [admin] address = 2001:db8::1", "no such address");
}

static void copy_module(const char *name, const char *to) {
    char from[1024];
    char path[1024];
    char file[256];
    host_module_path(name, from, sizeof from);
    snprintf(file, sizeof file, "mods/%s%s", to, host_library_suffix);
    path_in_folder(file, path);
    size_t size = 0;
    char *bytes = file_read(from, &size);
    CHECK(bytes != NULL);
    file_write(path, bytes, size);
    free(bytes);
}

static void remove_module(const char *name) {
    char path[1024];
    char file[256];
    snprintf(file, sizeof file, "mods/%s%s", name, host_library_suffix);
    path_in_folder(file, path);
    file_remove(path);
}

static void modules(void) {
    char path[1024];
    expect_fault("[modules]\ndir = nowhere\n", "2: [modules] dir", "cannot be read");
    expect_fine(NO_MODULES "dir = nowhere\n");
    copy_module("echo", "echo");
    expect_fine(FROM_MODS "[module echo]\n");
    expect_fine(FROM_MODS "autoload = no\n[module echo]\n");
    expect_fault(FROM_MODS "[module ecko]\nmotd = x\n", "3: [module ecko]",
                 "did you mean [module echo]?");
    expect_fine(FROM_MODS "[module ecko]\nload = no\n");
    expect_fault(FROM_MODS "[module other]\nfile = there/other.so\n", "4: [module other] file",
                 "there is no such file");
    copy_module("no_symbol", "plain");
    expect_fault(FROM_MODS, "2: [modules] dir", "exports no portico_module_entry");
    expect_fault(FROM_MODS "[module plain]\n", "3: [module plain]",
                 "exports no portico_module_entry");
    expect_fine(FROM_MODS "[module plain]\nload = no\n");
    remove_module("plain");
    snprintf(path, sizeof path, "%s/mods/junk%s", host_test_folder(), host_library_suffix);
    file_write(path, "#!/bin/sh\necho no library\n", 26);
    expect_fault(FROM_MODS, "2: [modules] dir", "junk");
    remove_module("junk");
    expect_fine(FROM_MODS);
}

static void types(void) {
    expect_fine(FROM_MODS LISTENER "echo.session\n");
    expect_fine(FROM_MODS "autoload = no\n[module echo]\n" LISTENER "echo.session\n");
    expect_fine(FROM_MODS "[module later]\nload = no\n" LISTENER "later.session\n");
    expect_fault(FROM_MODS LISTENER "arcade.session\n", "6: [listener game] type = arcade.session",
                 "there is no module arcade");
    expect_fault(FROM_MODS LISTENER "ecco.session\n", "6: [listener game] type = ecco.session",
                 "did you mean echo?");
    expect_fault(FROM_MODS "autoload = no\n" LISTENER "echo.session\n",
                 "7: [listener game] type = echo.session", "nothing loads the module echo");
    expect_fault(NO_MODULES
                 "[connector up]\naddress = 127.0.0.1\nport = 1\ntype = arcade.session\n",
                 "6: [connector up] type = arcade.session", "there is no module arcade");
    expect_fault(FROM_MODS LISTENER "echo.sesion\n", "6: [listener game] type = echo.sesion",
                 "did you mean echo.session?");
    /* A library's module may have another name than its file. The default room of chat is called
     * lobby. */
    remove_module("echo");
    copy_module("echo", "renamed");
    expect_fine(FROM_MODS LISTENER "echo.session\n");
    expect_fault(FROM_MODS LISTENER "renamed.session\n",
                 "6: [listener game] type = renamed.session", "the module renamed");
    expect_fault(FROM_MODS "autoload = no\n" LISTENER "echo.session\n",
                 "7: [listener game] type = echo.session", "there is no module echo");
    remove_module("renamed");
    copy_module("chat", "chat");
    expect_fault(FROM_MODS LISTENER "lobby.session\n", "6: [listener game] type = lobby.session",
                 "there is no module lobby");
    remove_module("chat");
}

/* The module's declarations are checked without a call into it. */
static void settings(void) {
    copy_module("arena", "arena");
    expect_fine(FROM_MODS "[module arena]\ntick_ms = 20\n");
    expect_fault(FROM_MODS "[module arena]\ntick_mss = 20\n", "4: [module arena] tick_mss",
                 "did you mean tick_ms?");
    expect_fault(FROM_MODS "[module arena]\ntick_ms = 5\n", "4: [module arena] tick_ms = 5",
                 "from 10 ");
    expect_fault(FROM_MODS "[module arena]\nload = no\nmax_players = x\n",
                 "5: [module arena] max_players = x", "must be a whole number");
    remove_module("arena");
}

/* Modules that do not suit each other or the host: once only loading them told. */
static void descriptions(void) {
    copy_module("old_abi", "old_abi");
    expect_fault(FROM_MODS, "2: [modules] dir", "it was built for ABI 0.3 or older");
    remove_module("old_abi");
    copy_module("refused_newer_minor", "newer");
    expect_fault(FROM_MODS "[module newer]\n", "3: [module newer]", "or use a newer host");
    remove_module("newer");
    copy_module("refused_opcode_twice", "refused");
    expect_fault(FROM_MODS, "2: [modules] dir", "the opcode 1 is in the table already");
    expect_fine(FROM_MODS "[module refused]\nload = no\n");
    remove_module("refused");

    copy_module("refused_required_missing", "needs");
    expect_fault(FROM_MODS, "2: [modules] dir",
                 "the module refused requires the module nowhere_to_be_found, which nothing loads");
    remove_module("needs");
    copy_module("refused_type_not_there", "joins");
    copy_module("echo", "echo");
    expect_fault(
        FROM_MODS, "2: [modules] dir",
        "joins the session type echo.nothing: the module echo has no such session type; it "
        "has echo.session");
    expect_fault(FROM_MODS "[module joins]\n[module echo]\nload = no\n", "3: [module joins]",
                 "requires the module echo, which nothing loads: add [module echo], or set load = "
                 "yes there");
    remove_module("joins");

    copy_module("echo", "other");
    expect_fault(FROM_MODS, "2: [modules] dir", "the module echo comes from");
    expect_fine(FROM_MODS "[module other]\nload = no\n");
    remove_module("other");
    remove_module("echo");
    copy_module("arena", "renamed");
    expect_fine(FROM_MODS "[module renamed]\n");
    expect_fault(FROM_MODS "[module renamed]\ntick_ms = 20\n", "4: [module renamed] tick_ms",
                 "move it to [module arena]");
    remove_module("renamed");
}

/* How much memory and how many handles; unit.bounds has the warnings. */
static void bounds(void) {
    static const char modest[] = NO_MODULES "[admin]\nenabled = no\n";
    expect_fine(modest);
    expect(strstr(output, "the host takes at most ") != NULL, modest, "the bound");
    expect(strstr(output, "warning: ") == NULL, modest, "no warning");
}

SCENARIO(check_machine) {
    char path[1024];
    folder_make(host_test_folder());
    path_in_folder("mods", path);
    folder_make(path);
    paths();
    token();
    addresses();
    modules();
    types();
    settings();
    descriptions();
    bounds();
}
