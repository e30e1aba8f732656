/* text.c: UTF-8 for the host, UTF-16 for Windows. Any thread.
 *
 * Text from the host is checked, since it may come from a file or a command line. Names from the
 * system may contain half a surrogate pair, which becomes U+FFFD, as Windows itself shows it.
 */
#include "private.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* CreateDirectoryW needs room for an 8.3 name below MAX_PATH; other functions would take 12 more.
 * https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation */
enum { SHORT_PATH_MAX = MAX_PATH - 12 - 1 };

wchar_t *win_wide(const char *text) {
    int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    if (length <= 0) {
        return NULL;
    }
    wchar_t *wide = malloc((size_t)length * sizeof *wide);
    if (wide == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, length);
    return wide;
}

char *win_utf8(const wchar_t *wide) {
    int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    if (length <= 0) {
        return NULL;
    }
    char *text = malloc((size_t)length);
    if (text == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, length, NULL, NULL);
    return text;
}

/* Puts the prefix of a long path before `full`, if it needs one. `buffer` begins PREFIX_ROOM
 * characters before `full`. Returns `buffer`. */
static wchar_t *lengthen(wchar_t *buffer, wchar_t *full) {
    static const wchar_t local[] = L"\\\\?\\";
    static const wchar_t share[] = L"\\\\?\\UNC";
    if (wcslen(full) <= SHORT_PATH_MAX || wcsncmp(full, L"\\\\?\\", 4) == 0 ||
        wcsncmp(full, L"\\\\.\\", 4) == 0) {
        memmove(buffer, full, (wcslen(full) + 1) * sizeof *full);
    } else if (wcsncmp(full, L"\\\\", 2) == 0) {
        memmove(buffer + wcslen(share), full + 1, wcslen(full) * sizeof *full);
        memcpy(buffer, share, wcslen(share) * sizeof *share);
    } else {
        memmove(buffer + wcslen(local), full, (wcslen(full) + 1) * sizeof *full);
        memcpy(buffer, local, wcslen(local) * sizeof *local);
    }
    return buffer;
}

wchar_t *win_path(const char *path) {
    enum { PREFIX_ROOM = 8 };
    wchar_t *result = NULL;
    wchar_t *buffer = NULL;
    DWORD length = 0;
    wchar_t *wide = win_wide(path);
    if (wide == NULL) {
        return NULL;
    }
    DWORD size = GetFullPathNameW(wide, 0, NULL, NULL); /* also turns '/' into '\' */
    if (size == 0) {
        goto free_wide;
    }
    buffer = malloc((size + PREFIX_ROOM) * sizeof *buffer);
    if (buffer == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        goto free_wide;
    }
    length = GetFullPathNameW(wide, size, buffer + PREFIX_ROOM, NULL);
    if (length != 0 && length < size) {
        result = lengthen(buffer, buffer + PREFIX_ROOM);
    } else {
        /* Another thread changed the working folder: nothing in the host does that. */
        free(buffer);
    }

free_wide:
    free(wide);
    return result;
}
