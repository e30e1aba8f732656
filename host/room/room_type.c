/* room_type.c: see room_type.h. */
#include "room/room_type.h"

#include "base/invariant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    os_mutex lock;
    room_type *all;
} types;

void room_types_fini(void) {
    INVARIANT(types.all == NULL);
    room_tallies_fini();
}

static room_type *find_locked(const char *name) {
    room_type *t = NULL;
    HASH_FIND_STR(types.all, name, t);
    return t;
}

static room_type *make_locked(module *m, const char *name) {
    room_type *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    snprintf(t->name, sizeof t->name, "%s", name);
    t->module = m;
    t->tally = room_tally_of(name);
    if (t->tally != NULL) {
        HASH_ADD_STR(types.all, name, t);
        t->listed = t->hh.tbl != NULL;
    }
    if (!t->listed) {
        free(t);
        return NULL;
    }
    atomic_fetch_add(&t->tally->listed, 1);
    return t;
}

/* Removes the type from the table once no module declares it, and frees it once nothing uses
 * it. */
static void drop_unused_locked(room_type *t) {
    if (t->listed && t->type == NULL && t->holds == 0) {
        HASH_DEL(types.all, t);
        t->listed = false;
        atomic_fetch_sub(&t->tally->listed, 1);
    }
    if (!t->listed && t->rooms == 0 && t->holds == 0) {
        free(t);
    }
}

room_type *room_type_hold(module *m, const char *name) {
    os_mutex_lock(&types.lock);
    room_type *t = find_locked(name);
    if (t == NULL) {
        t = make_locked(m, name);
    }
    if (t != NULL) {
        t->holds++;
    }
    os_mutex_unlock(&types.lock);
    return t;
}

void room_type_release(room_type *t) {
    os_mutex_lock(&types.lock);
    t->holds--;
    drop_unused_locked(t);
    os_mutex_unlock(&types.lock);
}

/* Returns the generation that the caller has to release, or NULL. */
static generation *set_locked(room_type *t, generation *g, const registered_room *type) {
    generation *before = t->generation;
    t->type = type;
    t->generation = type != NULL ? g : NULL;
    if (t->generation != NULL) {
        generation_hold(t->generation);
    }
    return before;
}

void room_type_set(room_type *t, generation *g, const registered_room *type) {
    os_mutex_lock(&types.lock);
    generation *before = set_locked(t, g, type);
    os_mutex_unlock(&types.lock);
    if (before != NULL) {
        generation_release(before);
    }
}

void room_type_remove(const char *name) {
    generation *before = NULL;
    os_mutex_lock(&types.lock);
    room_type *t = find_locked(name);
    if (t != NULL) {
        before = set_locked(t, NULL, NULL);
        drop_unused_locked(t);
    }
    os_mutex_unlock(&types.lock);
    if (before != NULL) {
        generation_release(before);
    }
}

uint32_t room_type_rooms(room_type *t) {
    os_mutex_lock(&types.lock);
    uint32_t count = t->rooms;
    os_mutex_unlock(&types.lock);
    return count;
}

room_type *room_type_find(const char *name) {
    os_mutex_lock(&types.lock);
    room_type *t = find_locked(name);
    t = t != NULL && t->type != NULL ? t : NULL;
    os_mutex_unlock(&types.lock);
    return t;
}

room_type *room_type_enter(const char *name, generation **g, const registered_room **type) {
    os_mutex_lock(&types.lock);
    room_type *t = find_locked(name);
    if (t != NULL && t->type != NULL) {
        t->rooms++;
        atomic_fetch_add(&t->tally->rooms, 1);
        *g = t->generation;
        *type = t->type;
        generation_hold_state(*g);
        module_hold(t->module);
    } else {
        t = NULL;
    }
    os_mutex_unlock(&types.lock);
    return t;
}

void room_type_leave(room_type *t, generation *g) {
    module *m = t->module;
    generation_release_state(g);
    os_mutex_lock(&types.lock);
    t->rooms--;
    atomic_fetch_sub(&t->tally->rooms, 1);
    drop_unused_locked(t);
    os_mutex_unlock(&types.lock);
    module_release(m);
}
