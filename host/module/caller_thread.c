/* caller_thread.c: see caller_thread.h. */
#include "module/caller_thread.h"

#include "base/log.h"
#include "run/begun.h"

#include <stdlib.h>
#include <string.h>

enum { UNLIMITED_MS = 600000 /* until caller_allow is called: in tests */ };

caller_state callers = {.timeout_ms = UNLIMITED_MS, .left_ns = UNLIMITED_MS * 1000000ull};

static _Thread_local caller *own; /* of the calling thread */

/* ---- the thread ----------------------------------------------------------------------------- */

static void nothing(void *arg) {
    (void)arg;
}

static bool make_here(module *m, generation *g, bool staging, uint32_t begun, call *c) {
    if (staging) {
        module_begin_staged(m, g, call_what(c->kind));
    } else {
        module_begin(m, g, call_what(c->kind), 0);
    }
    begun_now = begun;
    bool returned = call_make(c);
    begun_now = 0;
    module_end();
    return returned;
}

/* The control thread frees a caller that was lost. */
static void caller_on_ended(control_command *command) {
    caller *r = (caller *)command;
    os_thread_join(r->thread);
    log_warn(r->module->name, "generation %u: %s has returned after all; nobody has waited for it",
             r->generation->number, call_what(r->call.kind));
    module_find_lost(r->module);
    generation_release(r->generation);
    caller **at = &callers.lost;
    while (*at != r) {
        at = &(*at)->next;
    }
    *at = r->next;
    free(r->from);
    free(r);
}

void caller_make_row_here(caller_steps *w) {
    while (w->at != CALLER_ROW_ENDS) {
        w->at = w->step(w->arg, w->at);
    }
}

/* Does what the control thread waits for. */
static void caller_work(caller *r) {
    if (r->row == NULL) {
        r->returned = make_here(r->module, r->generation, r->staging, r->begun, &r->call);
    } else if (setjmp(r->out) == 0) {
        caller_make_row_here(r->row);
    } else {
        /* A call in the row was lost: the row is another thread's now. */
    }
}

static void caller_run(void *arg) {
    caller *r = arg;
    own = r;
    (void)os_guard_call(nothing, NULL, NULL); /* reserves what os_guard_self needs */
    os_mutex_lock(&callers.lock);
    r->running = &running_now;
    r->guard = os_guard_self();
    while (!r->lost) {
        while (!r->busy && !r->ends) {
            os_cond_wait(&r->changed, &callers.lock, UINT32_MAX);
        }
        if (!r->busy) {
            break;
        }
        if (r->row == NULL) {
            r->begun_ns = os_monotonic_ns();
            os_cond_wake_all(&r->changed);
        }
        os_mutex_unlock(&callers.lock);
        caller_work(r);
        os_mutex_lock(&callers.lock);
        r->made += r->row == NULL;
        r->busy = false;
        os_mutex_unlock(&callers.lock);
        os_cond_wake_all(&r->changed); /* without the lock, for which others would have to wait */
        os_mutex_lock(&callers.lock);
    }
    bool lost = r->lost;
    os_mutex_unlock(&callers.lock);
    if (lost) {
        control_post(&r->ended); /* keep last: it frees the caller */
    }
}

caller *caller_get(bool *in_row) {
    *in_row = own != NULL;
    if (own != NULL) {
        return own;
    }
    if (callers.idle == NULL) {
        caller *r = calloc(1, sizeof *r);
        if (r != NULL && os_thread_start(&r->thread, "caller", caller_run, r) != PORTICO_OK) {
            free(r);
            r = NULL;
        }
        if (r != NULL) {
            r->ended.run = caller_on_ended;
        }
        callers.idle = r;
    }
    return callers.idle;
}

/* ---- the call's own copy --------------------------------------------------------------------- */

static const char *copy_name(char to[CALLER_NAME_MAX], const char *name) {
    if (name == NULL) {
        return NULL;
    }
    snprintf(to, CALLER_NAME_MAX, "%s", name);
    return to;
}

static uint32_t begun_of(const module *m, const call *c) {
    return c->kind == CALL_START ? m->begun : 0;
}

bool caller_set(caller *r, module *m, generation *g, bool staging, const call *c) {
    r->module = m;
    r->generation = g;
    r->staging = staging;
    r->begun = begun_of(m, c);
    r->call = *c;
    r->call.type = copy_name(r->type, c->type);
    if (c->kind == CALL_DEPENDENCY_SWAPS) {
        r->call.data = copy_name(r->data, c->data);
        r->call.shown = copy_name(r->shown, c->shown);
    } else if (c->kind == CALL_MIGRATE) {
        r->migration = *(const portico_migration *)c->shown;
        r->call.shown = &r->migration;
        if (r->migration.from != NULL) {
            r->from = malloc(r->migration.from_size + 1);
            if (r->from == NULL) {
                return false;
            }
            memcpy(r->from, r->migration.from, r->migration.from_size);
            r->migration.from = r->from;
        }
    }
    return true;
}

bool caller_take(caller *r, call *c) {
    c->status = r->call.status;
    c->verdict = r->call.verdict;
    c->lost = r->call.lost;
    free(r->from);
    r->from = NULL;
    return r->returned;
}

bool caller_make_here(module *m, generation *g, bool staging, call *c) {
    return make_here(m, g, staging, begun_of(m, c), c);
}

/* ---- in a row -------------------------------------------------------------------------------- */

void caller_take_time_locked(uint64_t ns) {
    callers.left_ns = ns < callers.left_ns ? callers.left_ns - ns : 0;
}

void caller_make_in_row(caller *r) {
    os_mutex_lock(&callers.lock);
    r->begun_ns = os_monotonic_ns();
    os_mutex_unlock(&callers.lock);
    r->returned = make_here(r->module, r->generation, r->staging, r->begun, &r->call);
    os_mutex_lock(&callers.lock);
    bool lost = r->lost;
    if (!lost) {
        caller_take_time_locked(os_monotonic_ns() - r->begun_ns);
        r->begun_ns = 0;
        r->made++;
    }
    while (r->held) {
        os_cond_wake_all(&r->changed);
        os_cond_wait(&r->changed, &callers.lock, UINT32_MAX);
    }
    os_mutex_unlock(&callers.lock);
    if (lost) {
        longjmp(r->out, 1);
    }
}
