/* wait.c: os_port_wait: which thread sleeps where, and what the events of epoll do.
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
#include "call.h"
#include "os/compiler.h"
#include "socket.h"

#include <string.h>
#include <sys/epoll.h>

enum {
    EVENTS_MAX = 128, /* fetched by one epoll_wait */
    STREAK_MAX = 16,  /* waits served without a look at epoll and at the shared queue first */
    NAP_FIRST_MS = 1, /* the first nap of some; each next one takes twice as long */
    NAP_LAST_MS = 4,
    BEHIND_WAITS = 64
};

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
        port_wake_napper(port);
    }
}

/* Remembers what the edge said. [lock held] */
static void socket_note(os_socket *s, uint32_t events, uint32_t ticket) {
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        /* Another worker may have read everything after the epoll_wait that brought this event. It has
         * not if the last look that found nothing was before that epoll_wait began; then recv-ready
         * need not look. */
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

/* An event came: performs what waited for it. `ticket` is the number of the epoll_wait that fetched it. */
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
            port_dispatch(port, w->tag, events[i].events, ticket);
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
    waiter *w = &waiter_self;
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
