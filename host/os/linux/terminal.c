/* terminal.c: terminals, and what stderr is connected to. Any thread. */
#include "os/os.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool os_terminal(FILE *stream) {
    const char *kind = getenv("TERM");
    return isatty(fileno(stream)) && kind != NULL && strcmp(kind, "dumb") != 0;
}

void os_stderr_write(const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t count = write(STDERR_FILENO, bytes, size);
        if (count > 0) {
            bytes += count;
            size -= (size_t)count;
        } else if (count < 0 && errno == EAGAIN) { /* another program made it non-blocking */
            struct pollfd wait = {.fd = STDERR_FILENO, .events = POLLOUT};
            (void)poll(&wait, 1, -1);
        } else if (count == 0 || errno != EINTR) {
            return;
        }
    }
}
