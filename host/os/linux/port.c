/* port.c: the completion queue over epoll. Any thread. wait.c has the threads that wait.
 *
 * An operation that completes goes one of three ways:
 *
 * 1. Completed by an event that a waiting thread has fetched: the same os_port_wait hands it out.
 * 2. Completed at once by a submit of a thread that waits on the port: it is added to that thread's
 *    own list, and the thread's next os_port_wait hands it out without a system call. Only the
 *    thread itself takes the list's lock, and os_port_share_kept, which empties the list of a
 *    thread that does not come back.
 * 3. All others, and every os_port_post: they go through the shared queue.
 */
#include "port.h"

#include "error.h"
#include "os/compiler.h"
#include "socket.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

_Thread_local waiter waiter_self;

/* Posts of a thread between os_port_posts_begin and _end. */
static _Thread_local struct {
    const os_port *port; /* NULL: posts go out one by one */
    op_queue ops;
} posts;

/* The ports that exist and their waiters, so that a thread can tell whether its last port still
 * exists. */
static mutex ports_lock;
static os_port *ports;
static uint64_t last_port_id;
static pthread_once_t waiter_key_once = PTHREAD_ONCE_INIT;
static pthread_key_t waiter_key;
static bool waiter_key_made;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

void port_wake_napper(os_port *port) {
    atomic_fetch_add(&port->naps, 1);
    futex_wake(&port->naps, 1);
}

static void port_wake(os_port *port) {
    if (!atomic_load(&port->polled)) {
        if (atomic_load(&port->napping) != 0) {
            port_wake_napper(port);
            return;
        }
        if (atomic_load(&port->timed) == 0) {
            return; /* a thread that is awake will look: see wait.c */
        }
    }
    if (atomic_exchange(&port->wake_sent, true)) {
        return; /* a wake-up is already on its way */
    }
    uint64_t one = 1;
    ssize_t written = write(port->wake_fd, &one, sizeof one);
    (void)written; /* fails only after 2^64 wake-ups */
}

/* Moves all of `ops` to the shared queue, which any waiter may take from. */
static void port_share(os_port *port, op_queue *ops) {
    op *o;
    mutex_lock(&port->lock);
    while ((o = op_queue_pop(ops)) != NULL) {
        op_queue_push(&port->queue, o);
        atomic_fetch_add(&port->queued, 1);
    }
    mutex_unlock(&port->lock);
    port_wake(port);
}

/* Apart from port_complete, whose usual ways need no such queue. */
NOINLINE static void port_share_one(os_port *port, op *o) {
    op_queue one = {0};
    op_queue_push(&one, o);
    port_share(port, &one);
}

/* Moves what `w` has kept to the shared queue. */
static void waiter_share(os_port *port, waiter *w) {
    mutex_lock(&w->lock);
    if (w->own.first != NULL) {
        port_share(port, &w->own);
    }
    mutex_unlock(&w->lock);
}

void os_port_share_kept(os_port *port) {
    mutex_lock(&ports_lock);
    for (waiter *w = port->waiters; w != NULL; w = w->next) {
        waiter_share(port, w);
    }
    mutex_unlock(&ports_lock);
    if (!atomic_load(&port->polled) && atomic_load(&port->napping) != 0) {
        port_wake_napper(port); /* it finds no poller and becomes one */
    }
}

/* The thread turns to another port or ends: what it kept goes to the other threads, if its port
 * still exists. */
static void waiter_leave(waiter *w) {
    mutex_lock(&ports_lock);
    os_port *port = ports;
    while (port != NULL && port->id != w->port_id) {
        port = port->next;
    }
    if (port != NULL) {
        waiter **link = &port->waiters;
        while (*link != w) {
            link = &(*link)->next;
        }
        *link = w->next;
        waiter_share(port, w);
    }
    mutex_unlock(&ports_lock);
    w->port_id = 0;
    w->own = (op_queue){0}; /* no other thread knows it any more */
}

static void waiter_on_exit(void *w) {
    waiter_leave(w);
}

static void waiter_key_create(void) {
    waiter_key_made = pthread_key_create(&waiter_key, waiter_on_exit) == 0;
}

void waiter_enter(os_port *port, waiter *w) {
    if (w->port_id != 0) {
        waiter_leave(w);
    }
    w->streak = 0;
    pthread_once(&waiter_key_once, waiter_key_create);
    if (waiter_key_made && pthread_setspecific(waiter_key, w) == 0) {
        w->port_id = port->id;
        mutex_lock(&ports_lock);
        w->next = port->waiters;
        port->waiters = w;
        mutex_unlock(&ports_lock);
    } else {
        /* The end of this thread would go unnoticed: it keeps nothing, and takes only from the
         * shared queue. */
    }
}

/* ---- a copy of the process --------------------------------------------------------------- */

static void close_sockets(slab *s) {
    for (uint32_t i = 0; i < s->count; i++) {
        const os_socket *slot = slab_at(s, i);
        if (slot->kind != SOCKET_FREE && slot->fd >= 0) {
            close(slot->fd);
        }
    }
}

/* A module has called fork(): the copy would keep listening addresses in use, and connections open
 * after os_close. Takes no lock, because a thread that the copy does not have may hold it. A socket
 * that is just being opened is not found. [in the copy] */
static void after_fork_in_copy(void) {
    for (os_port *port = ports; port != NULL; port = port->next) {
        close_sockets(&port->slots);
        close(port->wake_fd);
        close(port->epoll_fd);
    }
    ports = NULL;
}

/* If that is not possible for lack of memory, copies of the process keep the sockets. */
static void watch_forks(void) {
    (void)pthread_atfork(NULL, NULL, after_fork_in_copy);
}

/* ---- create and destroy ------------------------------------------------------------------ */

portico_status os_port_create(os_port **result) {
    os_port *port = aligned_alloc(alignof(os_port), sizeof *port);
    if (port == NULL) {
        return error_set(ENOMEM);
    }
    memset(port, 0, sizeof *port);
    (void)pthread_once(&fork_once, watch_forks);
    portico_status status;
    port->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (port->epoll_fd < 0) {
        status = error_set(errno);
        goto free_port;
    }
    port->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (port->wake_fd < 0) {
        status = error_set(errno);
        goto close_epoll;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = WAKE_TAG};
    if (epoll_ctl(port->epoll_fd, EPOLL_CTL_ADD, port->wake_fd, &event) < 0) {
        status = error_set(errno);
        goto close_wake;
    }
    mutex_lock(&ports_lock);
    port->id = ++last_port_id;
    port->next = ports;
    ports = port;
    mutex_unlock(&ports_lock);
    *result = port;
    return PORTICO_OK;

close_wake:
    close(port->wake_fd);
close_epoll:
    close(port->epoll_fd);
free_port:
    free(port);
    return status;
}

void os_port_destroy(os_port *port) {
    mutex_lock(&ports_lock);
    os_port **link = &ports;
    while (*link != port) {
        link = &(*link)->next;
    }
    *link = port->next;
    mutex_unlock(&ports_lock);
    slab_fini(&port->slots);
    close(port->wake_fd);
    close(port->epoll_fd);
    free(port);
}

/* ---- handing out ------------------------------------------------------------------------- */

static void op_hand_out(op *o, os_completion *completion) {
    completion->op = (os_op *)o;
    completion->status = o->status;
    completion->bytes = o->bytes;
    completion->system_error = o->system_error;
}

void port_complete(os_port *port, op *o) {
    if (waiter_self.port_id != port->id) {
        port_share_one(port, o);
    } else if (waiter_self.found_room > 0) {
        op_hand_out(o, &waiter_self.found[waiter_self.found_count++]);
        waiter_self.found_room--;
    } else {
        waiter_self.kept = true;
        mutex_lock(&waiter_self.lock);
        op_queue_push(&waiter_self.own, o);
        mutex_unlock(&waiter_self.lock);
    }
}

void port_complete_code(os_port *port, op *o, int code) {
    o->status = code == 0 ? PORTICO_OK : error_status(code);
    o->system_error = code;
    port_complete(port, o);
}

portico_status os_port_post(os_port *port, os_op *posted) {
    op *o = (op *)posted;
    o->status = PORTICO_OK;
    o->system_error = 0;
    o->bytes = 0;
    if (posts.port == port) {
        op_queue_push(&posts.ops, o);
        return PORTICO_OK;
    }
    port_share_one(port, o);
    return PORTICO_OK;
}

void os_port_posts_begin(os_port *port) {
    posts.port = port;
}

void os_port_posts_end(os_port *port) {
    posts.port = NULL;
    if (posts.ops.first != NULL) {
        port_share(port, &posts.ops);
    }
}

/* Moves completions from `queue` to the caller's array. Returns how many. */
static uint32_t queue_hand_out(op_queue *queue, os_completion *completions, uint32_t capacity) {
    uint32_t count = 0;
    while (count < capacity && queue->first != NULL) {
        op_hand_out(op_queue_pop(queue), &completions[count++]);
    }
    return count;
}

/* Takes a share of the queue, which is not empty. It leaves a share for every sleeper, and wakes
 * one if anything is left. */
static uint32_t port_take_some(os_port *port, os_completion *completions, uint32_t capacity) {
    if (capacity == 0) {
        port_wake(port); /* this thread may have swallowed the wake-up */
        return 0;
    }
    mutex_lock(&port->lock);
    uint32_t queued = atomic_load(&port->queued);
    uint32_t takers =
        1 + atomic_load(&port->polled) + atomic_load(&port->napping) + atomic_load(&port->timed);
    uint32_t share = (queued + takers - 1) / takers;
    uint32_t count = queue_hand_out(&port->queue, completions, share < capacity ? share : capacity);
    atomic_fetch_sub(&port->queued, count);
    mutex_unlock(&port->lock);
    if (count < queued) {
        port_wake(port);
    }
    return count;
}

uint32_t port_take_shared(os_port *port, os_completion *completions, uint32_t capacity) {
    return atomic_load(&port->queued) != 0 ? port_take_some(port, completions, capacity) : 0;
}

uint32_t waiter_hand_out(os_port *port, waiter *w, os_completion *completions, uint32_t capacity) {
    if (!w->kept) {
        return 0;
    }
    w->kept = false;
    mutex_lock(&w->lock);
    uint32_t count = queue_hand_out(&w->own, completions, capacity);
    if (w->own.first != NULL) {
        port_share(port, &w->own);
    }
    mutex_unlock(&w->lock);
    return count;
}
