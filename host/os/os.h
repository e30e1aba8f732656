/* os.h: the seam. It declares everything that Portico asks of the system, and nothing else.
 *
 * host/os/windows/ implements it on an I/O completion port, host/os/linux/ on epoll. CMake picks
 * the folder; no other file of the host includes a system header or asks which system it is on.
 *
 * THE CONTRACT of operations (os_accept, os_connect, os_recv, os_send, os_port_post):
 *
 *   1. An accepted submit (PORTICO_OK) yields exactly one completion, through the port, whatever
 *      happens: success, failure, cancellation or os_close. A refused submit (any other status)
 *      yields none.
 *   2. From an accepted submit until os_port_wait hands out its completion, the os_op, the buffers
 *      and the list of buffers belong to the system: do not read, write or free them.
 *   3. A submit never completes inside the call. os_port_wait hands the completion out, to any
 *      thread that waits, possibly before the submit has returned.
 *   4. At most one os_recv and one os_send are in flight on a socket; another is refused with
 *      PORTICO_E_STATE. There may be any number of os_accepts.
 *   5. One os_op is in flight once. It needs no initialisation, and may be used again as soon as
 *      its completion has been handed out.
 *   6. Completions of different operations have no order.
 *
 * ERRORS  Functions return a portico_status. If the system gave a code of its own, os_error()
 * returns that raw code for the calling thread's last failed os_ function, for the log.
 *
 * THREADS  Any thread may call any function unless its comment says otherwise. Submits on one
 * os_socket may race with each other. An os_socket must not be used after os_close has been called,
 * so its owner serialises os_close against its own submits.
 *
 * MEMORY  os_mutex, os_cond and os_op are plain storage: all bytes zero is a valid initial state,
 * and nothing needs to be released.
 *
 * fault.h, child.h and hurry.h beside this file are parts of the seam: faults in foreign code,
 * other processes, and threads that must not wait for a processor.
 *
 * TEXT  is UTF-8 everywhere, paths included, with '/' or the system's own separator.
 */
#ifndef PORTICO_OS_H
#define PORTICO_OS_H

#include <portico/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- the process ------------------------------------------------------------------------- */

/* Connects stdin, stdout and stderr to nothing where they are closed, so that nothing else gets
 * their numbers. Prepares sockets, replaces the arguments by their UTF-8 form, and on Linux ignores
 * SIGPIPE, SIGUSR1 and SIGUSR2. main() calls it once, first. */
portico_status os_init(int *argc, char ***argv);

/* The system's raw code for this thread's last failed os_ function. */
int32_t os_error(void);

/* Its status, for functions that return none, such as os_fopen. */
portico_status os_error_status(void);

/* Writes the system's own sentence for a raw code, zero-terminated and cut to `size` bytes. */
void os_error_text(int32_t system_error, char *text, size_t size);

/* Calls `stop` for every Ctrl+C, SIGTERM or closing console, and `hang_up` for every SIGHUP (from
 * an administrator or a closing terminal), on a thread of the system's own. With `hang_up` NULL,
 * SIGHUP keeps its effect. Windows has no SIGHUP: a console that closes ends its processes, so it
 * is a stop. Call it before any other thread is started: on Linux it blocks the signals first. */
portico_status os_on_signals(void (*stop)(void), void (*hang_up)(void));

/* Ends the process at once with `code`: runs no handlers, flushes nothing. Does not return. */
void os_exit(int code);

uint32_t os_cpu_count(void);

uint32_t os_process_id(void);

typedef struct os_usage {
    uint64_t memory_bytes; /* resident memory of the process */
    uint64_t cpu_ns;       /* processor time used, user and system */
    uint32_t handles;      /* open descriptors or handles */
} os_usage;

/* Fills *usage with the present figures of the process; 0 where the system does not report one. */
void os_process_usage(os_usage *usage);

/* The C library's heaps. */
typedef struct os_heap {
    uint64_t allocated_bytes; /* in use */
    uint64_t kept_bytes;      /* freed, and kept for later */
} os_heap;

/* Fills *heap; 0 where the system does not report it. Walks through the free blocks, or through
 * all: that may take milliseconds, during which threads that allocate wait. */
void os_heap_look(os_heap *heap);

/* Gives unused memory of the C library back to the system where it can. Takes as long as
 * os_heap_look. */
void os_memory_trim(void);

/* Fills `data` with bytes fit for secrets. */
portico_status os_random(void *data, size_t size);

/* Calls `each` with the certificate (DER) of every authority in the system's own store of trusted
 * ones, which Windows has. Returns how many there were; 0 on Linux, where they are in files that
 * the TLS library finds. */
uint32_t os_root_certificates(void (*each)(void *arg, const void *der, uint32_t size), void *arg);

/* Nanoseconds that never go backwards, from an arbitrary start. */
uint64_t os_monotonic_ns(void);

/* The same clock in milliseconds, rounded down. */
static inline uint64_t os_monotonic_ms(void) {
    return os_monotonic_ns() / 1000000;
}

/* Milliseconds since 1970-01-01 UTC. */
uint64_t os_wall_ms(void);

/* ---- threads ----------------------------------------------------------------------------- */

typedef struct os_thread os_thread;
typedef struct os_mutex {
    uint64_t sys[1];
} os_mutex;
typedef struct os_cond {
    uint64_t sys[1];
} os_cond;

/* Sets the stack size of threads that start from now on, in bytes, at least OS_STACK_MIN. Until
 * then the system chooses: on Linux the limit `ulimit -s`, mostly 8 MiB, on Windows the
 * executable's 2 MiB. [before threads start that may start others] */
enum { OS_STACK_MIN = 1024 * 1024 }; /* less is 1 MiB under Wine */
void os_threads_set_stack(uint32_t bytes);

/* Starts a thread that runs fn(arg). Debuggers show `name` (at most 15 bytes). On success the
 * caller owns *thread until os_thread_join. */
portico_status os_thread_start(os_thread **thread, const char *name, void (*fn)(void *), void *arg);

/* The processor time that the thread has used so far, user and system; 0 if the system does not
 * report it. The caller makes sure that the thread is not joined during the call. On Windows it
 * grows in steps of the system's tick, 15.6 ms. */
uint64_t os_thread_cpu_ns(const os_thread *thread);

/* Waits for the thread to return and frees it. */
void os_thread_join(os_thread *thread);

/* Blocks the calling thread for at least `timeout_ms`. */
void os_sleep(uint32_t timeout_ms);

/* Not recursive. The next owner of a mutex may free it if no other thread waits for it: the unlock
 * that made it the owner does not touch the mutex afterwards. */
void os_mutex_lock(os_mutex *mutex);
void os_mutex_unlock(os_mutex *mutex);

/* Releases the mutex, waits until woken or for `timeout_ms` (UINT32_MAX: for ever), and takes the
 * mutex again. May return for no reason: test the condition in a loop. False when the time ran out.
 */
bool os_cond_wait(os_cond *cond, os_mutex *mutex, uint32_t timeout_ms);
void os_cond_wake_all(os_cond *cond);

/* One thread sleeps on it until a given time; other threads may end that sleep. */
typedef struct os_alarm os_alarm;

/* PORTICO_E_NO_MEMORY, PORTICO_E_NO_HANDLES: nothing was created. */
portico_status os_alarm_create(os_alarm **alarm);
void os_alarm_destroy(os_alarm *alarm);

/* Sleeps until os_monotonic_ns() is `until_ns` (UINT64_MAX: for ever), as exactly as the system
 * can, or until os_alarm_ring; a ring since the last sleep ends this one at once. May return a
 * little early, or for no reason: check the clock. One thread at a time. */
void os_alarm_sleep(os_alarm *alarm, uint64_t until_ns);
void os_alarm_ring(os_alarm *alarm);

/* ---- addresses --------------------------------------------------------------------------- */

enum { OS_ADDRESS_NONE = 0, OS_ADDRESS_IPV4 = 4, OS_ADDRESS_IPV6 = 6 };

typedef struct os_address {
    uint8_t family;    /* OS_ADDRESS_... */
    uint8_t reserved;  /* 0 */
    uint16_t port;     /* host byte order */
    uint32_t scope;    /* of a link-local IPv6 address, else 0 */
    uint8_t bytes[16]; /* network byte order; IPv4 uses the first four, the others are 0 */
} os_address;

enum { OS_ADDRESS_TEXT = 72 }; /* room for "[address%scope]:port" and its zero */

/* Reads a numeric IPv4 or IPv6 address ("127.0.0.1", "::1", "fe80::1%2"; no brackets, no port).
 * PORTICO_E_INVALID if it is not one; *address is then unchanged. Never asks a name server. */
portico_status os_address_parse(const char *text, uint16_t port, os_address *address);

/* Writes "127.0.0.1:7777" or "[::1]:7777". An IPv4 address mapped into IPv6 is written as IPv4. */
void os_address_format(const os_address *address, char text[OS_ADDRESS_TEXT]);

/* Asks the system's resolver for the first address of a host name. Blocks, so never call it on a
 * worker. PORTICO_E_NOT_FOUND if there is none. */
portico_status os_address_resolve(const char *host, uint16_t port, os_address *address);

/* Checks that this machine has the address, whatever its port is: binds a socket to a free port for
 * a moment, without listening. PORTICO_E_ADDRESS: the machine has no such address. */
portico_status os_address_check(const os_address *address);

/* ---- the port and its operations --------------------------------------------------------- */

typedef struct os_port os_port;     /* the completion queue that the workers wait on */
typedef struct os_socket os_socket; /* a listening or connected socket, bound to one port */
struct os_completion;

/* One operation in flight. Embed it in the object that the operation concerns. */
typedef struct os_op {
    uint64_t sys[10];
    /* The submitter's own: the seam never touches it. */
    void (*done)(const struct os_completion *completion);
} os_op;

/* A list of bytes to send, in order. The nodes are part of what the caller sends. */
typedef struct os_buffer {
    struct os_buffer *next;
    const uint8_t *data;
    uint32_t size;
    uint32_t reserved;
} os_buffer;

/* An accept in flight and, once its completion is handed out with PORTICO_OK, its result. */
typedef struct os_accept_op {
    os_op op;
    os_socket *socket; /* the new connection, owned by the caller; NULL unless PORTICO_OK */
    os_address peer;
    uint64_t sys[40];
} os_accept_op;

typedef struct os_completion {
    os_op *op; /* as submitted */
    /* PORTICO_OK or the failure; PORTICO_E_CANCELLED after a cancel or close. */
    portico_status status;
    uint32_t bytes;       /* received (0 with PORTICO_OK: end of stream, or ready) or sent (all) */
    int32_t system_error; /* the raw code of the failure, 0 with PORTICO_OK */
} os_completion;

enum {
    OS_WAIT_MAX = 256,       /* the most completions that one os_port_wait returns */
    OS_SEND_BUFFERS_MAX = 64 /* the longest list that one os_send takes */
};

portico_status os_port_create(os_port **port);

/* Frees the port. Before that, every socket must be closed, every operation completed, and no
 * thread may wait. */
void os_port_destroy(os_port *port);

/* Waits up to `timeout_ms` (0: only looks; UINT32_MAX: for ever) and writes up to `capacity`
 * completions. Returns how many; 0 when the time ran out.
 *
 * `capacity` 1 means that the caller's completions take long. On Linux the port then wakes another
 * waiter sooner for new events.
 *
 * Completions may be kept for a thread that has submitted operations since its last wait. It must
 * wait again until it is told to stop, or another thread must call os_port_share_kept.
 */
uint32_t os_port_wait(os_port *port, os_completion *completions, uint32_t capacity,
                      uint32_t timeout_ms);

/* Makes completions that are kept for threads which have not come back to os_port_wait available to
 * any thread, and sees to it that a thread waits for new ones, if one is idle. Call it when such a
 * thread is seen to be stuck, or expected to take long. Cheap, but not for every wait: sharing
 * costs a lock that all threads use. */
void os_port_share_kept(os_port *port);

/* Queues a completion of `op` with PORTICO_OK and 0 bytes, which one waiting thread will get. */
portico_status os_port_post(os_port *port, os_op *op);

/* Posts by the calling thread to this port between the two calls are handed out after the end at
 * the latest. Where the system allows it, many posts then cost one wake-up. Do not nest them, and
 * do not call os_port_wait on this thread in between. */
void os_port_posts_begin(os_port *port);
void os_port_posts_end(os_port *port);

typedef struct os_listen_options {
    uint32_t backlog; /* connections that the system queues; cut to its maximum */
    /* Linux: SO_REUSEADDR (bind despite TIME_WAIT). Windows: false sets SO_EXCLUSIVEADDRUSE, true
     * sets nothing: TIME_WAIT is never in the way there, and SO_REUSEADDR would let another process
     * steal the port. */
    bool reuse_address;
    bool dual_stack; /* an IPv6 socket accepts IPv4 connections, too */
} os_listen_options;

/* Opens a listening socket. PORTICO_E_ADDRESS_IN_USE, PORTICO_E_ADDRESS, PORTICO_E_ACCESS,
 * PORTICO_E_NO_HANDLES: nothing was opened. */
portico_status os_listen(os_port *port, const os_address *address, const os_listen_options *options,
                         os_socket **listener);

/* Accepts the next connection, bound to the listener's port. Fails with PORTICO_E_NO_HANDLES, at
 * once or by its completion, when the process is out of handles: submit it again after a while. */
portico_status os_accept(os_socket *listener, os_accept_op *op);

/* Opens a socket, binds it to `from` (NULL: any) and connects it. On PORTICO_OK the caller owns
 * *socket and must close it even if the completion reports a failure. Use it only after a
 * successful completion. */
portico_status os_connect(os_port *port, const os_address *to, const os_address *from, os_op *op,
                          os_socket **socket);

/* Receives 1 to `capacity` bytes into `data`; completes with 0 bytes at the end of the stream. With
 * `capacity` 0 (recv-ready) it completes with 0 bytes as soon as a recv would not wait. A byte that
 * the peer sends as urgent is one like the others, in its place. */
portico_status os_recv(os_socket *socket, os_op *op, void *data, uint32_t capacity);

/* Receives 1 to `capacity` bytes that have already arrived, without an operation, and returns how
 * many. 0 if nothing was received: nothing has arrived, the stream has ended or failed, an os_recv
 * is in flight, or the system cannot do this cheaply (Windows, except for what a recv-ready brings
 * along: some of what completed it, if there was memory). Use os_recv in all these cases. */
uint32_t os_recv_now(os_socket *socket, void *data, uint32_t capacity);

/* Sends the whole list, at most OS_SEND_BUFFERS_MAX nodes. Completes when the system has taken all
 * bytes, or with an error. May change the nodes. */
portico_status os_send(os_socket *socket, os_op *op, os_buffer *list);

/* Sends as much of such a list as goes at once, without an operation: takes it off the list and
 * returns its number of bytes. The rest, perhaps everything (for the reasons at os_recv_now; on
 * Windows what exceeds 64 KiB), is for os_send; *list is NULL if nothing is left. */
uint32_t os_send_now(os_socket *socket, os_buffer **list);

/* Ends the sending direction after everything sent so far: the peer reads the end of the stream. */
void os_shutdown(os_socket *socket);

/* Asks for the cancellation of one operation. It completes in any case, possibly with success. */
void os_cancel(os_socket *socket, os_op *op);

/* Closes and frees the socket. What is in flight on it completes, usually with PORTICO_E_CANCELLED.
 * With `reset` the peer sees a reset instead of an orderly end, and what was not sent is dropped.
 */
void os_close(os_socket *socket, bool reset);

typedef struct os_socket_options {
    bool no_delay;              /* TCP_NODELAY */
    uint32_t keep_alive_s;      /* idle seconds before the first probe; 0: no keep-alive */
    int32_t linger_s;           /* SO_LINGER seconds; -1: the system's default */
    uint32_t send_buffer_bytes; /* SO_SNDBUF; 0: the system's default */
    uint32_t recv_buffer_bytes; /* SO_RCVBUF; 0: the system's default */
} os_socket_options;

/* Sets the options of a connected socket. Returns the first failure; the other options are still
 * set. */
portico_status os_socket_configure(os_socket *socket, const os_socket_options *options);

/* The address that the socket is bound to, with the port that the system chose for port 0. */
portico_status os_socket_address(os_socket *socket, os_address *address);

/* ---- libraries and files ----------------------------------------------------------------- */

typedef struct os_library os_library;

extern const char os_library_suffix[]; /* ".dll" or ".so" */

/* Loads a shared library from `path`. On failure `why` has the loader's own words. Runs the
 * library's constructors. The file is checked first, where the system's loader would not survive a
 * damaged one, unless `tried` is set: another process has opened it in this way, and nobody has
 * changed it since.
 *
 * PORTICO_E_NOT_FOUND     there is no such file
 * PORTICO_E_NOT_A_MODULE  it is not a library for this system
 * PORTICO_E_DEPENDENCY    a library that it needs is missing
 */
portico_status os_library_open(const char *path, bool tried, os_library **library, char *why,
                               size_t why_size);

/* Whether loading it has loaded other libraries as well. True also if the system does not say. */
bool os_library_brought(const os_library *library);

/* Checks the headers of a library's file without loading it: runs none of its code.
 * PORTICO_E_NOT_FOUND, PORTICO_E_NOT_A_MODULE: os_library_open would fail in the same way, and
 * `why` has the reason. */
portico_status os_library_check(const char *path, char *why, size_t why_size);

/* The address of an exported symbol, or NULL. */
void *os_library_symbol(os_library *library, const char *name);

/* Where the image is in memory, from `begin` up to but not including `end`. Both are 0 if the
 * system does not report it. Pages in between may be unused. */
void os_library_range(os_library *library, uintptr_t *begin, uintptr_t *end);

/* Unloads. True if the image is really gone from the process. */
bool os_library_close(os_library *library);

/* fopen with a UTF-8 path, for regular files only: a device or pipe is refused without waiting.
 * With mode "wx" only the owner can read the new file, with "wxo" others may as well. */
FILE *os_fopen(const char *path, const char *mode);

/* After fwrite, fflush, fclose or another function of <stdio.h> has failed, before anything else is
 * called: makes its reason os_error() and returns its status. */
portico_status os_file_error(void);

enum { OS_FOUND_TEXT = 128 };

/* Opens a file for reading that only this user may read or change, and no link. PORTICO_E_ACCESS:
 * if `found` is not empty, it is none, and `found` says what it is in words ("it is a link"). */
portico_status os_fopen_private(const char *path, FILE **file, char found[OS_FOUND_TEXT]);

/* Opens a file for reading, or the one that a link leads to, that this user or the superuser owns
 * and that others cannot read or change, but for a group, on Linux, which may read it: a key that
 * several services share. Refusals as those of os_fopen_private. */
portico_status os_fopen_secret(const char *path, FILE **file, char found[OS_FOUND_TEXT]);

/* Checks that only this user may change what is in a folder. PORTICO_E_NOT_FOUND: there is none.
 * PORTICO_E_ACCESS: others may, or it is a link or no folder; `found` says so. */
portico_status os_folder_private(const char *path, char found[OS_FOUND_TEXT]);

/* A name that one process at a time can take, and only once: a file that is locked, and deleted
 * when the lock is given back. */
typedef struct os_lock os_lock;

/* Takes the name. PORTICO_E_EXISTS: another process has it, and *process is its number (0: not
 * known). The end of the process gives it back. */
portico_status os_lock_take(const char *path, os_lock **lock, uint32_t *process);
void os_lock_give_back(os_lock *lock);

/* Renames `from` to `to`, replacing an existing file. */
portico_status os_file_rename(const char *from, const char *to);

/* Deletes a file. */
portico_status os_file_remove(const char *path);

typedef struct os_file_info {
    uint64_t size;
    uint64_t modified_ns; /* since 1970-01-01 UTC, in the file system's resolution */
    uint64_t id;          /* of the file itself: changes when another file takes the name */
} os_file_info;

/* Looks at a regular file, or at the one that a link leads to. Does not open its content, so no
 * other open, rename or delete is refused because of it. PORTICO_E_NOT_FOUND, PORTICO_E_ACCESS,
 * ...: *info is unchanged. */
portico_status os_file_look(const char *path, os_file_info *info);

/* Opens the regular file `name` of a folder for reading, and describes it. `name` has parts with
 * '/' between them. None of them is a link, and on Windows none is another name of what it opens,
 * so nothing outside the folder is opened, even while others change what is in it. The folder
 * itself may be a link. PORTICO_E_NOT_FOUND: there is no such file. On failure *file is NULL. */
portico_status os_fopen_beneath(const char *folder, const char *name, FILE **file,
                                os_file_info *info);

/* Whether any process, this one included, has the file open for writing now. False also if that
 * cannot be found out (no such file, Linux: another user's file, many network file systems): then
 * only a pause in the writing tells. During the call, some microseconds, an open for writing waits
 * (Linux) or is refused (Windows): do not call it in a loop. */
bool os_file_is_written(const char *path);

/* Creates a folder for its owner only, with any missing parents. PORTICO_OK also if it exists. */
portico_status os_folder_create(const char *path);

/* Creates one new folder for its owner only. PORTICO_E_EXISTS: the name is taken, by whatever it
 * may be. */
portico_status os_folder_add(const char *path);

/* Checks that `path` is a folder in which this process may create files. Creates none.
 * PORTICO_E_NOT_FOUND: it does not exist; PORTICO_E_INVALID: it is not a folder; PORTICO_E_ACCESS:
 * this process may not create files there. */
portico_status os_folder_check(const char *path);

/* Deletes an empty folder. */
portico_status os_folder_remove(const char *path);

/* Deletes the files in a folder, then the folder. A folder in it stays, and so does the folder
 * then. PORTICO_E_INVALID: `path` is a link or no folder, and nothing was deleted: what a link
 * leads to is never touched. */
portico_status os_folder_delete(const char *path);

/* Calls `each` with the name of every entry of a folder except "." and "..", in the system's order.
 */
portico_status os_folder_list(const char *path, void (*each)(void *arg, const char *name),
                              void *arg);

/* Writes `path`, relative to the working folder unless absolute, in a form that means the same to
 * every process. The file need not exist: the file system is not asked. PORTICO_E_TOO_BIG: it does
 * not fit. */
portico_status os_path_absolute(const char *path, char *absolute, size_t size);

/* Writes the absolute path of the running executable. */
portico_status os_executable_path(char *path, size_t size);

/* Whether `stream` is a terminal that shows colours; enables them if necessary. */
bool os_terminal(FILE *stream);

/* Writes to the process's error stream, without a lock of the C library. Waits while a pipe or a
 * terminal takes nothing; bytes that it refuses are lost. */
void os_stderr_write(const char *bytes, size_t size);

#endif
