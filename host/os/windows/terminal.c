/* terminal.c: consoles, and what stderr is connected to. Any thread. */
#include "private.h"

#include <io.h>

bool os_terminal(FILE *stream) {
    int descriptor = _fileno(stream);
    if (descriptor < 0) {
        return false; /* -2: a process without a console has no such stream */
    }
    HANDLE handle = (HANDLE)_get_osfhandle(descriptor);
    DWORD mode = 0;
    if (handle == INVALID_HANDLE_VALUE || !GetConsoleMode(handle, &mode)) {
        return false;
    }
    /* https://learn.microsoft.com/windows/console/console-virtual-terminal-sequences */
    return SetConsoleMode(handle,
                          mode | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

void os_stderr_write(const char *bytes, size_t size) {
    HANDLE handle = GetStdHandle(STD_ERROR_HANDLE);
    while (size > 0) {
        DWORD written = 0;
        if (!WriteFile(handle, bytes, (DWORD)size, &written, NULL) || written == 0) {
            return;
        }
        bytes += written;
        size -= written;
    }
}
