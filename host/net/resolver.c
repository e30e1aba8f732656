/* resolver.c: see resolver.h. */
#include "net/resolver.h"

#include "base/executor.h"

#include <stdlib.h>
#include <string.h>

struct lookup {
    executor_task task;
    resolver_answer answer;
    void *arg;
    uint16_t port;
    bool cancelled; /* [the executor's lock] */
    char host[];
};

static void look_up(executor_task *task);

static executor resolver = {.name = "resolver", .run = look_up};

/* Asks the system, and answers unless the lookup has been cancelled. */
static void look_up(executor_task *task) {
    lookup *l = (lookup *)task;
    os_address address = {0};
    portico_status status = os_address_resolve(l->host, l->port, &address);
    os_mutex_lock(&resolver.lock);
    bool cancelled = l->cancelled;
    resolver.must_end = !cancelled;
    os_mutex_unlock(&resolver.lock);
    if (!cancelled) {
        l->answer(l->arg, status, &address);
    }
    free(l);
}

lookup *resolver_ask(const char *host, uint16_t port, resolver_answer answer, void *arg) {
    size_t size = strlen(host) + 1;
    lookup *l = malloc(sizeof *l + size);
    if (l == NULL) {
        return NULL;
    }
    *l = (lookup){.answer = answer, .arg = arg, .port = port};
    memcpy(l->host, host, size);
    if (!executor_add(&resolver, &l->task)) {
        free(l);
        return NULL;
    }
    return l; /* cppcheck-suppress memleak ; the resolver has it */
}

bool resolver_cancel(lookup *l) {
    os_mutex_lock(&resolver.lock);
    bool waited = executor_remove_locked(&resolver, &l->task);
    bool asked = resolver.running == &l->task && !resolver.must_end;
    if (asked) {
        l->cancelled = true; /* its thread frees it */
    }
    os_mutex_unlock(&resolver.lock);
    if (waited) {
        free(l);
    }
    return waited || asked;
}

bool resolver_stop(void) {
    return executor_stop(&resolver);
}
