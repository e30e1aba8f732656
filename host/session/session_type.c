/* session_type.c: see session_type.h. */
#include "session/session_type.h"

#include "base/text.h"
#include "module/packet_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    os_mutex lock; /* guards `all` */
    session_type *all;
} types;

static session_type *find_locked(const char *name) {
    session_type *t = NULL;
    HASH_FIND_STR(types.all, name, t);
    return t;
}

/* Of the module that "module.type" begins with. */
static quota *quota_of_owner(const char *name) {
    char owner[TEXT_IDENTIFIER_MAX];
    snprintf(owner, sizeof owner, "%.*s", (int)strcspn(name, "."), name);
    return quota_of(owner);
}

static session_type *make_locked(const char *name) {
    session_type *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    snprintf(t->name, sizeof t->name, "%s", name);
    t->quota = quota_of_owner(name);
    if (t->quota == NULL) {
        free(t);
        return NULL;
    }
    HASH_ADD_STR(types.all, name, t);
    if (t->hh.tbl == NULL) {
        free(t);
        return NULL;
    }
    return t;
}

session_type *session_type_find(const char *name) {
    os_mutex_lock(&types.lock);
    session_type *t = find_locked(name);
    os_mutex_unlock(&types.lock);
    return t;
}

session_type *session_type_get(const char *name) {
    os_mutex_lock(&types.lock);
    session_type *t = find_locked(name);
    if (t == NULL) {
        t = make_locked(name);
    }
    os_mutex_unlock(&types.lock);
    return t;
}

uint32_t session_type_sessions(const session_type *t) {
    return atomic_load(&t->sessions);
}

void session_types_each(void (*each)(void *arg, const char *name, uint32_t sessions), void *arg) {
    os_mutex_lock(&types.lock);
    for (const session_type *t = types.all; t != NULL; t = t->hh.next) {
        each(arg, t->name, session_type_sessions(t));
    }
    os_mutex_unlock(&types.lock);
}

layout *session_type_layout(session_type *t, uint32_t *version) {
    os_mutex_lock(&t->lock);
    layout *l = t->current;
    if (l != NULL) {
        atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
    }
    *version = atomic_load_explicit(&t->version, memory_order_relaxed);
    os_mutex_unlock(&t->lock);
    return l;
}

void layout_release(layout *l) {
    if (l == NULL || atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < LAYOUT_PAGES; i++) {
        if (l->pages[i] != l->plain) {
            free(l->pages[i]);
        }
    }
    for (uint32_t i = 0; i < l->part_count; i++) {
        generation_release(l->parts[i].generation);
        module_release(l->parts[i].module);
    }
    free(l);
}

static layout_handler handler_of(const registered_handler *row, uint32_t part) {
    layout_handler h = {.call = row->call.packet, .row = row, .part = part};
    if (row->layout != NULL && packet_layout_needs_check(row->layout)) {
        h.size_min = UINT32_MAX; /* no packet is as large: look at each one */
    } else {
        h.size_min = row->size_min;
        h.size_span = row->size_max - row->size_min;
    }
    return h;
}

/* Sends all opcodes to the owner's on_packet. */
static void layout_begin(layout *l, const registered_type *owner) {
    for (uint32_t i = 0; i < LAYOUT_PAGE; i++) {
        l->plain[i] = (layout_handler){.call = owner->on_packet, .size_span = UINT32_MAX};
    }
    for (uint32_t i = 0; i < LAYOUT_PAGES; i++) {
        l->pages[i] = l->plain;
    }
}

/* A page of its own for a table's opcodes. NULL: out of memory. */
static layout_handler *layout_page(layout *l, layout_handler **page) {
    if (*page == l->plain) {
        layout_handler *own = malloc(sizeof l->plain);
        if (own == NULL) {
            return NULL;
        }
        memcpy(own, l->plain, sizeof l->plain);
        *page = own;
    }
    return *page;
}

static bool layout_add_part(layout *l, module *m, generation *g, const registered_type *part) {
    uint32_t number = l->part_count;
    l->parts[l->part_count++] = (layout_part){.module = m, .generation = g, .type = part};
    module_hold(m);
    generation_hold(g);
    l->has_watermark = l->has_watermark || part->on_watermark != NULL;
    if (number == 0) {
        layout_begin(l, part);
    }
    for (const registered_handler *from = part->packets; from != NULL; from = from->hh.next) {
        layout_handler *page = layout_page(l, &l->pages[from->id / LAYOUT_PAGE]);
        if (page == NULL) {
            return false;
        }
        page[from->id % LAYOUT_PAGE] = handler_of(from, number);
    }
    return true;
}

/* A new layout with the parts of `old`, except that `m` takes part as `part` of `g`; NULL: not at
 * all. */
static layout *layout_build(const layout *old, module *m, generation *g,
                            const registered_type *part) {
    bool placed = part == NULL;
    layout *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return NULL;
    }
    atomic_init(&l->refs, 1);
    for (uint32_t i = 0; old != NULL && i < old->part_count; i++) {
        const layout_part *p = &old->parts[i];
        bool added = true;
        if (p->module != m) {
            added = layout_add_part(l, p->module, p->generation, p->type);
        } else if (part != NULL) {
            added = layout_add_part(l, m, g, part);
            placed = true;
        }
        if (!added) {
            goto release_layout;
        }
    }
    if (!placed && !layout_add_part(l, m, g, part)) {
        goto release_layout;
    }
    return l;

release_layout:
    layout_release(l);
    return NULL;
}

bool layout_has(const layout *l, const module *m) {
    for (uint32_t i = 0; l != NULL && i < l->part_count; i++) {
        if (l->parts[i].module == m) {
            return true;
        }
    }
    return false;
}

portico_status session_type_prepare(session_type *t, module *m, generation *g,
                                    const registered_type *part, layout **result) {
    /* Only the control thread changes `current`, so it may read it without the lock. */
    const layout *old = t->current;
    bool owner = old != NULL && old->parts[0].module == m;
    *result = NULL;
    if (part == NULL && (owner || old == NULL)) {
        return PORTICO_OK;
    }
    if (old != NULL && old->part_count == LAYOUT_PARTS_MAX && !layout_has(old, m)) {
        return PORTICO_E_LIMIT;
    }
    *result = layout_build(old, m, g, part);
    return *result != NULL ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

layout *session_type_exchange(session_type *t, layout *l) {
    os_mutex_lock(&t->lock);
    layout *old = t->current;
    t->current = l;
    atomic_fetch_add(&t->version, 1);
    os_mutex_unlock(&t->lock);
    return old;
}

const module *session_type_handler_of(session_type *t, uint16_t opcode) {
    const layout_handler *h = t->current != NULL ? layout_find(t->current, opcode) : NULL;
    return h != NULL && h->row != NULL ? t->current->parts[h->part].module : NULL;
}

const module *session_type_message_of(session_type *t, uint32_t id) {
    for (uint32_t i = 0; t->current != NULL && i < t->current->part_count; i++) {
        if (registry_find_handler(t->current->parts[i].type->messages, id) != NULL) {
            return t->current->parts[i].module;
        }
    }
    return NULL;
}

void session_types_fini(void) {
    session_type *t = NULL;
    session_type *next = NULL;
    HASH_ITER(hh, types.all, t, next) {
        HASH_DEL(types.all, t);
        layout_release(t->current);
        free(t);
    }
}
