/* running_probe.c: bad memory that a module names is found, a byte at its very end, too; good
 * memory stays as it is, whoever else writes to it. */
#include "module/running.h"
#include "os/fault.h"

#include "support/check.h"
#include "support/pages.h"

typedef enum probe_kind { READ, WRITE, TEXT } probe_kind;

typedef struct probe {
    probe_kind kind;
    const void *data;
    size_t size;
} probe;

static pages memory;

static bool contain(const os_fault *fault, void *owner) {
    const running *r = owner;
    return r->probing && fault->kind == OS_FAULT_MEMORY;
}

static void end(const os_fault *fault, void *owner) {
    (void)fault;
    (void)owner;
}

static void touch(void *arg) {
    const probe *p = arg;
    switch (p->kind) {
    case READ: running_probe(p->data, p->size); break;
    case WRITE: running_probe_pages(p->data, p->size, true); break;
    default: (void)running_probe_text(p->data); break;
    }
}

static bool is_good(probe_kind kind, const void *data, size_t size) {
    probe p = {.kind = kind, .data = data, .size = size};
    bool good = os_guard_call(touch, &p, &running_now);
    CHECK_INT(running_now.probing, !good);
    running_now.probing = false;
    return good;
}

static void reads(void) {
    size_t page = memory.bytes;
    CHECK(is_good(READ, memory.first, page));
    CHECK(is_good(READ, memory.constant, page));
    CHECK(is_good(READ, memory.missing, 0));
    CHECK(!is_good(READ, memory.missing, 1));
    CHECK(!is_good(READ, memory.first, page + 1));
    CHECK(!is_good(READ, memory.missing - 1, 2));
    CHECK(!is_good(READ, memory.constant - 1, 2));
    CHECK(!is_good(READ, memory.first, 3 * page)); /* only the middle is missing */
    CHECK(!is_good(READ, NULL, 1));
}

static void texts(void) {
    static const char text[] = "text";
    CHECK(is_good(TEXT, text, 0));
    CHECK_INT(running_probe_text(text), 4);
    CHECK_INT(running_probe_text(""), 0);
    CHECK(!is_good(TEXT, memory.missing, 0));
    CHECK(!is_good(TEXT, memory.first, 0)); /* it does not end on its page */
    CHECK(!is_good(TEXT, NULL, 0));
}

static void writes(void) {
    static uint8_t bytes[20000];
    size_t page = memory.bytes;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    CHECK(is_good(WRITE, bytes, sizeof bytes));
    for (size_t i = 0; i < sizeof bytes; i++) {
        CHECK_INT(bytes[i], (uint8_t)(i * 7));
    }
    CHECK(is_good(WRITE, memory.first, page));
    CHECK(is_good(WRITE, memory.constant, 0));
    CHECK(!is_good(WRITE, memory.constant, 1));
    CHECK(!is_good(WRITE, memory.first, page + 1));
    CHECK(!is_good(WRITE, memory.missing, 1));
}

enum { ROUNDS = 200000 };

static _Atomic uint8_t counter; /* written as a module's plain variable is, in one store */

static void count(void *arg) {
    (void)arg;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint8_t found = atomic_load_explicit(&counter, memory_order_relaxed);
        atomic_store_explicit(&counter, (uint8_t)(found + 1), memory_order_relaxed);
    }
}

/* A probe does not take back what another thread has written in the meantime. */
static void beside_a_writer(void) {
    os_thread *thread = NULL;
    CHECK_INT(os_thread_start(&thread, "count", count, NULL), PORTICO_OK);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        running_probe_pages((const void *)(uintptr_t)&counter, 1, true);
    }
    os_thread_join(thread);
    CHECK_INT(atomic_load(&counter), ROUNDS % 256);
}

SCENARIO(running_probe) {
    static const os_fault_hooks hooks = {.contain = contain, .end = end};
    CHECK(pages_map(&memory));
    CHECK_INT(os_faults_start(&hooks), PORTICO_OK);
    reads();
    texts();
    writes();
    beside_a_writer();
}
