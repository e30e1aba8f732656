/* attachment.h: one module's share of one session: its state there, and the generation that the state is of.
 *
 * A state is brought to the generation that serves when the module is next called for that session (call.c), or in
 * the turn that a swap asks of every session. All functions: [turn].
 */
#ifndef PORTICO_ATTACHMENT_H
#define PORTICO_ATTACHMENT_H

#include "session/session_type.h"

struct session;

typedef struct attachment {
    module *module;
    generation *generation;      /* adopted: what `state` is of */
    const registered_type *type; /* in its registry */
    void *state;
    bool opened;         /* its on_open has been called */
    bool watermark_told; /* what its on_watermark was last called with */
    bool broken;         /* its state could not be taken over: its handlers are called no more */
} attachment;

/* The session's attachment of module `m`, or NULL. */
const attachment *attachment_find(const struct session *s, const module *m);

/* False when out of memory. */
bool attachment_init(attachment *a, const layout_part *part);
void attachment_fini(attachment *a);

/* Inside the gate of a's module: brings the state to the generation that serves. False: that one has nothing to do with
 * the session, or the state cannot be taken over; then the session closes. */
bool attachment_catch_up(struct session *s, attachment *a);

#endif
