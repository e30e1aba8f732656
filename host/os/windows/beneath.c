/* beneath.c: files of a folder, and none outside it. Any thread.
 *
 * Every part of the name is looked up in its folder first: it must be called exactly that, which a
 * short name, another case, a blank at the end or a device are not, and be no link. Whatever is
 * changed after that, the file that was opened must be where its name says.
 */
#include "error.h"

#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { WIDE_MAX = 32768 }; /* the longest path on Windows */

/* Wine sets no tag. Compressed and deduplicated files are reparse points, too, and no links. */
static bool is_link(const WIN32_FIND_DATAW *found) {
    return (found->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 &&
           (found->dwReserved0 == 0 || IsReparseTagNameSurrogate(found->dwReserved0));
}

/* Whether the last part of `path` is a folder or a file of exactly that name. */
static DWORD check_part(const wchar_t *path, bool folder) {
    WIN32_FIND_DATAW found;
    const wchar_t *part = wcsrchr(path, L'\\');
    HANDLE search = FindFirstFileExW(path, FindExInfoBasic, &found, FindExSearchNameMatch, NULL, 0);
    if (search == INVALID_HANDLE_VALUE) {
        return GetLastError();
    }
    FindClose(search);
    bool is_folder = (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    bool good = part != NULL && wcscmp(found.cFileName, part + 1) == 0 && !is_link(&found);
    return good && is_folder == folder ? ERROR_SUCCESS : ERROR_FILE_NOT_FOUND;
}

/* Checks the parts of `path`, which begin after `at`. */
static DWORD check_parts(wchar_t *path, wchar_t *at) {
    DWORD code = ERROR_SUCCESS;
    while (code == ERROR_SUCCESS && at != NULL) {
        wchar_t *end = wcschr(at + 1, L'\\');
        if (end != NULL) {
            *end = L'\0';
        }
        code = check_part(path, end != NULL);
        if (end != NULL) {
            *end = L'\\';
        }
        at = end;
    }
    return code;
}

static HANDLE open_path(const wchar_t *path, DWORD access, DWORD flags) {
    return CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                       OPEN_EXISTING, flags, NULL);
}

/* Where the file really is, without a '\' at the end; the caller frees it. */
static wchar_t *final_path(HANDLE handle) {
    wchar_t *path = malloc(WIDE_MAX * sizeof *path);
    DWORD size = path != NULL ? GetFinalPathNameByHandleW(handle, path, WIDE_MAX, 0) : 0;
    if (size == 0 || size >= WIDE_MAX) {
        free(path);
        return NULL;
    }
    if (path[size - 1] == L'\\') {
        path[size - 1] = L'\0';
    }
    return path;
}

/* Whether the file is at `name`, which begins with '\', in the folder. */
static bool is_there(HANDLE file, HANDLE folder, const wchar_t *name) {
    wchar_t *whole = final_path(file);
    wchar_t *begin = final_path(folder);
    size_t size = begin != NULL ? wcslen(begin) : 0;
    bool there = whole != NULL && begin != NULL && wcsncmp(whole, begin, size) == 0 &&
                 wcscmp(whole + size, name) == 0;
    free(whole);
    free(begin);
    return there;
}

/* Opens the file at `path`, whose name in the folder begins at `name`. */
static DWORD open_file(wchar_t *path, wchar_t *name, HANDLE *file, os_file_info *info) {
    DWORD code = check_parts(path, name);
    if (code != ERROR_SUCCESS) {
        return code;
    }
    *name = L'\0';
    HANDLE folder = open_path(path, FILE_READ_ATTRIBUTES, FILE_FLAG_BACKUP_SEMANTICS);
    *name = L'\\';
    if (folder == INVALID_HANDLE_VALUE) {
        return GetLastError();
    }
    *file = open_path(path, GENERIC_READ, FILE_ATTRIBUTE_NORMAL);
    code = *file != INVALID_HANDLE_VALUE ? win_file_describe(*file, info) : GetLastError();
    if (code == ERROR_SUCCESS && !is_there(*file, folder, name)) {
        code = ERROR_FILE_NOT_FOUND;
    }
    if (code != ERROR_SUCCESS && *file != INVALID_HANDLE_VALUE) {
        CloseHandle(*file);
    }
    CloseHandle(folder);
    return code;
}

/* "folder\name" as the system wants it; the caller frees it. *at: the '\' between the two. NULL:
 * GetLastError() has the reason. */
static wchar_t *whole_path(const char *folder, const char *name, wchar_t **at) {
    wchar_t *before = win_path(folder);
    wchar_t *after = before != NULL ? win_wide(name) : NULL;
    size_t size = after != NULL ? wcslen(before) + wcslen(after) + 2 : 0;
    wchar_t *path = size != 0 ? malloc(size * sizeof *path) : NULL;
    if (path != NULL) {
        size_t end = wcslen(before);
        end -= end > 0 && (before[end - 1] == L'\\' || before[end - 1] == L'/');
        (void)swprintf(path, size, L"%.*ls\\%ls", (int)end, before, after);
        *at = path + end;
        for (wchar_t *c = path; *c != L'\0'; c++) {
            *c = *c == L'/' ? L'\\' : *c;
        }
    } else {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    }
    free(before);
    free(after);
    return path;
}

portico_status os_fopen_beneath(const char *folder, const char *name, FILE **file,
                                os_file_info *info) {
    wchar_t *at = NULL;
    HANDLE handle = INVALID_HANDLE_VALUE;
    *file = NULL;
    if (strpbrk(name, "*?<>\"|:\\") != NULL) { /* wildcards, streams, another separator */
        return error_refuse(PORTICO_E_NOT_FOUND);
    }
    wchar_t *path = whole_path(folder, name, &at);
    DWORD code = path != NULL ? open_file(path, at, &handle, info) : GetLastError();
    free(path);
    if (code != ERROR_SUCCESS) {
        return error_set(code);
    }
    int descriptor = _open_osfhandle((intptr_t)handle, _O_RDONLY | _O_NOINHERIT);
    *file = descriptor >= 0 ? _fdopen(descriptor, "rb") : NULL;
    if (*file != NULL) {
        return PORTICO_OK;
    }
    if (descriptor >= 0) {
        _close(descriptor); /* closes the handle as well */
    } else {
        CloseHandle(handle);
    }
    return error_set(ERROR_TOO_MANY_OPEN_FILES);
}
