/* admin_token.c: a token file that others may read is no secret. Neither the host nor `ctl` accepts
 * it, and both say what to do. On Windows files inherit their folder's rights, which are not
 * checked. */
#include "support/check.h"
#include "support/host.h"
#include "support/process.h"

#include <stdio.h>

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
    if (!file_share(token_file)) {
        printf("skipped: there is nothing to look at on this system\n");
        return;
    }
    CHECK_INT(run("run", NULL, ini), 1);
    CHECK(strstr(output, "run/admin.token can be read by others than its owner (mode 644)") !=
          NULL);
    CHECK(strstr(output, "delete the file") != NULL);
    CHECK_INT(run("ctl", "status", ini), 1);
    CHECK(strstr(output, "can be read by others than its owner (mode 644)") != NULL);
    file_remove(token_file);
    CHECK_INT(run("ctl", "status", ini), 1);
    CHECK(strstr(output, "cannot be read (system error 2: ") != NULL);
}
