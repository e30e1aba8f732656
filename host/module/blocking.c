/* blocking.c: see blocking.h. */
#include "module/blocking.h"

#include "base/log.h"
#include "base/status.h"
#include "module/call.h"
#include "run/message.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_MS = 10 };

typedef struct job {
    struct job *next;
    module *module;         /* held */
    generation *generation; /* held: the one that asked for the job */
    uint32_t id;
    uint64_t reply_to;
    uint32_t size;
    uint8_t bytes[]; /* size + 1 */
} job;

static struct {
    os_mutex lock;
    os_cond wake;
    job *first;
    job **last;
    job *parked;         /* whose module is frozen, the latest first */
    atomic_uint waiting; /* these two are written under the lock only */
    atomic_uint running;
    uint32_t limit;
    uint64_t waiting_bytes; /* of the jobs that wait */
    uint64_t limit_bytes;
    bool stop;
    os_thread **threads;
    uint32_t thread_count;
} pool;

/* The memory that it takes. */
static uint64_t job_bytes(const job *j) {
    return sizeof *j + j->size + 1;
}

static job *job_next(void) {
    os_mutex_lock(&pool.lock);
    while (!pool.stop && pool.first == NULL) {
        os_cond_wait(&pool.wake, &pool.lock, UINT32_MAX);
    }
    job *j = pool.stop ? NULL : pool.first;
    if (j != NULL) {
        pool.first = j->next;
        pool.last = j->next != NULL ? pool.last : &pool.first;
        pool.waiting--;
        pool.waiting_bytes -= job_bytes(j);
        pool.running++;
    }
    os_mutex_unlock(&pool.lock);
    return j;
}

static bool pool_stops(void) {
    os_mutex_lock(&pool.lock);
    bool stops = pool.stop;
    os_mutex_unlock(&pool.lock);
    return stops;
}

static void job_free(job *j) {
    quota_give(j->module->quota, QUOTA_MEMORY, job_bytes(j));
    generation_release(j->generation);
    module_release(j->module);
    free(j);
}

/* The generation that serves runs the job if it has a handler for it; otherwise the one that asked
 * does. *handler NULL: its `start` has failed, so the job is not run. A job may take long,
 * so it runs outside the gate and holds its generation instead: a swap does not wait for it. */
static passage job_handler(job *j, const registered_handler **result) {
    passage p = gate_enter(&j->module->gate);
    if (p != GATE_PASSED) {
        return p;
    }
    generation *now = module_generation(j->module);
    bool undone = atomic_load(&j->generation->given_up); /* and so is what it has begun */
    const registered_handler *handler =
        undone ? NULL : registry_find_handler(now->registry->jobs, j->id);
    if (handler != NULL && now != j->generation) {
        generation_hold(now);
        generation_release(j->generation);
        j->generation = now;
    }
    gate_leave(&j->module->gate);
    if (handler == NULL && !undone) {
        handler = registry_find_handler(j->generation->registry->jobs, j->id);
    }
    *result = atomic_load(&j->generation->given_up) ? NULL : handler;
    return p;
}

static portico_status job_post(const job *j, const uint8_t *reply, uint32_t size) {
    message *m = message_create(NULL, j->id, reply, size, NULL);
    if (m == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    m->owed = true;
    portico_status status = message_post_created(j->reply_to, m);
    if (status != PORTICO_OK) {
        free(m);
    }
    return status;
}

/* An entity waits for the reply, so a lack of memory only delays it, and it is taken whatever waits
 * there. */
static void job_reply(const job *j, const uint8_t *reply, uint32_t size) {
    portico_status status = job_post(j, reply, size);
    if (status == PORTICO_E_NO_MEMORY) {
        log_warn(j->module->name, "the reply of job %u is late: %s", j->id, status_text(status));
    }
    while (status == PORTICO_E_NO_MEMORY && !pool_stops()) {
        os_sleep(RETRY_MS);
        status = job_post(j, reply, size);
    }
    if (status != PORTICO_OK && status != PORTICO_E_GONE) {
        log_error(j->module->name, "the reply of job %u is lost: %s", j->id, status_text(status));
    }
}

/* After a fault the entity that waits for the reply gets an empty one. */
static uint32_t job_call(job *j, const registered_handler *handler, uint8_t *reply) {
    call c = {.kind = CALL_JOB,
              .number = j->id,
              .fn.handler = handler->call,
              .data = j->bytes,
              .size = j->size,
              .reply = reply,
              .reply_size = BLOCKING_REPLY_MAX};
    module_begin(j->module, j->generation, NULL, j->id);
    bool returned = call_make(&c);
    module_end();
    return returned ? c.replied : 0;
}

/* False: the module is frozen, and the job is to come again. */
static bool job_run(job *j, uint8_t *reply) {
    const registered_handler *handler = NULL;
    passage p = job_handler(j, &handler);
    if (p == GATE_PARK || (handler == NULL && p == GATE_PASSED)) {
        return p != GATE_PARK;
    }
    uint32_t size = handler != NULL ? job_call(j, handler, reply) : 0;
    if (size > BLOCKING_REPLY_MAX) {
        log_error(j->module->name, "job %u returned %u as the size of its reply, the most is %d",
                  j->id, size, BLOCKING_REPLY_MAX);
        size = 0;
    }
    if (j->reply_to != 0) {
        job_reply(j, reply, size);
    }
    return true;
}

/* Keeps the job until its module's gate opens. */
static void job_park(job *j) {
    os_mutex_lock(&pool.lock);
    j->next = pool.parked;
    pool.parked = j;
    pool.waiting++;
    pool.waiting_bytes += job_bytes(j);
    bool parks = gate_parks(&j->module->gate);
    os_mutex_unlock(&pool.lock);
    if (!parks) {
        blocking_revive();
    }
}

void blocking_revive(void) {
    os_mutex_lock(&pool.lock);
    while (pool.parked != NULL) { /* the latest first, each to the front: so in their order */
        job *j = pool.parked;
        pool.parked = j->next;
        j->next = pool.first;
        pool.last = pool.first == NULL ? &j->next : pool.last;
        pool.first = j;
    }
    os_cond_wake_all(&pool.wake);
    os_mutex_unlock(&pool.lock);
}

/* Takes the module's jobs out of a list; returns them in a list of their own. */
static job *jobs_take_locked(job **list, const module *m) {
    job *taken = NULL;
    while (*list != NULL) {
        job *j = *list;
        if (j->module == m) {
            *list = j->next;
            pool.waiting--;
            pool.waiting_bytes -= job_bytes(j);
            j->next = taken;
            taken = j;
        } else {
            list = &j->next;
        }
    }
    return taken;
}

static uint32_t jobs_free(job *list) {
    uint32_t count = 0;
    for (; list != NULL; count++) {
        job *j = list;
        list = j->next;
        job_free(j);
    }
    return count;
}

uint32_t blocking_drop(const module *m) {
    os_mutex_lock(&pool.lock);
    job *waiting = jobs_take_locked(&pool.first, m);
    job *parked = jobs_take_locked(&pool.parked, m);
    pool.last = &pool.first;
    while (*pool.last != NULL) {
        pool.last = &(*pool.last)->next;
    }
    os_mutex_unlock(&pool.lock);
    return jobs_free(waiting) + jobs_free(parked);
}

static _Thread_local bool is_job;

bool blocking_is_job(void) {
    return is_job;
}

/* `arg` is this thread's buffer for replies, which it frees. */
static void pool_thread(void *arg) {
    uint8_t *reply = arg;
    is_job = true;
    for (job *j = job_next(); j != NULL; j = job_next()) {
        if (job_run(j, reply)) {
            job_free(j);
        } else {
            job_park(j);
        }
        os_mutex_lock(&pool.lock);
        pool.running--;
        os_mutex_unlock(&pool.lock);
    }
    free(reply);
}

/* On failure blocking_stop ends the threads that have started. */
portico_status blocking_start(uint32_t threads, uint32_t queue_limit, uint64_t queue_bytes) {
    pool.last = &pool.first;
    pool.limit = queue_limit;
    pool.limit_bytes = queue_bytes;
    pool.stop = false;
    pool.threads = calloc(threads, sizeof(os_thread *));
    if (pool.threads == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    while (pool.thread_count < threads) {
        void *reply = malloc(BLOCKING_REPLY_MAX);
        if (reply == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
        portico_status status =
            os_thread_start(&pool.threads[pool.thread_count], "blocking", pool_thread, reply);
        if (status != PORTICO_OK) {
            free(reply);
            return status;
        }
        pool.thread_count++;
    }
    return PORTICO_OK;
}

void blocking_stop(void) {
    os_mutex_lock(&pool.lock);
    pool.stop = true;
    os_cond_wake_all(&pool.wake);
    os_mutex_unlock(&pool.lock);
    for (uint32_t i = 0; i < pool.thread_count; i++) {
        os_thread_join(pool.threads[i]);
    }
    free(pool.threads);
    pool.threads = NULL;
    pool.thread_count = 0;
    blocking_revive();
    while (pool.first != NULL) {
        job *j = pool.first;
        pool.first = j->next;
        job_free(j);
    }
    pool.waiting = 0;
    pool.waiting_bytes = 0;
}

/* The figures that say why a job is refused. */
typedef struct queue_view {
    uint32_t jobs;
    uint64_t bytes;
} queue_view;

COLD static portico_status job_refuse(module *m, const queue_view *seen) {
    quota_view memory = quota_look(m->quota, QUOTA_MEMORY);
    quota_refuse(m->quota, REFUSED_JOBS,
                 "a job is refused: %u wait (blocking_queue = %u) with %llu bytes "
                 "(blocking_queue_bytes = %llu), and the module has %llu bytes "
                 "(memory_limit_bytes = %llu)",
                 seen->jobs, pool.limit, (unsigned long long)seen->bytes,
                 (unsigned long long)pool.limit_bytes, (unsigned long long)memory.used,
                 (unsigned long long)memory.limit);
    return PORTICO_E_BACKLOG;
}

/* Queues the job, which the pool then owns. False: too many wait; *seen is how many. */
static bool job_queue(job *j, queue_view *seen) {
    os_mutex_lock(&pool.lock);
    *seen = (queue_view){pool.waiting, pool.waiting_bytes};
    bool fits = !pool.stop && pool.waiting < pool.limit &&
                pool.waiting_bytes + job_bytes(j) <= pool.limit_bytes;
    if (fits) {
        module_hold(j->module);
        generation_hold(j->generation);
        *pool.last = j;
        pool.last = &j->next;
        pool.waiting++;
        pool.waiting_bytes += job_bytes(j);
        os_cond_wake_all(&pool.wake);
    }
    os_mutex_unlock(&pool.lock);
    return fits;
}

portico_status blocking_run(module *m, uint32_t id, const void *data, uint32_t size,
                            uint64_t reply_to) {
    generation *g = module_running();
    if (registry_find_handler(g->registry->jobs, id) == NULL) {
        return PORTICO_E_NOT_FOUND;
    }
    if (size > MESSAGE_BYTES_MAX) {
        return PORTICO_E_TOO_BIG;
    }
    job *j = malloc(sizeof *j + size + 1);
    if (j == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    *j = (job){.module = m, .generation = g, .id = id, .reply_to = reply_to, .size = size};
    if (size > 0) {
        memcpy(j->bytes, data, size);
    }
    j->bytes[size] = 0;
    queue_view seen = {blocking_waiting(), 0};
    uint64_t bytes = job_bytes(j); /* read before the pool has it */
    bool counted = quota_take(m->quota, QUOTA_MEMORY, bytes);
    if (counted && job_queue(j, &seen)) {
        return PORTICO_OK; /* cppcheck-suppress memleak ; the pool has it: *pool.last */
    }
    if (counted) {
        quota_give(m->quota, QUOTA_MEMORY, bytes);
    }
    free(j);
    return job_refuse(m, &seen);
}

uint32_t blocking_count(void) {
    os_mutex_lock(&pool.lock);
    uint32_t count = pool.waiting + pool.running;
    os_mutex_unlock(&pool.lock);
    return count;
}

uint32_t blocking_waiting(void) {
    return atomic_load(&pool.waiting);
}

uint32_t blocking_running(void) {
    return atomic_load(&pool.running);
}
