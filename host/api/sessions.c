/* sessions.c: the functions of portico_host about sessions. */
#include "api/private.h"
#include "base/text.h"
#include "session/label.h"

#include <stdio.h>
#include <string.h>

portico_status PORTICO_CALL api_session_send(portico_session id, uint16_t opcode, const void *data,
                                             uint32_t size) {
    if (api_is_staging("session_send")) {
        return PORTICO_E_STATE;
    }
    if (data == NULL && size > 0) {
        return PORTICO_E_INVALID;
    }
    entity *turn = turn_current();
    if (turn != NULL && turn->id == id && turn->kind == ENTITY_SESSION) {
        return session_send((session *)turn, opcode, data, size); /* an answer: the turn holds it */
    }
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_status status = session_send(s, opcode, data, size);
    session_release(s);
    return status;
}

static portico_status change_close(session *s, const void *argument) {
    (void)argument;
    return session_close(s, PORTICO_E_CLOSED) ? PORTICO_OK : PORTICO_E_GONE;
}

portico_status PORTICO_CALL api_session_close(portico_session id) {
    return api_change_session("session_close", id, change_close, NULL);
}

portico_status PORTICO_CALL api_session_info(portico_session id, portico_session_info *info) {
    if (info == NULL || info->struct_size < sizeof info->struct_size) {
        return PORTICO_E_INVALID;
    }
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_session_info full;
    memset(&full, 0, sizeof full);
    full.struct_size = info->struct_size;
    full.outgoing = s->service->config->outgoing;
    snprintf(full.service, sizeof full.service, "%s", s->service->config->name);
    snprintf(full.type, sizeof full.type, "%s", s->service->type->name);
    os_address_format(&s->peer, full.peer);
    label_get(s, full.label);
    full.opened_ms = s->opened_ms;
    full.queued_bytes = session_look(s).queued_bytes;
    session_release(s);
    memcpy(info, &full, info->struct_size < sizeof full ? info->struct_size : sizeof full);
    return PORTICO_OK;
}

static portico_status change_label(session *s, const void *text) {
    return label_set(s, text);
}

portico_status PORTICO_CALL api_session_set_label(portico_session id, const char *text) {
    return api_change_session("session_set_label", id, change_label, text);
}

portico_session PORTICO_CALL api_session_by_label(const char *type, const char *text) {
    if (type == NULL || text == NULL || !text_is_name(text)) {
        return 0;
    }
    session_type *t = session_type_find(type);
    return t != NULL ? label_find(t, text) : 0;
}
