/* memory.c: see memory.h. */
#include "run/memory.h"

#include "base/log.h"
#include "base/stats.h"

static uint64_t limit;

void memory_start(uint64_t most, uint32_t workers) {
    uint64_t least = (uint64_t)workers * MEMORY_WORKER_BYTES;
    limit = most;
    if (most != 0 && most < least) {
        limit = least;
        log_warn("host",
                 "[host] memory_limit_bytes = %llu is too little for %u workers: %llu applies, 1M "
                 "for each",
                 (unsigned long long)most, workers, (unsigned long long)least);
    }
}

uint64_t memory_limit(void) {
    return limit;
}

uint64_t memory_buffers(void) {
    return stats_difference(STAT_buffer_bytes_taken, STAT_buffer_bytes_given);
}

uint64_t memory_messages(void) {
    return stats_difference(STAT_message_bytes_taken, STAT_message_bytes_given);
}

uint64_t memory_used(void) {
    return memory_buffers() + memory_messages();
}

bool memory_is_full(void) {
    return limit != 0 && memory_used() > limit;
}
