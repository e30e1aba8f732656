/* unload.c: unloads modules, and ends all of them when the host stops. See loader.h.
 * [control thread] */
#include "loader/private.h"

#include "base/status.h"
#include "loader/publish.h"
#include "loader/watch.h"
#include "module/blocking.h"
#include "module/fault_policy.h"
#include "module/life.h"
#include "module/mailbox.h"
#include "run/control.h"
#include "run/stop_clock.h"
#include "run/watchdog.h"
#include "session/session.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_STEP_MS = 1, LOOK_MS = 50 };

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

/* Waits until every call of the module has returned that runs now. False: one has not. A lost call
 * (caller.h) never does, and nothing waits for it. */
static bool calls_return(const module *m) {
    if (m->lost > 0) {
        return true;
    }
    watchdog_call oldest;
    bool runs = watchdog_oldest(m->name, &oldest);
    uint64_t from_ns = os_monotonic_ns();
    uint64_t until_ns = from_ns + 2 * loader_config()->stop_timeout_ms * 1000000ull;
    while (runs && oldest.started_ns <= from_ns && os_monotonic_ns() < until_ns) {
        os_sleep(LOOK_STEP_MS);
        runs = watchdog_oldest(m->name, &oldest);
    }
    return !runs || oldest.started_ns > from_ns;
}

/* Waits for those who use a module that has been withdrawn; in the end closes its sessions hard.
 * False: somebody still does, because a handler does not return. */
static bool wait_until_unused(module *m, bool (*wait)(module *m, uint32_t timeout_ms)) {
    uint32_t timeout_ms = loader_config()->stop_timeout_ms;
    if (wait(m, timeout_ms)) {
        return true;
    }
    sessions_each(abort_of_module, m);
    return wait(m, timeout_ms);
}

/* Nobody uses the module any more. */
static void loader_end(module *m, uint32_t stop_why) {
    watch_forget(m->name);
    module_table_remove(m);
    loader_allow();
    module_call_stop(m, module_generation(m), stop_why);
}

/* Waits until no handler of a message to the module runs; afterwards none begins, because its
 * mailbox is paused and nobody else uses it. */
static bool mailbox_rests(module *m) {
    bool rests = gate_close(&m->gate, loader_config()->stop_timeout_ms);
    if (rests) {
        gate_open(&m->gate);
    }
    publish_revive(m);
    return rests;
}

/* Takes the module out of the host. False: a handler or job does not return, and its messages and
 * timers wait. */
static bool loader_withdraw(module *m) {
    module_withdraw_for_now(m);
    if (!wait_until_unused(m, module_wait_mailbox_only) || !mailbox_rests(m)) {
        return false;
    }
    mailbox_close(m);
    (void)module_wait_released(m, UINT32_MAX); /* what waited is dropped, which calls nobody */
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
    mailbox_resume(m);
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

/* `also` is what has become of the module. */
static portico_status refuse_unload(const module *m, const char *also, char why[IMAGE_WHY_MAX]) {
    char call[100] = "";
    watchdog_call oldest;
    if (watchdog_oldest(m->name, &oldest)) {
        snprintf(call, sizeof call, " (%s %u, for %llu ms now)",
                 oldest.what != NULL ? oldest.what : "job", oldest.number,
                 (unsigned long long)(os_monotonic_ns() - oldest.started_ns) / 1000000);
    }
    snprintf(why, IMAGE_WHY_MAX, "a handler or job of %s has not returned within %u ms%s%s",
             m->name, 2 * loader_config()->stop_timeout_ms, call, also);
    log_error("modules", "%s is not unloaded: %s", m->name, why);
    return PORTICO_E_TIMEOUT;
}

/* A session that waits at a frozen module has not left the others that it belongs to. */
static portico_status refuse_withdrawn(const module *m, char why[IMAGE_WHY_MAX]) {
    const module *frozen = module_find_frozen(m);
    char also[240];
    snprintf(also, sizeof also, "%s%s%s: the module stays loaded, its sessions are closed",
             frozen != NULL ? ", or its sessions wait for " : "",
             frozen != NULL ? frozen->name : "",
             frozen != NULL ? ", which is frozen (swap or thaw it first)" : "");
    return refuse_unload(m, also, why);
}

portico_status loader_unload(const char *name, char why[IMAGE_WHY_MAX]) {
    module *m = module_find(name);
    why[0] = '\0';
    if (m == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "no module %s is loaded", name);
        return PORTICO_E_NOT_FOUND;
    }
    dependents d = {.name = name};
    module_table_each(find_dependent, &d);
    if (d.found[0] != '\0') {
        snprintf(why, IMAGE_WHY_MAX, "the module %s requires it: unload %s first", d.found,
                 d.found);
        return PORTICO_E_STATE;
    }
    if (!calls_return(m)) {
        return refuse_unload(m, ": the module keeps serving, and nothing has changed", why);
    }
    loader_tell_end(m);
    if (!loader_withdraw(m)) {
        portico_status status = refuse_withdrawn(m, why);
        loader_restore(m);
        return status;
    }
    loader_end(m, PORTICO_STOP_UNLOADED);
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
    loader_end(m, PORTICO_STOP_SHUTDOWN);
    log_debug("modules", "%s is unloaded", m->name);
    module_destroy(m);
}

/* A module has had its share of the time for the stop: jobs that have not begun would cost it its
 * `stop` as well. */
static void drop_jobs(const module *m) {
    uint32_t dropped = blocking_drop(m);
    if (dropped > 0) {
        log_warn("modules",
                 "%s: %u jobs that have not begun are dropped: the stop has taken %llu ms", m->name,
                 dropped, (unsigned long long)stop_clock_since_ms());
    }
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
            drop_jobs(m);
        }
    }
    for (size_t i = list->count; i-- > 0;) {
        while (list->all[i] != NULL) {
            control_drain();         /* what holds it may wait for a command */
            drop_jobs(list->all[i]); /* a job may ask for another one */
            if (module_wait_released(list->all[i], LOOK_MS)) {
                end_last(list->all[i]);
                list->all[i] = NULL;
            }
        }
    }
    list->count = 0;
    modules_list_fini();
}
