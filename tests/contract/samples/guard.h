/* guard.h: the faults of the library samples/guard.c, and what os/fault.h must say about each. */
#ifndef CONTRACT_GUARD_H
#define CONTRACT_GUARD_H

#include <stdint.h>

#if defined(__x86_64__) || defined(__i386__)
#define GUARD_X86 1
#else
#define GUARD_X86 0
#endif

/* Where the first of the fault's frames is. */
typedef enum guard_place {
    IN_LIBRARY,
    IN_NOTHING, /* at a bad address; the second is in the library */
    IN_ANOTHER  /* perhaps in a function that the library has called */
} guard_place;

/* X(name, kind, access, place): `access` 0: any. The names are those of the library's functions,
 * in capitals. */
#define GUARD_FAULTS(X)                                                                        \
    X(READ_NULL, MEMORY, 'r', IN_LIBRARY)      /* of a pointer's field: address GUARD_FIELD */ \
    X(WRITE_NULL, MEMORY, 'w', IN_LIBRARY)     /* address 0 */                                 \
    X(WRITE_CONSTANT, MEMORY, 'w', IN_LIBRARY) /* address guard_constant() */                  \
    X(WILD, MEMORY, 0, IN_LIBRARY)             /* an address that no process has */            \
    X(JUMP_NULL, MEMORY, 'x', IN_NOTHING)      /* address 0 */                                 \
    X(RUN_DATA, MEMORY, 'x', IN_NOTHING)       /* address guard_data() */                      \
    X(MEASURE_NULL, MEMORY, 'r', IN_ANOTHER)   /* strlen() */                                  \
    X(RECURSE, STACK, 0, IN_LIBRARY)                                                           \
    X(ALLOCATE, STACK, 0, IN_ANOTHER) /* 64 MiB of stack at once */                            \
    X(TRAP_UNDEFINED, INSTRUCTION, 0, IN_LIBRARY)                                              \
    X(TRAP_BREAK, TRAP, 0, IN_LIBRARY)                                                         \
    X(DIVIDE, ARITHMETIC, 0, IN_LIBRARY)      /* x86 only, like the next two */                \
    X(DIVIDE_MOST, ARITHMETIC, 0, IN_LIBRARY) /* the quotient does not fit */                  \
    X(TRAP_PRIVILEGED, INSTRUCTION, 0, IN_LIBRARY)                                             \
    X(CALL_ABORT, ABORT, 0, IN_LIBRARY)                                                        \
    X(CALL_ASSERT, ABORT, 0, IN_LIBRARY) /* assert(guard_sum == 4) */                          \
    X(CALL_EXIT, EXIT, 0, IN_LIBRARY)                                                          \
    X(CALL_EXIT_NOW, EXIT, 0, IN_LIBRARY) /* _exit */                                          \
    X(END_THREAD, EXIT, 0, IN_LIBRARY)

typedef enum guard_what {
#define GUARD_WHAT(name, kind, access, place) GUARD_##name,
    GUARD_FAULTS(GUARD_WHAT)
#undef GUARD_WHAT
        GUARD_WHATS,
    /* Damage, for child processes: nothing contains it. */
    GUARD_SMASH = 100, /* the stack protector finds it */
    GUARD_FREE_TWICE,
    GUARD_FREE_WILD,   /* an address that free() reads from */
    GUARD_EXIT_BY_ERR, /* err() of the C library; Linux, like the next ones */
    GUARD_RAISE,       /* a signal */
    GUARD_LOSE_STACK,  /* sets the stack pointer to a bad address, and uses it */
    /* These return. */
    GUARD_SPIN = 200, /* until *(volatile int *)arg is not 0 */
    GUARD_CALL,       /* calls the void (*)(void) in arg */
    GUARD_FORK,       /* writes the exit code of the child, which calls _exit(), to *(int *)arg */
    GUARD_OWN_THREAD, /* starts a thread that calls pthread_exit(), and waits for it */
    GUARD_MASK        /* blocks SIGUSR2, then faults as WRITE_NULL or, with arg, as CALL_ABORT */
} guard_what;

enum { GUARD_FIELD = 24, GUARD_EXIT_CODE = 33 };

/* The functions of the library. contract_guard_run does one of the above; the others return the
 * addresses that some faults have. */
typedef void guard_run_fn(int what, void *arg);
typedef const void *guard_address_fn(void);

#define GUARD_RUN "contract_guard_run"
#define GUARD_CONSTANT "contract_guard_constant"
#define GUARD_DATA "contract_guard_data"

#endif
