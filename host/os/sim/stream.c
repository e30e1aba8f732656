/* stream.c: bytes between the two ends of a connection. Any simulated thread. */
#include "socket.h"

#include "event.h"
#include "races.h"

#include <stdlib.h>
#include <string.h>

enum { EARLY_MAX = 2048 }; /* bytes that a recv-ready brings along, as on Windows */

/* ---- events ------------------------------------------------------------------------------ */

uint64_t network_at(void) {
    uint32_t latency_us = run.options.latency_us;
    bool waits = latency_us != 0 && sim_random(SIM_NETWORK, 4) != 0;
    uint64_t most_us = waits ? sim_random(SIM_NETWORK, latency_us) + 1 : 0;
    return run.now_ns + (waits ? sim_random(SIM_NETWORK, most_us * 1000) : 0);
}

/* In order with the bytes of the pipe. */
static uint64_t pipe_at(pipe *p) {
    uint64_t at_ns = network_at();
    p->last_ns = at_ns > p->last_ns ? at_ns : p->last_ns;
    return p->last_ns;
}

static void way_event(connection *c, uint64_t at_ns, void (*happen)(void *arg, uint64_t value),
                      uint64_t value) {
    c->holds++;
    event_add(at_ns, happen, c, value);
}

/* The events' value is the sending side, and twice the number of bytes. */
static void on_bytes(void *arg, uint64_t value) {
    connection *c = arg;
    int side = (int)(value & 1);
    if (c->pipe[side].broken != PORTICO_OK) {
        connection_release(c); /* overtaken by a reset: nothing arrives after it */
        return;
    }
    c->pipe[side].arrived = value / 2;
    if (c->pipe[side].lost) {
        c->pipe[side].read = c->pipe[side].arrived;
    }
    if (c->closed[1 - side]) {
        stream_reset(c, 1 - side, PORTICO_E_RESET); /* nobody will read it */
    } else if (c->end[1 - side] != NULL) {
        stream_recv(c->end[1 - side]);
    }
    connection_release(c);
}

static void on_end(void *arg, uint64_t value) {
    connection *c = arg;
    c->pipe[value].end_arrived = true;
    if (c->end[1 - value] != NULL) {
        stream_recv(c->end[1 - value]);
    }
    connection_release(c);
}

/* The value is the side, and twice the status without its sign. */
static void on_reset(void *arg, uint64_t value) {
    connection *c = arg;
    pipe *p = &c->pipe[value & 1];
    os_socket *reader = c->end[1 - (value & 1)];
    p->broken = p->broken != PORTICO_OK ? p->broken : -(portico_status)(value / 2);
    if (run.options.wild && sim_random(SIM_NETWORK, 2) == 0) {
        p->read = p->arrived; /* as on Windows: what was not read is lost, and all that follows */
        p->lost = true;
    }
    if (reader != NULL) {
        stream_recv(reader);
        stream_send(reader);
    }
    connection_release(c);
}

void stream_end(connection *c, int side) {
    pipe *p = &c->pipe[side];
    if (!p->end_sent) {
        p->end_sent = true;
        way_event(c, pipe_at(p), on_end, (uint64_t)side);
    }
}

void stream_reset(connection *c, int side, portico_status status) {
    bool overtakes = run.options.wild && sim_random(SIM_NETWORK, 2) == 0;
    way_event(c, overtakes ? network_at() : pipe_at(&c->pipe[side]), on_reset,
              (uint64_t)side + (uint64_t)-status * 2);
}

/* ---- moving bytes ------------------------------------------------------------------------ */

static uint32_t least(uint64_t a, uint64_t b) {
    return (uint32_t)(a < b ? a : b);
}

/* `size` bytes could be moved; now and then fewer are, but at least one. */
static uint32_t shorten(uint32_t size) {
    if (size > 1 && sim_chance(SIM_NETWORK, run.options.short_io)) {
        return 1 + (uint32_t)sim_random(SIM_NETWORK, size);
    }
    return size;
}

static uint32_t pipe_take(pipe *p, const uint8_t *data, uint32_t size) {
    uint32_t count = least(size, p->room - (p->taken - p->read));
    for (uint32_t done = 0; done < count;) {
        uint32_t at = (uint32_t)(p->taken % p->room);
        uint32_t part = least(count - done, p->room - at);
        memcpy(p->bytes + at, data + done, part);
        p->taken += part;
        done += part;
    }
    return count;
}

static void pipe_read(pipe *p, uint8_t *data, uint32_t size) {
    for (uint32_t done = 0; done < size;) {
        uint32_t at = (uint32_t)(p->read % p->room);
        uint32_t part = least(size - done, p->room - at);
        memcpy(data + done, p->bytes + at, part);
        p->read += part;
        done += part;
    }
}

/* Reads what has arrived. The writer's window then has room again. */
static uint32_t read_some(os_socket *s, void *data, uint32_t capacity) {
    pipe *p = incoming(s);
    uint32_t size = least(capacity, p->arrived - p->read);
    if (size > 0) {
        size = shorten(size);
        pipe_read(p, data, size);
        s->early -= least(size, s->early);
        port_traffic(s->port)->bytes_in += size;
        os_socket *writer = s->way->end[1 - s->side];
        if (writer != NULL) {
            stream_send(writer);
        }
    }
    return size;
}

/* Takes from the list what the window has room for. Returns how many bytes. */
static uint32_t write_some(os_socket *s, os_buffer **list) {
    pipe *p = outgoing(s);
    uint32_t total = 0;
    while (*list != NULL) {
        os_buffer *node = *list;
        uint32_t size = pipe_take(p, node->data, node->size);
        node->data += size;
        node->size -= size;
        total += size;
        if (node->size > 0) {
            break;
        }
        *list = node->next;
    }
    port_traffic(s->port)->bytes_out += total;
    if (total > 0) {
        way_event(s->way, pipe_at(p), on_bytes, p->taken * 2 + (uint64_t)s->side);
    }
    return total;
}

void stream_recv(os_socket *s) {
    pipe *p = incoming(s);
    op *o = s->recv;
    if (o == NULL || (p->arrived == p->read && !p->end_arrived && p->broken == PORTICO_OK)) {
        return;
    }
    portico_status status = PORTICO_OK;
    s->recv = NULL; /* first: reading may lead back here */
    if (p->arrived == p->read && p->broken != PORTICO_OK) {
        status = p->broken;
    } else if (o->capacity > 0) {
        o->bytes = read_some(s, o->data, o->capacity);
    } else if (s->slow && s->early == 0) {
        s->early = least(1 + sim_random(SIM_NETWORK, EARLY_MAX), p->arrived - p->read);
    }
    port_complete(s->port, o, status);
}

void stream_send(os_socket *s) {
    op *o = s->send;
    if (o == NULL) {
        return;
    }
    if (incoming(s)->broken != PORTICO_OK) {
        s->send = NULL;
        port_complete(s->port, o, incoming(s)->broken);
        return;
    }
    o->bytes += write_some(s, &o->list);
    if (o->list == NULL) {
        s->send = NULL;
        if (s->shut) {
            stream_end(s->way, s->side);
        }
        port_complete(s->port, o, PORTICO_OK);
    }
}

/* ---- the seam ---------------------------------------------------------------------------- */

/* How a connection fails by chance (fault_status). */
static const portico_status breaks[] = {PORTICO_E_RESET, PORTICO_E_TIMEOUT, PORTICO_E_UNREACHABLE,
                                        PORTICO_E_SYSTEM, 0};

/* Why a submit fails at once; a broken connection may also be left to the completion. */
static portico_status submit_status(const os_socket *s) {
    const pipe *p = incoming(s);
    portico_status status = shortage();
    bool at_once = p->arrived == p->read && run.options.wild && p->broken != PORTICO_OK;
    return status == PORTICO_OK && at_once && sim_random(SIM_NETWORK, 2) == 0 ? p->broken : status;
}

/* The connection of a submit may break. */
static void submit_break(const os_socket *s) {
    portico_status status = fault_status(SIM_FAULT_NETWORK, breaks);
    if (status != PORTICO_OK) {
        stream_reset(s->way, 1 - s->side, status);
    }
}

portico_status os_recv(os_socket *s, os_op *submitted, void *data, uint32_t capacity) {
    op *o = (op *)submitted;
    token_call("recv", capacity);
    RACES_BEFORE(o);
    if (s->recv != NULL) {
        return error_simulated(PORTICO_E_STATE);
    }
    portico_status status = submit_status(s);
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    o->data = data;
    o->capacity = capacity;
    o->bytes = 0;
    s->recv = o;
    port_traffic(s->port)->recv_calls += capacity > 0;
    submit_break(s);
    stream_recv(s);
    return port_submitted();
}

/* Whether it takes an operation to move bytes this time. */
static bool is_short(void) {
    return run.options.wild && sim_random(SIM_NETWORK, 8) == 0;
}

uint32_t os_recv_now(os_socket *s, void *data, uint32_t capacity) {
    token_call("recv_now", capacity);
    uint32_t most = s->slow ? least(capacity, s->early) : capacity;
    if (s->recv != NULL || most == 0 || is_short()) {
        return 0;
    }
    uint32_t size = read_some(s, data, most);
    port_traffic(s->port)->recv_calls += size > 0;
    run_note("= ", "recv_now", size);
    return size;
}

static bool is_too_long(const os_buffer *list) {
    uint32_t count = 0;
    for (; list != NULL && count <= OS_SEND_BUFFERS_MAX; list = list->next) {
        count++;
    }
    return count > OS_SEND_BUFFERS_MAX;
}

portico_status os_send(os_socket *s, os_op *submitted, os_buffer *list) {
    op *o = (op *)submitted;
    token_call("send", 0);
    RACES_BEFORE(o);
    if (is_too_long(list)) {
        return error_simulated(PORTICO_E_INVALID);
    }
    if (s->send != NULL || s->shut) {
        return error_simulated(PORTICO_E_STATE);
    }
    portico_status status = submit_status(s);
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    o->list = list;
    o->bytes = 0;
    s->send = o;
    submit_break(s);
    stream_send(s);
    return port_submitted();
}

uint32_t os_send_now(os_socket *s, os_buffer **list) {
    token_call("send_now", 0);
    port_traffic(s->port)->send_calls++;
    if (is_too_long(*list)) {
        sim_fail("os_send_now gets a list of more than %d buffers", OS_SEND_BUFFERS_MAX);
    }
    if (s->send != NULL || s->shut || incoming(s)->broken != PORTICO_OK || s->slow || is_short()) {
        return 0;
    }
    uint32_t size = write_some(s, list);
    run_note("= ", "send_now", size);
    return size;
}

void os_shutdown(os_socket *s) {
    token_call("shutdown", 0);
    s->shut = true;
    if (s->send == NULL) {
        stream_end(s->way, s->side);
    }
}
