/* socket.c: sockets: how they listen, accept and close. Any simulated thread. */
#include "socket.h"

#include "event.h"
#include "os/local.h"
#include "races.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 64 * 1024, PORT_FIRST = 49152, PORTS = 16384 };

enum { SPARES = 3 }; /* handles that a listener keeps in reserve */

enum { RESOLVE_MAX_MS = 8000 }; /* the longest answer of a name server */

/* How calls fail by chance (fault_status). */
static const portico_status option_failures[] = {PORTICO_E_INVALID, PORTICO_E_NO_MEMORY, 0};
static const portico_status resolve_failures[] = {PORTICO_E_NOT_FOUND, PORTICO_E_NO_MEMORY, 0};
static const portico_status listen_failures[] = {PORTICO_E_ADDRESS_IN_USE, PORTICO_E_ADDRESS,
                                                 PORTICO_E_ACCESS, 0};
static const portico_status accept_failures[] = {PORTICO_E_RESET, PORTICO_E_UNREACHABLE,
                                                 PORTICO_E_TIMEOUT, PORTICO_E_SYSTEM, 0};

static os_socket *listeners;
static uint32_t last_port;

/* ---- addresses --------------------------------------------------------------------------- */

static bool is_any(const os_address *a) {
    static const uint8_t none[16];
    return memcmp(a->bytes, none, sizeof none) == 0;
}

static bool is_loopback(const os_address *a) {
    static const uint8_t one[16] = {[15] = 1};
    return a->family == OS_ADDRESS_IPV4 ? a->bytes[0] == 127
                                        : memcmp(a->bytes, one, sizeof one) == 0;
}

bool address_is_own(const os_address *a) {
    return is_any(a) || is_loopback(a);
}

portico_status os_address_check(const os_address *address) {
    token_call("address_check", address->port);
    if (address->family == OS_ADDRESS_NONE) {
        return error_simulated(PORTICO_E_INVALID);
    }
    portico_status status = handle_for_now();
    if (status == PORTICO_OK && !address_is_own(address)) {
        status = PORTICO_E_ADDRESS;
    }
    return error_simulated(status);
}

static uint32_t resolve_ms; /* how long an answer takes; 0: as the options say */

void sim_resolve_takes(uint32_t ms) {
    resolve_ms = ms;
}

/* Every name is this machine, unless it ends in ".invalid". Wild: the answer may take seconds. */
portico_status os_address_resolve(const char *host, uint16_t port, os_address *address) {
    token_call("address_resolve", port);
    if (resolve_ms > 0) {
        os_sleep(resolve_ms);
    } else if (run.options.wild && sim_random(SIM_NETWORK, 4) == 0) {
        os_sleep(1 + (uint32_t)sim_random(SIM_NETWORK, RESOLVE_MAX_MS));
    }
    const char *dot = strrchr(host, '.');
    portico_status status = fault_status(SIM_FAULT_NETWORK, resolve_failures);
    if (status == PORTICO_OK && dot != NULL && strcmp(dot, ".invalid") == 0) {
        status = PORTICO_E_NOT_FOUND;
    }
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    return os_address_parse(host, port, address) == PORTICO_OK
               ? PORTICO_OK
               : os_address_parse("127.0.0.1", port, address);
}

/* Whether a connection to `to` reaches the listener. */
static bool is_reached(const os_socket *listener, const os_address *to) {
    const os_address *a = &listener->address;
    if (a->port != to->port) {
        return false;
    }
    if (a->family != to->family) {
        return listener->dual_stack && is_any(a) && a->family == OS_ADDRESS_IPV6;
    }
    return is_any(a) || memcmp(a->bytes, to->bytes, sizeof a->bytes) == 0;
}

static os_socket *listener_find(const os_address *to) {
    os_socket *l = listeners;
    while (l != NULL && !is_reached(l, to)) {
        l = l->next;
    }
    return l;
}

/* Whether a listener has the address, or is among those that the address means. */
static bool is_in_use(const os_address *a, bool dual_stack) {
    const os_socket wanted = {.address = *a, .dual_stack = dual_stack};
    for (const os_socket *l = listeners; l != NULL; l = l->next) {
        if (is_reached(l, a) || is_reached(&wanted, &l->address)) {
            return true;
        }
    }
    return false;
}

void address_choose_port(os_address *address) {
    do {
        last_port = (last_port + 1) % PORTS;
        address->port = (uint16_t)(PORT_FIRST + last_port);
    } while (is_in_use(address, true));
}

portico_status os_socket_address(os_socket *s, os_address *address) {
    token_call("socket_address", s->address.port);
    if (fault_strikes(SIM_FAULT_MEMORY)) {
        return error_simulated(PORTICO_E_NO_MEMORY);
    }
    *address = s->address;
    return PORTICO_OK;
}

portico_status os_socket_configure(os_socket *s, const os_socket_options *options) {
    token_call("socket_configure", 0);
    s->linger_s = options->linger_s;
    return error_simulated(fault_status(SIM_FAULT_NETWORK, option_failures));
}

/* ---- making ------------------------------------------------------------------------------ */

os_socket *socket_create(os_port *port) {
    os_socket *s = run_alloc(sizeof *s);
    s->port = port;
    s->linger_s = -1;
    s->slow = run.options.wild && sim_random(SIM_NETWORK, 4) == 0;
    port_hold(port, 1);
    return s;
}

static void socket_free(os_socket *s) {
    port_hold(s->port, -1);
    free(s);
    handle_give_back();
}

void pipe_init(pipe *p) {
    const sim_options *options = &run.options;
    uint32_t most = options->window_bytes != 0 ? options->window_bytes : WINDOW_BYTES;
    p->room = options->wild ? 1 + (uint32_t)sim_random(SIM_NETWORK, most) : most;
    p->bytes = run_alloc(p->room);
}

void connection_release(connection *c) {
    if (--c->holds == 0) {
        free(c->pipe[0].bytes);
        free(c->pipe[1].bytes);
        free(c);
    }
}

portico_status socket_listen(os_port *port, const os_address *address,
                             const os_listen_options *options, os_socket **result) {
    portico_status status = fault_status(SIM_FAULT_NETWORK, listen_failures);
    status = status == PORTICO_OK ? handle_new() : status;
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    os_socket *s = socket_create(port);
    s->address = *address;
    s->listens = true;
    s->dual_stack = options->dual_stack;
    s->backlog = options->backlog > 0 ? options->backlog : 1;
    s->next = listeners;
    listeners = s;
    *result = s;
    return PORTICO_OK;
}

bool socket_listens_at(const os_address *address) {
    return listener_find(address) != NULL;
}

portico_status os_listen(os_port *port, const os_address *address, const os_listen_options *options,
                         os_socket **result) {
    token_call("listen", address->port);
    *result = NULL;
    if (address->family == OS_ADDRESS_NONE) {
        return error_simulated(PORTICO_E_INVALID);
    }
    if (!address_is_own(address)) {
        return error_simulated(PORTICO_E_ADDRESS);
    }
    os_address chosen = *address;
    if (chosen.port == 0) {
        address_choose_port(&chosen);
    } else if (is_in_use(&chosen, options->dual_stack)) {
        return error_simulated(PORTICO_E_ADDRESS_IN_USE);
    }
    return socket_listen(port, &chosen, options, result);
}

static connection *queue_pop(os_socket *listener) {
    connection *c = listener->queued;
    listener->queued = c->next;
    listener->queued_count--;
    return c;
}

static void accept_complete(os_socket *listener, op *o, os_socket *s, portico_status status) {
    os_accept_op *accept = (os_accept_op *)(void *)o;
    accept->socket = s;
    if (s != NULL) {
        accept->peer = s->way->address[0];
        port_traffic(listener->port)->accepted++;
    } else if (status != PORTICO_E_CANCELLED) {
        port_traffic(listener->port)->accept_failures++;
    }
    port_complete(listener->port, o, status);
}

static op *accept_take(os_socket *listener) {
    op *o = listener->accepts;
    listener->accepts = o->next;
    return o;
}

/* The listener's end goes, which nobody has got. */
static void connection_drop(connection *c) {
    c->closed[1] = true;
    stream_reset(c, 1, PORTICO_E_RESET);
    connection_release(c);
}

portico_status os_listener_reserve(os_socket *listener) {
    token_call("listener_reserve", 0);
    portico_status status = handle_new();
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    listener->spares = 1;
    while (listener->spares < SPARES && handle_take()) {
        listener->spares++;
    }
    listener->reserves = true;
    return PORTICO_OK;
}

/* A handle for an accepted connection, which may be a spare one of the listener. */
static bool handle_for(os_socket *listener) {
    bool taken = handle_take();
    if (!taken && listener->spares > 0) {
        listener->spares--;
        return true;
    }
    while (taken && listener->reserves && listener->spares < SPARES && handle_take()) {
        listener->spares++;
    }
    return taken;
}

/* Gives waiting connections to waiting accepts. One that is to fail (os_accept) costs a client its
 * connection, unless it is for lack of handles. */
static void listener_accept(os_socket *listener) {
    while (listener->accepts != NULL && listener->queued != NULL) {
        op *o = accept_take(listener);
        o->status = run.faults_ended ? PORTICO_OK : o->status;
        if (o->status == PORTICO_OK && !handle_for(listener)) {
            o->status = PORTICO_E_NO_HANDLES;
        }
        connection *c = o->status != PORTICO_E_NO_HANDLES ? queue_pop(listener) : NULL;
        if (o->status != PORTICO_OK) {
            accept_complete(listener, o, NULL, o->status);
            if (c != NULL) {
                connection_drop(c);
            }
            continue;
        }
        os_socket *s = socket_create(listener->port);
        s->address = c->address[1];
        s->way = c;
        s->side = 1;
        c->end[1] = s;
        accept_complete(listener, o, s, PORTICO_OK);
    }
}

portico_status os_accept(os_socket *listener, os_accept_op *accept) {
    op *o = (op *)&accept->op;
    token_call("accept", 0);
    RACES_BEFORE(o);
    accept->socket = NULL;
    o->bytes = 0;
    o->status = handle_fault();
    if (o->status != PORTICO_OK && sim_random(SIM_FAULTS, 2) == 0) {
        port_traffic(listener->port)->accept_failures++;
        return error_simulated(o->status);
    }
    if (o->status == PORTICO_OK) {
        o->status = fault_status(SIM_FAULT_NETWORK, accept_failures);
    }
    op **end = &listener->accepts;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    o->next = NULL;
    *end = o;
    listener_accept(listener);
    return port_submitted();
}

portico_status listener_offer(connection *c) {
    os_socket *listener = listener_find(&c->address[1]);
    if (listener == NULL) {
        return PORTICO_E_REFUSED;
    }
    if (listener->queued_count >= listener->backlog) {
        return PORTICO_E_BACKLOG;
    }
    connection **end = &listener->queued;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = c;
    c->holds++; /* the accepted end's */
    listener->queued_count++;
    listener_accept(listener);
    return PORTICO_OK;
}

/* ---- ending ------------------------------------------------------------------------------ */

void os_cancel(os_socket *s, os_op *cancelled) {
    op *o = (op *)cancelled;
    token_call("cancel", 0);
    if (s->recv == o) {
        s->recv = NULL;
    } else if (s->send == o) {
        s->send = NULL;
    } else if (s->connecting == o) {
        s->connecting = NULL;
    } else {
        op **link = &s->accepts;
        while (*link != NULL && *link != o) {
            link = &(*link)->next;
        }
        if (*link == NULL) {
            return; /* too late: it has completed */
        }
        *link = o->next;
    }
    port_complete(s->port, o, PORTICO_E_CANCELLED);
}

/* A close: "usually with PORTICO_E_CANCELLED". */
static void op_cancel(os_socket *s, op **in_flight) {
    if (*in_flight != NULL) {
        bool other = run.options.wild && sim_random(SIM_NETWORK, 8) == 0;
        port_complete(s->port, *in_flight, other ? PORTICO_E_RESET : PORTICO_E_CANCELLED);
        *in_flight = NULL;
    }
}

static void listener_close(os_socket *s) {
    for (; s->spares > 0; s->spares--) {
        handle_give_back();
    }
    os_socket **link = &listeners;
    while (*link != s) {
        link = &(*link)->next;
    }
    *link = s->next;
    while (s->accepts != NULL) {
        accept_complete(s, accept_take(s), NULL, PORTICO_E_CANCELLED);
    }
    while (s->queued != NULL) {
        connection_drop(queue_pop(s));
    }
}

static void end_close(os_socket *s, bool reset) {
    connection *c = s->way;
    const pipe *in = incoming(s);
    bool unread = in->arrived > in->read && run.options.wild;
    op_cancel(s, &s->connecting);
    op_cancel(s, &s->recv);
    op_cancel(s, &s->send);
    c->end[s->side] = NULL;
    c->closed[s->side] = true;
    if (reset || s->linger_s == 0 || (unread && sim_random(SIM_NETWORK, 2) == 0)) {
        stream_reset(c, s->side, PORTICO_E_RESET);
    } else {
        stream_end(c, s->side);
    }
    connection_release(c);
}

void os_close(os_socket *s, bool reset) {
    token_call("close", reset);
    if (s->listens) {
        listener_close(s);
    } else {
        end_close(s, reset);
    }
    socket_free(s);
}
