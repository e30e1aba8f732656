/* The file of a local listener on Linux: only its owner can open it; what is no socket, or leads
 * elsewhere, is never touched; a socket whose process has ended is replaced. */
#include "contract.h"

#include "os/local.h"

#if defined(_WIN32)

SCENARIO(local_linux) {
    contract_skip("named pipes have no files");
}

#else

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER "contract_local_linux"
#define PATH FOLDER "/host.sock"

static mode_t mode_of(const char *path) {
    struct stat found;
    CHECK_EQ(lstat(path, &found), 0);
    return found.st_mode;
}

static void check_refused(os_port *port) {
    os_socket *listener = NULL;
    CHECK_STATUS(os_listen_local(port, PATH, &listener), PORTICO_E_EXISTS);
    CHECK(listener == NULL);
}

/* The process that listens is killed: its file stays. */
static void leave_stale(void) {
    pid_t child = fork();
    if (child == 0) {
        os_port *port = NULL;
        os_socket *listener = NULL;
        bool good = os_port_create(&port) == PORTICO_OK &&
                    os_listen_local(port, PATH, &listener) == PORTICO_OK;
        _exit(good ? 0 : 1);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(S_ISSOCK(mode_of(PATH)));
}

SCENARIO(local_linux) {
    os_port *port = contract_port();
    os_socket *listener = NULL;
    if (os_listen_local(port, FOLDER "_none/x", &listener) == PORTICO_OK) {
        os_close(listener, false);
        os_port_destroy(port);
        contract_skip("the simulated system has no files for it");
        return;
    }
    CHECK_OK(os_folder_create(FOLDER));
    (void)umask(0); /* others could open what is created with the usual mode */
    (void)unlink(PATH);
    CHECK_OK(os_listen_local(port, PATH, &listener));
    CHECK_EQ(mode_of(PATH) & 07777, 0600);
    os_close(listener, false);
    os_local_remove(PATH);
    CHECK_EQ(access(PATH, F_OK), -1);

    leave_stale();
    CHECK_OK(os_listen_local(port, PATH, &listener));
    os_local_remove(PATH); /* it lives, so this does nothing */
    CHECK(S_ISSOCK(mode_of(PATH)));
    os_close(listener, false);
    os_local_remove(PATH);

    FILE *file = fopen(PATH, "w");
    CHECK(file != NULL && fputs("precious", file) >= 0 && fclose(file) == 0);
    check_refused(port);
    CHECK(S_ISREG(mode_of(PATH)));
    CHECK_EQ(unlink(PATH), 0);
    leave_stale();
    CHECK_EQ(rename(PATH, FOLDER "/other"), 0);
    CHECK_EQ(symlink("other", PATH), 0);
    check_refused(port);
    CHECK(S_ISLNK(mode_of(PATH)) && S_ISSOCK(mode_of(FOLDER "/other")));
    CHECK_EQ(unlink(PATH) + unlink(FOLDER "/other") + rmdir(FOLDER), 0);
    os_port_destroy(port);
}

#endif
