/* process.c: see process.h. First what both systems share; the two halves below differ only in
 * system calls. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "support/process.h"

#include "support/check.h"
#include "support/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

struct process {
#if defined(_WIN32)
    HANDLE handle;
    HANDLE unread; /* the end of its pipe; NULL: none */
    DWORD id;
#else
    pid_t id;
    int terminal; /* its other end; -1: none */
    int unread;   /* the end of its pipe; -1: none */
#endif
    bool ended;
    int exit_code;
    struct process *next; /* in `running` */
};

static process *running;

static void kill_the_rest(void) {
    for (process *p = running; p != NULL; p = p->next) {
        process_kill(p);
    }
}

static process *process_add(void) {
    static bool registered;
    if (!registered) {
        registered = true;
        atexit(kill_the_rest);
    }
    process *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    p->next = running;
    running = p;
    return p;
}

void process_free(process *p) {
    process_kill(p);
    for (process **at = &running; *at != NULL; at = &(*at)->next) {
        if (*at == p) {
            *at = p->next;
            break;
        }
    }
#if defined(_WIN32)
    CloseHandle(p->handle);
    if (p->unread != NULL) {
        CloseHandle(p->unread);
    }
#else
    if (p->terminal >= 0) {
        close(p->terminal);
    }
    if (p->unread >= 0) {
        close(p->unread);
    }
#endif
    free(p);
}

int process_run(const char *const *arguments, const char *output_file, uint32_t timeout_ms) {
    process_options options = {.output_file = output_file};
    process *p = process_start(arguments, &options);
    int exit_code = -1;
    if (!process_wait(p, timeout_ms, &exit_code)) {
        exit_code = -1;
    }
    process_free(p);
    return exit_code;
}

#if defined(_WIN32)

/* Appends one argument, quoted as CommandLineToArgvW expects it. */
static void append_quoted(char *line, size_t size, const char *text) {
    size_t at = strlen(line);
    CHECK(at + 2 * strlen(text) + 4 < size);
    if (at > 0) {
        line[at++] = ' ';
    }
    line[at++] = '"';
    for (size_t slashes = 0; *text != '\0'; text++) {
        if (*text == '\\') {
            slashes++;
        } else {
            if (*text == '"') { /* double the backslashes before a quote, and escape the quote */
                for (size_t i = 0; i < slashes + 1; i++) {
                    line[at++] = '\\';
                }
            }
            slashes = 0;
        }
        line[at++] = *text;
    }
    line[at++] = '"';
    line[at] = '\0';
}

/* A job whose processes end when its last handle closes, that is when this test ends. */
static void add_to_job(HANDLE child) {
    static HANDLE job;
    if (job == NULL) {
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
        memset(&limits, 0, sizeof limits);
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        job = CreateJobObjectA(NULL, NULL);
        SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    }
    AssignProcessToJobObject(job, child); /* no reason to fail if refused: atexit does it too */
}

static HANDLE open_output(const char *path) {
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
    HANDLE file =
        CreateFileA(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    &inherited, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    CHECK(file != INVALID_HANDLE_VALUE);
    return file;
}

static HANDLE open_unread(HANDLE *unread) {
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
    HANDLE output = NULL;
    CHECK(CreatePipe(unread, &output, &inherited, 0));
    CHECK(SetHandleInformation(*unread, HANDLE_FLAG_INHERIT, 0));
    return output;
}

process *process_start(const char *const *arguments, const process_options *options) {
    char line[4096] = "";
    for (size_t i = 0; arguments[i] != NULL; i++) {
        append_quoted(line, sizeof line, arguments[i]);
    }
    STARTUPINFOA start = {.cb = sizeof start};
    HANDLE output = NULL;
    HANDLE unread = NULL;
    if (options->stdio == PROCESS_STDIO_UNREAD) {
        output = open_unread(&unread);
    } else if (options->output_file != NULL && options->stdio == PROCESS_STDIO_FILE) {
        output = open_output(options->output_file);
    }
    if (output != NULL || options->stdio == PROCESS_STDIO_CLOSED) {
        start.dwFlags = STARTF_USESTDHANDLES;
        start.hStdOutput = output;
        start.hStdError = output;
    }
    PROCESS_INFORMATION made;
    BOOL started = FALSE;
    for (int tries = 0; !started && tries < 3;
         tries++) { /* Wine occasionally returns ERROR_INTERNAL_ERROR */
        started = CreateProcessA(NULL, line, NULL, NULL, output != NULL, CREATE_NEW_PROCESS_GROUP,
                                 NULL, NULL, &start, &made);
        if (!started && GetLastError() != ERROR_INTERNAL_ERROR) {
            break;
        }
    }
    if (!started) {
        fprintf(stderr, "cannot start %s: error %lu\n", line, GetLastError());
    }
    CHECK(started);
    process *p = process_add();
    p->handle = made.hProcess;
    p->unread = unread;
    p->id = made.dwProcessId;
    add_to_job(made.hProcess);
    CloseHandle(made.hThread);
    if (output != NULL) {
        CloseHandle(output);
    }
    return p;
}

bool process_interrupt(process *p) {
    return GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, p->id) != 0;
}

bool process_wait(process *p, uint32_t timeout_ms, int *exit_code) {
    if (!p->ended) {
        if (WaitForSingleObject(p->handle, timeout_ms) != WAIT_OBJECT_0) {
            return false;
        }
        DWORD code = 0;
        GetExitCodeProcess(p->handle, &code);
        p->ended = true;
        p->exit_code = (int)code;
    }
    *exit_code = p->exit_code;
    return true;
}

void process_kill(process *p) {
    int ignored = 0;
    if (!p->ended) {
        TerminateProcess(p->handle, 99);
        process_wait(p, 5000, &ignored);
        p->ended = true;
    }
}

uint32_t process_id(const process *p) {
    return p->id;
}

bool process_kill_id(uint32_t id) {
    HANDLE handle = OpenProcess(PROCESS_TERMINATE, FALSE, id);
    bool killed = handle != NULL && TerminateProcess(handle, 99);
    CloseHandle(handle);
    return killed;
}

/* Windows exports these two, and does not declare them. */
static bool call_with_process(const char *function, uint32_t id) {
    typedef LONG(WINAPI * of_process)(HANDLE);
    FARPROC found = GetProcAddress(GetModuleHandleA("ntdll.dll"), function);
    of_process call = NULL;
    memcpy(&call, &found, sizeof call);
    HANDLE handle = OpenProcess(PROCESS_SUSPEND_RESUME, FALSE, id);
    bool done = call != NULL && handle != NULL && call(handle) == 0;
    CloseHandle(handle);
    return done;
}

bool process_suspend_id(uint32_t id) {
    return call_with_process("NtSuspendProcess", id);
}

bool process_resume_id(uint32_t id) {
    return call_with_process("NtResumeProcess", id);
}

bool process_signal(process *p, const char *name) {
    (void)p;
    (void)name;
    return false;
}

void process_hang_up(process *p) {
    (void)p;
}

bool process_limit_to(process *p, process_limit what, uint64_t more) {
    (void)p, (void)what, (void)more;
    return false;
}

void process_limit_lift(process *p, process_limit what) {
    (void)p, (void)what;
}

uint32_t process_raise_handle_limit(void) {
    return 16u << 20; /* Windows is limited only by memory */
}

#else

static void set_file_limit(uint32_t limit) {
    struct rlimit size = {.rlim_cur = limit, .rlim_max = limit};
    setrlimit(RLIMIT_FSIZE, &size);
}

static void set_handle_limit(uint32_t limit) {
    struct rlimit files = {.rlim_cur = limit, .rlim_max = limit};
    setrlimit(RLIMIT_NOFILE, &files);
}

/* Between fork and exec: begins a session on the terminal `path` and makes that stdin, stdout and
 * stderr. */
static void enter_terminal(const char *path) {
    int terminal = setsid() >= 0 ? open(path, O_RDWR) : -1;
    if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0) {
        _exit(126);
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(terminal, i) < 0) {
            _exit(126);
        }
    }
    close(terminal);
}

/* Runs between fork and exec: only calls that are allowed there. `output` is a pipe's end, or -1.
 */
static _Noreturn void run_child(const char *const *arguments, const process_options *options,
                                const char *terminal, int output, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(126);
    }
    if (output >= 0 && (dup2(output, 1) < 0 || dup2(output, 2) < 0)) {
        _exit(126);
    }
    if (options->output_file != NULL && options->stdio == PROCESS_STDIO_FILE) {
        int file = open(options->output_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (file < 0 || dup2(file, 1) < 0 || dup2(file, 2) < 0) {
            _exit(126);
        }
        close(file);
    }
    if (terminal != NULL) {
        enter_terminal(terminal);
    } else {
        int empty = open("/dev/null", O_RDONLY);
        if (empty > 0) {
            dup2(empty, 0);
            close(empty);
        }
        setpgid(0, 0); /* a Ctrl+C in the tests' terminal is for the tests only */
    }
    if (options->handle_limit != 0) {
        set_handle_limit(options->handle_limit);
    }
    if (options->file_limit != 0) {
        set_file_limit(options->file_limit);
    }
    for (int i = 0; i < 3 && options->stdio == PROCESS_STDIO_CLOSED; i++) {
        close(i);
    }
    execv(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(127);
}

process *process_start(const char *const *arguments, const process_options *options) {
    process *p = process_add();
    pid_t parent = getpid();
    const char *terminal = NULL;
    int ends[2] = {-1, -1};
    p->terminal = -1;
    if (options->stdio == PROCESS_STDIO_UNREAD) {
        CHECK(pipe2(ends, O_CLOEXEC) == 0);
    }
    p->unread = ends[0];
    if (options->terminal) {
        p->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        CHECK(p->terminal >= 0 && grantpt(p->terminal) == 0 && unlockpt(p->terminal) == 0);
        terminal = ptsname(p->terminal);
        CHECK(terminal != NULL);
    }
    fflush(NULL);
    p->id = fork();
    CHECK(p->id >= 0);
    if (p->id == 0) {
        run_child(arguments, options, terminal, ends[1], parent);
    }
    if (ends[1] >= 0) {
        close(ends[1]);
    }
    return p;
}

bool process_interrupt(process *p) {
    return kill(p->id, SIGINT) == 0;
}

bool process_signal(process *p, const char *name) {
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"HUP", SIGHUP},
                   {"USR1", SIGUSR1},
                   {"USR2", SIGUSR2},
                   {"PIPE", SIGPIPE},
                   {"TERM", SIGTERM}};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (strcmp(signals[i].name, name) == 0) {
            return kill(p->id, signals[i].number) == 0;
        }
    }
    return false;
}

void process_hang_up(process *p) {
    CHECK(p->terminal >= 0 && close(p->terminal) == 0);
    p->terminal = -1;
}

bool process_wait(process *p, uint32_t timeout_ms, int *exit_code) {
    uint64_t end_ms = clock_now_ms() + timeout_ms;
    while (!p->ended) {
        int status = 0;
        pid_t id = waitpid(p->id, &status, WNOHANG);
        CHECK(id >= 0 || errno == EINTR);
        if (id == p->id) {
            p->ended = true;
            p->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
        } else if (clock_now_ms() >= end_ms) {
            return false;
        } else {
            clock_sleep_ms(2);
        }
    }
    *exit_code = p->exit_code;
    return true;
}

void process_kill(process *p) {
    if (!p->ended) {
        int status = 0;
        kill(p->id, SIGKILL);
        waitpid(p->id, &status, 0);
        p->ended = true;
        p->exit_code = 1000 + SIGKILL;
    }
}

uint32_t process_id(const process *p) {
    return (uint32_t)p->id;
}

bool process_kill_id(uint32_t id) {
    return id > 1 && kill((pid_t)id, SIGKILL) == 0;
}

bool process_suspend_id(uint32_t id) {
    return id > 1 && kill((pid_t)id, SIGSTOP) == 0;
}

bool process_resume_id(uint32_t id) {
    return id > 1 && kill((pid_t)id, SIGCONT) == 0;
}

/* Its present figure. */
static uint64_t limited_now(const process *p, process_limit what) {
    char path[64];
    unsigned long long pages = 0;
    uint64_t handles = 0;
    if (what == PROCESS_MEMORY) {
        (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)p->id);
        FILE *file = fopen(path, "re");
        CHECK(file != NULL && fscanf(file, "%llu", &pages) == 1); /* NOLINT(cert-err34-c) */
        CHECK(fclose(file) == 0);
    } else if (what == PROCESS_HANDLES) {
        (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)p->id);
        DIR *folder = opendir(path);
        CHECK(folder != NULL);
        for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
            handles += entry->d_name[0] != '.';
        }
        closedir(folder);
    }
    return handles + pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int limit_resource(process_limit what) {
    return what == PROCESS_MEMORY ? RLIMIT_AS
           : what == PROCESS_HANDLES ? RLIMIT_NOFILE
                                     : RLIMIT_FSIZE;
}

static void limit_set(const process *p, process_limit what, rlim_t value) {
    struct rlimit limit;
    CHECK(prlimit(p->id, limit_resource(what), NULL, &limit) == 0);
    limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
    CHECK(prlimit(p->id, limit_resource(what), &limit, NULL) == 0);
}

bool process_limit_to(process *p, process_limit what, uint64_t more) {
    limit_set(p, what, limited_now(p, what) + more);
    return true;
}

void process_limit_lift(process *p, process_limit what) {
    limit_set(p, what, RLIM_INFINITY);
}

uint32_t process_raise_handle_limit(void) {
    struct rlimit files;
    CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_cur > 1u << 20 ? 1u << 20 : (uint32_t)files.rlim_cur;
}

#endif
