/* wire.c: see wire.h. */
#include "support/wire.h"

#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t wire_header(wire_kind kind, uint8_t *out, uint32_t frame_size, uint16_t opcode) {
    memset(out, 0, (size_t)kind);
    size_t size_bytes = (size_t)kind / 2;
    for (size_t i = 0; i < size_bytes; i++) {
        out[i] = (uint8_t)(frame_size >> (8 * i));
    }
    out[size_bytes] = (uint8_t)opcode;
    out[size_bytes + 1] = (uint8_t)(opcode >> 8);
    return (size_t)kind;
}

size_t wire_frame(wire_kind kind, uint8_t *out, uint16_t opcode, const void *payload,
                  uint32_t size) {
    size_t header = wire_header(kind, out, (uint32_t)kind + size, opcode);
    if (size > 0) {
        memcpy(out + header, payload, size);
    }
    return header + size;
}

bool wire_send(net_socket s, wire_kind kind, uint16_t opcode, const void *payload, uint32_t size) {
    uint8_t *frame = malloc((size_t)kind + size); /* too large for some stacks */
    CHECK(frame != NULL);
    bool sent = net_send_all(s, frame, wire_frame(kind, frame, opcode, payload, size));
    free(frame);
    return sent;
}

int64_t wire_recv(net_socket s, wire_kind kind, uint16_t *opcode, void *payload,
                  uint32_t capacity) {
    uint8_t header[WIRE_U32];
    if (!net_recv_exactly(s, header, (size_t)kind)) {
        return -1;
    }
    uint32_t size = 0;
    uint32_t size_bytes = (uint32_t)kind / 2;
    for (uint32_t i = 0; i < size_bytes; i++) {
        size |= (uint32_t)header[i] << (8 * i);
    }
    *opcode = (uint16_t)(header[size_bytes] | header[size_bytes + 1] << 8);
    if (size < (uint32_t)kind || size - (uint32_t)kind > capacity) {
        return -1;
    }
    size -= (uint32_t)kind;
    return net_recv_exactly(s, payload, size) ? (int64_t)size : -1;
}

int64_t wire_wait(net_socket s, uint16_t opcode, void *payload, uint32_t capacity) {
    enum { FRAME_MAX = 65536 };
    uint8_t *frame = malloc(FRAME_MAX);
    uint16_t found = 0;
    int64_t size = 0;
    CHECK(frame != NULL);
    do {
        size = wire_recv(s, WIRE_U16, &found, frame, FRAME_MAX);
    } while (size >= 0 && found != opcode);
    if (size > capacity) {
        size = -1;
    }
    if (size > 0) {
        memcpy(payload, frame, (size_t)size);
    }
    free(frame);
    return size;
}

int64_t wire_ask(net_socket s, uint16_t opcode, const void *payload, uint32_t size, void *reply,
                 uint32_t capacity) {
    return wire_send(s, WIRE_U16, opcode, payload, size) ? wire_wait(s, opcode, reply, capacity)
                                                         : -1;
}

int32_t wire_ask_status(net_socket s, uint16_t opcode, const char *text) {
    int32_t status = 0;
    CHECK_INT(wire_ask(s, opcode, text, (uint32_t)strlen(text), &status, sizeof status),
              sizeof status);
    return status;
}

void wire_expect_echo(net_socket s, wire_kind kind, uint16_t opcode, const char *text) {
    char reply[1024];
    uint16_t reply_opcode = 0;
    uint32_t size = (uint32_t)strlen(text);
    CHECK(size < sizeof reply);
    CHECK(wire_send(s, kind, opcode, text, size));
    CHECK(wire_recv(s, kind, &reply_opcode, reply, sizeof reply) == (int64_t)size);
    CHECK(reply_opcode == opcode);
    CHECK(memcmp(reply, text, size) == 0);
}

bool wire_send_line(net_socket s, const char *text) {
    char line[4096];
    int size = snprintf(line, sizeof line, "%s\n", text);
    CHECK(size > 0 && size < (int)sizeof line);
    return net_send_all(s, line, (size_t)size);
}

/* Under Wine, one recv per byte would take longer than all the host does for the line. */
bool wire_recv_line(net_socket s, char *line, size_t size) {
    size_t at = 0;
    while (at < size) {
        int there = net_peek(s, line + at, size - at);
        const char *end = there > 0 ? memchr(line + at, '\n', (size_t)there) : NULL;
        size_t taken = end != NULL ? (size_t)(end - line) + 1 - at : there > 0 ? (size_t)there : 0;
        if (taken == 0 || !net_recv_exactly(s, line + at, taken)) {
            line[at] = '\0';
            return false;
        }
        at += taken;
        if (end != NULL) {
            line[at > 1 && line[at - 2] == '\r' ? at - 2 : at - 1] = '\0';
            return true;
        }
    }
    line[size - 1] = '\0';
    return false;
}

bool wire_find_line(net_socket s, const char *text, char *line, size_t size) {
    for (int i = 0; i < 100; i++) {
        if (!wire_recv_line(s, line, size)) {
            return false;
        }
        if (strstr(line, text) != NULL) {
            return true;
        }
    }
    return false;
}

uint64_t wire_random(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void wire_random_bytes(uint64_t *state, void *data, size_t size) {
    uint8_t *at = data;
    while (size > 0) {
        uint64_t number = wire_random(state);
        size_t part = size < sizeof number ? size : sizeof number;
        memcpy(at, &number, part);
        at += part;
        size -= part;
    }
}
