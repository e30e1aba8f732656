/* command.h: the commands of `portico ctl`, named here and nowhere else. Pure, any thread.
 *
 * main.c checks what was typed and shows the list, admin.c runs them: a new command needs a row here and a
 * function command_NAME there.
 */
#ifndef PORTICO_COMMAND_H
#define PORTICO_COMMAND_H

#include <stddef.h>

/* X(name, what its argument is; "" when it takes none, in brackets when it may be left out) */
#define COMMAND_LIST(X)                        \
    X(status, "")                              \
    X(sessions, "")                            \
    X(modules, "")                             \
    X(top, "[--interval SECONDS] [--count N]") \
    X(load, "NAME|FILE")                       \
    X(unload, "NAME")                          \
    X(swap, "NAME [FILE]")                     \
    X(rollback, "NAME")                        \
    X(kick, "ID")                              \
    X(stop, "")

typedef enum command_id {
#define COMMAND_ID(name, argument) COMMAND_##name,
    COMMAND_LIST(COMMAND_ID)
#undef COMMAND_ID
        COMMAND_COUNT
} command_id;

enum { COMMAND_WHY_MAX = 320 };

/* The command that stands in `line`; *argument points to what follows, "" when nothing does. COMMAND_COUNT when
 * it is none: `why` says what is right. */
command_id command_parse(const char *line, const char **argument, char why[COMMAND_WHY_MAX]);

/* Writes all commands with their arguments, `between` in between. */
void command_list(const char *between, char *text, size_t size);

#endif
