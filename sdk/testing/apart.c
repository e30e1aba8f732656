/* apart.c: a run in a process of its own. First what both systems share. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <windows.h>
#else
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

/* Of real time: a handler that never returns. */
enum { LIMIT_S = 120 };

static bool is_known(int code) {
    return code == 0 || code == TESTING_EXIT_FAILED || code == TESTING_EXIT_FAULTED;
}

static testing_end judge(const portico_test *t, uint32_t process, int code, const char *crash) {
    char folder[TESTING_PATH_BYTES];
    testing_end end = code == 0                      ? TESTING_PASSED
                      : code == TESTING_EXIT_FAULTED ? TESTING_FAULTED
                                                     : TESTING_FAILED;
    testing_folder(folder, process);
    if (crash != NULL) {
        fprintf(stderr, "FAILED %s, seed %" PRIu64 ": %s\n", t->test->name, t->seed, crash);
        testing_print_log(folder);
        testing_print_again(t);
        end = TESTING_FAILED;
    }
    testing_folder_delete(folder);
    return end;
}

#if defined(_WIN32)

/* Starts this program again with one more argument. */
testing_end testing_run_apart(portico_test *t) {
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION process;
    DWORD code = 0;
    char crash[80] = "";
    static WCHAR line[32768];
    (void)swprintf(line, sizeof line / sizeof line[0], L"%ls --apart %hs %llu", GetCommandLineW(),
                   t->test->name, (unsigned long long)t->seed);
    fflush(NULL);
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) {
        fprintf(stderr, "a process cannot be started (%lu)\n", GetLastError());
        exit(2);
    }
    if (WaitForSingleObject(process.hProcess, LIMIT_S * 1000) != WAIT_OBJECT_0) {
        (void)TerminateProcess(process.hProcess, 1);
        (void)WaitForSingleObject(process.hProcess, INFINITE);
        (void)snprintf(crash, sizeof crash, "still running after %d s", LIMIT_S);
    }
    (void)GetExitCodeProcess(process.hProcess, &code);
    if (crash[0] == '\0' && !is_known((int)code)) {
        (void)snprintf(crash, sizeof crash, "the process ended with code 0x%lx", code);
    }
    (void)CloseHandle(process.hThread);
    (void)CloseHandle(process.hProcess);
    return judge(t, process.dwProcessId, (int)code, crash[0] != '\0' ? crash : NULL);
}

#else

/* Handing the token of the simulation to a thread on another processor takes ten times as long. */
static _Noreturn void child_main(portico_test *t, int errors) {
    cpu_set_t here;
    if (errors >= 0 && dup2(errors, 2) < 0) {
        _exit(2);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    CPU_ZERO(&here);
    CPU_SET((size_t)sched_getcpu(), &here);
    sched_setaffinity(0, sizeof here, &here);
    alarm(LIMIT_S);
    t->apart = true;
    testing_run(t);
    fflush(NULL);
    exit(0); /* a sanitizer looks for leaks now */
}

/* A file in memory for what a run prints on stderr: with faults the host complains a lot there. -1:
 * stderr itself. */
static int errors_open(const portico_test *t) {
    return t->options->faults ? memfd_create("errors", MFD_CLOEXEC) : -1;
}

static void errors_close(int errors, bool print) {
    char bytes[4096];
    ssize_t size = 0;
    if (errors < 0) {
        return;
    }
    (void)lseek(errors, 0, SEEK_SET);
    while (print && (size = read(errors, bytes, sizeof bytes)) > 0) {
        (void)fwrite(bytes, 1, (size_t)size, stderr);
    }
    (void)close(errors);
}

testing_end testing_run_apart(portico_test *t) {
    int status = 0;
    char crash[80];
    int errors = errors_open(t);
    fflush(NULL);
    pid_t id = fork();
    if (id == 0) {
        child_main(t, errors);
    }
    if (id < 0 || waitpid(id, &status, 0) != id) {
        fprintf(stderr, "cannot fork\n");
        exit(2);
    }
    errors_close(errors, !WIFEXITED(status) || (WEXITSTATUS(status) != 0 &&
                                                WEXITSTATUS(status) != TESTING_EXIT_FAULTED));
    if (WIFEXITED(status)) {
        int code = WEXITSTATUS(status);
        (void)snprintf(crash, sizeof crash, "the process ended with code %d", code);
        return judge(t, (uint32_t)id, code, is_known(code) ? NULL : crash);
    }
    if (WTERMSIG(status) == SIGALRM) {
        (void)snprintf(crash, sizeof crash, "still running after %d s", LIMIT_S);
    } else {
        (void)snprintf(crash, sizeof crash, "signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    }
    return judge(t, (uint32_t)id, TESTING_EXIT_FAILED, crash);
}

#endif
