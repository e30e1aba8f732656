/* channel.c: see channel.h. */
#include "session/channel.h"

#include "base/invariant.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct channel {
    char name[PORTICO_LABEL_MAX]; /* the key */
    portico_session *members;     /* in the order in which they joined */
    uint32_t count;
    uint32_t capacity;
    UT_hash_handle hh;
} channel;

typedef struct membership {
    channel *channel;
    struct membership *next; /* of the same session */
} membership;

static struct {
    os_mutex lock;
    channel *all;
    uint32_t most; /* of one session; 0: any number */
} channels;

void channels_start(uint32_t most) {
    channels.most = most;
}

static bool channel_reserve_locked(channel *c) {
    if (c->count < c->capacity) {
        return true;
    }
    uint32_t capacity = c->capacity == 0 ? 8 : 2 * c->capacity;
    portico_session *members = realloc(c->members, capacity * sizeof *members);
    if (members == NULL) {
        return false;
    }
    c->members = members;
    c->capacity = capacity;
    return true;
}

static channel *find_locked(const char *name) {
    channel *c = NULL;
    HASH_FIND_STR(channels.all, name, c);
    return c;
}

static void channel_free_locked(channel *c) {
    HASH_DEL(channels.all, c); /* NOLINT(clang-analyzer-core.NullDereference): it is in the table */
    free(c->members);
    free(c);
}

static channel *get_locked(const char *name) {
    channel *c = find_locked(name);
    if (c != NULL) {
        return c;
    }
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    snprintf(c->name, sizeof c->name, "%s", name);
    HASH_ADD_STR(channels.all, name, c);
    if (c->hh.tbl == NULL) {
        free(c);
        return NULL;
    }
    return c;
}

/* Where the session's membership is; *at NULL: it has none, and *count is how many others. */
static membership **membership_find(session *s, const channel *c, uint32_t *count) {
    membership **at = &s->memberships;
    *count = 0;
    while (*at != NULL && (*at)->channel != c) {
        at = &(*at)->next;
        ++*count;
    }
    return at;
}

COLD static portico_status refuse_locked(const session *s, const char *name) {
    quota_refuse(module_current_quota(), REFUSED_CHANNELS,
                 "session %llu does not join the channel %s: it is in max_channels = %u others",
                 (unsigned long long)s->base.id, name, channels.most);
    return PORTICO_E_LIMIT;
}

static portico_status join_locked(const char *name, session *s) {
    if (s->state >= SESSION_DRAINING) {
        return PORTICO_E_GONE;
    }
    channel *c = get_locked(name);
    if (c == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    uint32_t count = 0;
    if (*membership_find(s, c, &count) != NULL) {
        return PORTICO_E_EXISTS;
    }
    if (channels.most != 0 && count >= channels.most) {
        if (c->count == 0) {
            channel_free_locked(c);
        }
        return refuse_locked(s, name);
    }
    membership *m = calloc(1, sizeof *m);
    if (m == NULL || !channel_reserve_locked(c)) {
        free(m);
        if (c->count == 0) {
            channel_free_locked(c);
        }
        return PORTICO_E_NO_MEMORY;
    }
    m->channel = c;
    m->next = s->memberships;
    s->memberships = m;
    c->members[c->count++] = (portico_session){s->base.id};
    return PORTICO_OK;
}

/* Removes the member; frees the channel when it is empty. */
static void leave_locked(membership **at, uint64_t id) {
    membership *m = *at;
    channel *c = m->channel;
    *at = m->next;
    free(m);
    if (c->count == 1) {
        channel_free_locked(c);
        return;
    }
    uint32_t i = 0;
    while (c->members[i].id != id) {
        i++;
    }
    c->count--;
    memmove(&c->members[i], &c->members[i + 1], (c->count - i) * sizeof *c->members);
}

portico_status channel_join(const char *name, session *s) {
    if (name == NULL || !text_is_name(name)) {
        return PORTICO_E_INVALID;
    }
    os_mutex_lock(&channels.lock);
    portico_status status = join_locked(name, s);
    os_mutex_unlock(&channels.lock);
    return status;
}

portico_status channel_leave(const char *name, session *s) {
    if (name == NULL || !text_is_name(name)) {
        return PORTICO_E_INVALID;
    }
    portico_status status = PORTICO_E_NOT_FOUND;
    os_mutex_lock(&channels.lock);
    channel *c = find_locked(name);
    uint32_t others;
    membership **at = c != NULL ? membership_find(s, c, &others) : NULL;
    if (at != NULL && *at != NULL) {
        leave_locked(at, s->base.id);
        status = PORTICO_OK;
    }
    os_mutex_unlock(&channels.lock);
    return status;
}

void channels_leave(session *s) {
    os_mutex_lock(&channels.lock);
    while (s->memberships != NULL) {
        leave_locked(&s->memberships, s->base.id);
    }
    os_mutex_unlock(&channels.lock);
}

uint32_t channel_members(const char *name, portico_session *members, uint32_t capacity) {
    os_mutex_lock(&channels.lock);
    channel *c = find_locked(name);
    uint32_t count = c != NULL ? c->count : 0;
    if (count > 0 && capacity > 0) {
        memcpy(members, c->members, (count < capacity ? count : capacity) * sizeof *members);
    }
    os_mutex_unlock(&channels.lock);
    return count;
}

/* Ends the membership of a member. It is found: a session leaves its channels before its modules
 * release it, and that takes the lock. */
static void dismiss_locked(const channel *c, uint64_t id) {
    session *s = session_find(id);
    INVARIANT(s != NULL);
    uint32_t others;
    membership **at = membership_find(s, c, &others);
    membership *m = *at;
    INVARIANT(m != NULL);
    *at = m->next;
    free(m);
    entity_release_not_last(&s->base);
}

uint32_t channel_close(const char *name) {
    os_mutex_lock(&channels.lock);
    channel *c = find_locked(name);
    uint32_t count = c != NULL ? c->count : 0;
    for (uint32_t i = 0; i < count; i++) {
        dismiss_locked(c, c->members[i].id);
    }
    if (c != NULL) {
        channel_free_locked(c);
    }
    os_mutex_unlock(&channels.lock);
    return count;
}
