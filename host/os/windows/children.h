/* children.h: what child.c and child_io.c share. */
#ifndef PORTICO_OS_WINDOWS_CHILDREN_H
#define PORTICO_OS_WINDOWS_CHILDREN_H

#include "os/child.h"
#include "private.h"

enum {
    CHILD_PIPE_BYTES = 64 * 1024,
    CHILD_KILLED = 137 /* what shells show for a process that was killed */
};

struct os_child {
    HANDLE process;
    DWORD id;
    os_child_io io;
    HANDLE job;   /* with OS_CHILD_PIPES: ends its processes when this process ends */
    HANDLE to;    /* its stdin; NULL: none */
    HANDLE from;  /* its stdout, overlapped */
    HANDLE event; /* of reads from it */
    HANDLE notes; /* its stderr */
    HANDLE stop;  /* with OS_CHILD_INHERITS: win_stop_event */
};

/* Closes the handle unless it is NULL, and makes it that. */
void child_close_handle(HANDLE *handle);

/* Closes all handles of the child and frees it. */
void child_free_handles(os_child *child);

#endif
