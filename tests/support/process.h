/* process.h: starts programs for tests, with their output in a file, and makes sure that they end.
 *
 * One thread. Whatever was started and not waited for is killed, by its id, when the test exits for any
 * reason that runs atexit; on Linux also when the test is killed, on Windows by a job that dies with it.
 */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct process process;

typedef struct process_options {
    const char
        *output_file; /* gets stdout and stderr, from its start; NULL: they are the test's own */
    uint32_t handle_limit; /* Linux: the most open files of the new process; 0: as here */
    bool terminal; /* Linux: it leads a session on a terminal of its own, and writes to that */
} process_options;

/* Starts arguments[0] with the others, NULL at the end. Ends the test when that is not possible. */
process *process_start(const char *const *arguments, const process_options *options);

/* The arguments of a Ctrl+C: SIGINT, or on Windows a Ctrl+Break for the process's own group. False when
 * the system did not take it. */
bool process_interrupt(process *p);

/* Sends the signal "HUP", "USR1", "USR2", "PIPE" or "TERM". False where there are no signals. */
bool process_signal(process *p, const char *name);

/* Closes the terminal of a process that was started with one. */
void process_hang_up(process *p);

/* Waits for the end. True: it has ended, *exit_code is its code, or 1000 + N when signal N ended it. */
bool process_wait(process *p, uint32_t timeout_ms, int *exit_code);

/* Ends it hard and waits for that. */
void process_kill(process *p);

uint32_t process_id(const process *p);

/* Frees; kills first what still runs. */
void process_free(process *p);

/* Runs to its end with the output in `output_file`; the exit code, or -1 when it was killed after
 * `timeout_ms`. */
int process_run(const char *const *arguments, const char *output_file, uint32_t timeout_ms);

/* Lets this test open as many files as the system allows; returns how many that is. */
uint32_t process_raise_handle_limit(void);

#endif
