/* reader.c: see reader.h. */
#include "web/reader.h"

#include "os/os.h"

#include <stdlib.h>

enum { STOP_MS = 1000 };

typedef struct asked {
    struct asked *next;
    files *from; /* held */
    files_request request;
    reader_done done;
    uint64_t id;
} asked;

static struct {
    os_mutex lock;
    os_cond changed;
    os_thread *thread;
    asked *first;
    asked **last;
    bool stop;
    bool ended;
} reader;

/* The next request. NULL: the thread is to end. */
static asked *next_locked(void) {
    while (!reader.stop && reader.first == NULL) {
        os_cond_wait(&reader.changed, &reader.lock, UINT32_MAX);
    }
    asked *a = reader.stop ? NULL : reader.first;
    if (a != NULL) {
        reader.first = a->next;
        reader.last = a->next != NULL ? reader.last : &reader.first;
    }
    return a;
}

static void asked_free(asked *a) {
    files_release(a->from);
    free(a);
}

static void reader_run(void *arg) {
    asked *a = NULL;
    (void)arg;
    os_mutex_lock(&reader.lock);
    while ((a = next_locked()) != NULL) {
        os_mutex_unlock(&reader.lock);
        a->done(a->id, files_answer(a->from, &a->request));
        asked_free(a);
        os_mutex_lock(&reader.lock);
    }
    reader.ended = true;
    os_cond_wake_all(&reader.changed);
    os_mutex_unlock(&reader.lock);
}

/* Starts the thread if there is none. */
static bool has_thread_locked(void) {
    if (reader.thread == NULL) {
        reader.stop = false;
        reader.ended = false;
        reader.last = &reader.first;
        if (os_thread_start(&reader.thread, "files", reader_run, NULL) != PORTICO_OK) {
            reader.thread = NULL;
        }
    }
    return reader.thread != NULL;
}

bool reader_ask(files *from, const files_request *request, reader_done done, uint64_t id) {
    asked *a = malloc(sizeof *a);
    if (a == NULL) {
        return false;
    }
    *a = (asked){.from = files_hold(from), .request = *request, .done = done, .id = id};
    os_mutex_lock(&reader.lock);
    bool taken = has_thread_locked();
    if (taken) {
        *reader.last = a;
        reader.last = &a->next;
        os_cond_wake_all(&reader.changed);
    }
    os_mutex_unlock(&reader.lock);
    if (!taken) {
        asked_free(a);
    }
    return taken;
}

bool reader_stop(void) {
    uint64_t until_ms = os_monotonic_ms() + STOP_MS;
    os_mutex_lock(&reader.lock);
    reader.stop = true;
    os_cond_wake_all(&reader.changed);
    uint64_t now_ms = os_monotonic_ms();
    while (reader.thread != NULL && !reader.ended && now_ms < until_ms) {
        os_cond_wait(&reader.changed, &reader.lock, (uint32_t)(until_ms - now_ms));
        now_ms = os_monotonic_ms();
    }
    os_thread *ended = reader.ended ? reader.thread : NULL;
    bool stopped = reader.thread == NULL || reader.ended;
    asked *left = reader.first;
    reader.first = NULL;
    os_mutex_unlock(&reader.lock);
    while (left != NULL) { /* their sessions have ended */
        asked *next = left->next;
        asked_free(left);
        left = next;
    }
    if (ended != NULL) {
        os_thread_join(ended);
        reader.thread = NULL;
    }
    return stopped;
}
