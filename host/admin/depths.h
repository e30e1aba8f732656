/* depths.h: how much waits where, counted on request by a walk over every session and room. */
#ifndef PORTICO_DEPTHS_H
#define PORTICO_DEPTHS_H

#include <stdint.h>

struct lines;

enum { DEPTH_NAME_MAX = 224 };

/* X(what): what waits, named as in `ctl status` and `ctl top`. */
#define DEPTHS_LIST(X)                                                          \
    X(room_works)       /* messages, members and the like, in rooms' strands */ \
    X(module_messages)  /* in modules' strands */                               \
    X(session_messages) /* in sessions' inboxes */                              \
    X(send_queue_bytes) /* in sessions */                                       \
    X(blocking_queued)  /* jobs, for a thread of the pool */

typedef enum depth {
#define DEPTHS_ENUM(what) DEPTH_##what,
    DEPTHS_LIST(DEPTHS_ENUM)
#undef DEPTHS_ENUM
        DEPTH_COUNT
} depth;

typedef struct depth_view {
    uint64_t sum;
    uint64_t most; /* in one place */
    /* That place: a room's type and name, a module, or a session's id; "": none. */
    char name[DEPTH_NAME_MAX];
} depth_view;

/* Adds the queues to an answer, as text or JSON. Any thread, no lock held. */
void depths_add(struct lines *to);

const char *depth_name(depth what);

#endif
