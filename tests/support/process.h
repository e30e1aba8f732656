/* process.h: starts programs for tests, with their output in a file, and makes sure that they end.
 *
 * One thread. When the test exits in any way that runs atexit, processes it started and did not
 * wait for are killed, by their id. They also die with a killed test: on Linux by its death signal,
 * on Windows by a job. */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct process process;

typedef enum process_stdio {
    PROCESS_STDIO_FILE,   /* output_file */
    PROCESS_STDIO_UNREAD, /* stdout and stderr are a pipe that nobody reads */
    PROCESS_STDIO_CLOSED  /* none of the three is open */
} process_stdio;

typedef struct process_options {
    process_stdio stdio;
    const char *output_file; /* receives stdout and stderr, truncated first; NULL: the test's own */
    uint32_t file_limit;     /* Linux: how large its files may become, in bytes; 0: unchanged */
    uint32_t handle_limit;   /* Linux: the new process's limit of open files; 0: unchanged */
    bool terminal; /* Linux: it leads a session on a terminal of its own and writes to that */
} process_options;

/* Starts arguments[0] with the other arguments; NULL ends the list. Ends the test on failure. */
process *process_start(const char *const *arguments, const process_options *options);

/* Acts like Ctrl+C: SIGINT, or on Windows Ctrl+Break for the process's own group. False if the
 * system refused. */
bool process_interrupt(process *p);

/* Sends the signal "HUP", "USR1", "USR2", "PIPE" or "TERM". False where there are no signals. */
bool process_signal(process *p, const char *name);

/* Closes the terminal of a process that was started with one. */
void process_hang_up(process *p);

/* Waits for the process to end. If true, *exit_code is its exit code, or 1000 + N if signal N ended
 * it. */
bool process_wait(process *p, uint32_t timeout_ms, int *exit_code);

/* Kills it and waits until it has ended. */
void process_kill(process *p);

uint32_t process_id(const process *p);

/* Kills any process by its id, such as a child of one that the test has started, and does not wait.
 * False: there is none. */
bool process_kill_id(uint32_t id);

/* Suspends any process by its id, and lets it run again. False: the system refused. */
bool process_suspend_id(uint32_t id);
bool process_resume_id(uint32_t id);

/* Limits of a running process; Linux only. */
typedef enum process_limit {
    PROCESS_FILE_BYTES, /* of any file that it writes: like a full disk */
    PROCESS_HANDLES,
    PROCESS_MEMORY /* of its address space */
} process_limit;

/* Lets it have `more` than it has now, or files of at most `more` bytes. False where processes
 * cannot be limited. */
bool process_limit_to(process *p, process_limit what, uint64_t more);

/* As before. */
void process_limit_lift(process *p, process_limit what);

/* Frees; kills it first if it still runs. */
void process_free(process *p);

/* Runs a program to its end with the output in `output_file`. Returns the exit code, or -1 if it
 * was killed after `timeout_ms`. */
int process_run(const char *const *arguments, const char *output_file, uint32_t timeout_ms);

/* Raises this test's limit of open files as far as the system allows. Returns the limit. */
uint32_t process_raise_handle_limit(void);

#endif
