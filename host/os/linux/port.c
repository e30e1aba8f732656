/* port.c: the completion queue over epoll.
 *
 * What the events that a waiting thread has fetched complete is handed out by that same os_port_wait. What its
 * submits complete at once goes on its own list and is returned by its next os_port_wait without a system call.
 * The list's lock is that thread's alone, but for os_port_share_kept, which takes the list of a thread that does
 * not come back. Everything else, and every os_port_post, goes through the shared queue.
 *
 * ONE POLLS  Of the threads that have nothing to do one is in epoll_wait, and the others nap (port_nap): the system would
 * wake as many as it has events, though the first is back before the second has got a processor. Whoever wants to wait
 * and finds nobody polling polls. While all that is to be done is short, one thread does it; a nap ends after
 * NAP_FIRST_MS, and who then finds nobody polling, since a handler takes long or there is much to do, polls too. Naps
 * become longer while there is always somebody, and end in one without end when NAP_LAST_MS has passed. Who goes away
 * with work and leaves only such naps behind wakes one of them to look after it (port_left). Who takes up a nap without end
 * does so while somebody polls, and that one looks when it goes away; a thread that is on its way into or out of a
 * shorter nap looks by itself.
 *
 * LONG HANDLERS  Who asks for one completion at a time says that each takes it long: longer than it takes to wake another
 * thread for the next one. Before it sleeps it looks for an event that is there at once. One of another socket than the last
 * has waited while a handler ran; from then on, until BEHIND_WAITS such looks have found none, whoever goes away with a long
 * completion wakes one that naps, which then polls. Where one thread keeps up nobody is woken.
 *
 * WHY NO WAKE-UP IS LOST  A poster (1) pushes and counts up `queued`, (2) reads `polled`, `napping` and `timed`, and if
 * somebody sleeps (3) wakes one that naps if nobody polls, else sets `wake_sent` and, if it was clear, writes to the
 * eventfd. A waiter (a) sets `polled`, or counts up `napping` or `timed`, (b) reads `queued` and does not sleep if there is
 * something. All of these are sequentially consistent, so either the poster sees the sleeper or the sleeper sees the op: (1)
 * before (2), (a) before (b), both cannot miss. The event of a write made between (b) and epoll_wait
 * stays in the epoll set until some thread fetches it. If (3) finds `wake_sent` set, the thread that
 * will fetch that earlier event clears the flag first and reads `queued` afterwards, so it sees this
 * op as well. If (3) finds somebody polling who is just coming back, that one clears `polled` first and reads `queued`
 * afterwards. If (3) finds nobody polling, and wakes one that naps: it reads `naps` before (b), so it does not sleep
 * when it was woken in between. A thread that leaves ops in the queue passes the wake-up on, by (2) and (3). Who is
 * awake looks at the queue before it sleeps.
 */
#include "port.h"

#include "call.h"
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

enum {
    EVENTS_MAX = 128, /* fetched by one epoll_wait */
    STREAK_MAX = 16,  /* waits served without a look at epoll and at the shared queue first */
    NAP_FIRST_MS = 1, /* the first nap of some; each next one takes twice as long */
    NAP_LAST_MS = 4,
    BEHIND_WAITS = 64
};

static const uint64_t WAKE_TAG = UINT64_MAX; /* no socket: the slab never has so many */

/* What a thread keeps for the port it waits on. */
struct waiter {
    /* Its thread only */
    uint64_t port_id; /* 0: waits on none. Not the port: it may be gone */
    uint32_t streak;  /* waits in a row that made no epoll_wait */
    uint64_t tag; /* of the socket whose event it fetched last; WAKE_TAG: it had other work since */
    os_completion *found; /* where its events' completions go, while it looks at them */
    uint32_t found_count;
    uint32_t found_room; /* how many more go there; the others go on its own list */
    bool kept;           /* its own list may have something: only it puts something there */
    /* Under ports_lock */
    waiter *next; /* among the waiters of its port */
    /* Under the lock */
    mutex lock;
    op_queue own; /* completed by this thread, for this thread */
};

static _Thread_local waiter self;

/* What a thread posts between os_port_posts_begin and _end. */
static _Thread_local struct {
    const os_port *port; /* NULL: posts go out one by one */
    op_queue ops;
} posts;

/* The ports that exist, so that a thread can tell whether its last one is still there, and their waiters. */
static mutex ports_lock;
static os_port *ports;
static uint64_t last_port_id;
static pthread_once_t waiter_key_once = PTHREAD_ONCE_INIT;
static pthread_key_t waiter_key;
static bool waiter_key_made;

/* Wakes one that naps, if one does. */
COLD static void nap_end_one(os_port *port) {
    atomic_fetch_add(&port->naps, 1);
    futex_wake(&port->naps, 1);
}

static void port_wake(os_port *port) {
    if (!atomic_load(&port->polled)) {
        if (atomic_load(&port->napping) != 0) {
            nap_end_one(port);
            return;
        }
        if (atomic_load(&port->timed) == 0) {
            return; /* somebody awake will look: see the head */
        }
    }
    if (atomic_exchange(&port->wake_sent, true)) {
        return; /* a wake-up is under way */
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

static void port_share_one(os_port *port, op *o) {
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
}

/* The thread turns to another port or ends: what it kept goes to the others, if there still is a port. */
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
    w->own = (op_queue){0}; /* nobody else knows it any more */
}

static void waiter_on_exit(void *w) {
    waiter_leave(w);
}

static void waiter_key_create(void) {
    waiter_key_made = pthread_key_create(&waiter_key, waiter_on_exit) == 0;
}

/* The thread waits on this port for the first time, or on another one than before. */
COLD static void waiter_turn_to(os_port *port, waiter *w) {
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
        /* Its end would not be seen: it keeps nothing, and takes from the shared queue like everybody. */
    }
}

/* ---- create and destroy ------------------------------------------------------------------ */

portico_status os_port_create(os_port **result) {
    os_port *port = aligned_alloc(alignof(os_port), sizeof *port);
    if (port == NULL) {
        return error_set(ENOMEM);
    }
    memset(port, 0, sizeof *port);
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
    if (self.port_id != port->id) {
        port_share_one(port, o);
    } else if (self.found_room > 0) {
        op_hand_out(o, &self.found[self.found_count++]);
        self.found_room--;
    } else {
        self.kept = true;
        mutex_lock(&self.lock);
        op_queue_push(&self.own, o);
        mutex_unlock(&self.lock);
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

/* Takes a share of the queue, which is not empty, that leaves something for every sleeper, which is woken for the rest. */
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

static uint32_t port_take_shared(os_port *port, os_completion *completions, uint32_t capacity) {
    return atomic_load(&port->queued) != 0 ? port_take_some(port, completions, capacity) : 0;
}

/* Hands out the thread's own completions. More than the caller takes at once is no longer its own: a slow
 * handler would hold them up. */
static uint32_t waiter_hand_out(os_port *port, waiter *w, os_completion *completions,
                                uint32_t capacity) {
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

/* ---- waiting ----------------------------------------------------------------------------- */

/* The thread goes away, perhaps for long. If only such are left that nap without end, one is to look after it; any one is, if
 * it `takes_long` and there is more to do. */
static void port_left(os_port *port, bool takes_long) {
    uint32_t napping = atomic_load(&port->napping);
    if (napping == 0) {
        return;
    }
    bool wanted = napping == atomic_load(&port->napping_long) ||
                  (takes_long && atomic_load_explicit(&port->behind, memory_order_relaxed) != 0);
    if (wanted && !atomic_load(&port->polled)) {
        nap_end_one(port);
    }
}

/* One epoll_wait: does what its events ask for, and writes what that completes. Returns how many. With a timeout of -1
 * the thread has set `polled`. */
static uint32_t port_poll(os_port *port, waiter *w, os_completion *completions, uint32_t capacity,
                          int timeout_ms) {
    struct epoll_event events[EVENTS_MAX];
    bool polls = timeout_ms == -1;
    bool timed = timeout_ms > 0;
    if (timed) {
        atomic_fetch_add(&port->timed, 1);
    }
    if (atomic_load(&port->queued) != 0) {
        timeout_ms = 0;
    }
    uint32_t ticket = atomic_fetch_add(&port->epoch, 1) + 1;
    int most = capacity < EVENTS_MAX ? (int)capacity
                                     : EVENTS_MAX; /* what is left, another thread may fetch */
    int count = call_epoll_wait(port->epoll_fd, events, most, timeout_ms);
    if (polls) {
        atomic_store(&port->polled, false);
    }
    if (timed) {
        atomic_fetch_sub(&port->timed, 1);
    }
    w->found = completions;
    w->found_count = 0;
    w->found_room = w->port_id == port->id ? capacity : 0;
    for (int i = 0; i < count;
         i++) { /* count is -1 with EINTR: as if the time had run out a little early */
        if (events[i].data.u64 == WAKE_TAG) {
            atomic_store(&port->wake_sent, false); /* before the look at the queue */
        } else {
            w->tag = events[i].data.u64;
            socket_on_event(port, w->tag, events[i].events, ticket);
        }
    }
    w->found_room = 0;
    return w->found_count;
}

/* Looks for an event that waited behind a long handler. One of the same socket did not: its session's work is done one
 * thing after another, whoever does it. Returns as port_poll. */
static uint32_t port_look(os_port *port, waiter *w, os_completion *completion) {
    uint64_t before = w->tag;
    uint32_t count = port_poll(port, w, completion, 1, 0);
    bool waited = count > 0 && w->tag != before;
    uint32_t behind = atomic_load_explicit(&port->behind, memory_order_relaxed);
    if (waited || behind > 0) {
        atomic_store_explicit(&port->behind, waited ? BEHIND_WAITS : behind - 1,
                              memory_order_relaxed);
    }
    return count;
}

/* Sleeps while another thread polls: for `nap_ms`, or until it is woken. */
COLD static void port_nap(os_port *port, uint32_t nap_ms) {
    bool ends = nap_ms <= NAP_LAST_MS;
    uint64_t until_ns = ends ? os_monotonic_ns() + (uint64_t)nap_ms * 1000000 : UINT64_MAX;
    uint32_t turn = atomic_load(&port->naps);
    atomic_fetch_add(&port->napping, 1);
    atomic_fetch_add(&port->napping_long, !ends);
    if (atomic_load(&port->queued) == 0 && atomic_load(&port->polled)) {
        futex_sleep(&port->naps, turn, until_ns);
    }
    atomic_fetch_sub(&port->napping_long, !ends);
    atomic_fetch_sub(&port->napping, 1);
}

/* Milliseconds until `deadline_ns`, rounded up so that nobody wakes too early. */
COLD static int deadline_left_ms(uint64_t deadline_ns) {
    uint64_t now_ns = os_monotonic_ns();
    if (now_ns >= deadline_ns) {
        return 0;
    }
    uint64_t left_ms = (deadline_ns - now_ns + 999999) / 1000000;
    return left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
}

/* Nothing is at hand: sleeps until something is, or the time is over. */
static uint32_t port_sleep(os_port *port, waiter *w, os_completion *completions, uint32_t capacity,
                           uint32_t timeout_ms) {
    bool for_ever = timeout_ms == UINT32_MAX;
    uint64_t deadline_ns =
        timeout_ms == 0 || for_ever ? 0 : os_monotonic_ns() + (uint64_t)timeout_ms * 1000000;
    uint32_t nap_ms = NAP_FIRST_MS;
    bool takes_long = capacity == 1;
    for (bool looks = takes_long;; looks = false) {
        int left_ms = for_ever ? -1 : timeout_ms == 0 ? 0 : deadline_left_ms(deadline_ns);
        uint32_t count = 0;
        if (looks) {
            count = port_look(port, w, completions);
        } else if (!for_ever || !atomic_exchange(&port->polled, true)) {
            count = port_poll(port, w, completions, capacity, left_ms);
        } else {
            port_nap(port, nap_ms);
            nap_ms = nap_ms > NAP_LAST_MS ? NAP_FIRST_MS : nap_ms * 2;
        }
        count += waiter_hand_out(port, w, completions + count, capacity - count);
        count += port_take_shared(port, completions + count, capacity - count);
        if (count > 0 || left_ms == 0) {
            port_left(port, takes_long);
            return count;
        }
    }
}

uint32_t os_port_wait(os_port *port, os_completion *completions, uint32_t capacity,
                      uint32_t timeout_ms) {
    waiter *w = &self;
    if (w->port_id != port->id) {
        waiter_turn_to(port, w);
    }
    if (capacity == 0) {
        return 0;
    }
    uint32_t count = 0;
    if (++w->streak < STREAK_MAX) {
        count = waiter_hand_out(port, w, completions, capacity);
        count += port_take_shared(port, completions + count, capacity - count);
    } else {
        /* This thread has fed itself for long: now the others' posts and events come first. */
        w->streak = 0;
        count = port_poll(port, w, completions, capacity, 0);
        count += port_take_shared(port, completions + count, capacity - count);
        count += waiter_hand_out(port, w, completions + count, capacity - count);
    }
    if (count > 0) {
        w->tag = WAKE_TAG;
        return count;
    }
    w->streak = 0;
    return port_sleep(port, w, completions, capacity, timeout_ms);
}
