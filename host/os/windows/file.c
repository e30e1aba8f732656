/* file.c: files and paths, in UTF-8. Any thread.
 *
 * Files are always binary, never inherited by child processes, and opened so that they can be
 * renamed or deleted while open, as on Linux.
 */
#include "error.h"

#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* The meaning of fopen's mode for CreateFileW. */
typedef struct open_mode {
    DWORD access;
    DWORD creation;
    int descriptor_flags;
    bool owner_only;
    char stream[4]; /* for _fdopen, which does not know 'x' and 'N' everywhere */
} open_mode;

static bool mode_parse(const char *mode, open_mode *m) {
    bool update = strchr(mode, '+') != NULL;
    bool exclusive = strchr(mode, 'x') != NULL;
    *m = (open_mode){.access = GENERIC_READ | GENERIC_WRITE, .descriptor_flags = _O_NOINHERIT};
    switch (mode[0]) {
    case 'r':
        m->creation = OPEN_EXISTING;
        if (!update) {
            m->access = GENERIC_READ;
            m->descriptor_flags |= _O_RDONLY;
        }
        break;
    case 'w': m->creation = exclusive ? CREATE_NEW : CREATE_ALWAYS; break;
    case 'a':
        m->creation = exclusive ? CREATE_NEW : OPEN_ALWAYS;
        m->descriptor_flags |= _O_APPEND;
        break;
    default: return false;
    }
    m->owner_only = exclusive && strchr(mode, 'o') == NULL;
    size_t at = 0;
    m->stream[at++] = mode[0];
    m->stream[at++] = 'b';
    if (update) {
        m->stream[at] = '+';
    }
    return true;
}

static HANDLE open_handle(const char *path, const open_mode *m) {
    SECURITY_ATTRIBUTES security = {.nLength = sizeof security};
    wchar_t *wide = win_path(path);
    if (wide == NULL || (m->owner_only && !win_owner_only(&security, false))) {
        DWORD code = GetLastError();
        free(wide);
        SetLastError(code);
        return INVALID_HANDLE_VALUE;
    }
    HANDLE handle =
        CreateFileW(wide, m->access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    &security, m->creation, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD code = GetLastError();
    if (m->owner_only) {
        win_owner_only_free(&security);
    }
    free(wide);
    SetLastError(code);
    return handle;
}

FILE *os_fopen(const char *path, const char *mode) {
    open_mode m;
    if (!mode_parse(mode, &m)) {
        error_set(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    HANDLE handle = open_handle(path, &m);
    if (handle == INVALID_HANDLE_VALUE) {
        error_set(GetLastError());
        return NULL;
    }
    if (GetFileType(handle) != FILE_TYPE_DISK) { /* NUL, a console, a pipe */
        CloseHandle(handle);
        error_set(ERROR_BAD_FILE_TYPE);
        return NULL;
    }
    int descriptor = _open_osfhandle((intptr_t)handle, m.descriptor_flags);
    if (descriptor < 0) {
        CloseHandle(handle);
        error_set(ERROR_TOO_MANY_OPEN_FILES);
        return NULL;
    }
    FILE *file = _fdopen(descriptor, m.stream);
    if (file == NULL) {
        _close(descriptor); /* closes the handle as well */
        error_set(ERROR_TOO_MANY_OPEN_FILES);
    }
    return file;
}

/* The C library keeps the system's code beside errno. */
portico_status os_file_error(void) {
    DWORD code = _doserrno;
    return error_set(code != 0 ? code : ERROR_WRITE_FAULT);
}

portico_status os_file_rename(const char *from, const char *to) {
    enum { ATTEMPTS = 5, PAUSE_MS = 20 };
    wchar_t *wide_from = win_path(from);
    wchar_t *wide_to = win_path(to);
    DWORD code = wide_from == NULL || wide_to == NULL ? GetLastError() : 0;
    for (int attempt = 0; wide_from != NULL && wide_to != NULL && attempt < ATTEMPTS; attempt++) {
        code = MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING) ? 0 : GetLastError();
        if (code != ERROR_SHARING_VIOLATION && code != ERROR_ACCESS_DENIED) {
            break;
        }
        Sleep(PAUSE_MS); /* virus scanners and indexers hold a fresh file for a moment */
    }
    free(wide_from);
    free(wide_to);
    return code == 0 ? PORTICO_OK : error_set(code);
}

portico_status os_file_remove(const char *path) {
    wchar_t *wide = win_path(path);
    DWORD code = wide != NULL && DeleteFileW(wide) ? 0 : GetLastError();
    free(wide);
    return code == 0 ? PORTICO_OK : error_set(code);
}

DWORD win_file_describe(HANDLE handle, os_file_info *info) {
    BY_HANDLE_FILE_INFORMATION found;
    if (GetFileType(handle) != FILE_TYPE_DISK) {
        return ERROR_BAD_FILE_TYPE;
    }
    if (!GetFileInformationByHandle(handle, &found)) {
        return GetLastError();
    }
    info->size = (uint64_t)found.nFileSizeHigh << 32 | found.nFileSizeLow;
    info->modified_ns = win_unix_ns_of(found.ftLastWriteTime);
    info->id = (uint64_t)found.nFileIndexHigh << 32 | found.nFileIndexLow;
    return ERROR_SUCCESS;
}

/* An open that asks only for attributes takes no part in the check of share modes: it neither fails
 * because of another program's share mode nor makes another program's open fail.
 * https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-createfilew (dwDesiredAccess 0)
 */
portico_status os_file_look(const char *path, os_file_info *info) {
    wchar_t *wide = win_path(path);
    if (wide == NULL) {
        return error_set(GetLastError());
    }
    HANDLE handle = CreateFileW(wide, FILE_READ_ATTRIBUTES,
                                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD code = handle != INVALID_HANDLE_VALUE ? 0 : GetLastError();
    free(wide);
    if (handle == INVALID_HANDLE_VALUE) {
        return error_set(code);
    }
    code = win_file_describe(handle, info);
    CloseHandle(handle);
    return code == 0 ? PORTICO_OK : error_set(code);
}

/* An open that does not share writing is refused while the file is open for writing, or open
 * without shared reading:
 * https://learn.microsoft.com/windows/win32/fileio/creating-and-opening-files (the table of share
 * modes). While it is open it also blocks new writers, so it is closed at once. */
bool os_file_is_written(const char *path) {
    wchar_t *wide = win_path(path);
    if (wide == NULL) {
        return false;
    }
    HANDLE handle = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                                OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    bool written = handle == INVALID_HANDLE_VALUE && GetLastError() == ERROR_SHARING_VIOLATION;
    if (handle != INVALID_HANDLE_VALUE) {
        CloseHandle(handle);
    }
    free(wide);
    return written;
}

enum { WIDE_MAX = 32768 }; /* the longest path on Windows */

portico_status os_path_absolute(const char *path, char *absolute, size_t size) {
    wchar_t *wide = win_wide(path);
    if (wide == NULL) {
        return error_set(GetLastError());
    }
    wchar_t *full = malloc(WIDE_MAX * sizeof *full);
    if (full == NULL) {
        free(wide);
        return error_set(ERROR_NOT_ENOUGH_MEMORY);
    }
    portico_status status = PORTICO_OK;
    DWORD length = GetFullPathNameW(wide, WIDE_MAX, full, NULL);
    if (length == 0) {
        status = error_set(GetLastError());
    } else if (length >= WIDE_MAX ||
               WideCharToMultiByte(CP_UTF8, 0, full, -1, absolute, (int)size, NULL, NULL) <= 0) {
        status = error_refuse(PORTICO_E_TOO_BIG);
    }
    free(full);
    free(wide);
    return status;
}

portico_status os_executable_path(char *path, size_t size) {
    wchar_t *wide = malloc(WIDE_MAX * sizeof *wide);
    if (wide == NULL) {
        return error_set(ERROR_NOT_ENOUGH_MEMORY);
    }
    portico_status status = PORTICO_OK;
    DWORD length = GetModuleFileNameW(NULL, wide, WIDE_MAX);
    if (length == WIDE_MAX) {
        status = error_set(ERROR_INSUFFICIENT_BUFFER);
    } else if (length == 0 ||
               WideCharToMultiByte(CP_UTF8, 0, wide, -1, path, (int)size, NULL, NULL) <= 0) {
        status = error_set(GetLastError());
    }
    free(wide);
    return status;
}
