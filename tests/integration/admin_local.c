/* admin_local.c: ctl reaches a host through its local socket, without TCP and without a token. The
 * socket is its owner's alone, a dead host's is replaced, a living host's and a foreign file are
 * not. A long path is no obstacle. When nothing answers, or an answer never ends, ctl says so. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined(_WIN32)
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

enum { PATH_BYTES = 1600, TRIES = 6000 };

static char folder[PATH_BYTES];
static char output[65536];

static void path_of(char path[PATH_BYTES], const char *name) {
    file_path(path, PATH_BYTES, folder, name);
}

/* Writes an ini that says nothing about [admin]. */
static void write_ini(const char *ready_file) {
    char ini[PATH_BYTES];
    char text[512];
    int size = snprintf(text, sizeof text,
                        "[host]\nready_file = %s\nrun_dir = run\nworkers = 1\n"
                        "[log]\ncolour = never\n[modules]\nautoload = no\n",
                        ready_file);
    path_of(ini, "game.ini");
    file_write(ini, text, (size_t)size);
}

/* Makes a folder of its own with an ini. */
static void make_folder(const char *name) {
    folder_make(host_test_folder());
    snprintf(folder, sizeof folder, "%.700s/%s", host_test_folder(), name);
    folder_make(folder);
    write_ini("ready");
}

static int ctl(const char *command, const char *option, const char *value) {
    char ini[PATH_BYTES];
    char path[PATH_BYTES];
    path_of(ini, "game.ini");
    path_of(path, "ctl.txt");
    const char *arguments[] = {host_executable(), "ctl", "-c", ini, NULL, NULL, NULL, NULL};
    int count = 4;
    if (option != NULL) {
        arguments[count++] = option;
        arguments[count++] = value;
    }
    arguments[count] = command;
    int exit_code = process_run(arguments, path, 60000);
    char *text = file_read(path, NULL);
    CHECK(text != NULL);
    snprintf(output, sizeof output, "%s", text);
    free(text);
    return exit_code;
}

static process *start(void) {
    char ini[PATH_BYTES];
    char log[PATH_BYTES];
    char ready[PATH_BYTES];
    path_of(ini, "game.ini");
    path_of(log, "output.txt");
    path_of(ready, "ready");
    file_remove(ready);
    const char *arguments[] = {host_executable(), "run", ini, NULL};
    process_options how = {.output_file = log};
    process *p = process_start(arguments, &how);
    for (int i = 0; i < TRIES && !file_exists(ready); i++) {
        clock_sleep_ms(10);
    }
    CHECK(file_exists(ready));
    return p;
}

static void wait_end(process *p, int expected) {
    int code = -1;
    CHECK(process_wait(p, 60000, &code));
    CHECK_INT(code, expected);
    process_free(p);
}

/* A host that is not expected to start. */
static void expect_refused(const char *why) {
    char ini[PATH_BYTES];
    char log[PATH_BYTES];
    path_of(ini, "game.ini");
    path_of(log, "refused.txt");
    const char *arguments[] = {host_executable(), "run", ini, NULL};
    CHECK_INT(process_run(arguments, log, 60000), 1);
    char *text = file_read(log, NULL);
    CHECK(text != NULL && strstr(text, why) != NULL);
    free(text);
}

static void serves(void) {
    process *p = start();
    CHECK_INT(ctl("status", NULL, NULL), 0);
    CHECK(strstr(output, "\nadmin - local 1 trusted 0 unknown 0 ") != NULL);
    CHECK_INT(ctl("load", NULL, NULL), 2);
    expect_refused("[host] ready_file = ");
    write_ini("another");
    expect_refused("is the socket of a host that runs");
    write_ini("ready");
    CHECK_INT(ctl("modules", "--timeout", "30"), 0);
    CHECK_INT(ctl("modules", "--timeout", "soon"), 2);
    CHECK(strstr(output, "--timeout soon: it must be 0.1 to 3600 seconds") != NULL);
    CHECK_INT(ctl("stop", NULL, NULL), 0);
    wait_end(p, 0);
    CHECK_INT(ctl("status", NULL, NULL), 1);
    CHECK(strstr(output, "no host listens at ") != NULL &&
          strstr(output, "is it running?") != NULL);
}

#if !defined(_WIN32)

static void socket_path(char path[PATH_BYTES]) {
    path_of(path, "run/game.sock");
}

static mode_t mode_of(const char *path) {
    struct stat found;
    CHECK_INT(lstat(path, &found), 0);
    return found.st_mode;
}

static void stale(void) {
    char path[PATH_BYTES];
    socket_path(path);
    process *p = start();
    CHECK_INT(mode_of(path) & 07777, 0600);
    CHECK_INT(kill((pid_t)process_id(p), SIGKILL), 0);
    int code = 0;
    CHECK(process_wait(p, 60000, &code));
    process_free(p);
    CHECK(S_ISSOCK(mode_of(path))); /* left behind */
    CHECK_INT(ctl("status", NULL, NULL), 1);
    CHECK(strstr(output, "no host listens at ") != NULL);
    p = start();
    CHECK_INT(ctl("stop", NULL, NULL), 0);
    wait_end(p, 0);
    CHECK_INT(access(path, F_OK), -1);
}

static void foreign(void) {
    char path[PATH_BYTES];
    socket_path(path);
    file_write(path, "precious", 8);
    expect_refused("there is a file that is no socket of this user's");
    char *text = file_read(path, NULL);
    CHECK(text != NULL && strcmp(text, "precious") == 0);
    free(text);
    file_remove(path);
}

/* A host that hangs as a whole accepts connections, for a while, and answers none. */
static void hangs(void) {
    process *p = start();
    CHECK_INT(kill((pid_t)process_id(p), SIGSTOP), 0);
    CHECK_INT(ctl("status", "--timeout", "0.3"), 1);
    CHECK(strstr(output, "has accepted the connection, but not answered `status` within 0.3 s") !=
          NULL);
    CHECK_INT(kill((pid_t)process_id(p), SIGCONT), 0);
    CHECK_INT(ctl("stop", NULL, NULL), 0);
    wait_end(p, 0);
}

/* Something that is no host: it answers with a line now and then, and never comes to an end. */
static void drip(int listener) {
    int client = accept(listener, NULL, NULL);
    while (client >= 0 && send(client, "| more\n", 7, MSG_NOSIGNAL) == 7) {
        clock_sleep_ms(20);
    }
}

static void never_ends(void) {
    char path[PATH_BYTES];
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "game.sock"};
    path_of(path, "run");
    pid_t child = fork();
    if (child == 0) {
        int listener = socket(AF_UNIX, SOCK_STREAM, 0);
        if (chdir(path) == 0 &&
            bind(listener, (const struct sockaddr *)&address, sizeof address) == 0 &&
            listen(listener, 1) == 0) {
            drip(listener);
        }
        _exit(0);
    }
    CHECK(child > 0);
    output[0] = '\0';
    for (int i = 0; i < TRIES && strstr(output, "within 0.5 s") == NULL; i++) {
        clock_sleep_ms(10); /* until it listens */
        CHECK_INT(ctl("status", "--timeout", "0.5"), 1);
    }
    CHECK(strstr(output, "not answered `status` within 0.5 s") != NULL);
    CHECK_INT(kill(child, SIGKILL), 0);
    CHECK_INT(waitpid(child, NULL, 0), child);
    socket_path(path);
    file_remove(path);
}

#else

static void stale(void) {
}

static void foreign(void) {
}

static void hangs(void) {
}

static void never_ends(void) {
}

#endif

SCENARIO(admin_local) {
    char name[200];
    make_folder("plain");
    serves();
    stale();
    foreign();
    hangs();
    never_ends();
    memset(name, 'x', sizeof name);
    name[150] = '\0'; /* a Unix socket's address has 108 bytes */
    make_folder(name);
    serves();
}
