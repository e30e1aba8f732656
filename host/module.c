/* module.c: see module.h. */
#include "module.h"

#include "watchdog.h"

#include <string.h>

static struct {
    os_mutex lock; /* guards `all` against readers; also what module_wait_released sleeps on */
    os_cond released;
    module *all;
} modules;

static _Thread_local module *current;

module *module_current(void) {
    return current;
}

module *module_enter(module *m, const char *what, uint32_t number, uint64_t entity_id) {
    module *before = current;
    current = m;
    watchdog_begin(m->name, what, number, entity_id);
    return before;
}

void module_leave(module *before) {
    watchdog_end();
    current = before;
}

void module_hold(module *m) {
    atomic_fetch_add_explicit(&m->holds, 1, memory_order_relaxed);
}

void module_release(module *m) {
    /* Under the lock, since the module may be freed as soon as it is seen to be unheld. */
    os_mutex_lock(&modules.lock);
    if (atomic_fetch_sub_explicit(&m->holds, 1, memory_order_acq_rel) == 1) {
        os_cond_wake_all(&modules.released);
    }
    os_mutex_unlock(&modules.lock);
}

bool module_wait_released(module *m, uint32_t timeout_ms) {
    uint64_t end_ms = os_monotonic_ns() / 1000000 + timeout_ms;
    os_mutex_lock(&modules.lock);
    while (atomic_load(&m->holds) != 0) {
        uint64_t now_ms = os_monotonic_ns() / 1000000;
        if (now_ms >= end_ms) {
            break;
        }
        os_cond_wait(&modules.released, &modules.lock, (uint32_t)(end_ms - now_ms));
    }
    bool released = atomic_load(&m->holds) == 0;
    os_mutex_unlock(&modules.lock);
    return released;
}

module *module_find(const char *name) {
    module *m = NULL;
    os_mutex_lock(&modules.lock);
    HASH_FIND_STR(modules.all, name, m);
    os_mutex_unlock(&modules.lock);
    return m;
}

portico_status module_table_add(module *m) {
    os_mutex_lock(&modules.lock);
    HASH_ADD_STR(modules.all, name, m);
    bool added = m->hh.tbl != NULL;
    os_mutex_unlock(&modules.lock);
    return added ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

void module_table_remove(module *m) {
    os_mutex_lock(&modules.lock);
    HASH_DEL(modules.all, m);
    os_mutex_unlock(&modules.lock);
}

void module_table_each(void (*each)(void *arg, module *m), void *arg) {
    os_mutex_lock(&modules.lock);
    for (module *m = modules.all; m != NULL; m = m->hh.next) {
        each(arg, m);
    }
    os_mutex_unlock(&modules.lock);
}

bool module_name_valid(const char *name) {
    if (name == NULL || name[0] < 'a' || name[0] > 'z') {
        return false;
    }
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return size < MODULE_NAME_MAX && name[size] == '\0';
}

portico_status module_call_load(module *m, const portico_host *host) {
    module *before = module_enter(m, "load", 0, 0);
    m->loading = true;
    portico_status status = m->info->load(host, m->state);
    m->loading = false;
    module_leave(before);
    return status;
}

void module_call_stopping(module *m) {
    if (m->info->stopping != NULL) {
        module *before = module_enter(m, "stopping", 0, 0);
        m->info->stopping(m->state);
        module_leave(before);
    }
}

void module_call_unload(module *m) {
    if (m->info->unload != NULL) {
        module *before = module_enter(m, "unload", 0, 0);
        m->info->unload(m->state);
        module_leave(before);
    }
}
