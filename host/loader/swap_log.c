/* swap_log.c: see swap_log.h. */
#include "loader/swap_log.h"

static struct {
    os_mutex lock;
    uint64_t count; /* ever */
    swap_record records[SWAP_LOG_MAX];
} swaps;

static const struct {
    const char *name;
    const char *text;
} steps[] = {
#define SWAP_STEP_ROW(step, what) {#step, what},
    SWAP_STEPS(SWAP_STEP_ROW)
#undef SWAP_STEP_ROW
};

const char *swap_step_name(swap_step step) {
    return steps[step].name;
}

const char *swap_step_text(swap_step step) {
    return steps[step].text;
}

void swap_log_add(const swap_record *r) {
    os_mutex_lock(&swaps.lock);
    swap_record *to = &swaps.records[swaps.count++ % SWAP_LOG_MAX];
    *to = *r;
    to->number = swaps.count;
    os_mutex_unlock(&swaps.lock);
}

uint32_t swap_log_copy(swap_record *records, uint32_t most) {
    os_mutex_lock(&swaps.lock);
    uint64_t kept = swaps.count < SWAP_LOG_MAX ? swaps.count : SWAP_LOG_MAX;
    uint32_t count = kept < most ? (uint32_t)kept : most;
    for (uint32_t i = 0; i < count; i++) {
        records[i] = swaps.records[(swaps.count - 1 - i) % SWAP_LOG_MAX];
    }
    os_mutex_unlock(&swaps.lock);
    return count;
}
