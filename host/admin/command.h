/* command.h: the commands of `portico ctl`. Pure, any thread.
 *
 * This is the only list of them: ctl.c checks and shows it, execute.c runs it, and http/serve.c
 * offers each as /api/NAME. A new command needs a row here and a function command_NAME in
 * execute.c.
 */
#ifndef PORTICO_COMMAND_H
#define PORTICO_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* X(name, usage, which part of the argument is a file)
 * A usage is the command's word and what follows it, in brackets where that may be left out. */
#define COMMAND_LIST(X)                                                                  \
    X(status, "status", NONE)                                                            \
    X(sessions, "sessions [N] [SORT] [FILTER]", NONE)                                    \
    X(session, "session ID", NONE)                                                       \
    X(rooms, "rooms [N] [SORT] [FILTER]", NONE)                                          \
    X(room, "room ID", NONE)                                                             \
    X(modules, "modules", NONE)                                                          \
    X(module, "module NAME", NONE)                                                       \
    X(swaps, "swaps [N]", NONE)                                                          \
    X(faults, "faults [N]", NONE)                                                        \
    X(fault, "fault FILE", NONE)                                                         \
    X(log, "log [N] [LEVEL] [SUBSYSTEM]", NONE)                                          \
    X(limits, "limits", NONE)                                                            \
    X(memory, "memory [--trim]", NONE)                                                   \
    X(metrics, "metrics", NONE)                                                          \
    X(top, "top [--interval SECONDS] [--count N]", NONE)                                 \
    X(load, "load NAME|FILE", UNLESS_NAME)                                               \
    X(unload, "unload NAME", NONE)                                                       \
    X(swap, "swap [--plan|--force] NAME [FILE]", AFTER_NAME)                             \
    X(rollback, "rollback NAME", NONE)                                                   \
    X(thaw, "thaw NAME", NONE)                                                           \
    X(kick, "kick ID", NONE)                                                             \
    X(reopen_log, "reopen-log", NONE)                                                    \
    X(reload, "reload certificates", NONE)                                               \
    X(trace, "trace session ID|room ID|type NAME [count N] [seconds S] [payload]", NONE) \
    X(stop, "stop [--no-wait]", NONE)

typedef enum command_id {
#define COMMAND_ID(name, usage, file) COMMAND_##name,
    COMMAND_LIST(COMMAND_ID)
#undef COMMAND_ID
        COMMAND_COUNT
} command_id;

enum { COMMAND_WHY_MAX = 1024 };

/* Returns the command in `line`, whose argument *argument then points to ("" when there is none);
 * or COMMAND_COUNT, with the right usage in `why`. */
command_id command_parse(const char *line, const char **argument, char why[COMMAND_WHY_MAX]);

/* Returns how many words the command has at most, with its own. */
int command_words(command_id id);

/* Returns the part of `argument` that is the path of a file, or NULL. */
const char *command_file(command_id id, const char *argument);

/* Takes the next word of *text. One that does not fit is cut and ends with '~', which no option,
 * number or name does. False: there is none. */
bool command_next_word(const char **text, char *word, size_t size);

/* Whether it only reports with that argument, and changes nothing. */
bool command_reports(command_id id, const char *argument);

/* Whether the control thread carries it out, which may take long and have to wait. */
bool command_may_take_long(command_id id);

/* Writes the usage of every command, separated by `separator`. */
void command_list(const char *separator, char *text, size_t size);

#endif
