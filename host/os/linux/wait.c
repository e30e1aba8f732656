/* wait.c: os_port_wait: how threads sleep, and what the events of epoll do.
 *
 * HOW THREADS SLEEP
 *
 * 1. Of the idle threads one, the poller, is in epoll_wait; the others nap (port_nap). If all were
 *    in epoll_wait, the system would wake as many as it has events, although the first is back
 *    before the second has got a processor.
 * 2. A thread that wants to sleep and finds no poller becomes the poller. One that waits for a
 *    limited time is in epoll_wait in any case.
 * 3. A nap ends after NAP_FIRST_MS. If there is no poller then, because a handler takes long or
 *    there is much to do, the thread polls as well. While all work is short, one thread does it.
 * 4. While there always is a poller, each nap is twice as long as the last. The one after
 *    NAP_LAST_MS is endless.
 * 5. Where a thread is known to take long, os_port_share_kept wakes a napper to poll at once.
 * 6. A thread starts an endless nap only while another thread polls, and the poller wakes an
 *    endless napper when it leaves with work and only endless nappers remain (port_left). A thread
 *    on its way into or out of a shorter nap looks for itself.
 *
 * LONG HANDLERS
 *
 * 1. `capacity` 1 means that the caller's completions take long: longer than it takes to wake
 *    another thread for the next one.
 * 2. Before such a thread sleeps, it looks for an event that is ready (port_look). One of another
 *    socket than its last has waited while a handler ran.
 * 3. From then on, until LAGGING_LOOKS such looks have found none, every thread that leaves with a
 *    long completion wakes a napper, which then polls.
 * 4. Where one thread keeps up, none is woken.
 *
 * WHY NO WAKE-UP IS LOST
 *
 * A poster
 * (1) pushes the op and counts up `queued`,
 * (2) reads `polled`, `napping` and `timed`,
 * (3) if a thread sleeps: wakes a napper if none polls; otherwise sets `wake_sent` and, if that was
 *     clear, writes to the eventfd.
 *
 * A waiter
 * (a) sets `polled`, or counts up `napping` or `timed`,
 * (b) reads `queued`, and does not sleep unless it is 0.
 *
 * All are sequentially consistent, with (1) before (2) and (a) before (b): either the poster sees
 * the sleeper or the sleeper sees the op.
 *
 * - The write comes between (b) and epoll_wait: its event stays in the epoll set until a thread
 *   fetches it.
 * - (3) finds `wake_sent` set: the thread that fetches that earlier event clears the flag before it
 *   reads `queued`, so it sees this op as well.
 * - (3) finds a poller that is just coming back: it clears `polled` before it reads `queued`.
 * - (3) finds no poller and wakes a napper: the napper has read `naps` before (b), so it does not
 *   sleep if it was woken in between.
 * - A thread that leaves ops in the queue passes the wake-up on, by (2) and (3).
 * - A thread that is awake reads `queued` before it sleeps.
 */
#include "call.h"
#include "guard.h"
#include "os/compiler.h"
#include "socket.h"

#include <string.h>
#include <sys/epoll.h>

enum {
    EVENTS_MAX = 128, /* fetched by one epoll_wait */
    STREAK_MAX = 16,  /* waits in a row without a look at epoll and the shared queue first */
    NAP_FIRST_MS = 1, /* the first nap of a series; each next one takes twice as long */
    NAP_LAST_MS = 4,
    LAGGING_LOOKS = 64
};

/* The thread leaves with work, perhaps for long. Wakes a napper if only endless nappers remain, or
 * if the work `takes_long` and events have had to wait. */
static void port_left(os_port *port, bool takes_long) {
    uint32_t napping = atomic_load(&port->napping);
    if (napping == 0) {
        return;
    }
    bool wanted = napping == atomic_load(&port->napping_long) ||
                  (takes_long && atomic_load_explicit(&port->lagging, memory_order_relaxed) != 0);
    if (wanted && !atomic_load(&port->polled)) {
        port_wake_napper(port);
    }
}

/* Records what the edge reported. [lock held] */
static void socket_note(os_socket *s, uint32_t events, uint32_t ticket) {
    if (events & EPOLLPRI) {
        s->urgent = true;
    }
    if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        /* Another worker may have read everything after the epoll_wait that fetched this event. It
         * has not if the last look that found nothing came before that epoll_wait began; then
         * recv-ready need not look. */
        bool fresh = (int32_t)(ticket - s->drained_epoch) > 0;
        s->readable = fresh ? READABLE_SURE : READABLE_MAYBE;
    }
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        s->writable = true;
    }
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        s->hangup = true;
    }
}

/* Performs what waited for the event. `ticket` is the number of the epoll_wait that fetched it. */
static void port_dispatch(os_port *port, uint64_t tag, uint32_t events, uint32_t ticket) {
    os_socket *s = slab_at(&port->slots, (uint32_t)tag);
    uint32_t generation = (uint32_t)(tag >> 32);
    mutex_lock(&s->lock);
    if (s->generation != generation) {
        mutex_unlock(&s->lock);
        return; /* closed after this event was fetched */
    }
    socket_note(s, events, ticket);
    bool listens = s->kind == SOCKET_LISTENER;
    if (s->kind == SOCKET_CONNECTING) {
        connect_finish(s);
    } else if (s->kind == SOCKET_STREAM) {
        stream_run_recv(s);
        stream_run_send(s);
    }
    mutex_unlock(&s->lock);
    if (listens) {
        accept_run(s, generation);
    }
}

/* One epoll_wait: handles its events and writes what they complete. Returns how many completions.
 * With a timeout of -1 the thread has set `polled`. */
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
    /* Another thread may fetch the rest. */
    int most = capacity < EVENTS_MAX ? (int)capacity : EVENTS_MAX;
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
    /* `count` is -1 after EINTR: as if the time had run out a little early. */
    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 == WAKE_TAG) {
            atomic_store(&port->wake_sent, false); /* before reading `queued` */
        } else {
            w->tag = events[i].data.u64;
            port_dispatch(port, w->tag, events[i].events, ticket);
        }
    }
    w->found_room = 0;
    return w->found_count;
}

/* Looks for an event that waited during a long handler. An event of the same socket did not: a
 * session's work is done one thing after another, whichever thread does it. Returns as port_poll.
 */
static uint32_t port_look(os_port *port, waiter *w, os_completion *completion) {
    uint64_t before = w->tag;
    uint32_t count = port_poll(port, w, completion, 1, 0);
    bool waited = count > 0 && w->tag != before;
    uint32_t lagging = atomic_load_explicit(&port->lagging, memory_order_relaxed);
    if (waited || lagging > 0) {
        atomic_store_explicit(&port->lagging, waited ? LAGGING_LOOKS : lagging - 1,
                              memory_order_relaxed);
    }
    return count;
}

/* Sleeps while another thread polls: for `nap_ms`, or until woken. */
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

/* Milliseconds until `deadline_ns`, rounded up so that no thread wakes too early. */
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
    if (guard_deep != 0) {
        guard_trim_stack();
    }
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
    waiter *w = &waiter_self;
    if (w->port_id != port->id) {
        waiter_enter(port, w);
    }
    if (capacity == 0) {
        return 0;
    }
    uint32_t count = 0;
    if (++w->streak < STREAK_MAX) {
        count = waiter_hand_out(port, w, completions, capacity);
        count += port_take_shared(port, completions + count, capacity - count);
    } else {
        /* This thread has fed itself for long: the others' posts and events come first now. */
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
