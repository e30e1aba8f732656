/* label.c: see label.h. */
#include "session/label.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct label_key {
    const session_type *type;
    char text[PORTICO_LABEL_MAX]; /* padded with zeros, since the whole struct is the key */
} label_key;

typedef struct label {
    label_key key;
    uint64_t session;
    UT_hash_handle hh;
} label;

static struct {
    os_mutex lock;
    label *all;
} labels;

static label_key key_of(const session_type *type, const char *text) {
    label_key key;
    memset(&key, 0, sizeof key);
    key.type = type;
    snprintf(key.text, sizeof key.text, "%s", text);
    return key;
}

static label *find_locked(const session_type *type, const char *text) {
    label_key key = key_of(type, text);
    label *l = NULL;
    HASH_FIND(hh, labels.all, &key, sizeof key, l);
    return l;
}

static void drop_locked(session *s) {
    if (s->label != NULL) {
        HASH_DEL(labels.all, s->label);
        free(s->label);
        s->label = NULL;
    }
}

static portico_status set_locked(session *s, const char *text) {
    if (s->state >= SESSION_DRAINING) {
        return PORTICO_E_GONE;
    }
    if (text[0] == '\0') {
        drop_locked(s);
        return PORTICO_OK;
    }
    label *old = find_locked(s->service->type, text);
    if (old != NULL) {
        return old->session == s->base.id ? PORTICO_OK : PORTICO_E_EXISTS;
    }
    label *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    l->key = key_of(s->service->type, text);
    l->session = s->base.id;
    HASH_ADD(hh, labels.all, key, sizeof l->key, l);
    if (l->hh.tbl == NULL) {
        free(l);
        return PORTICO_E_NO_MEMORY;
    }
    drop_locked(s);
    s->label = l;
    return PORTICO_OK;
}

portico_status label_set(session *s, const char *text) {
    if (text == NULL || (text[0] != '\0' && !text_is_name(text))) {
        return PORTICO_E_INVALID;
    }
    os_mutex_lock(&labels.lock);
    portico_status status = set_locked(s, text);
    os_mutex_unlock(&labels.lock);
    return status;
}

void label_get(session *s, char text[PORTICO_LABEL_MAX]) {
    os_mutex_lock(&labels.lock);
    snprintf(text, PORTICO_LABEL_MAX, "%s", s->label != NULL ? s->label->key.text : "");
    os_mutex_unlock(&labels.lock);
}

uint64_t label_find(const session_type *type, const char *text) {
    os_mutex_lock(&labels.lock);
    label *l = find_locked(type, text);
    uint64_t id = l != NULL ? l->session : 0;
    os_mutex_unlock(&labels.lock);
    return id;
}

void label_drop(session *s) {
    os_mutex_lock(&labels.lock);
    drop_locked(s);
    os_mutex_unlock(&labels.lock);
}
