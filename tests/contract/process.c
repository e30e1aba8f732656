/* Clocks, randomness and what a process knows about itself. */
#include "contract.h"

#include <stdlib.h>

#include "os/machine.h"

static void check_clocks(void) {
    uint64_t last = os_monotonic_ns();
    for (int i = 0; i < 100000; i++) {
        uint64_t now = os_monotonic_ns();
        CHECK(now >= last);
        last = now;
    }
    uint64_t begin_ns = last;
    uint64_t begin_ms = os_wall_ms();
    CHECK(begin_ms > 1700000000000u); /* later than 2023 */
    while (os_wall_ms() == begin_ms) {
    }
    CHECK(os_monotonic_ns() > begin_ns);
}

static void check_random(void) {
    uint8_t a[4096] = {0};
    uint8_t b[4096] = {0};
    uint32_t seen[256] = {0};
    CHECK_OK(os_random(a, sizeof a));
    CHECK_OK(os_random(b, sizeof b));
    CHECK(memcmp(a, b, sizeof a) != 0);
    for (size_t i = 0; i < sizeof a; i++) {
        seen[a[i]]++;
    }
    for (int i = 0; i < 256; i++) {
        CHECK(seen[i] < 100); /* 16 on average */
    }
    CHECK_OK(os_random(a, 0));
}

static void check_self(void) {
    CHECK(os_cpu_count() >= 1);
    CHECK(os_process_id() != 0);
    os_machine machine;
    os_machine_look(&machine);
    CHECK(machine.memory_bytes == 0 || machine.memory_bytes > 16 * 1024 * 1024);
    CHECK(machine.handles == 0 || machine.handles > 16);
    char path[1024] = "";
    CHECK_OK(os_executable_path(path, sizeof path));
    FILE *file = os_fopen(path, "rb");
    CHECK(file != NULL);
    os_usage usage;
    os_process_usage(&usage);
    CHECK(usage.memory_bytes == 0 || usage.memory_bytes > 65536);
    CHECK(usage.handles == 0 || usage.handles > 2);
    fclose(file);
    CHECK(os_executable_path(path, 2) != PORTICO_OK);
    char text[32];
    memset(text, 'x', sizeof text);
    os_error_text(2, text, 8);
    CHECK(memchr(text, '\0', 8) != NULL);
    CHECK_EQ(text[8], 'x');
}

static uint64_t allocated_bytes(void) {
    os_heap heap;
    os_heap_look(&heap);
    return heap.allocated_bytes;
}

/* What is lost shows whole; what is freed does not, but for a little that the thread keeps. */
static void check_heap(void) {
    enum { BLOCKS = 2000, BYTES = 1000, KEPT_BYTES = 256 * 1024 };
    static char *blocks[BLOCKS];
    uint64_t before = allocated_bytes();
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BYTES);
        CHECK(blocks[i] != NULL);
        blocks[i][0] = 1;
    }
    uint64_t with = allocated_bytes();
    for (int i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    uint64_t after = allocated_bytes();
    if (before != 0) { /* otherwise the system does not report it */
        CHECK(with >= before + BLOCKS * BYTES);
        CHECK(after < before + KEPT_BYTES);
    }
}

SCENARIO(process) {
    check_heap();
    check_clocks();
    check_random();
    check_self();
}
