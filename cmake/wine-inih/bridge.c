/* bridge.c: inih.dll for Wine, over the libinih of the system that Wine runs on.
 *
 * Debian has inih for Linux only. portico.exe imports inih.dll as it would on Windows; under Wine
 * that name is this library, built with winegcc. A program for Windows and a library for Linux call
 * functions differently on x86-64, so the callbacks that the program hands in are called through the
 * two functions below, which the compiler gives the one convention and which use the other.
 *
 * Any thread. inih's limits stay as they are, a line of 200 bytes above all: so what one build accepts
 * every build accepts, and every inih.dll, which has no variables to change that.
 */
#include <ini.h>

#include <stddef.h>

#define WINDOWS_CALL __attribute__((ms_abi))

typedef int(WINDOWS_CALL *windows_handler)(void *user, const char *section, const char *name,
                                           const char *value);
typedef char *(WINDOWS_CALL *windows_reader)(char *line, int size, void *stream);

typedef struct call {
    windows_reader reader;
    void *stream;
    windows_handler handler;
    void *user;
} call;

static int call_handler(void *arg, const char *section, const char *name, const char *value) {
    const call *c = arg;
    return c->handler(c->user, section, name, value);
}

static char *call_reader(char *line, int size, void *arg) {
    const call *c = arg;
    return c->reader(line, size, c->stream);
}

int WINDOWS_CALL bridge_parse(const char *path, windows_handler handler, void *user);
int WINDOWS_CALL bridge_parse_stream(windows_reader reader, void *stream, windows_handler handler,
                                     void *user);
int WINDOWS_CALL bridge_parse_string(const char *text, windows_handler handler, void *user);

/* `path` is one of Linux: for a program that opens files by itself this one is of little use. */
int WINDOWS_CALL bridge_parse(const char *path, windows_handler handler, void *user) {
    call c = {.handler = handler, .user = user};
    return ini_parse(path, call_handler, &c);
}

int WINDOWS_CALL bridge_parse_stream(windows_reader reader, void *stream, windows_handler handler,
                                     void *user) {
    call c = {.reader = reader, .stream = stream, .handler = handler, .user = user};
    return ini_parse_stream(call_reader, &c, call_handler, &c);
}

int WINDOWS_CALL bridge_parse_string(const char *text, windows_handler handler, void *user) {
    call c = {.handler = handler, .user = user};
    return ini_parse_string(text, call_handler, &c);
}
