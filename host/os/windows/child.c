/* child.c: children by CreateProcess. Any thread, see child.h.
 *
 * A list of handles says what the child inherits: by default it would get every inheritable handle
 * of the process.
 * https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-updateprocthreadattribute
 *
 * The parent's end of the child's stdout is a named pipe, because reading from an anonymous one has
 * no time limit.
 */
#include "children.h"

#include "error.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
    ATTEMPTS = 3,
    LINE_MAX = 32767, /* characters of a command line, its zero included */
    STD_HANDLES = 3
};

/* All that one start needs. */
typedef struct start {
    STARTUPINFOEXW info;
    HANDLE list[STD_HANDLES]; /* what the child inherits, each once */
    DWORD count;
    wchar_t *program;
    wchar_t *line;
    PROCESS_INFORMATION made;
} start;

/* ---- the command line ------------------------------------------------------------------------ */

/* Appends one argument so that CommandLineToArgvW reads it as it is. False: it does not fit.
 * https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw */
static bool append_quoted(wchar_t *line, const wchar_t *text) {
    size_t at = wcslen(line);
    if (at + 2 * wcslen(text) + 4 > LINE_MAX) {
        return false;
    }
    if (at > 0) {
        line[at++] = L' ';
    }
    line[at++] = L'"';
    for (size_t slashes = 0;; text++) {
        if (*text == L'\\') {
            slashes++;
        } else {
            bool quote = *text == L'"' || *text == L'\0'; /* the last one is ours */
            for (size_t i = 0; quote && i < slashes + (*text == L'"'); i++) {
                line[at++] = L'\\';
            }
            slashes = 0;
        }
        if (*text == L'\0') {
            break;
        }
        line[at++] = *text;
    }
    line[at++] = L'"';
    line[at] = L'\0';
    return true;
}

static DWORD write_line(start *s, const char *const *arguments) {
    s->program = malloc(LINE_MAX * sizeof *s->program);
    s->line = malloc(LINE_MAX * sizeof *s->line);
    if (s->program == NULL || s->line == NULL) {
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    DWORD length = GetModuleFileNameW(NULL, s->program, LINE_MAX);
    if (length == 0 || length == LINE_MAX) {
        return length == 0 ? GetLastError() : ERROR_INSUFFICIENT_BUFFER;
    }
    s->line[0] = L'\0';
    bool fits = append_quoted(s->line, s->program);
    for (size_t i = 0; arguments[i] != NULL && fits; i++) {
        wchar_t *wide = win_wide(arguments[i]);
        if (wide == NULL) {
            return GetLastError();
        }
        fits = append_quoted(s->line, wide);
        free(wide);
    }
    return fits ? 0 : ERROR_INSUFFICIENT_BUFFER;
}

/* ---- what the child inherits ----------------------------------------------------------------- */

/* A handle that is in the list twice makes CreateProcess fail. */
static void list_add(start *s, HANDLE handle) {
    for (DWORD i = 0; i < s->count; i++) {
        if (s->list[i] == handle) {
            return;
        }
    }
    if (SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)) {
        s->list[s->count++] = handle;
    }
}

static void inherit_std(start *s) {
    static const DWORD numbers[STD_HANDLES] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
                                               STD_ERROR_HANDLE};
    HANDLE *const places[STD_HANDLES] = {&s->info.StartupInfo.hStdInput,
                                         &s->info.StartupInfo.hStdOutput,
                                         &s->info.StartupInfo.hStdError};
    s->info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    for (int i = 0; i < STD_HANDLES; i++) {
        HANDLE handle = GetStdHandle(numbers[i]);
        if (handle != NULL && handle != INVALID_HANDLE_VALUE) {
            *places[i] = handle;
            list_add(s, handle);
        }
    }
}

/* Creates the pipe that the child writes to. Only this user can open it, only once, and its name
 * contains a number that nobody else has. */
static DWORD make_from(HANDLE *ours, HANDLE *theirs) {
    static atomic_uint number;
    wchar_t name[64];
    SECURITY_ATTRIBUTES security = {.nLength = sizeof security};
    _snwprintf(name, sizeof name / sizeof name[0], L"\\\\.\\pipe\\portico-%lu-%u",
               GetCurrentProcessId(), atomic_fetch_add(&number, 1));
    name[sizeof name / sizeof name[0] - 1] = L'\0';
    if (!win_owner_only(&security, false)) {
        return GetLastError();
    }
    *ours = CreateNamedPipeW(
        name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
        PIPE_TYPE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, CHILD_PIPE_BYTES,
        CHILD_PIPE_BYTES, 0, &security);
    DWORD code = *ours != INVALID_HANDLE_VALUE ? 0 : GetLastError();
    win_owner_only_free(&security);
    if (code != 0) {
        *ours = NULL;
        return code;
    }
    *theirs = CreateFileW(name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (*theirs == INVALID_HANDLE_VALUE) {
        *theirs = NULL;
        return GetLastError();
    }
    return 0;
}

static DWORD make_pipes(os_child *child, start *s) {
    STARTUPINFOW *info = &s->info.StartupInfo;
    info->dwFlags = STARTF_USESTDHANDLES;
    child->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (child->event == NULL || !CreatePipe(&info->hStdInput, &child->to, NULL, CHILD_PIPE_BYTES)) {
        return GetLastError();
    }
    DWORD code = make_from(&child->from, &info->hStdOutput);
    if (code != 0) {
        return code;
    }
    if (!CreatePipe(&child->notes, &info->hStdError, NULL, CHILD_PIPE_BYTES)) {
        return GetLastError();
    }
    list_add(s, info->hStdInput);
    list_add(s, info->hStdOutput);
    list_add(s, info->hStdError);
    return 0;
}

/* ---- starting -------------------------------------------------------------------------------- */

static DWORD make_job(os_child *child) {
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
                                                       JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    child->job = CreateJobObjectW(NULL, NULL);
    bool made =
        child->job != NULL && SetInformationJobObject(child->job, JobObjectExtendedLimitInformation,
                                                      &limits, sizeof limits);
    return made ? 0 : GetLastError();
}

/* Suspended, until it is in its job. Wine 8 now and then fails with ERROR_INTERNAL_ERROR. */
static DWORD create(start *s) {
    DWORD flags = CREATE_NEW_PROCESS_GROUP | CREATE_SUSPENDED | EXTENDED_STARTUPINFO_PRESENT;
    DWORD code = ERROR_INTERNAL_ERROR;
    for (int i = 0; i < ATTEMPTS && code == ERROR_INTERNAL_ERROR; i++) {
        BOOL made = CreateProcessW(s->program, s->line, NULL, NULL, s->count > 0, flags, NULL, NULL,
                                   &s->info.StartupInfo, &s->made);
        code = made ? 0 : GetLastError();
    }
    return code;
}

static DWORD create_with_list(start *s) {
    SIZE_T size = 0;
    s->info.StartupInfo.cb = sizeof s->info;
    (void)InitializeProcThreadAttributeList(NULL, 1, 0, &size); /* only says the size */
    s->info.lpAttributeList = malloc(size);
    if (s->info.lpAttributeList == NULL) {
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    DWORD code = 0;
    if (!InitializeProcThreadAttributeList(s->info.lpAttributeList, 1, 0, &size)) {
        code = GetLastError();
        free(s->info.lpAttributeList);
        return code;
    }
    if (s->count > 0 &&
        !UpdateProcThreadAttribute(s->info.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                   s->list, s->count * sizeof s->list[0], NULL, NULL)) {
        code = GetLastError();
    }
    code = code == 0 ? create(s) : code;
    DeleteProcThreadAttributeList(s->info.lpAttributeList);
    free(s->info.lpAttributeList);
    return code;
}

/* The event that a stop of the child sets. A console event would need a console that both have. */
static DWORD make_stop(os_child *child) {
    wchar_t name[WIN_STOP_NAME];
    SECURITY_ATTRIBUTES security = {.nLength = sizeof security};
    win_stop_name(child->id, name);
    if (!win_owner_only(&security, false)) {
        return GetLastError();
    }
    child->stop = CreateEventW(&security, FALSE, FALSE, name);
    DWORD code = child->stop != NULL ? 0 : GetLastError();
    win_owner_only_free(&security);
    return code;
}

/* Lets the created process run. */
static DWORD release(os_child *child, start *s) {
    child->process = s->made.hProcess;
    child->id = s->made.dwProcessId;
    DWORD code = child->io == OS_CHILD_INHERITS ? make_stop(child) : 0;
    if (child->job != NULL && !AssignProcessToJobObject(child->job, child->process)) {
        code = GetLastError();
    }
    if (code == 0 && ResumeThread(s->made.hThread) == (DWORD)-1) {
        code = GetLastError();
    }
    if (code != 0) {
        TerminateProcess(child->process, CHILD_KILLED);
    }
    CloseHandle(s->made.hThread);
    return code;
}

static DWORD start_child(os_child *child, start *s, const char *const *arguments) {
    DWORD code = write_line(s, arguments);
    if (code != 0) {
        return code;
    }
    if (child->io == OS_CHILD_INHERITS) {
        inherit_std(s);
    } else {
        code = make_job(child);
        code = code == 0 ? make_pipes(child, s) : code;
    }
    code = code == 0 ? create_with_list(s) : code;
    return code == 0 ? release(child, s) : code;
}

portico_status os_child_start(const char *const *arguments, os_child_io io, os_child **result) {
    start s = {0};
    os_child *child = calloc(1, sizeof *child);
    *result = NULL;
    if (child == NULL) {
        return error_set(ERROR_NOT_ENOUGH_MEMORY);
    }
    child->io = io;
    DWORD code = start_child(child, &s, arguments);
    free(s.program);
    free(s.line);
    if (io == OS_CHILD_PIPES) { /* the child has its own */
        child_close_handle(&s.info.StartupInfo.hStdInput);
        child_close_handle(&s.info.StartupInfo.hStdOutput);
        child_close_handle(&s.info.StartupInfo.hStdError);
    }
    if (code != 0) {
        child_free_handles(child);
        return error_set(code);
    }
    *result = child;
    return PORTICO_OK;
}
