/* bridge.c: inih.dll for Wine, which calls the libinih of the system below Wine.
 *
 * Debian has inih for Linux only. portico.exe imports inih.dll as it would on Windows; under Wine
 * that name is this library, built with winegcc. On x86-64, Windows and Linux have different
 * calling conventions, so call_handler() and call_reader() have that of Linux and call the
 * program's callbacks with that of Windows.
 *
 * Any thread. inih's limits are unchanged, above all lines of 200 bytes, so that every build
 * accepts the same files. An inih.dll has no variables to change them.
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

/* `path` is a path of Linux, so this is of little use to a Windows program. */
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
