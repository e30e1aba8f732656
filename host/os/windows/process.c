/* process.c: how the process begins and ends, and what it may use.
 *
 * os_init runs on the main thread before there is any other; the rest on any thread.
 */
#include "error.h"
#include "socket.h"

#include <fcntl.h>
#include <io.h>
#include <shellapi.h>
#include <stdlib.h>

/* The C library passes arguments in the process's code page, and mingw's even expands wildcards in
 * them; the command line itself is UTF-16 and complete. The result is never freed. */
static portico_status read_arguments(int *argc, char ***argv) {
    int count = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    if (wide == NULL) {
        return error_set(GetLastError());
    }
    char **arguments = calloc((size_t)count + 1, sizeof *arguments);
    if (arguments == NULL) {
        LocalFree(wide);
        return error_set(ERROR_NOT_ENOUGH_MEMORY);
    }
    portico_status status = PORTICO_OK;
    for (int i = 0; i < count && status == PORTICO_OK; i++) {
        arguments[i] = win_utf8(wide[i]);
        status = arguments[i] != NULL ? PORTICO_OK : error_set(GetLastError());
    }
    LocalFree(wide);
    if (status != PORTICO_OK) {
        return status; /* main() reports it and the process ends: nothing to free */
    }
    *argc = count;
    *argv = arguments;
    return PORTICO_OK;
}

static UINT console_page_before;

static void console_restore(void) {
    SetConsoleOutputCP(console_page_before);
}

/* Restored at exit, because the console belongs to the user's shell as well. */
static void console_to_utf8(void) {
    console_page_before = GetConsoleOutputCP();
    if (console_page_before != 0 && console_page_before != CP_UTF8 && SetConsoleOutputCP(CP_UTF8)) {
        atexit(console_restore);
    }
}

/* A process without a console, or started with closed handles, gets NUL for the streams that it
 * lacks. The C library gives the first file that is opened after that the lowest free descriptor.
 * https://learn.microsoft.com/windows/console/getstdhandle (an application without such handles) */
static void open_standard_stream(DWORD which, FILE *stream, const char *mode) {
    HANDLE handle = GetStdHandle(which);
    DWORD flags = 0;
    bool is_open = handle != NULL && handle != INVALID_HANDLE_VALUE &&
                   (GetHandleInformation(handle, &flags) || GetFileType(handle) == FILE_TYPE_CHAR);
    if (is_open && _fileno(stream) >= 0) {
        return;
    }
    /* cppcheck-suppress leakReturnValNotUsed; the result is `stream` */
    if (freopen("NUL", mode, stream) != NULL) {
        SetStdHandle(which, (HANDLE)_get_osfhandle(_fileno(stream)));
    }
}

portico_status os_init(int *argc, char ***argv) {
    open_standard_stream(STD_INPUT_HANDLE, stdin, "rb");
    open_standard_stream(STD_OUTPUT_HANDLE, stdout, "wb");
    open_standard_stream(STD_ERROR_HANDLE, stderr, "wb");
    /* A missing DLL of a module, or a drive without a disk, gives an error code instead of a
     * dialog. */
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX);
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    console_to_utf8();
    WSADATA data;
    int code = WSAStartup(MAKEWORD(2, 2), &data);
    if (code != 0) {
        return error_set((DWORD)code);
    }
    code = (int)winsock_load();
    if (code != 0) {
        return error_set((DWORD)code);
    }
    return read_arguments(argc, argv);
}

void os_exit(int code) {
    /* Not ExitProcess: that runs the DllMain of every module, possibly while one of their locks is
     * held. */
    TerminateProcess(GetCurrentProcess(), (UINT)code);
    abort(); /* not reached */
}

uint32_t os_cpu_count(void) {
    DWORD_PTR mine = 0;
    DWORD_PTR all = 0;
    /* With several processor groups the mask covers only one of them.
     * https://learn.microsoft.com/windows/win32/procthread/processor-groups */
    if (GetActiveProcessorGroupCount() > 1 ||
        !GetProcessAffinityMask(GetCurrentProcess(), &mine, &all) || mine == 0) {
        DWORD count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
        return count > 0 ? count : 1;
    }
    uint32_t count = 0;
    for (; mine != 0; mine &= mine - 1) {
        count++;
    }
    return count;
}

uint32_t os_process_id(void) {
    return GetCurrentProcessId();
}
