/* admin_token.c: a token file that others may read, or a link, is no secret. Neither the host nor
 * `ctl` accepts it, and both say what to do. */
#include "support/check.h"
#include "support/host.h"
#include "support/process.h"

#include <stdio.h>
#if !defined(_WIN32)
#include <sys/stat.h>
#include <unistd.h>
#endif

static char folder[1024];
static char output[65536];

static int run(const char *command, const char *argument, const char *ini) {
    char path[1200];
    snprintf(path, sizeof path, "%s/output.txt", folder);
    bool ctl = strcmp(command, "ctl") == 0;
    const char *arguments[] = {host_executable(),     command, ctl ? "-c" : ini, ctl ? ini : NULL,
                               ctl ? argument : NULL, NULL};
    int exit_code = process_run(arguments, path, 60000);
    char *text = file_read(path, NULL);
    CHECK(text != NULL);
    snprintf(output, sizeof output, "%s", text);
    free(text);
    return exit_code;
}

/* The link leads to a good token. */
static void linked(const char *ini, const char *token_file) {
#if defined(_WIN32)
    (void)ini;
    (void)token_file;
#else
    char target[1100];
    snprintf(target, sizeof target, "%s/elsewhere", folder);
    file_write(target, "a-token-of-somebody\n", 20);
    CHECK_INT(chmod(target, 0600), 0);
    CHECK_INT(symlink("../elsewhere", token_file), 0);
    CHECK_INT(run("run", NULL, ini), 1);
    CHECK(strstr(output, "run/admin.token is no secret: it is a link") != NULL);
    CHECK_INT(run("ctl", "status", ini), 1);
    CHECK(strstr(output, "it is a link") != NULL);
    file_remove(token_file);
    file_remove(target);
#endif
}

SCENARIO(admin_token) {
    static const char ini_text[] =
        "[host]\nready_file = ready\nrun_dir = run\n[admin]\naddress = 127.0.0.1\nport = 0\n";
    static const char token[] = "a-token-of-the-tests\n";
    char ini[1100];
    char token_file[1100];
    folder_make(host_test_folder());
    snprintf(folder, sizeof folder, "%s", host_test_folder());
    snprintf(ini, sizeof ini, "%s/portico.ini", folder);
    snprintf(token_file, sizeof token_file, "%s/run", folder);
    folder_make(token_file);
    snprintf(token_file, sizeof token_file, "%s/run/admin.token", folder);
    file_write(ini, ini_text, sizeof ini_text - 1);
    file_write(token_file, token, sizeof token - 1);
    CHECK(file_share(token_file));
    CHECK_INT(run("run", NULL, ini), 1);
    CHECK(
        strstr(output, "run/admin.token is no secret: it can be read by others than its owner (") !=
        NULL);
    CHECK(strstr(output, "delete it") != NULL);
    CHECK_INT(run("ctl", "status", ini), 1);
    CHECK(strstr(output, "it can be read by others than its owner (") != NULL);
    file_remove(token_file);
    linked(ini, token_file);
    CHECK_INT(run("ctl", "status", ini), 1);
    CHECK(strstr(output, "cannot be read (system error 2: ") != NULL);
}
