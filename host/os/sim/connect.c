/* connect.c: outgoing connections. Any simulated thread. */
#include "event.h"
#include "races.h"
#include "socket.h"

/* The pause before a connect that a full queue ignores is tried again, and the time-out of one that
 * nothing answers. */
enum { RETRY_MS = 500, LOST_MS = 130000 };

/* How a connect fails by chance (fault_status), at once and later. */
static const portico_status refusals[] = {PORTICO_E_UNREACHABLE, PORTICO_E_ADDRESS,
                                          PORTICO_E_ADDRESS_IN_USE, PORTICO_E_ACCESS, 0};
static const portico_status failures[] = {PORTICO_E_REFUSED, PORTICO_E_UNREACHABLE,
                                          PORTICO_E_TIMEOUT, PORTICO_E_RESET, 0};

static uint64_t after_ms(uint64_t ms) {
    return run.now_ns + ms * 1000000;
}

static void connect_complete(connection *c, portico_status status) {
    os_socket *s = c->end[0];
    if (s != NULL && s->connecting != NULL) { /* else it is closed or cancelled */
        op *o = s->connecting;
        s->connecting = NULL;
        port_complete(s->port, o, status);
    }
    connection_release(c);
}

/* The event's value is the status, without its sign. */
static void on_failure(void *arg, uint64_t value) {
    connect_complete(arg, -(portico_status)value);
}

/* A connect has reached the other machine. The value is the time at which it gives up. */
static void on_connect(void *arg, uint64_t until_ns) {
    connection *c = arg;
    const os_socket *s = c->end[0];
    portico_status status =
        s != NULL && s->connecting != NULL ? listener_offer(c) : PORTICO_E_CANCELLED;
    if (status == PORTICO_E_BACKLOG) {
        /* Linux ignores a connect to a full queue, Windows refuses it. */
        bool refuses = run.options.wild && sim_random(SIM_NETWORK, 4) == 0;
        if (!refuses && run.now_ns < until_ns) {
            event_add(after_ms(RETRY_MS), on_connect, c, until_ns);
            return;
        }
        status = refuses ? PORTICO_E_REFUSED : PORTICO_E_TIMEOUT;
    }
    connect_complete(c, status);
}

/* Why os_connect refuses the two addresses; PORTICO_OK: it does not. */
static portico_status connect_check(const os_address *to, const os_address *from) {
    if (from != NULL && from->family != OS_ADDRESS_NONE && from->family != to->family) {
        return PORTICO_E_INVALID;
    }
    if (to->family == OS_ADDRESS_NONE || to->port == 0 || (from != NULL && !address_is_own(from))) {
        return PORTICO_E_ADDRESS;
    }
    return fault_status(SIM_FAULT_NETWORK, refusals);
}

static connection *connection_create(const os_address *to, const os_address *from) {
    connection *c = run_alloc(sizeof *c);
    pipe_init(&c->pipe[0]);
    pipe_init(&c->pipe[1]);
    c->address[1] = *to;
    if (from != NULL && from->family != OS_ADDRESS_NONE) {
        c->address[0] = *from;
    } else {
        (void)os_address_parse(to->family == OS_ADDRESS_IPV4 ? "127.0.0.1" : "::1", 0,
                               &c->address[0]);
    }
    if (c->address[0].port == 0) {
        address_choose_port(&c->address[0]);
    }
    c->holds = 2; /* the socket's and the event's */
    return c;
}

portico_status os_connect(os_port *port, const os_address *to, const os_address *from,
                          os_op *submitted, os_socket **result) {
    token_call("connect", to->port);
    RACES_BEFORE(submitted);
    *result = NULL;
    portico_status status = connect_check(to, from);
    return status == PORTICO_OK ? connect_begin(port, to, from, submitted, result)
                                : error_simulated(status);
}

portico_status connect_begin(os_port *port, const os_address *to, const os_address *from,
                             os_op *submitted, os_socket **result) {
    portico_status status = handle_new();
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    connection *c = connection_create(to, from);
    os_socket *s = socket_create(port);
    c->end[0] = s;
    s->way = c;
    s->address = c->address[0];
    s->connecting = (op *)submitted;
    s->connecting->bytes = 0;
    *result = s;
    uint64_t at_ns = network_at();
    status = fault_status(SIM_FAULT_NETWORK, failures);
    if (status == PORTICO_OK) {
        event_add(at_ns, on_connect, c, after_ms(LOST_MS));
    } else {
        bool waits = status == PORTICO_E_TIMEOUT || sim_random(SIM_FAULTS, 2) == 0;
        event_add(waits ? after_ms(sim_random(SIM_FAULTS, LOST_MS)) : at_ns, on_failure, c,
                  (uint64_t)-status);
    }
    return port_submitted();
}
