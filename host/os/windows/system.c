/* system.c: which Windows this is, and functions that not every Windows has. Any thread. */
#include "private.h"

#include <wchar.h>

win_function win_find(const wchar_t *library, const char *name) {
    HMODULE module = GetModuleHandleW(library);
    return module != NULL ? (win_function)GetProcAddress(module, name) : NULL;
}

win_function win_load(const wchar_t *library, const char *name) {
    HMODULE module = LoadLibraryExW(library, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    return module != NULL ? (win_function)GetProcAddress(module, name) : NULL;
}

bool win_is_wine(void) {
    return win_find(L"ntdll.dll", "wine_get_version") != NULL;
}

bool win_is_of_windows(HMODULE library) {
    wchar_t path[MAX_PATH] = L"";
    wchar_t windows[MAX_PATH] = L"";
    DWORD size = GetModuleFileNameW(library, path, MAX_PATH);
    UINT length = GetSystemWindowsDirectoryW(windows, MAX_PATH);
    return size == 0 || length == 0 || length >= MAX_PATH || _wcsnicmp(path, windows, length) == 0;
}
