/* child.h: the part of the seam about other processes of this executable.
 *
 * A child is this executable with other arguments. It does not inherit the host's sockets, files or
 * libraries. Any thread; one thread at a time uses one os_child, except that os_child_stop and
 * os_child_hang_up may be called while another thread is in os_child_wait.
 */
#ifndef PORTICO_OS_CHILD_H
#define PORTICO_OS_CHILD_H

#include "os/os.h"

typedef struct os_child os_child;

typedef enum os_child_io {
    /* stdin and stdout are pipes for os_child_write and os_child_read; stderr is for os_child_note,
     * which keeps a few KiB. Ctrl+C in the terminal is not for it. It ends when this process ends:
     * once it has called os_parent_take, even if it is stuck. (Linux: also when the thread that
     * started it ends.) */
    OS_CHILD_PIPES,
    /* The same stdin, stdout, stderr and terminal. It outlives this process. */
    OS_CHILD_INHERITS
} os_child_io;

/* Starts it with `arguments`, which end with NULL and do not name the executable. The caller owns
 * *child until os_child_free. PORTICO_E_STATE: this system has no processes (the simulation). */
portico_status os_child_start(const char *const *arguments, os_child_io io, os_child **child);

/* Writes all of it. Waits while the pipe is full. PORTICO_E_CLOSED: the child does not read any
 * more. */
portico_status os_child_write(os_child *child, const void *data, size_t size);

/* Reads 1 to `capacity` bytes. PORTICO_E_TIMEOUT; PORTICO_E_CLOSED: the child has closed its side
 * or ended, and everything that it wrote has been read. */
portico_status os_child_read(os_child *child, void *data, size_t capacity, uint32_t timeout_ms,
                             size_t *size);

/* The last note that it has left (os_parent_note), maybe before it ended; 0: none since the last
 * call. */
uint8_t os_child_note(os_child *child);

typedef struct os_child_end {
    int32_t code;   /* of its exit, or of the signal or exception that ended it */
    bool crashed;   /* it ended by a signal or an exception */
    bool stopped;   /* by SIGTERM, SIGINT or Ctrl+C, which it did not listen for */
    char text[128]; /* "exit code 3", "signal 11 (SIGSEGV)", "exception C0000005" */
} os_child_end;

/* Waits until it has ended; UINT32_MAX: for ever. False: it runs. *end stays the same later. */
bool os_child_wait(os_child *child, uint32_t timeout_ms, os_child_end *end);

/* Asks it to stop, as Ctrl+C or SIGTERM would; with `at_once`, ends it. */
void os_child_stop(os_child *child, bool at_once);

/* Sends it SIGHUP, where there is such a signal. */
void os_child_hang_up(os_child *child);

uint32_t os_child_id(const os_child *child);

/* Ends it unless it has OS_CHILD_INHERITS, waits for that, and frees. Also of NULL. */
void os_child_free(os_child *child);

/* ---- in the child --------------------------------------------------------------------------- */

/* For a child with OS_CHILD_PIPES that runs foreign code. From now on only os_parent_read,
 * os_parent_write and os_parent_note reach the pipes, and the standard streams are nowhere. The
 * process ends with its parent. When it crashes, the system neither writes a core file nor shows a
 * dialog. [main thread, once, before there are others] */
portico_status os_parent_take(void);

/* Reads 1 to `capacity` bytes. PORTICO_E_CLOSED: the parent has ended or wants no more. */
portico_status os_parent_read(void *data, size_t capacity, size_t *size);
portico_status os_parent_write(const void *data, size_t size);

/* Leaves a note for os_child_note, not 0. It wakes nobody, and is lost if nobody has asked for a
 * few thousand of them. */
void os_parent_note(uint8_t note);

/* Whether foreign code has copied this process by fork() since the last call, or os_parent_take.
 * The copy has ended at once. */
bool os_parent_forked(void);

#endif
