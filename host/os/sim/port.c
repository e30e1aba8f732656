/* port.c: the completion queue: an unordered list, from which waiting threads take some of what is
 * there, in an order that the seed chooses. Any simulated thread. */
#include "port.h"

#include "races.h"

#include <stdlib.h>

struct os_port {
    os_port *next;   /* among all ports */
    uint64_t number; /* another one may get the address of a port that is gone, not its number */
    op *ready;       /* completed, not handed out; the oldest first */
    uint32_t waiting;
    int32_t sockets;
    bool counts; /* its traffic is what the host's counters count */
};

/* The calling thread's last port, and the posts that it collects. */
typedef struct poster {
    uint64_t waited;  /* the number of the port that it waited on last; 0: none */
    os_port *posting; /* between os_port_posts_begin and os_port_posts_end */
    op *posts;
} poster;

static _Thread_local poster self;

static os_port *ports;
static uint64_t created; /* ports, until now */

/* The first port that the host has is the workers', whose traffic it counts. */
static bool counts_next(void) {
    bool counted = false;
    for (const os_port *p = ports; p != NULL; p = p->next) {
        counted = counted || p->counts;
    }
    return !counted && !run.thread->spared;
}

portico_status os_port_create(os_port **port) {
    token_call("port_create", 0);
    *port = NULL;
    portico_status status = handle_new();
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    *port = run_alloc(sizeof **port);
    (*port)->next = ports;
    (*port)->number = ++created;
    (*port)->counts = counts_next();
    ports = *port;
    return PORTICO_OK;
}

void os_port_destroy(os_port *port) {
    token_call("port_destroy", 0);
    if (port->ready != NULL || port->waiting != 0 || port->sockets != 0) {
        sim_fail("a port is destroyed with %s", port->ready != NULL  ? "completions"
                                                : port->waiting != 0 ? "waiting threads"
                                                                     : "open sockets");
    }
    os_port **link = &ports;
    while (*link != port) {
        link = &(*link)->next;
    }
    *link = port->next;
    free(port);
    handle_give_back();
}

void port_hold(os_port *port, int change) {
    port->sockets += change;
}

sim_traffic *port_traffic(const os_port *port) {
    static sim_traffic others;
    return port->counts ? &run.figures.traffic : &others;
}

static void queue(os_port *port, op *o) {
    op **end = &port->ready;
    while (*end != NULL) {
        if (*end == o) {
            sim_fail("an operation completes twice");
        }
        end = &(*end)->next;
    }
    o->next = NULL;
    *end = o;
    token_wake_one(port);
}

portico_status port_submitted(void) {
    if (sim_chance(SIM_SCHEDULE, run.options.call_switch)) {
        sim_yield();
    }
    return PORTICO_OK;
}

/* A submit that completes at once is sometimes kept for the thread that submits. */
void port_complete(os_port *port, op *o, portico_status status) {
    o->status = status;
    bool keeps = !run.in_event && self.waited == port->number && sim_chance(SIM_SCHEDULE, 4);
    o->kept_for = keeps ? run.thread->number : 0;
    queue(port, o);
}

void os_port_share_kept(os_port *port) {
    token_call("port_share_kept", 0);
    for (op *o = port->ready; o != NULL; o = o->next) {
        if (o->kept_for != 0) {
            o->kept_for = 0;
            token_wake_one(port);
        }
    }
}

portico_status os_port_post(os_port *port, os_op *posted) {
    op *o = (op *)posted;
    token_call("port_post", 0);
    portico_status status = shortage();
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    RACES_BEFORE(o);
    o->bytes = 0;
    o->status = PORTICO_OK;
    o->kept_for = 0;
    if (self.posting == port && !sim_chance(SIM_SCHEDULE, 4)) {
        o->next = self.posts;
        self.posts = o;
    } else {
        queue(port, o);
    }
    return port_submitted();
}

void os_port_posts_begin(os_port *port) {
    self.posting = port;
}

void os_port_posts_end(os_port *port) {
    token_call("port_posts_end", 0);
    self.posting = NULL;
    while (self.posts != NULL) {
        op *o = self.posts;
        self.posts = o->next;
        queue(port, o);
    }
}

static bool is_for_me(const op *o) {
    return o->kept_for == 0 || o->kept_for == run.thread->number;
}

static uint32_t count_mine(const os_port *port) {
    uint32_t count = 0;
    for (const op *o = port->ready; o != NULL; o = o->next) {
        count += is_for_me(o);
    }
    return count;
}

/* Takes the n-th of the completions that this thread may have. */
static op *take(os_port *port, uint64_t n) {
    op **link = &port->ready;
    for (; *link != NULL; link = &(*link)->next) {
        if (is_for_me(*link) && n-- == 0) {
            break;
        }
    }
    op *o = *link;
    if (o == NULL) {
        sim_fail("there are fewer completions than were counted");
    } else {
        *link = o->next;
    }
    return o;
}

static uint32_t hand_out(os_port *port, os_completion *completions, uint32_t capacity) {
    const sim_options *options = &run.options;
    uint32_t there = count_mine(port);
    uint32_t count = there < capacity ? there : capacity;
    if (count > 1 && sim_chance(SIM_SCHEDULE, options->short_io)) {
        count = 1 + (uint32_t)sim_random(SIM_SCHEDULE, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        op *o = take(port, options->wild ? sim_random(SIM_SCHEDULE, there - i) : 0);
        RACES_AFTER(o);
        completions[i] = (os_completion){.op = (os_op *)o,
                                         .status = o->status,
                                         .bytes = o->bytes,
                                         .system_error = error_code(o->status)};
        run_note("= ", "completes", ((uint64_t)(uint32_t)o->status << 32) + o->bytes);
    }
    port_traffic(port)->completions += count;
    if (there > count) {
        token_wake_one(port);
    }
    return count;
}

/* The thread turns to `port`: what its last port keeps for it is for any thread. That port may be
 * gone. */
static void turn_to(os_port *port) {
    os_port *last = ports;
    while (last != NULL && last->number != self.waited) {
        last = last->next;
    }
    for (op *o = last != NULL && last != port ? last->ready : NULL; o != NULL; o = o->next) {
        if (o->kept_for == run.thread->number) {
            o->kept_for = 0;
            token_wake_one(last);
        }
    }
    self.waited = port->number;
}

uint32_t os_port_wait(os_port *port, os_completion *completions, uint32_t capacity,
                      uint32_t timeout_ms) {
    token_call("port_wait", timeout_ms);
    turn_to(port);
    uint64_t until_ns = token_until(timeout_ms);
    uint32_t count = hand_out(port, completions, capacity);
    while (count == 0 && timeout_ms != 0) {
        port->waiting++;
        bool woken = token_wait(port, until_ns);
        port->waiting--;
        count = hand_out(port, completions, capacity);
        if (!woken) {
            break;
        }
    }
    return count;
}
