/* bot.c: bot [PORT [TICKS]] is a player of plugins/arena.c (`portico conf/arena.ini`) that walks
 * about and tags whom it meets.   cc bot.c portico_client.c -o bot   (on Windows add -lws2_32) */
#include "portico_client.h"

#include <stdio.h>
#include <stdlib.h>

enum { JOIN = 1, MOVE = 2, HIT = 3, WELCOME = 100, SNAPSHOT = 101 };

int main(int argc, char **argv) {
    const portico_client_options options = {.reconnect = true};
    const uint16_t port = (uint16_t)(argc > 1 ? atoi(argv[1]) : 7780);
    const int ticks = argc > 2 ? atoi(argv[2]) : -1;
    portico_client *c = portico_client_connect("127.0.0.1", port, &options);
    portico_client_event e;
    int tick = 0;
    while (portico_client_step(c, &e, -1) && e.kind != PORTICO_CLIENT_CLOSED) {
        if (e.kind == PORTICO_CLIENT_OPEN) { /* also again, after the host was away */
            portico_client_send(c, JOIN, "meadow", 6);
        } else if (e.kind == PORTICO_CLIENT_PACKET && e.opcode == WELCOME && e.size >= 2) {
            printf("I am number %d\n", e.data[0] | e.data[1] << 8);
        } else if (e.kind == PORTICO_CLIENT_PACKET && e.opcode == SNAPSHOT) {
            const uint8_t around[4][4] = {{5}, {0, 0, 5}, {251, 255}, {0, 0, 251, 255}};
            portico_client_send(c, MOVE, around[tick / 40 % 4], 4); /* i16 dx, i16 dy */
            portico_client_send(c, HIT, NULL, 0);
            if (++tick == ticks) {
                portico_client_close(c);
            }
        }
    }
    portico_client_free(c);
    return tick == ticks ? 0 : 1;
}
