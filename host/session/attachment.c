/* attachment.c: see attachment.h. */
#include "session/attachment.h"

#include "base/status.h"
#include "module/state_take_over.h"
#include "os/compiler.h"
#include "session/session.h"

#include <stdlib.h>

const attachment *attachment_find(const session *s, const module *m) {
    for (uint32_t i = 0; i < s->attachment_count; i++) {
        if (s->attachments[i].module == m) {
            return &s->attachments[i];
        }
    }
    return NULL;
}

bool attachment_init(attachment *a, const layout_part *part) {
    uint32_t size = part->type->shape.size;
    *a = (attachment){.module = part->module,
                      .generation = part->generation,
                      .type = part->type,
                      .state_size = size};
    if (size > 0 && (a->state = calloc(1, size)) == NULL) {
        return false;
    }
    generation_hold_state(a->generation);
    atomic_fetch_add(&a->module->sessions, 1);
    return true;
}

void attachment_fini(attachment *a) {
    atomic_fetch_sub(&a->module->sessions, 1);
    generation_release_state(a->generation);
    free(a->state);
}

/* Brings the state to the generation `g`. Returns as attachment_catch_up. */
COLD static passage attachment_take_over(session *s, attachment *a, generation *g) {
    registered_type *type = registry_find(g->registry, s->service->type->name);
    if (type == NULL) {
        return GATE_NEVER; /* the type has been unloaded, and the session is about to close */
    }
    const state_owner owner = {.name = type->name, .entity = s->base.id};
    /* Before on_open the state is all zero, `migrate` may never have been asked about its
     * generation, and nothing is reserved for it. */
    portico_status status =
        state_take_over(&owner, a->generation, &a->type->shape, &a->state, &type->shape,
                        a->opened ? type->migrate : NULL, a->opened ? &type->reserve : NULL);
    if (status == PORTICO_E_FAULT && gate_is_frozen(&a->module->gate)) {
        return GATE_PARK; /* the state is as before */
    }
    generation *before = a->generation;
    a->broken = status != PORTICO_OK;
    if (a->broken) {
        state_tell_lost(&owner, before, status);
    }
    a->generation = g;
    a->type = type;
    a->state_size = a->broken ? 0 : type->shape.size;
    generation_hold_state(g);
    generation_release_state(before);
    if (a->broken) {
        session_close(s, status);
    }
    return a->broken ? GATE_NEVER : GATE_PASSED;
}

passage attachment_catch_up(session *s, attachment *a) {
    generation *g = module_generation(a->module);
    if (a->generation == g || a->broken) {
        return a->broken ? GATE_NEVER : GATE_PASSED;
    }
    return attachment_take_over(s, a, g);
}
