/* folder.c: creating, deleting and listing folders. Any thread. */
#include "error.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static bool is_folder(const wchar_t *path) {
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

/* Creates `path` and any missing parents. Modifies `path` while it works. */
static DWORD create_with_parents(wchar_t *path, SECURITY_ATTRIBUTES *security) {
    if (is_folder(path) || CreateDirectoryW(path, security)) {
        return 0;
    }
    DWORD code = GetLastError();
    wchar_t *separator = wcsrchr(path, L'\\');
    if (code == ERROR_ALREADY_EXISTS && is_folder(path)) {
        return 0; /* another thread or process was faster */
    }
    if (code != ERROR_PATH_NOT_FOUND || separator == NULL || separator == path) {
        return code;
    }
    *separator = L'\0';
    code = create_with_parents(path, security);
    *separator = L'\\';
    if (code != 0 || CreateDirectoryW(path, security) || is_folder(path)) {
        return code;
    }
    return GetLastError();
}

static DWORD create_alone(wchar_t *path, SECURITY_ATTRIBUTES *security) {
    return CreateDirectoryW(path, security) ? 0 : GetLastError();
}

/* Has `create` create the folder for its owner only. */
static portico_status create_owned(const char *path,
                                   DWORD (*create)(wchar_t *path, SECURITY_ATTRIBUTES *security)) {
    wchar_t *wide = win_path(path);
    if (wide == NULL) {
        return error_set(GetLastError());
    }
    size_t length = wcslen(wide);
    if (length > 3 && wide[length - 1] == L'\\') {
        wide[length - 1] = L'\0'; /* but not of `C:\` */
    }
    SECURITY_ATTRIBUTES security;
    if (!win_owner_only(&security, true)) {
        DWORD code = GetLastError();
        free(wide);
        return error_set(code);
    }
    DWORD code = create(wide, &security);
    win_owner_only_free(&security);
    free(wide);
    return code == 0 ? PORTICO_OK : error_set(code);
}

portico_status os_folder_create(const char *path) {
    return create_owned(path, create_with_parents);
}

portico_status os_folder_add(const char *path) {
    return create_owned(path, create_alone);
}

/* Opening a folder with FILE_ADD_FILE succeeds only if files may be created in it.
 * https://learn.microsoft.com/windows/win32/fileio/file-access-rights-constants */
portico_status os_folder_check(const char *path) {
    wchar_t *wide = win_path(path);
    DWORD attributes = wide != NULL ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
    if (attributes == INVALID_FILE_ATTRIBUTES) {
        DWORD code = GetLastError();
        free(wide);
        return error_set(code);
    }
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0) {
        free(wide);
        return error_refuse(PORTICO_E_INVALID);
    }
    HANDLE handle =
        CreateFileW(wide, FILE_ADD_FILE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (handle == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();
        free(wide);
        return error_set(code);
    }
    free(wide);
    CloseHandle(handle);
    return PORTICO_OK;
}

portico_status os_folder_remove(const char *path) {
    wchar_t *wide = win_path(path);
    DWORD code = wide != NULL && RemoveDirectoryW(wide) ? 0 : GetLastError();
    free(wide);
    return code == 0 ? PORTICO_OK : error_set(code);
}

/* `path\*`; the caller frees it. NULL: see GetLastError(). */
static wchar_t *pattern_of(const char *path) {
    wchar_t *wide = win_path(path);
    if (wide == NULL) {
        return NULL;
    }
    size_t length = wcslen(wide);
    wchar_t *pattern = realloc(wide, (length + 3) * sizeof *wide);
    if (pattern == NULL) {
        free(wide);
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    wcscpy(pattern + length, length > 0 && pattern[length - 1] == L'\\' ? L"*" : L"\\*");
    return pattern;
}

static DWORD list_entries(HANDLE search, WIN32_FIND_DATAW *entry,
                          void (*each)(void *, const char *), void *arg) {
    do {
        if (wcscmp(entry->cFileName, L".") == 0 || wcscmp(entry->cFileName, L"..") == 0) {
            continue;
        }
        char *name = win_utf8(entry->cFileName);
        if (name == NULL) {
            return GetLastError();
        }
        each(arg, name);
        free(name);
    } while (FindNextFileW(search, entry));
    DWORD code = GetLastError();
    return code == ERROR_NO_MORE_FILES ? 0 : code;
}

portico_status os_folder_list(const char *path, void (*each)(void *arg, const char *name),
                              void *arg) {
    wchar_t *pattern = pattern_of(path);
    if (pattern == NULL) {
        return error_set(GetLastError());
    }
    WIN32_FIND_DATAW entry;
    HANDLE search =
        FindFirstFileExW(pattern, FindExInfoBasic, &entry, FindExSearchNameMatch, NULL, 0);
    DWORD code = search != INVALID_HANDLE_VALUE ? 0 : GetLastError();
    free(pattern);
    if (search == INVALID_HANDLE_VALUE) {
        return error_set(code);
    }
    code = list_entries(search, &entry, each, arg);
    FindClose(search);
    return code == 0 ? PORTICO_OK : error_set(code);
}

static void delete_entry(void *arg, const char *name) {
    char path[4096];
    int size = snprintf(path, sizeof path, "%s\\%s", (const char *)arg, name);
    if (size > 0 && (size_t)size < sizeof path) {
        (void)os_file_remove(path); /* fails for folders */
    }
}

portico_status os_folder_delete(const char *path) {
    wchar_t *wide = win_path(path);
    DWORD attributes = wide != NULL ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
    DWORD code = attributes == INVALID_FILE_ATTRIBUTES ? GetLastError() : 0;
    free(wide);
    if (code != 0) {
        return error_set(code);
    }
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0 ||
        (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0) {
        return error_refuse(PORTICO_E_INVALID);
    }
    (void)os_folder_list(path, delete_entry, (void *)path);
    return os_folder_remove(path);
}
