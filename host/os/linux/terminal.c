/* terminal.c: whether a stream is a terminal that shows colours. Any thread. */
#include "os/os.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool os_terminal(FILE *stream) {
    const char *kind = getenv("TERM");
    return isatty(fileno(stream)) && kind != NULL && strcmp(kind, "dumb") != 0;
}
