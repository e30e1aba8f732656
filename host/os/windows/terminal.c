/* terminal.c: whether a stream is a console that shows colours. Any thread. */
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
