/* control.h: the control thread's queue of commands.
 *
 * main() becomes the control thread. Loading, unloading and stopping, which may take long and
 * wait for workers, run there one after another. Any thread posts commands.
 */
#ifndef PORTICO_CONTROL_H
#define PORTICO_CONTROL_H

#include "os/compiler.h"
#include "os/os.h"

typedef struct control_command {
    struct control_command *next;
    void (*run)(struct control_command *command); /* owns the command */
} control_command;

void control_post(control_command *command);

enum { CONTROL_WHAT_MAX = 256 };

/* Says what this thread does from now on, in words that follow "busy with", until its next command.
 * [control thread] */
void control_doing(const char *format, ...) PRINTF_LIKE(1, 2);

/* Writes what the control thread does, "" while it waits for a command, and returns for how many
 * milliseconds. [any thread] */
uint64_t control_look(char what[CONTROL_WHAT_MAX]);

/* Makes control_run return after the command that is running, and starts the clock of the stop
 * (stop_clock.h). [any thread] */
void control_end(void);

/* Runs commands until control_end. [control thread] */
void control_run(void);

/* Whether control_end has been called: a command then only frees itself and answers that the
 * host is stopping. [any thread] */
bool control_ending(void);

/* Runs the commands that were posted too late, so that their memory is freed and their senders
 * get an answer. [control thread] */
void control_drain(void);

#endif
