/* fault_write.c: files that are written in a handler, on the thread that faults. */
#include "guard.h"

#include <string.h>
#include <wchar.h>

#include <dbghelp.h>

enum {
    PATH_ROOM = 1024,
    DUMP_WAIT_MS = 30000,
    DUMP_STACK_BYTES = 1024 * 1024 /* reserved */
};

/* `path` in UTF-16 and with backslashes. False: it does not fit. */
static bool widen(const char *path, wchar_t *wide) {
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, PATH_ROOM) <= 0) {
        return false;
    }
    for (wchar_t *at = wide; *at != L'\0'; at++) {
        *at = *at == L'/' ? L'\\' : *at;
    }
    return true;
}

/* Opens a file with an absolute path of a drive, to add to it. CreateFileW allocates memory from
 * the heap, which this thread may have been changing; this does not.
 * https://learn.microsoft.com/windows/win32/api/winternl/nf-winternl-ntcreatefile */
static HANDLE open_by_drive(wchar_t *wide) {
    enum { ADD = 0x4 | 0x00100000 };       /* FILE_APPEND_DATA | SYNCHRONIZE */
    enum { OPEN_OR_CREATE = 3 };           /* FILE_OPEN_IF */
    enum { WAIT_NO_FOLDER = 0x20 | 0x40 }; /* FILE_SYNCHRONOUS_IO_NONALERT and so on */
    static const wchar_t prefix[] = L"\\??\\";
    enum { PREFIX = sizeof prefix / sizeof prefix[0] - 1 };
    wchar_t full[PATH_ROOM + PREFIX];
    memcpy(full, prefix, sizeof prefix);
    wcscpy(full + PREFIX, wide);
    UNICODE_STRING name = {.Buffer = full,
                           .Length = (USHORT)(wcslen(full) * sizeof *full),
                           .MaximumLength = sizeof full};
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    IO_STATUS_BLOCK status;
    HANDLE file = INVALID_HANDLE_VALUE;
    return NtCreateFile(&file, ADD, &attributes, &status, NULL, FILE_ATTRIBUTE_NORMAL,
                        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, OPEN_OR_CREATE,
                        WAIT_NO_FOLDER, NULL, 0) == 0
               ? file
               : INVALID_HANDLE_VALUE;
}

static void write_all(HANDLE file, const char *text, size_t size) {
    DWORD written = 0;
    (void)WriteFile(file, text, (DWORD)size, &written, NULL);
}

void os_fault_write(const char *path, const char *text, size_t size) {
    wchar_t wide[PATH_ROOM];
    if (path == NULL) {
        write_all(GetStdHandle(STD_ERROR_HANDLE), text, size);
        return;
    }
    if (!widen(path, wide)) {
        return;
    }
    HANDLE file = wide[0] != L'\0' && wide[1] == L':' && wide[2] == L'\\'
                      ? open_by_drive(wide)
                      : CreateFileW(wide, FILE_APPEND_DATA | SYNCHRONIZE,
                                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                    OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        write_all(file, text, size);
        CloseHandle(file);
    }
}

/* ---- the minidump --------------------------------------------------------------------------- */

typedef struct dump {
    HANDLE file;
    DWORD thread; /* the one that faults */
    BOOL written;
} dump;

/* On a thread of its own: it needs more stack than an overflow leaves, and cannot describe the
 * thread that it runs on.
 * https://learn.microsoft.com/windows/win32/api/minidumpapiset/nf-minidumpapiset-minidumpwritedump
 */
static DWORD WINAPI dump_main(void *arg) {
    dump *d = arg;
    __typeof__(&MiniDumpWriteDump) write =
        (__typeof__(&MiniDumpWriteDump))win_load(L"dbghelp.dll", "MiniDumpWriteDump");
    if (write != NULL) {
        MINIDUMP_EXCEPTION_INFORMATION exception = {.ThreadId = d->thread,
                                                    .ExceptionPointers = guard_end_exception()};
        d->written =
            write(GetCurrentProcess(), GetCurrentProcessId(), d->file,
                  MiniDumpWithThreadInfo | MiniDumpWithUnloadedModules, &exception, NULL, NULL);
    }
    return 0;
}

/* Waits for the thread a limited time: a lock that the process holds may stop it for ever. */
portico_status os_fault_dump(const char *path) {
    static dump d; /* the thread may outlive this call */
    wchar_t wide[PATH_ROOM];
    if (!widen(path, wide)) {
        return PORTICO_E_INVALID;
    }
    d = (dump){.thread = GetCurrentThreadId()};
    d.file = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                         FILE_ATTRIBUTE_NORMAL, NULL);
    if (d.file == INVALID_HANDLE_VALUE) {
        return PORTICO_E_ACCESS;
    }
    HANDLE thread = CreateThread(NULL, DUMP_STACK_BYTES, dump_main, &d,
                                 STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    bool ended = thread != NULL && WaitForSingleObject(thread, DUMP_WAIT_MS) == WAIT_OBJECT_0;
    if (thread != NULL) {
        CloseHandle(thread);
    }
    if (!ended) {
        return PORTICO_E_TIMEOUT;
    }
    CloseHandle(d.file);
    return d.written ? PORTICO_OK : PORTICO_E_SYSTEM;
}
