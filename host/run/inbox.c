/* inbox.c: see inbox.h. */
#include "run/inbox.h"

#include "base/stats.h"

#include <stdatomic.h>

static uint64_t limits[ENTITY_KINDS];

static const char *const keys[ENTITY_KINDS] = {[ENTITY_SESSION] = "session_inbox_limit_bytes",
                                               [ENTITY_ROOM] = "room_inbox_limit_bytes",
                                               [ENTITY_MODULE] = "module_inbox_limit_bytes"};

void inboxes_start(const uint64_t most[ENTITY_KINDS]) {
    for (int k = 0; k < ENTITY_KINDS; k++) {
        limits[k] = most[k];
    }
}

/* Adds first and looks then, so that two threads never both find room for the last one. */
portico_status inbox_admit(inbox *in, entity_kind kind, message *m, uint32_t waiting) {
    uint64_t bytes = message_bytes(m);
    if (waiting >= MESSAGES_WAITING_MAX && !message_is_reply(m) && !m->owed) {
        return PORTICO_E_BACKLOG;
    }
    uint64_t held = atomic_fetch_add_explicit(&in->bytes, bytes, memory_order_relaxed) + bytes;
    if (m->owed) {
        quota_take_anyway(in->quota, QUOTA_MEMORY, bytes);
    } else if ((limits[kind] != 0 && held > limits[kind]) ||
               !quota_take(in->quota, QUOTA_MEMORY, bytes)) {
        atomic_fetch_sub_explicit(&in->bytes, bytes, memory_order_relaxed);
        return PORTICO_E_BACKLOG;
    }
    stats_add(STAT_message_bytes_taken, bytes);
    m->inbox = in;
    return PORTICO_OK;
}

void inbox_leave(message *m) {
    inbox *in = m->inbox;
    if (in != NULL) {
        uint64_t bytes = message_bytes(m);
        stats_add(STAT_message_bytes_given, bytes);
        quota_give(in->quota, QUOTA_MEMORY, bytes);
        atomic_fetch_sub_explicit(&in->bytes, bytes, memory_order_relaxed);
        m->inbox = NULL;
    }
}

void inbox_refuse(const inbox *in, entity_kind kind, quota *by, const char *to, uint32_t waiting) {
    quota_view memory = {0};
    if (in->quota != NULL) {
        memory = quota_look(in->quota, QUOTA_MEMORY);
    }
    quota_refuse(by != NULL ? by : in->quota, REFUSED_MESSAGES,
                 "a message to %s is refused: %u messages, %llu bytes wait there (at most %d; "
                 "%s = %llu), and its module has %llu bytes (memory_limit_bytes = %llu)",
                 to, waiting, (unsigned long long)atomic_load(&in->bytes), MESSAGES_WAITING_MAX,
                 keys[kind], (unsigned long long)limits[kind], (unsigned long long)memory.used,
                 (unsigned long long)memory.limit);
}
