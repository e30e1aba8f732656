/* unload.c: unloads modules, and ends all of them when the host stops. See loader.h.
 * [control thread] */
#include "loader/private.h"

#include "base/status.h"
#include "loader/publish.h"
#include "loader/watch.h"
#include "module/fault_policy.h"
#include "module/life.h"
#include "run/control.h"
#include "session/session.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 50 };

typedef struct dependents {
    const char *name;
    char found[TEXT_IDENTIFIER_MAX];
} dependents;

static void find_dependent(void *arg, module *m) {
    dependents *d = arg;
    if (module_requires(m, d->name)) {
        snprintf(d->found, sizeof d->found, "%s", m->name);
    }
}

static void abort_of_module(void *arg, session *s) {
    const module *m = arg;
    for (const registered_type *r = module_generation(m)->registry->types; r != NULL; r = r->next) {
        if (r->owned && strcmp(r->name, s->service->type->name) == 0) {
            session_abort(s, PORTICO_E_UNLOADED);
        }
    }
}

/* The last call of a module that nothing holds. */
static void loader_stop_one(module *m, uint32_t stop_why) {
    watch_forget(m->name);
    module_table_remove(m);
    loader_allow();
    module_call_stop(m, module_generation(m), stop_why);
}

/* Unloads a module that has been withdrawn. False: one of its handlers does not return. */
static bool loader_end(module *m) {
    uint32_t timeout_ms = loader_config()->stop_timeout_ms;
    if (!module_wait_released(m, timeout_ms)) {
        sessions_each(abort_of_module, m);
        if (!module_wait_released(m, timeout_ms)) {
            return false;
        }
    }
    loader_stop_one(m, PORTICO_STOP_UNLOADED);
    return true;
}

/* Lets a module serve again that was to be unloaded. Waits for memory: otherwise nobody could join,
 * and a load would be refused, because the module is there. */
static void loader_restore(module *m) {
    portico_status status = loader_publish_again(m);
    while (status == PORTICO_E_NO_MEMORY && !control_ending()) {
        log_error("modules", "%s does not serve: %s; trying again", m->name, status_text(status));
        os_sleep(1000);
        status = loader_publish_again(m);
    }
    fault_stay(m);
    if (module_generation(m)->lost) {
        (void)fault_give_up(m, module_generation(m)); /* while nobody passes the gate */
    }
    gate_wake_dead(&m->gate);
    if (status == PORTICO_OK) {
        (void)loader_open_services(m);
    }
}

/* Notifies the module that it is about to end. From now on no fault freezes it. */
static void loader_tell_end(module *m) {
    publish_leave(m);
    loader_allow();
    module_call_stopping(m);
    if (module_generation(m)->lost) {
        publish_kill(m);
    }
}

/* A session that waits at a frozen module has not left the others that it belongs to. */
static void say_not_ended(const module *m, char why[IMAGE_WHY_MAX]) {
    const module *frozen = module_find_frozen(m);
    char also[160] = "";
    if (frozen != NULL) {
        snprintf(also, sizeof also,
                 ", or its sessions wait for %s, which is frozen (swap or thaw it first)",
                 frozen->name);
    }
    snprintf(why, IMAGE_WHY_MAX,
             "a handler of %s has not returned within %u ms%s: the module stays loaded, its "
             "sessions are closed",
             m->name, 2 * loader_config()->stop_timeout_ms, also);
}

portico_status loader_unload(const char *name, char why[IMAGE_WHY_MAX]) {
    module *m = module_find(name);
    why[0] = '\0';
    if (m == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "no module %s is loaded", name);
        return PORTICO_E_NOT_FOUND;
    }
    if (m->file == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "%s is part of the host", name);
        return PORTICO_E_STATE;
    }
    dependents d = {.name = name};
    module_table_each(find_dependent, &d);
    if (d.found[0] != '\0') {
        snprintf(why, IMAGE_WHY_MAX, "the module %s requires it: unload %s first", d.found,
                 d.found);
        return PORTICO_E_STATE;
    }
    loader_tell_end(m);
    module_withdraw(m);
    if (!loader_end(m)) {
        say_not_ended(m, why);
        log_error("modules", "%s is not unloaded: %s", name, why);
        loader_restore(m);
        return PORTICO_E_TIMEOUT;
    }
    log_info("modules", "%s is unloaded", name);
    module_destroy(m);
    return PORTICO_OK;
}

/* ---- the end ------------------------------------------------------------------------------- */

void loader_tell_stopping(void) {
    module_list *list = modules_list_reserved();
    for (size_t i = 0; i < list->count; i++) {
        publish_leave(list->all[i]);
    }
    while (list->count-- > 0) {
        loader_tell_end(list->all[list->count]);
    }
}

/* Ends a module that nothing holds. */
static void end_last(module *m) {
    loader_stop_one(m, PORTICO_STOP_SHUTDOWN);
    log_debug("modules", "%s is unloaded", m->name);
    module_destroy(m);
}

/* In reverse order. A module that something holds does not keep the others from their `stop`, in
 * which they may save what they know. Last of all it is waited for itself: its call may still
 * return, and otherwise the warden ends the process. */
void loader_unload_all(void) {
    module_list *list = modules_list_reserved();
    for (size_t i = list->count; i-- > 0;) {
        module *m = list->all[i];
        module_withdraw(m);
        if (module_wait_released(m, loader_config()->stop_timeout_ms)) {
            end_last(m);
            list->all[i] = NULL;
        } else {
            log_warn("modules", "%s waits for a handler or job that has not returned", m->name);
        }
    }
    for (size_t i = list->count; i-- > 0;) {
        while (list->all[i] != NULL) {
            control_drain(); /* what holds it may wait for a command */
            if (module_wait_released(list->all[i], LOOK_MS)) {
                end_last(list->all[i]);
                list->all[i] = NULL;
            }
        }
    }
    list->count = 0;
    modules_list_fini();
}
