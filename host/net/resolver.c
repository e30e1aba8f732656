/* resolver.c: see resolver.h. */
#include "net/resolver.h"

#include <stdlib.h>
#include <string.h>

enum { STOP_MS = 1000 };

struct lookup {
    lookup *next;
    resolver_answer answer;
    void *arg;
    uint16_t port;
    bool cancelled;
    char host[];
};

static struct {
    os_mutex lock;
    os_cond changed;
    os_thread *thread;
    lookup *first; /* that wait */
    lookup **last;
    lookup *asked; /* that the system is being asked */
    bool answers;  /* `answer` is being called */
    bool stop;
    bool ended;
} resolver;

/* The next lookup. NULL: the thread is to end. [lock held] */
static lookup *next_locked(void) {
    while (!resolver.stop && resolver.first == NULL) {
        os_cond_wait(&resolver.changed, &resolver.lock, UINT32_MAX);
    }
    lookup *l = resolver.stop ? NULL : resolver.first;
    if (l != NULL) {
        resolver.first = l->next;
        resolver.last = l->next != NULL ? resolver.last : &resolver.first;
    }
    resolver.asked = l;
    return l;
}

/* Asks the system, and answers unless the lookup has been cancelled. Called with the lock held,
 * which it releases for both. */
static void look_up_locked(lookup *l) {
    os_address address = {0};
    os_mutex_unlock(&resolver.lock);
    portico_status status = os_address_resolve(l->host, l->port, &address);
    os_mutex_lock(&resolver.lock);
    resolver.asked = NULL;
    if (l->cancelled) {
        return;
    }
    resolver.answers = true;
    os_mutex_unlock(&resolver.lock);
    l->answer(l->arg, status, &address);
    os_mutex_lock(&resolver.lock);
    resolver.answers = false;
}

static void resolver_run(void *arg) {
    lookup *l = NULL;
    (void)arg;
    os_mutex_lock(&resolver.lock);
    while ((l = next_locked()) != NULL) {
        look_up_locked(l);
        free(l);
    }
    resolver.ended = true;
    os_cond_wake_all(&resolver.changed);
    os_mutex_unlock(&resolver.lock);
}

/* Starts the thread if there is none. [lock held] */
static bool has_thread_locked(void) {
    if (resolver.thread == NULL) {
        resolver.stop = false;
        resolver.ended = false;
        resolver.last = &resolver.first;
        if (os_thread_start(&resolver.thread, "resolver", resolver_run, NULL) != PORTICO_OK) {
            resolver.thread = NULL;
        }
    }
    return resolver.thread != NULL;
}

lookup *resolver_ask(const char *host, uint16_t port, resolver_answer answer, void *arg) {
    size_t size = strlen(host) + 1;
    lookup *l = malloc(sizeof *l + size);
    if (l == NULL) {
        return NULL;
    }
    *l = (lookup){.answer = answer, .arg = arg, .port = port};
    memcpy(l->host, host, size);
    os_mutex_lock(&resolver.lock);
    bool taken = has_thread_locked();
    if (taken) {
        *resolver.last = l;
        resolver.last = &l->next;
        os_cond_wake_all(&resolver.changed);
    }
    os_mutex_unlock(&resolver.lock);
    if (!taken) {
        free(l);
        return NULL;
    }
    return l; /* cppcheck-suppress memleak ; the resolver has it */
}

/* Takes it out of the queue. False: it is not there. [lock held] */
static bool remove_locked(const lookup *l) {
    lookup **at = &resolver.first;
    while (*at != NULL && *at != l) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        return false;
    }
    *at = l->next;
    resolver.last = *at == NULL ? at : resolver.last;
    return true;
}

bool resolver_cancel(lookup *l) {
    os_mutex_lock(&resolver.lock);
    bool waited = remove_locked(l);
    bool asked = resolver.asked == l;
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
    uint64_t until_ms = os_monotonic_ms() + STOP_MS;
    os_mutex_lock(&resolver.lock);
    resolver.stop = true;
    os_cond_wake_all(&resolver.changed);
    while (resolver.thread != NULL && !resolver.ended) {
        uint64_t now_ms = os_monotonic_ms();
        if (now_ms >= until_ms && !resolver.answers) {
            break;
        }
        os_cond_wait(&resolver.changed, &resolver.lock,
                     now_ms < until_ms ? (uint32_t)(until_ms - now_ms) : STOP_MS);
    }
    os_thread *ended = resolver.ended ? resolver.thread : NULL;
    bool stopped = resolver.thread == NULL || resolver.ended;
    os_mutex_unlock(&resolver.lock);
    if (ended != NULL) {
        os_thread_join(ended);
        resolver.thread = NULL;
    }
    return stopped;
}
