/* client.c: see client.h. */
#include "sim/client.h"

#include "os/local.h"
#include "sim/world.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIMEOUT_MS = 10000, FRAME_MAX = 65535, HEADER_BYTES = 4, HEADER_U32_BYTES = 8 };

struct client {
    os_port *port;
    os_socket *socket;
    os_op recv; /* the connect, too */
    os_op send;
    bool receiving;
    bool sending;
    bool has_received;      /* `received` has not been looked at */
    os_completion received; /* of the last that completed */
    os_completion sent;
    uint32_t at;
    uint32_t count;
    uint32_t frame_bytes;
    bool u32;
    uint8_t arrived[16 * 1024]; /* a recv that is in flight writes here, or has written */
    uint8_t frame[FRAME_MAX];   /* what has arrived of it */
    uint8_t out[FRAME_MAX];
};

/* Waits for completions. False: none came in time. */
static bool pump(client *c, uint64_t until_ms) {
    os_completion done[2];
    uint64_t now_ms = os_monotonic_ms();
    uint32_t left_ms = until_ms > now_ms ? (uint32_t)(until_ms - now_ms) : 0;
    uint32_t count = os_port_wait(c->port, done, 2, left_ms);
    for (uint32_t i = 0; i < count; i++) {
        bool is_recv = done[i].op == &c->recv;
        CHECK(is_recv ? c->receiving : c->sending);
        *(is_recv ? &c->received : &c->sent) = done[i];
        *(is_recv ? &c->receiving : &c->sending) = false;
        c->has_received = c->has_received || is_recv;
    }
    return count > 0 || left_ms > 0;
}

static bool wait_for(client *c, const bool *in_flight, uint32_t timeout_ms) {
    uint64_t until_ms = os_monotonic_ms() + timeout_ms;
    while (*in_flight) {
        if (!pump(c, until_ms)) {
            return false;
        }
    }
    return true;
}

void client_close(client *c, bool reset) {
    if (c->socket != NULL) {
        os_close(c->socket, reset);
    }
    while (c->receiving || c->sending) {
        (void)pump(c, UINT64_MAX / 2);
    }
    os_port_destroy(c->port);
    free(c);
}

static client *client_create(void) {
    client *c = malloc(sizeof *c);
    CHECK(c != NULL);
    memset(c, 0, offsetof(client, arrived)); /* the rest would cost each run dozens of pages */
    if (os_port_create(&c->port) != PORTICO_OK) {
        free(c);
        return NULL;
    }
    return c;
}

/* Waits for the connect, which was submitted with `status`. */
static client *client_connected(client *c, portico_status status) {
    c->receiving = status == PORTICO_OK;
    if (!c->receiving || !wait_for(c, &c->receiving, CONNECT_TIMEOUT_MS) ||
        c->received.status != PORTICO_OK) {
        client_close(c, true);
        return NULL;
    }
    c->has_received = false;
    return c;
}

client *client_open(uint16_t port) {
    os_address to;
    client *c = client_create();
    CHECK(os_address_parse("127.0.0.1", port, &to) == PORTICO_OK);
    return c != NULL ? client_connected(c, os_connect(c->port, &to, NULL, &c->recv, &c->socket))
                     : NULL;
}

client *client_open_local(const char *path) {
    client *c = client_create();
    return c != NULL ? client_connected(c, os_connect_local(c->port, path, &c->recv, &c->socket))
                     : NULL;
}

bool client_send(client *c, const void *data, uint32_t size, uint32_t timeout_ms) {
    os_buffer node = {.data = data, .size = size};
    CHECK(!c->sending);
    c->sending = true;
    if (os_send(c->socket, &c->send, &node) != PORTICO_OK) {
        c->sending = false;
        return false;
    }
    if (!wait_for(c, &c->sending, timeout_ms)) {
        os_cancel(c->socket, &c->send); /* `node` and `data` are the caller's again after it */
        (void)wait_for(c, &c->sending, UINT32_MAX);
        return false;
    }
    return c->sent.status == PORTICO_OK;
}

int32_t client_recv(client *c, void *data, uint32_t capacity, uint32_t timeout_ms) {
    if (c->at == c->count) {
        if (!c->receiving && !c->has_received) {
            c->receiving = true;
            if (os_recv(c->socket, &c->recv, c->arrived, sizeof c->arrived) != PORTICO_OK) {
                c->receiving = false;
                return CLIENT_BROKEN;
            }
        }
        if (!wait_for(c, &c->receiving, timeout_ms)) {
            return CLIENT_TIMEOUT; /* the next call continues with the recv that is in flight */
        }
        c->has_received = false;
        if (c->received.status != PORTICO_OK) {
            return CLIENT_BROKEN;
        }
        c->at = 0;
        c->count = c->received.bytes;
        if (c->count == 0) {
            return CLIENT_END;
        }
    }
    uint32_t size = c->count - c->at < capacity ? c->count - c->at : capacity;
    memcpy(data, c->arrived + c->at, size);
    c->at += size;
    return (int32_t)size;
}

int32_t client_recv_line(client *c, char *line, uint32_t size, uint32_t timeout_ms) {
    for (uint32_t at = 0; at < size; at++) {
        int32_t got = client_recv(c, line + at, 1, timeout_ms);
        if (got < 0) {
            return got;
        }
        if (line[at] == '\n') {
            line[at] = '\0';
            return (int32_t)at;
        }
    }
    sim_fail("a line has more than %u bytes", size);
}

void client_half_close(client *c) {
    os_shutdown(c->socket);
}

void client_use_u32(client *c) {
    c->u32 = true;
}

static uint32_t header_bytes(const client *c) {
    return c->u32 ? HEADER_U32_BYTES : HEADER_BYTES;
}

bool client_send_frame(client *c, uint16_t opcode, const void *data, uint16_t size,
                       uint32_t timeout_ms) {
    uint32_t header = header_bytes(c);
    uint32_t whole = header + (uint32_t)size;
    CHECK(whole <= FRAME_MAX);
    memset(c->out, 0, header);
    c->out[0] = (uint8_t)whole;
    c->out[1] = (uint8_t)(whole >> 8);
    c->out[header / 2] = (uint8_t)opcode;
    c->out[header / 2 + 1] = (uint8_t)(opcode >> 8);
    if (size > 0) {
        memcpy(c->out + header, data, size);
    }
    return client_send(c, c->out, whole, timeout_ms);
}

/* Receives until `frame` has `size` bytes. Returns `size`, or CLIENT_...; what has arrived
 * stays. */
static int32_t frame_fill(client *c, uint32_t size, uint32_t timeout_ms) {
    while (c->frame_bytes < size) {
        int32_t got = client_recv(c, c->frame + c->frame_bytes, size - c->frame_bytes, timeout_ms);
        if (got <= 0) {
            return got == CLIENT_END && c->frame_bytes > 0 ? CLIENT_BROKEN : got;
        }
        c->frame_bytes += (uint32_t)got;
    }
    return (int32_t)size;
}

int32_t client_recv_frame(client *c, uint16_t *opcode, void *data, uint32_t capacity,
                          uint32_t timeout_ms) {
    uint32_t header = header_bytes(c);
    int32_t got = frame_fill(c, header, timeout_ms);
    if (got < 0) {
        return got;
    }
    uint32_t whole = c->frame[0] | (uint32_t)c->frame[1] << 8;
    CHECK(whole >= header && whole - header <= capacity);
    CHECK(!c->u32 || (c->frame[2] | c->frame[3] | c->frame[6] | c->frame[7]) == 0);
    got = frame_fill(c, whole, timeout_ms);
    if (got < 0) {
        return got;
    }
    *opcode = (uint16_t)(c->frame[header / 2] | c->frame[header / 2 + 1] << 8);
    memcpy(data, c->frame + header, whole - header);
    c->frame_bytes = 0;
    return (int32_t)(whole - header);
}
