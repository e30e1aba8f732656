/* control.h: the control thread's list of things to do.
 *
 * main() becomes the control thread: loading, unloading and stopping, which may take long and wait for
 * workers, run there one after another. Any thread posts commands.
 */
#ifndef PORTICO_CONTROL_H
#define PORTICO_CONTROL_H

#include "os/os.h"

typedef struct control_command {
    struct control_command *next;
    void (*run)(struct control_command *command); /* owns the command */
} control_command;

void control_post(control_command *command);

/* Makes control_run return, after the command that runs now. [any thread] */
void control_end(void);

/* Runs commands until control_end. [control thread] */
void control_run(void);

/* Whether the end was asked for: what runs now only frees itself and answers that the host stops. [any thread] */
bool control_ending(void);

/* Runs what was posted too late, so that its memory is freed and its sender gets an answer. [control thread] */
void control_drain(void);

#endif
