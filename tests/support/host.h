/* host.h: a host of the test's own: its folder, ini, process, ports and figures.
 *
 * One thread; a test may start several hosts. A function that cannot do its work ends the test,
 * unless its name begins with host_try_. The folder is PORTICO_TEST_DIR/NAME.
 *
 * In ini text, {modules} expands to the plugins' folder, {tests} to the test modules' folder, {so}
 * to a library's suffix and {dir} to the host's own folder. */
#ifndef TEST_HOST_H
#define TEST_HOST_H

#include "support/net.h"
#include "support/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct host host;

typedef struct host_listener {
    const char *name; /* NULL ends the list */
    const char *type;
    const char *keys; /* more lines for its section; NULL: none. The address is 127.0.0.1, port 0 */
} host_listener;

#define HOST_TOKEN "token-of-the-tests" /* of the admin side */

enum { HOST_LISTENERS_MAX = 8 };

typedef struct host_options {
    const char *name;        /* of the folder; unique among all tests */
    uint32_t workers;        /* 0: 4 */
    const char *modules;     /* "echo counts": plugins or test modules to load at the start */
    const char *host_keys;   /* more lines for [host]; NULL: none */
    const char *log_keys;    /* more lines for [log]; NULL: none */
    const char *module_keys; /* more lines for [modules]; NULL: none */
    const char *admin_keys;  /* more lines for [admin]; NULL: none */
    host_listener listeners[HOST_LISTENERS_MAX];
    const char *body;    /* other sections; NULL: none */
    uint32_t file_limit; /* Linux: how large the host's files may become; 0: any size */
    uint32_t
        handle_limit; /* Linux: the host's limit of open files; 0: as many as the system allows */
    /* Other than PROCESS_STDIO_FILE: the functions below read the log's file, which `log_keys`
     * names portico.log. */
    process_stdio stdio;
    bool supervised; /* `run --supervise`: the process of the host is then its supervisor */
} host_options;

/* Writes the ini, starts the host and waits until it serves. */
host *host_start(const host_options *options);

/* The same in two steps: the host may be one that does not come to serve. */
host *host_launch(const host_options *options);
void host_await(host *h);

/* Runs a host that is expected not to start, to its end. Returns its exit code; *log is the output,
 * which the caller frees. */
int host_run_to_end(const host_options *options, char **log);

/* Reads the ready file again, after listeners have opened or closed. */
void host_read_ready(host *h);

/* The port of a listener, of "admin", or of "http": [admin] http_port. */
uint16_t host_port(const host *h, const char *listener);

/* "127.0.0.1:1234" of a listener, as in the ready file. */
const char *host_address(const host *h, const char *listener);

/* The folder, and the ini in it. */
const char *host_folder(const host *h);
const char *host_ini(const host *h);
uint32_t host_process_id(const host *h);

/* Expects that the process that serves has the null device for stdin, stdout and stderr. Windows
 * has no way to see that. */
void host_expect_null_stdio(const host *h);

/* The process that serves, by the ready file; 0: it has none. */
uint32_t host_serving_id(const host *h);

/* Waits for another process to serve than `id`, and reads its ready file. Returns its id. */
uint32_t host_wait_other(host *h, uint32_t id);

/* Sends one command to the admin listener. True on `ok`. `answer` (may be NULL) receives the lines
 * without their "| ", or the error text. */
bool host_try_admin(host *h, const char *command, char *answer, size_t size);

/* The same, expected to succeed. */
void host_admin(host *h, const char *command, char *answer, size_t size);

/* Closes the connection that the commands share: the next one opens another. */
void host_drop_admin(host *h);

/* Shows the token on a connection to the listener "admin". */
void host_sign_in(net_socket s);

/* Runs `portico ctl -c INI COMMAND ARGUMENT` (argument may be NULL) as a process. Returns its exit
 * code; `output` receives its output. */
int host_ctl(host *h, const char *command, const char *argument, char *output, size_t size);

/* A figure of `status`, such as "sessions". */
int64_t host_figure(host *h, const char *name);

/* The processor time that the host has used. */
int64_t host_cpu_ms(host *h);
int64_t host_cpu_us(host *h);

/* A figure of such an answer. */
int64_t host_figure_of(host *h, const char *answer, const char *name);

/* Polls until the figure has the value; after 20 seconds ends the test, naming both. */
void host_wait_figure(host *h, const char *name, int64_t value);

/* The same until the figure is at least, or at most, `value`. */
void host_wait_at_least(host *h, const char *name, int64_t value);
void host_wait_at_most(host *h, const char *name, int64_t value);

/* The id that the first line of the command's answer begins with. The answer is in `answer`. */
unsigned long long host_first_id(host *h, const char *command, char *answer, size_t size);

/* Copies the line of `status` that begins with `start` ("listener game ") to `line`. */
void host_status_line(host *h, const char *start, char *line, size_t size);

/* Waits until that line has `part`. */
void host_wait_status_line(host *h, const char *start, const char *part);

/* Sends the command until its answer has `part`. */
void host_wait_answer(host *h, const char *command, const char *part, char *answer, size_t size);

/* How often `text` is in the log so far. What the host has just logged may still be on its way:
 * use this for a host that has ended. */
int host_log_count(host *h, const char *text);

/* The same, once the log has all that the host logged before the call: for a line that must not
 * come, or to count from. Has the host log another line, at level info. */
int host_log_settled(host *h, const char *text);

/* How many lines of level error the log has so far. */
int host_log_errors(host *h);

/* Waits until it has `count` of them. */
void host_wait_log_errors(host *h, int count);

/* Waits until `text` is in the log `count` times; if that never happens, shows the log and ends the
 * test. */
void host_wait_log(host *h, const char *text, int count);

/* Waits until `text` is in the log at least `count` times; else the same. */
void host_wait_log_some(host *h, const char *text, int count);

/* Waits for a line that contains `text`, and copies the first one, without its end. */
void host_wait_log_line(host *h, const char *text, char *line, size_t size);

/* Copies the log's first line that contains `text`, without its end. False: there is none. */
bool host_try_log_line(host *h, const char *text, char *line, size_t size);

/* Allows lines of level error that contain `text`. */
void host_expect_error(host *h, const char *text);

/* Stops the host like Ctrl+C. Where there is no console for that, uses the admin listener and
 * returns false. */
bool host_interrupt(host *h);

/* The same without that: false, and nothing was done, where there is no console. */
bool host_try_interrupt(host *h);

/* Sends the host a signal (see process_signal). False where there are no signals. */
bool host_signal(host *h, const char *name);

/* Limits the running host, or lifts the limit: see process_limit_to. */
bool host_limit_to(host *h, process_limit what, uint64_t more);
void host_limit_lift(host *h, process_limit what);

/* Waits for the host to exit and returns its exit code. Its log can still be read. */
int host_wait_exit(host *h, uint32_t timeout_ms);

/* Whether the host is running. */
bool host_alive(host *h);

/* Stops and frees the host. Expects exit code 0, no unexpected error in the log, and no ready file
 * left. */
void host_stop(host *h);

/* The same for a host that has already been stopped another way. */
void host_finish(host *h, int expected_exit_code);

/* Frees the host without any check, killing it first if it runs. */
void host_drop(host *h);

/* Copies the path of a plugin's or test module's library to `path`. */
void host_module_path(const char *name, char *path, size_t size);

/* Values from the tests' environment. If unset, they end the test with a message. */
const char *host_executable(void);
const char *host_test_folder(void);
extern const char host_library_suffix[];

/* A file's bytes, followed by a zero, which the caller frees. NULL if it cannot be read. */
char *file_read(const char *path, size_t *size);
void file_write(const char *path, const void *data, size_t size);
bool file_exists(const char *path);
void file_remove(const char *path);

/* Writes the path of `name` in `folder`; if it does not fit, ends the test. */
void file_path(char *path, size_t size, const char *folder, const char *name);

/* Copies a file; if the original can be run, so can the copy. */
void file_copy(const char *from, const char *to);

/* Lets other users read the file. False where a test cannot set that. */
bool file_share(const char *path);

void folder_make(const char *path);

/* How many entries of a folder have a name that begins with `start`, not counting those that begin
 * with a dot; 0 if there is no such folder. */
int folder_count(const char *path, const char *start);

/* Makes it the working folder, also for programs started from now on. */
void folder_enter(const char *path);

#endif
