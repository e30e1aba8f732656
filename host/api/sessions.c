/* sessions.c: the functions of portico_host about sessions. */
#include "api/private.h"
#include "base/text.h"
#include "session/label.h"

#include <stdio.h>
#include <string.h>

/* From any thread, to any session, and of any size. */
NOINLINE static portico_status send_to(portico_session id, uint16_t opcode, const void *data,
                                       uint32_t size) {
    api_enter();
    if (data == NULL && size > 0) {
        return PORTICO_E_INVALID;
    }
    api_reads(data, size, FRAME_BYTES_MAX);
    if (api_is_staging("session_send")) {
        return PORTICO_E_STATE;
    }
    session *s = session_find(id.id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_status status = session_send(s, opcode, data, size);
    if (status == PORTICO_OK) {
        session_charge_send(s, size);
    }
    session_release(s);
    return status;
}

/* Nearly always an answer, in the session's own turn: the turn holds the session, nothing is staged
 * in a turn, and its call is waited for. */
portico_status api_session_send(portico_session id, uint16_t opcode, const void *data,
                                uint32_t size) {
    entity *turn = turn_of(id.id, ENTITY_SESSION);
    if (turn == NULL || data == NULL || os_stack_is_low() || !running_probe_small(data, size)) {
        return send_to(id, opcode, data, size);
    }
    return session_send((session *)turn, opcode, data, size);
}

static portico_status change_close(session *s, const void *argument) {
    return session_close(s, *(const portico_status *)argument) ? PORTICO_OK : PORTICO_E_GONE;
}

portico_status api_session_close(portico_session id, portico_status reason) {
    api_enter();
    if (!api_is_reason(reason)) {
        return PORTICO_E_INVALID;
    }
    return api_change_session("session_close", id, change_close, &reason);
}

portico_status api_session_info(portico_session id, portico_session_info *info) {
    api_enter();
    if (!api_writes_info(info, sizeof *info)) {
        return PORTICO_E_INVALID;
    }
    session *s = session_find(id.id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    session_view view = session_look(s);
    portico_session_info full;
    memset(&full, 0, sizeof full);
    full.struct_size = info->struct_size;
    full.outgoing = s->service->config->outgoing;
    snprintf(full.service, sizeof full.service, "%s", s->service->config->name);
    snprintf(full.type, sizeof full.type, "%s", s->service->type->name);
    os_address_format(&view.peer, full.peer);
    label_get(s, full.label);
    full.opened_ms = s->opened_ms;
    full.queued_bytes = view.queued_bytes;
    session_release(s);
    memcpy(info, &full, info->struct_size < sizeof full ? info->struct_size : sizeof full);
    return PORTICO_OK;
}

static portico_status change_label(session *s, const void *text) {
    return label_set(s, text);
}

portico_status api_session_set_label(portico_session id, const char *text) {
    api_enter();
    api_reads_text(text);
    return api_change_session("session_set_label", id, change_label, text);
}

portico_status api_session_label(portico_session id, char text[PORTICO_LABEL_MAX]) {
    api_enter();
    api_writes(text, PORTICO_LABEL_MAX);
    if (text == NULL) {
        return PORTICO_E_INVALID;
    }
    text[0] = '\0';
    session *s = session_find(id.id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    label_get(s, text);
    session_release(s);
    return PORTICO_OK;
}

portico_session api_session_find(const char *type, const char *text) {
    api_enter();
    api_reads_text(type);
    api_reads_text(text);
    if (type == NULL || text == NULL || !text_is_name(text)) {
        return (portico_session){0};
    }
    session_type *t = session_type_find(type);
    return (portico_session){t != NULL ? label_find(t, text) : 0};
}

/* A list of the sessions of one type. */
typedef struct session_search {
    const session_type *type;
    portico_session *sessions;
    uint32_t capacity;
    uint32_t count;
} session_search;

static void list_session(void *arg, session *s) {
    session_search *search = arg;
    if (s->service->type != search->type || s->state != SESSION_OPEN) {
        return;
    }
    if (search->count < search->capacity) {
        search->sessions[search->count] = (portico_session){s->base.id};
    }
    search->count++;
}

uint32_t api_session_list(const char *type, portico_session *sessions, uint32_t capacity) {
    api_enter();
    api_reads_text(type);
    api_writes(sessions, capacity * sizeof *sessions);
    session_search search = {.type = type != NULL ? session_type_find(type) : NULL,
                             .sessions = sessions,
                             .capacity = sessions != NULL ? capacity : 0};
    if (search.type != NULL) {
        sessions_each(list_session, &search);
    }
    return search.count;
}
