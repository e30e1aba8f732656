/* host.h: a host of a test's own: its folder, its ini, its process, its ports and its figures.
 *
 * One thread; a test may start several hosts. Every function ends the test when what it is asked for is
 * not possible, unless its name begins with host_try_. The folder is PORTICO_TEST_DIR/NAME.
 *
 * In ini text, {modules} stands for the folder of the plugins, {tests} for that of the test modules, {so}
 * for a library's suffix and {dir} for the host's own folder. */
#ifndef TEST_HOST_H
#define TEST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct host host;

typedef struct host_listener {
    const char *name; /* NULL ends the list */
    const char *type;
    const char *keys; /* more lines of its section; NULL: none. The address is 127.0.0.1, port 0 */
} host_listener;

enum { HOST_LISTENERS_MAX = 8 };

typedef struct host_options {
    const char *name;      /* of the folder; unique among the tests */
    uint32_t workers;      /* 0: 4 */
    const char *modules;   /* "echo counts": plugins or test modules that are loaded at the start */
    const char *host_keys; /* more lines for [host]; NULL: none */
    const char *log_keys;  /* more lines for [log]; NULL: none */
    const char *module_keys; /* more lines for [modules]; NULL: none */
    host_listener listeners[HOST_LISTENERS_MAX];
    const char *body; /* other sections; NULL: none */
    uint32_t
        handle_limit; /* Linux: the most open files of the host; 0: as many as the system allows */
} host_options;

/* Writes the ini, starts the host and waits until it serves. */
host *host_start(const host_options *options);

/* The same up to the end of a host that is expected not to start: its exit code; *log is the output, to be
 * freed by the caller. */
int host_run_to_end(const host_options *options, char **log);

/* Looks again at where it serves: listeners have opened, or closed. */
void host_read_ready(host *h);

/* The port of a listener, or of "admin". */
uint16_t host_port(const host *h, const char *listener);

/* "127.0.0.1:1234" of a listener, as the ready file has it. */
const char *host_address(const host *h, const char *listener);

/* The folder, and the ini in it. */
const char *host_folder(const host *h);
const char *host_ini(const host *h);
uint32_t host_process_id(const host *h);

/* Sends one command over the admin listener. True on `ok`; `answer` (may be NULL) gets the lines without
 * their "| ", or the text of the error. */
bool host_try_admin(host *h, const char *command, char *answer, size_t size);

/* The same, expected to succeed. */
void host_admin(host *h, const char *command, char *answer, size_t size);

/* Runs `portico ctl -c INI COMMAND ARGUMENT` (argument may be NULL) as a process; its exit code, its
 * output in `output`. */
int host_ctl(host *h, const char *command, const char *argument, char *output, size_t size);

/* A figure of `status`, such as "sessions". Of sessions, the admin listener's own are taken off. */
int64_t host_figure(host *h, const char *name);

/* Asks again until the figure has the value; ends the test, naming both, when it has not in 20 seconds. */
void host_wait_figure(host *h, const char *name, int64_t value);

/* The same until the figure is at least, or at most, `value`. */
void host_wait_at_least(host *h, const char *name, int64_t value);
void host_wait_at_most(host *h, const char *name, int64_t value);

/* The line of `status` that begins with `start` ("listener game "), in `line`. */
void host_status_line(host *h, const char *start, char *line, size_t size);

/* How often `text` stands in the log so far. */
int host_log_count(host *h, const char *text);

/* How many lines of the level error the log has so far. */
int host_log_errors(host *h);

/* Waits until `text` stands in the log `count` times; ends the test, showing the log, when it does not. */
void host_wait_log(host *h, const char *text, int count);

/* The first line of the log that contains `text`, without its end; false: there is none. */
bool host_try_log_line(host *h, const char *text, char *line, size_t size);

/* Lines of the level error that contain `text` are fine. */
void host_expect_error(host *h, const char *text);

/* Asks for the end like Ctrl+C does; over the admin listener, and false, where there is no console for that. */
bool host_interrupt(host *h);

/* Sends the host a signal (see process_signal). False where there are no signals. */
bool host_signal(host *h, const char *name);

/* The exit code once the host has ended; the log can still be asked then. */
int host_wait_exit(host *h, uint32_t timeout_ms);

/* Whether the host runs. */
bool host_alive(host *h);

/* Stops, expects exit code 0, no unexpected error in the log, the ready file gone; frees. */
void host_stop(host *h);

/* The same for a host that has been stopped another way already. */
void host_finish(host *h, int expected_exit_code);

/* Frees without a word; kills it first when it runs. */
void host_drop(host *h);

/* The path of a module of the plugins or tests, into `path`. */
void host_module_path(const char *name, char *path, size_t size);

/* Environment values of the tests, with a sentence when they are not set. */
const char *host_executable(void);
const char *host_test_folder(void);
extern const char host_library_suffix[];

/* The bytes of a file, with a zero behind them, to be freed; NULL when it cannot be read. */
char *file_read(const char *path, size_t *size);
void file_write(const char *path, const void *data, size_t size);
bool file_exists(const char *path);
void file_remove(const char *path);

/* Copies a file; the copy can be run when the original can. */
void file_copy(const char *from, const char *to);

/* Lets others read it. False where a test cannot say that. */
bool file_share(const char *path);

void folder_make(const char *path);

/* How many entries of a folder have a name that begins with `start`, not counting those that begin with a dot; 0 when
 * there is no such folder. */
int folder_count(const char *path, const char *start);

/* Makes it the working folder, also of what is started from now on. */
void folder_enter(const char *path);

#endif
