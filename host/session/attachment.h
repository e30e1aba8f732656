/* attachment.h: one module's share of one session: its state there, and the generation the state
 * belongs to.
 *
 * A swap asks every session for a turn, which brings the state to the generation that now serves; a
 * call into the module does so earlier (call_begin). All functions: [turn].
 */
#ifndef PORTICO_ATTACHMENT_H
#define PORTICO_ATTACHMENT_H

#include "session/session_type.h"

struct session;

typedef struct attachment {
    module *module;
    generation *generation;      /* held for `state`, which belongs to it */
    const registered_type *type; /* in the registry of `generation` */
    void *state;
    uint32_t state_size;
    bool opened;          /* on_open has been called */
    bool above_watermark; /* what on_watermark was last called with */
    bool broken;          /* its state could not be taken over: it is not called any more */
} attachment;

/* The session's attachment of module `m`, or NULL. */
const attachment *attachment_find(const struct session *s, const module *m);

/* Makes the attachment of a part of the session's layout, with a zeroed state. False: out of
 * memory. */
bool attachment_init(attachment *a, const layout_part *part);
void attachment_fini(attachment *a);

/* Inside the gate of a's module: brings its state to the generation that serves. GATE_NEVER: that
 * generation does not take part in the session, or cannot take over the state; then the session
 * closes. GATE_PARK: its `migrate` has faulted, and another build is going to serve. */
passage attachment_catch_up(struct session *s, attachment *a);

#endif
