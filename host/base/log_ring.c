/* log_ring.c: see log_ring.h.
 *
 * A record is in one piece. One that does not fit between `next` and the end of the ring goes to
 * its beginning, and the end stays unused until the record before it is dropped.
 */
#include "base/log_ring.h"

#include <string.h>

enum { ALIGNMENT = 8 };

static log_record *record_at(const log_ring *r, uint32_t at) {
    return (log_record *)(void *)(r->bytes + at);
}

bool log_ring_put(log_ring *r, uint32_t reserve, uint64_t wall_ms, int level, const char *source,
                  const char *text) {
    size_t source_size = strlen(source) + 1;
    size_t text_size = strlen(text) + 1;
    size_t whole = sizeof(log_record) + source_size + text_size;
    whole = (whole + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (whole > r->size || source_size > UINT16_MAX) {
        return false;
    }
    uint32_t size = (uint32_t)whole;
    if (r->used == 0) {
        r->first = r->next = 0;
    }
    bool fits = size <= r->size - r->next;
    uint32_t unused = fits ? 0 : r->size - r->next;
    if ((uint64_t)r->used + unused + size + reserve > r->size) {
        return false;
    }
    if (unused >= sizeof(log_record)) {
        record_at(r, r->next)->size = 0;
    }
    r->next = fits ? r->next : 0;
    log_record *record = record_at(r, r->next);
    *record = (log_record){.wall_ms = wall_ms,
                           .size = size,
                           .source_size = (uint16_t)source_size,
                           .level = (uint8_t)level};
    char *texts = (char *)(record + 1);
    memcpy(texts, source, source_size);
    memcpy(texts + source_size, text, text_size);
    r->next += size;
    r->used += unused + size;
    return true;
}

/* Whether the end of the ring, from `first` on, is unused. Less than a record fits there, or its
 * size says so. */
static bool is_unused(const log_ring *r) {
    return r->size - r->first < sizeof(log_record) || record_at(r, r->first)->size == 0;
}

const log_record *log_ring_first(const log_ring *r) {
    if (r->used == 0) {
        return NULL;
    }
    return record_at(r, is_unused(r) ? 0 : r->first);
}

void log_ring_drop(log_ring *r) {
    if (is_unused(r)) {
        r->used -= r->size - r->first;
        r->first = 0;
    }
    uint32_t size = record_at(r, r->first)->size;
    r->first += size;
    r->used -= size;
}

const char *log_record_source(const log_record *r) {
    return (const char *)(r + 1);
}

const char *log_record_text(const log_record *r) {
    return (const char *)(r + 1) + r->source_size;
}
