/* system.c: which Windows this is, and functions that not every Windows has. Any thread. */
#include "private.h"

win_function win_find(const wchar_t *library, const char *name) {
    HMODULE module = GetModuleHandleW(library);
    return module != NULL ? (win_function)GetProcAddress(module, name) : NULL;
}

bool win_is_wine(void) {
    return win_find(L"ntdll.dll", "wine_get_version") != NULL;
}
