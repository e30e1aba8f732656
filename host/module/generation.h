/* generation.h: one loaded image of a module: its library, and its description in the host's form.
 *
 * Everything that can reach the image's code or its registry holds the generation: the module whose
 * current or previous generation it is, the layouts of session types, the states of sessions and
 * rooms (until their next turn brings them to the current one), and the jobs of the blocking pool.
 * When the last hold is released, the control thread closes the library. Holding and releasing: any
 * thread; the rest: control thread.
 */
#ifndef PORTICO_GENERATION_H
#define PORTICO_GENERATION_H

#include "base/text.h"
#include "module/image_copy.h"
#include "module/registry.h"
#include "run/control.h"

#include <stdatomic.h>

enum { GENERATION_FAULTS = 8 }; /* the most that a budget may allow */

typedef struct generation {
    control_command free_command;   /* first */
    char name[TEXT_IDENTIFIER_MAX]; /* of its module */
    char version[64];
    uint32_t number;       /* from 1; 0 until it serves */
    char *file;            /* where it was copied from */
    uint64_t built_ms;     /* the file's time, by the wall clock */
    uint64_t since_ms;     /* when it began to serve, by the wall clock */
    image_copy copy;       /* the private copy that is loaded */
    os_library *library;   /* NULL for a part of the host */
    uintptr_t image_begin; /* where the library is; both 0 if that is not known */
    uintptr_t image_end;
    /* A copy; what the module's own lacks is zero. Its pointers point into the library. */
    portico_module info;
    uint16_t abi_minor;        /* that it was built for */
    const portico_host **host; /* the library's pointer to the host; NULL for a part of the host */
    char **required;           /* NULL at the end */
    state_shape shape;         /* of the module's state */
    void *state; /* the block that this image's code knows; live in the current generation only */
    registry *registry;
    atomic_bool given_up; /* its `start` has failed: no more of its code runs */
    atomic_bool faulted;  /* its code has faulted: it is not gone back to any more */
    bool stays; /* its library is never closed: a thread may still be in it. Control thread */
    bool lost;  /* a call of it never returned (caller.h): it is not called again. Control thread */
    /* Of fault_policy.c, under its lock: when its last faults were, the latest first; 0: none. */
    uint64_t fault_ms[GENERATION_FAULTS];
    uint32_t judged; /* [the same] FAULT_ROLLED_BACK or FAULT_FROZEN once decided; else 0 */
    /* os_monotonic_ms() at which it began to serve; later, earlier than that by the time for which
     * it had served before. */
    _Atomic uint64_t probation_ms;
    uint64_t served_ms;            /* for which it has served, while it does not. Control thread */
    struct generation *older_next; /* in `older` of its module. Control thread */
    _Atomic uint32_t holds;
    _Atomic uint32_t states; /* of sessions and rooms that are of this generation */
} generation;

void generation_hold(generation *g);
void generation_release(generation *g);

/* Whether the caller has the only hold. */
bool generation_is_alone(const generation *g);

/* Hold and release for a state of a session or room, which is also counted in `states`. */
void generation_hold_state(generation *g);
void generation_release_state(generation *g);

/* Closes the library and frees everything, unless it stays. There are no holds. */
void generation_free(generation *g);

/* Deletes the copies of those that stay, where the system can. All reports have been written. */
void generations_fini(void);

#endif
