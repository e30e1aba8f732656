/* event.c: see event.h. A binary heap, the earliest event first. */
#include "event.h"

#include "run.h"

enum { EVENTS_MAX = 1 << 16 };

typedef struct event {
    uint64_t at_ns;
    uint64_t order;
    void (*happen)(void *arg, uint64_t value);
    void *arg;
    uint64_t value;
} event;

static event heap[EVENTS_MAX];
static uint32_t count;
static uint64_t made_count;

static bool event_before(const event *a, const event *b) {
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void event_add(uint64_t at_ns, void (*happen)(void *arg, uint64_t value), void *arg,
               uint64_t value) {
    if (count == EVENTS_MAX) {
        sim_fail("more than %d events are due", EVENTS_MAX);
    }
    event made = {at_ns, ++made_count, happen, arg, value};
    uint32_t at = count++;
    while (at > 0) {
        uint32_t parent = (at - 1) / 2;
        if (!event_before(&made, &heap[parent])) {
            break;
        }
        heap[at] = heap[parent];
        at = parent;
    }
    heap[at] = made;
}

static event event_take(void) {
    event first = heap[0];
    event last = heap[--count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count) {
            break;
        }
        if (child + 1 < count && event_before(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!event_before(&heap[child], &last)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

void events_run(void) {
    bool before = run.in_event;
    run.in_event = true;
    while (count > 0 && heap[0].at_ns <= run.now_ns) {
        event e = event_take();
        e.happen(e.arg, e.value);
    }
    run.in_event = before;
}

uint64_t event_next_ns(void) {
    return count > 0 ? heap[0].at_ns : UINT64_MAX;
}
