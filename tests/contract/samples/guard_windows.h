/* guard_windows.h: what the library samples/guard_windows.c does. */
#ifndef CONTRACT_GUARD_WINDOWS_H
#define CONTRACT_GUARD_WINDOWS_H

typedef enum guard_windows_what {
    /* These return: somebody handles the exception. */
    WINDOWS_HANDLED,     /* a handler of the library's own */
    WINDOWS_BAD_POINTER, /* functions of Windows that are asked about one */
    WINDOWS_DEBUG_TEXT,  /* raises an exception for a debugger */
    WINDOWS_THREADS,     /* of the library's own end themselves */
    WINDOWS_RETURNING,
    /* These do not. */
    WINDOWS_DECLINED = WINDOWS_RETURNING, /* a handler that does not want it */
    WINDOWS_RAISE,
    WINDOWS_RAISE_FINAL, /* after which the program may not continue */
    WINDOWS_THROW,       /* as Microsoft's C++ does */
    WINDOWS_FLOAT,       /* an exception that is not masked */
    WINDOWS_X87,
    WINDOWS_DIRECTION, /* with the direction flag set */
    WINDOWS_SORT,      /* in a function that qsort() calls */
    WINDOWS_COPY,      /* memcpy() */
    WINDOWS_SIGNAL,    /* raise(SIGABRT) */
    WINDOWS_TERMINATE,
    WINDOWS_EXIT_PROCESS,
    WINDOWS_END_THREAD,
    WINDOWS_FATAL,
    WINDOWS_STATIC_ABORT, /* as Microsoft's C library does, linked into a module */
    WINDOWS_WHATS,
    /* Not to be contained. */
    WINDOWS_PRINT = 100,   /* of a bad address, to stdout */
    WINDOWS_READ,          /* to a bad address, from a file */
    WINDOWS_CRITICAL,      /* of ntdll.dll's: a lock that is none */
    WINDOWS_THREAD_FAULTS, /* a thread of the library's own */
    WINDOWS_THREAD_OVERFLOWS,
    WINDOWS_THREAD_ABORTS,
    WINDOWS_FIND_ABORT, /* the library looks the function up by itself */
    WINDOWS_FIND_EXIT,
    WINDOWS_FIND_END_THREAD
} guard_windows_what;

typedef void guard_windows_fn(int what);
#define GUARD_WINDOWS_RUN "contract_guard_windows_run"

#endif
