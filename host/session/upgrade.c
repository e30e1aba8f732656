/* upgrade.c: the handshake of WebSocket: a request for an upgrade and its answer. See websocket.h.
 * [turn]
 */
#include "session/websocket.h"

#include "base/random.h"
#include "base/stats.h"
#include "os/compiler.h"
#include "session/page.h"
#include "session/private.h"

#include <stdlib.h>
#include <string.h>

enum { REQUEST_BYTES = 2048 }; /* a path and a host name fit */

static log_kind refused_requests = LOG_KIND("refused requests");
static log_kind refused_upgrades = LOG_KIND("refused upgrades");

static portico_status queue_text(session *s, const char *text, uint32_t size) {
    os_mutex_lock(&s->lock);
    portico_status status = session_queue_locked(s, text, size, true);
    os_mutex_unlock(&s->lock);
    return status;
}

/* ---- the client ------------------------------------------------------------------------------ */

static portico_status request_upgrade(session *s, session_websocket *ws) {
    const config_service *c = s->service->config;
    char request[REQUEST_BYTES];
    for (uint32_t i = 0; i < HANDSHAKE_NONCE_BYTES; i += sizeof(uint64_t)) {
        uint64_t number = random_number();
        memcpy(ws->nonce + i, &number, sizeof number);
    }
    ws->received.client = true;
    uint32_t size =
        handshake_request(c->address, c->port, c->path, ws->nonce, request, sizeof request);
    return size != 0 ? queue_text(s, request, size) : PORTICO_E_TOO_BIG;
}

static handshake_result read_answer(session *s, const char *bytes, uint32_t head_bytes) {
    http_head head;
    const char *why = NULL;
    if (http_read_answer(bytes, head_bytes, &head, &why) == HTTP_OK) {
        why = handshake_check(&head, s->websocket->nonce);
    }
    if (why == NULL) {
        return HANDSHAKE_DONE;
    }
    if (head.status != 0 && head.status != HANDSHAKE_SWITCH) {
        log_limited(&refused_upgrades, LOG_WARN, s->service->config->name,
                    "the server does not open a WebSocket: it answers %s with status %u",
                    s->service->config->path, (unsigned)head.status);
    } else {
        log_limited(&refused_upgrades, LOG_WARN, s->service->config->name,
                    "the server does not open a WebSocket: %s", why);
    }
    return HANDSHAKE_REFUSED;
}

/* ---- the server ------------------------------------------------------------------------------ */

static handshake_result refuse_request(session *s, uint32_t status, const char *why) {
    char answer[HANDSHAKE_ANSWER_BYTES];
    char peer[OS_ADDRESS_TEXT];
    os_address_format(&s->peer, peer);
    log_limited(&refused_requests, LOG_INFO, s->service->config->name,
                "session %llu of %s: its request is refused with status %u: %s",
                (unsigned long long)s->base.id, peer, (unsigned)status, why);
    (void)queue_text(s, answer, handshake_refuse(status, answer));
    return HANDSHAKE_REFUSED;
}

static handshake_result read_request(session *s, const char *bytes, uint32_t head_bytes) {
    const config_service *c = s->service->config;
    http_head head;
    const char *why = NULL;
    char answer[HANDSHAKE_ANSWER_BYTES];
    uint32_t status = http_read_request(bytes, head_bytes, &head, &why);
    /* An upgrade to anything else may be ignored (RFC 9110 section 7.8). */
    bool page = status == HTTP_OK && !http_has_token(&head, "upgrade", "websocket");
    if (page && s->service->files != NULL) {
        return page_ask(s, &head);
    }
    if (status == HTTP_OK) {
        status = handshake_judge(&head, c->path, c->origins, &why);
    }
    if (status != HANDSHAKE_SWITCH) {
        return refuse_request(s, status, why);
    }
    portico_status queued = queue_text(s, answer, handshake_accept(&head, answer));
    return queued == PORTICO_OK ? HANDSHAKE_DONE : HANDSHAKE_REFUSED;
}

/* ---- the layer ------------------------------------------------------------------------------- */

static portico_status upgrade_begin(session *s) {
    session_websocket *ws = calloc(1, sizeof *ws);
    if (ws == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    ws->heard_ms = worker_now_ms();
    ws->came_ms = ws->heard_ms;
    os_mutex_lock(&s->lock);
    s->websocket = ws;
    s->transport = &websocket_transport;
    os_mutex_unlock(&s->lock);
    s->in_scanned = 0;
    return s->service->config->outgoing ? request_upgrade(s, ws) : PORTICO_OK;
}

static handshake_result upgrade_received(session *s, uint32_t *taken) {
    const char *why = NULL;
    bool client = s->service->config->outgoing;
    if (s->service->files != NULL && s->websocket->served) {
        *taken = s->in_used; /* one request is all that it may make */
        return page_send(s);
    }
    if (s->in_used == 0) {
        return HANDSHAKE_MORE; /* there may be no block */
    }
    const char *bytes = (const char *)s->in->bytes;
    uint32_t result = http_find_end(bytes, s->in_used, &s->in_scanned, taken, &why);
    if (result == HTTP_MORE) {
        return HANDSHAKE_MORE;
    }
    if (result == HTTP_OK) {
        return client ? read_answer(s, bytes, *taken) : read_request(s, bytes, *taken);
    }
    if (!client) {
        return refuse_request(s, result, why);
    }
    log_limited(&refused_upgrades, LOG_WARN, s->service->config->name,
                "the server does not open a WebSocket: %s", why);
    return HANDSHAKE_REFUSED;
}

const handshake_layer websocket_layer = {
    .begin = upgrade_begin, .received = upgrade_received, .hidden = true};
