/* client.c: clients: packets and expectations. */
#include "player.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 200, SHOWN_TEXT = 4 * SHOWN_BYTES + 64 };

portico_client *portico_test_connect(portico_test *t, const char *where) {
    const config *c = t->config;
    if (c == NULL) {
        TESTING_FAIL("portico_test_connect: no host runs");
    }
    if (where == NULL && t->type_count > 0) {
        where = t->types[0];
    }
    for (size_t i = 0; where != NULL && i < c->listener_count; i++) {
        const config_service *l = &c->listeners[i];
        bool fits = strcmp(l->name, where) == 0 || strcmp(l->type, where) == 0;
        if (fits && l->transport == CONFIG_TRANSPORT_TCP) { /* which is all that players speak */
            return player_connect(t, l->port, l->framing);
        }
    }
    TESTING_FAIL("portico_test_connect: no session type and no listener is named %s",
                 where != NULL ? where : "NULL");
}

void portico_client_send(portico_client *c, uint16_t opcode, const void *data, uint32_t size) {
    player_frame(c, opcode, data, size);
}

void portico_client_send_text(portico_client *c, uint16_t opcode, const char *text) {
    player_frame(c, opcode, text, (uint32_t)strlen(text));
}

void portico_client_send_bytes(portico_client *c, const void *data, uint32_t size) {
    player_write(c, data, size);
}

/* The packet's bytes get a place of their own, with a zero after them, as in a handler. */
bool portico_client_next(portico_client *c, portico_packet *packet) {
    frame f = {0};
    players_settle(c->test);
    if (!player_next(c, &f)) {
        return false;
    }
    if (c->packet.room <= f.size) {
        c->packet.room = f.size + 1;
        free(c->packet.data);
        c->packet.data = malloc(c->packet.room);
    }
    if (c->packet.data == NULL) {
        TESTING_FAIL("the test is out of memory");
    }
    memcpy(c->packet.data, f.data, f.size);
    c->packet.data[f.size] = '\0';
    *packet = (portico_packet){.data = c->packet.data, .size = f.size, .opcode = f.opcode};
    player_shift(c);
    return true;
}

void portico_client_forget(portico_client *c) {
    frame f;
    players_settle(c->test);
    while (player_next(c, &f)) {
    }
    player_shift(c);
}

bool portico_client_is_closed(portico_client *c) {
    players_settle(c->test);
    return c->closed;
}

void portico_client_pause(portico_client *c, bool pause) {
    player_pause(c, pause);
}

void portico_client_close(portico_client *c) {
    player_hang_up(c, false);
    players_settle(c->test);
}

void portico_client_drop(portico_client *c) {
    player_hang_up(c, true);
    players_settle(c->test);
}

/* ---- expectations ------------------------------------------------------------------------ */

/* Writes bytes as a C string. */
static const char *show(char text[SHOWN_TEXT], const uint8_t *data, uint32_t size) {
    int used = snprintf(text, SHOWN_TEXT, "%u bytes \"", (unsigned)size);
    for (uint32_t i = 0; i < size && i < SHOWN_BYTES; i++) {
        bool plain = data[i] >= ' ' && data[i] < 127 && data[i] != '"' && data[i] != '\\';
        used += snprintf(text + used, SHOWN_TEXT - (size_t)used, plain ? "%c" : "\\x%02x",
                         (unsigned)data[i]);
    }
    (void)snprintf(text + used, SHOWN_TEXT - (size_t)used, size > SHOWN_BYTES ? "\"..." : "\"");
    return text;
}

void portico_client_expect_at(portico_client *c, uint16_t opcode, const void *data, uint32_t size,
                              const char *file, int line) {
    char expected[SHOWN_TEXT];
    char found[SHOWN_TEXT];
    portico_packet packet;
    if (!portico_client_next(c, &packet)) {
        portico_test_fail(file, line, "nothing was sent\n  expected opcode %u, %s%s",
                          (unsigned)opcode, show(expected, data, size),
                          c->closed ? "\n  the connection has ended" : "");
    }
    if (packet.opcode == opcode && packet.size == size &&
        (size == 0 || memcmp(packet.data, data, size) == 0)) {
        return;
    }
    portico_test_fail(file, line,
                      "another packet was sent\n  expected opcode %u, %s\n"
                      "  found    opcode %u, %s",
                      (unsigned)opcode, show(expected, data, size), (unsigned)packet.opcode,
                      show(found, packet.data, packet.size));
}

void portico_client_take_at(portico_client *c, uint16_t opcode, portico_packet *packet,
                            const char *file, int line) {
    char found[SHOWN_TEXT];
    if (!portico_client_next(c, packet)) {
        portico_test_fail(file, line, "nothing was sent\n  expected opcode %u%s", (unsigned)opcode,
                          c->closed ? "\n  the connection has ended" : "");
    }
    if (packet->opcode != opcode) {
        portico_test_fail(file, line,
                          "another packet was sent\n  expected opcode %u\n"
                          "  found    opcode %u, %s",
                          (unsigned)opcode, (unsigned)packet->opcode,
                          show(found, packet->data, packet->size));
    }
}

void portico_client_expect_nothing_at(portico_client *c, const char *file, int line) {
    char found[SHOWN_TEXT];
    portico_packet packet;
    if (portico_client_next(c, &packet)) {
        portico_test_fail(file, line,
                          "a packet was sent that is not expected\n"
                          "  found opcode %u, %s",
                          (unsigned)packet.opcode, show(found, packet.data, packet.size));
    }
}
