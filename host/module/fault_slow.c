/* fault_slow.c: what the watchdog asks about modules. See fault_queue.h. */
#include "module/fault_queue.h"
#include "module/running.h"

#include <string.h>

typedef struct hang_question {
    const char *name;
    uint32_t hang_ms;
} hang_question;

static void answer_if_named(void *arg, module *m) {
    hang_question *q = arg;
    if (strcmp(m->name, q->name) == 0) {
        q->hang_ms = m->hang_ms;
    }
}

static uint32_t hang_ms_of(const char *module_name) {
    hang_question q = {.name = module_name};
    module_table_each(answer_if_named, &q);
    return q.hang_ms;
}

static void *owner_here(void) {
    return &running_now;
}

void fault_slow_start(void) {
    static const watchdog_hooks hooks = {
        .hang_ms = hang_ms_of, .tell = fault_tell_slow, .owner = owner_here};
    watchdog_set_hooks(&hooks);
}
