/* os.h: the seam. Everything that Portico asks of the system, and nothing else, is declared here.
 *
 * host/os/windows/ implements it on an I/O completion port, host/os/linux/ over epoll. CMake picks
 * the folder; no other file of the host includes a system header or asks which system it is on.
 *
 * THE CONTRACT of operations (os_accept, os_connect, os_recv, os_send, os_port_post):
 *
 *   1. A submit that is accepted (PORTICO_OK) yields exactly one completion, through the port,
 *      whatever happens: success, failure, cancellation or os_close. A submit that is refused (any
 *      other status) yields none.
 *   2. From an accepted submit until os_port_wait hands out its completion, the os_op, the buffers
 *      and the list of buffers belong to the system: not read, not written, not freed.
 *   3. A submit never completes inside the call: the completion is always handed out by
 *      os_port_wait, to any thread that waits, perhaps before the submit has returned.
 *   4. At most one os_recv and one os_send are in flight on a socket, another one is refused with
 *      PORTICO_E_STATE; any number of os_accepts.
 *   5. One os_op is in flight once. It needs no initialisation and may be used again as soon as
 *      its completion has been handed out.
 *   6. Completions of different operations have no order between them.
 *
 * ERRORS  Functions return a portico_status. Where the system gave a code of its own,
 * os_error() returns that raw code for the calling thread's last failed os_ function, for the log.
 *
 * THREADS  Every function may be called from any thread unless its comment says otherwise.
 * Submits and os_close on one os_socket may race with each other; an os_socket must not be used
 * after os_close has been called, so its owner serialises os_close against its own submits.
 *
 * MEMORY  os_mutex, os_cond and os_op are plain storage: all bytes zero is a valid initial state,
 * and nothing needs to be released.
 *
 * TEXT  is UTF-8 everywhere, paths too, with '/' or the system's own separator.
 */
#ifndef PORTICO_OS_H
#define PORTICO_OS_H

#include <portico/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- the process ------------------------------------------------------------------------- */

/* Prepares sockets, replaces the arguments by their UTF-8 form, and ignores the signals SIGPIPE, SIGUSR1 and SIGUSR2
 * where there are signals. Called once, first, by main(). */
portico_status os_init(int *argc, char ***argv);

/* The system's raw code of this thread's last failed os_ function. */
int32_t os_error(void);

/* Writes the system's own sentence for a raw code, zero-terminated and cut to `size` bytes. */
void os_error_text(int32_t system_error, char *text, size_t size);

/* Calls, on a thread of the system's, `stop` for every Ctrl+C, SIGTERM or closing console, and `hang_up` for every
 * SIGHUP: an administrator sends it, or a terminal that closes. NULL: SIGHUP does what it did before. Windows has no such
 * signal, and a console that closes ends its processes, so that is a stop there.
 * Must be called before any other thread is started: on Linux the signals are blocked first. */
portico_status os_on_signals(void (*stop)(void), void (*hang_up)(void));

/* Ends the process at once with `code`; no handler, no flush. Does not return. */
void os_exit(int code);

uint32_t os_cpu_count(void);

uint32_t os_process_id(void);

typedef struct os_usage {
    uint64_t memory_bytes; /* resident memory of the process */
    uint64_t cpu_ns;       /* processor time used, user and system */
    uint32_t handles;      /* open descriptors or handles */
} os_usage;

/* What the process uses now; a figure that the system does not tell is 0. */
void os_process_usage(os_usage *usage);

/* Gives memory that the C library keeps unused back to the system, where it can. May take milliseconds. */
void os_memory_trim(void);

/* Fills `data` with bytes fit for secrets. */
portico_status os_random(void *data, size_t size);

/* Nanoseconds that never go back, from an arbitrary start. */
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

/* Starts a thread that runs fn(arg); `name` (at most 15 bytes) is what debuggers show.
 * On success *thread is owned by the caller until os_thread_join. */
portico_status os_thread_start(os_thread **thread, const char *name, void (*fn)(void *), void *arg);

/* The processor time that the thread has used so far, user and system; 0 where the system does not tell. The caller keeps
 * it from being joined meanwhile. On Windows it grows in steps of the system's tick, 15.6 ms. */
uint64_t os_thread_cpu_ns(const os_thread *thread);

/* Waits for the thread to return and frees it. */
void os_thread_join(os_thread *thread);

/* Blocks the calling thread for at least `timeout_ms`. */
void os_sleep(uint32_t timeout_ms);

/* Not recursive. Who has it next may free it if nobody else waits for it: an unlock does not touch it then. */
void os_mutex_lock(os_mutex *mutex);
void os_mutex_unlock(os_mutex *mutex);

/* Releases the mutex, waits to be woken or for `timeout_ms` (UINT32_MAX: for ever), takes the mutex
 * again. May return for no reason: test the condition in a loop. False when the time ran out. */
bool os_cond_wait(os_cond *cond, os_mutex *mutex, uint32_t timeout_ms);
void os_cond_wake_all(os_cond *cond);

typedef struct os_alarm
    os_alarm; /* what one thread sleeps on until a time, and others may end that sleep */

/* PORTICO_E_NO_MEMORY, PORTICO_E_NO_HANDLES: there is none. */
portico_status os_alarm_create(os_alarm **alarm);
void os_alarm_destroy(os_alarm *alarm);

/* Sleeps until os_monotonic_ns() is `until_ns` (UINT64_MAX: for ever), as exactly as the system can, or until
 * os_alarm_ring; a ring since the last sleep ends this one at once. May return a little early, or for no reason: look
 * at the clock. One thread at a time. */
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
 * PORTICO_E_INVALID when it is not one; *address is then untouched. Never asks a name server. */
portico_status os_address_parse(const char *text, uint16_t port, os_address *address);

/* Writes "127.0.0.1:7777" or "[::1]:7777". An IPv4 address mapped into IPv6 is written as IPv4. */
void os_address_format(const os_address *address, char text[OS_ADDRESS_TEXT]);

/* Asks the system's resolver for the first address of a host name. Blocks, so never on a worker.
 * PORTICO_E_NOT_FOUND when there is none. */
portico_status os_address_resolve(const char *host, uint16_t port, os_address *address);

/* ---- the port and its operations --------------------------------------------------------- */

typedef struct os_port os_port;     /* the completion queue that the workers wait on */
typedef struct os_socket os_socket; /* a listening or connected socket, bound to one port */
struct os_completion;

/* One operation in flight. Embed it in what the operation is about. */
typedef struct os_op {
    uint64_t sys[10];
    void (*done)(const struct os_completion
                     *completion); /* the submitter's own: the seam never touches it */
} os_op;

/* A list of bytes to send, in order; the nodes live in what the caller sends. */
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
    portico_status
        status;     /* PORTICO_OK, or why it failed; PORTICO_E_CANCELLED after a cancel or close */
    uint32_t bytes; /* moved by a recv (0 with OK: end of stream, or ready) or a send (all) */
    int32_t system_error; /* the raw code behind the status, 0 with PORTICO_OK */
} os_completion;

enum {
    OS_WAIT_MAX = 256,       /* the most completions one os_port_wait returns */
    OS_SEND_BUFFERS_MAX = 64 /* the longest list one os_send takes */
};

portico_status os_port_create(os_port **port);

/* Frees the port. Every socket is closed, every operation completed and no thread waits. */
void os_port_destroy(os_port *port);

/* Waits up to `timeout_ms` (0: only look; UINT32_MAX: for ever) and writes up to `capacity`
 * completions. Returns how many; 0 when the time ran out. Who asks for one at a time says that each
 * takes it long: where the system leaves that to the port, another thread that waits is woken sooner
 * for what comes in meanwhile. A thread that has submitted operations between two waits must wait
 * again until it is told to stop, or somebody must call os_port_share_kept: completions may be kept
 * for it. */
uint32_t os_port_wait(os_port *port, os_completion *completions, uint32_t capacity,
                      uint32_t timeout_ms);

/* Moves completions that are kept for threads which have not come back to os_port_wait to where any thread
 * gets them: for whoever sees that such a thread is stuck. Cheap, but not for every wait: what is shared
 * costs a lock that all use. */
void os_port_share_kept(os_port *port);

/* Queues a completion of `op` with PORTICO_OK and 0 bytes that some waiting thread will get. */
portico_status os_port_post(os_port *port, os_op *op);

/* What the calling thread posts to this port between the two is handed out at the latest after the end: where the system
 * allows it, many posts then cost one wake-up. Not nested, and no os_port_wait by this thread in between. */
void os_port_posts_begin(os_port *port);
void os_port_posts_end(os_port *port);

typedef struct os_listen_options {
    uint32_t backlog;   /* connections the system queues; cut to its maximum */
    bool reuse_address; /* Linux: SO_REUSEADDR (bind in spite of TIME_WAIT). Windows: false sets
                              SO_EXCLUSIVEADDRUSE, true nothing: TIME_WAIT never hinders there and
                              SO_REUSEADDR would let another process steal the port */
    bool dual_stack;    /* an IPv6 socket takes IPv4 connections, too */
} os_listen_options;

/* Opens a listening socket. PORTICO_E_ADDRESS_IN_USE, PORTICO_E_ADDRESS, PORTICO_E_ACCESS,
 * PORTICO_E_NO_HANDLES: nothing was opened. */
portico_status os_listen(os_port *port, const os_address *address, const os_listen_options *options,
                         os_socket **listener);

/* Takes the next connection; bound to the listener's port. Fails with PORTICO_E_NO_HANDLES, at once or by its
 * completion, when the process is out of handles: wait a little, then submit it again. */
portico_status os_accept(os_socket *listener, os_accept_op *op);

/* Opens a socket, binds it to `from` (NULL: any) and connects it. On PORTICO_OK *socket is the caller's, to
 * be closed also when the completion tells of a failure; it may be used after a successful completion. */
portico_status os_connect(os_port *port, const os_address *to, const os_address *from, os_op *op,
                          os_socket **socket);

/* Receives 1 to `capacity` bytes into `data`; completes with 0 bytes at the end of the stream.
 * With `capacity` 0 (recv-ready) completes with 0 bytes as soon as a recv would not wait. */
portico_status os_recv(os_socket *socket, os_op *op, void *data, uint32_t capacity);

/* Receives 1 to `capacity` bytes that are there now, without an operation: returns how many. 0: nothing was received, be
 * it that nothing is there, the stream has ended or failed, an os_recv is in flight, or the system does not do this
 * cheaply (Windows, but for what a recv-ready has brought along): os_recv is for all these. */
uint32_t os_recv_now(os_socket *socket, void *data, uint32_t capacity);

/* Sends the whole list, at most OS_SEND_BUFFERS_MAX nodes: completes when the system has taken all
 * bytes, or with an error. May change the nodes. */
portico_status os_send(os_socket *socket, os_op *op, os_buffer *list);

/* Sends of such a list what goes at once, without an operation: takes it off the list and returns how many bytes it was.
 * What is left then, perhaps all of it (as for os_recv_now; Windows: what is above 64 KiB), is for os_send; *list is NULL when nothing is. */
uint32_t os_send_now(os_socket *socket, os_buffer **list);

/* Ends the sending direction after what has been sent: the peer reads the end of the stream. */
void os_shutdown(os_socket *socket);

/* Asks to cancel one operation. It completes in any case, and may still complete with success. */
void os_cancel(os_socket *socket, os_op *op);

/* Closes and frees the socket; what is in flight on it completes, mostly with PORTICO_E_CANCELLED.
 * `reset` makes the peer see a reset instead of an orderly end and drops what was not sent. */
void os_close(os_socket *socket, bool reset);

typedef struct os_socket_options {
    bool no_delay;              /* TCP_NODELAY */
    uint32_t keep_alive_s;      /* idle seconds before the first probe; 0: no keep-alive */
    int32_t linger_s;           /* SO_LINGER seconds; -1: the system's default */
    uint32_t send_buffer_bytes; /* SO_SNDBUF; 0: the system's default */
    uint32_t recv_buffer_bytes; /* SO_RCVBUF; 0: the system's default */
} os_socket_options;

/* Sets the options on a connected socket. The first failure is returned, the others are still set. */
portico_status os_socket_configure(os_socket *socket, const os_socket_options *options);

/* The address that the socket is bound to: tells which port 0 became. */
portico_status os_socket_address(os_socket *socket, os_address *address);

/* ---- libraries and files ----------------------------------------------------------------- */

typedef struct os_library os_library;

extern const char os_library_suffix[]; /* ".dll" or ".so" */

/* Loads a shared library from `path`. On failure `why` has the loader's own words.
 * PORTICO_E_NOT_FOUND no such file; PORTICO_E_NOT_A_MODULE not a library for this system;
 * PORTICO_E_DEPENDENCY a library that it needs is missing. Runs the library's constructors. */
portico_status os_library_open(const char *path, os_library **library, char *why, size_t why_size);

/* The address of an exported symbol, or NULL. */
void *os_library_symbol(os_library *library, const char *name);

/* Where the image stands in memory: `begin` is its first byte, `end` the one behind its last. Both are 0 where the
 * system does not tell. Pages in between may be unused. */
void os_library_range(os_library *library, uintptr_t *begin, uintptr_t *end);

/* Unloads. True when the image is really gone from the process. */
bool os_library_close(os_library *library);

/* fopen with a UTF-8 path, for regular files only: a device or pipe is refused, and never waited for. With mode
 * "wx" the new file can be read by its owner only. */
FILE *os_fopen(const char *path, const char *mode);

/* Whether nobody but its owner may read or change the open file. PORTICO_E_ACCESS: others may, and `found` says
 * what the system says of it ("mode 644"). On Windows nothing is looked at, and it is always PORTICO_OK: files have
 * the rights of their folder, which os_folder_create makes for its owner only. */
portico_status os_file_private(FILE *file, char *found, size_t size);

/* Renames `from` to `to`, replacing a file that is there. */
portico_status os_file_rename(const char *from, const char *to);

/* Deletes a file. */
portico_status os_file_remove(const char *path);

typedef struct os_file_info {
    uint64_t size;
    uint64_t modified_ns; /* since 1970-01-01 UTC, as fine as the file system has it */
    uint64_t id;          /* of the file itself: another one when another file has taken its name */
} os_file_info;

/* Looks at a regular file, or where a link to one leads. Does not open its content: nobody who writes, renames or
 * deletes it at this moment is refused because of that. PORTICO_E_NOT_FOUND, PORTICO_E_ACCESS, ...: *info is untouched. */
portico_status os_file_look(const char *path, os_file_info *info);

/* Whether somebody, this process included, has the file open for writing now. False also where that cannot be found out
 * (no such file, Linux: a file of another user, many network file systems): then only a pause in the writing tells.
 * For the moment of the call, some microseconds, an open for writing waits (Linux) or is refused (Windows): do not ask
 * in a loop. */
bool os_file_is_written(const char *path);

/* Makes a folder for its owner only, its parents too; PORTICO_OK when it is there. */
portico_status os_folder_create(const char *path);

/* Deletes an empty folder. */
portico_status os_folder_remove(const char *path);

/* Calls `each` with the name of every entry of a folder but "." and "..", in the system's order. */
portico_status os_folder_list(const char *path, void (*each)(void *arg, const char *name),
                              void *arg);

/* Writes `path`, taken from the working folder when it is relative, as one that means the same to every process. Looks at
 * nothing: there need be no such file. PORTICO_E_TOO_BIG: it does not fit. */
portico_status os_path_absolute(const char *path, char *absolute, size_t size);

/* Writes the absolute path of the running executable. */
portico_status os_executable_path(char *path, size_t size);

/* Whether `stream` is a terminal that shows colours; turns them on where that is needed. */
bool os_terminal(FILE *stream);

#endif
