/* lock.c: names that one process at a time has. Any thread.
 *
 * The file is open without sharing writes, and the system deletes it with its last handle, so that
 * the end of the process gives the name back, however it ends.
 * https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-createfilew
 */
#include "error.h"

#include <stdlib.h>

struct os_lock {
    HANDLE file;
};

/* The number that the holder has written. */
static uint32_t holder_of(const wchar_t *path) {
    char text[16] = "";
    DWORD size = 0;
    HANDLE file =
        CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        return 0;
    }
    if (!ReadFile(file, text, sizeof text - 1, &size, NULL)) {
        size = 0;
    }
    text[size] = '\0';
    CloseHandle(file);
    return (uint32_t)strtoul(text, NULL, 10);
}

static portico_status lock_file(const wchar_t *path, HANDLE *file, uint32_t *process) {
    *file = CreateFileW(
        path, GENERIC_WRITE | DELETE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_ALWAYS,
        FILE_ATTRIBUTE_NORMAL | FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (*file != INVALID_HANDLE_VALUE) {
        char text[16];
        DWORD size = 0;
        int length = snprintf(text, sizeof text, "%lu\n", GetCurrentProcessId());
        (void)WriteFile(*file, text, (DWORD)length, &size, NULL); /* only for people */
        return PORTICO_OK;
    }
    DWORD code = GetLastError();
    *process = holder_of(path);
    return code == ERROR_SHARING_VIOLATION || code == ERROR_DELETE_PENDING
               ? error_refuse(PORTICO_E_EXISTS)
               : error_set(code);
}

portico_status os_lock_take(const char *path, os_lock **result, uint32_t *process) {
    os_lock *lock = malloc(sizeof *lock);
    wchar_t *wide = win_path(path);
    *process = 0;
    portico_status status = PORTICO_OK;
    if (lock == NULL || wide == NULL) {
        status = error_set(wide == NULL ? GetLastError() : ERROR_NOT_ENOUGH_MEMORY);
    } else {
        status = lock_file(wide, &lock->file, process);
    }
    free(wide);
    if (status != PORTICO_OK) {
        free(lock);
        return status;
    }
    *result = lock;
    return PORTICO_OK;
}

void os_lock_give_back(os_lock *lock) {
    CloseHandle(lock->file);
    free(lock);
}
