/* secure.c: see secure.h. */
#include "admin/http/secure.h"

#include "base/log.h"
#include "base/stats.h"

#include <stdlib.h>
#include <string.h>

http_secure *secure_create(tls_keeper *keeper) {
    http_secure *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->stream = tls_stream_accept(keeper);
    }
    if (s != NULL && s->stream == NULL) {
        free(s);
        return NULL;
    }
    return s;
}

void secure_destroy(http_secure *s) {
    if (s != NULL) {
        tls_stream_destroy(s->stream);
        free(s->plain);
        free(s);
    }
}

static bool make_room(http_secure *s, uint32_t need) {
    if (need <= s->capacity) {
        return true;
    }
    free(s->plain); /* it is empty */
    s->plain = malloc(need);
    s->capacity = s->plain != NULL ? need : 0;
    return s->plain != NULL;
}

static bool failed(http_secure *s) {
    log_debug("admin", "HTTP: TLS: %s", tls_stream_why(s->stream));
    return false;
}

static bool open_what_came(http_secure *s) {
    tls_result result = tls_stream_open(s->stream, s->plain, s->capacity, &s->size);
    if (result == TLS_FAILED) {
        return failed(s);
    }
    return result == TLS_DONE || s->size > 0; /* a request may come with the end */
}

bool secure_take(http_secure *s, uint32_t bytes) {
    uint32_t most = tls_stream_plain_most(s->stream, bytes);
    if (!make_room(s, most) || !tls_stream_feed(s->stream, s->in, bytes)) {
        return false;
    }
    s->at = 0;
    s->size = 0;
    s->waits = tls_stream_is_dear(s->stream);
    return s->open ? open_what_came(s) : s->waits || secure_step(s);
}

bool secure_step(http_secure *s) {
    tls_result result = tls_stream_handshake(s->stream);
    s->waits = false;
    s->open = result == TLS_DONE;
    if (s->open) {
        stats_add(STAT_tls_done, 1);
        return open_what_came(s);
    }
    if (result != TLS_MORE) {
        stats_add(STAT_tls_failed, 1);
        return failed(s);
    }
    return true;
}

uint32_t secure_read(http_secure *s, char *to, uint32_t capacity) {
    uint32_t size = s->size - s->at < capacity ? s->size - s->at : capacity;
    if (size > 0) {
        memcpy(to, s->plain + s->at, size);
        s->at += size;
    }
    return size;
}

bool secure_seal(http_secure *s, lines *answer) {
    bool good = !answer->failed;
    for (size_t at = 0; good && at < answer->size; at += TLS_SEAL_BYTES) {
        size_t left = answer->size - at;
        good = tls_stream_seal(s->stream, answer->text + at,
                               (uint32_t)(left < TLS_SEAL_BYTES ? left : TLS_SEAL_BYTES));
    }
    lines_free(answer);
    return good;
}

void secure_write(http_secure *s, lines *out) {
    if (tls_stream_waiting(s->stream) > 0) {
        tls_sealed sealed = tls_stream_take(s->stream);
        lines_bytes(out, (const char *)sealed.bytes, sealed.size);
        tls_sealed_give(&sealed);
    }
}
