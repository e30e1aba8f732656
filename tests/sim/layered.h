/* layered.h: a client whose bytes pass the layers of a listener: a PROXY header, TLS by the real
 * OpenSSL, and WebSocket. What it sends leaves in pieces of any size. One thread at a time. */
#ifndef TEST_LAYERED_H
#define TEST_LAYERED_H

#include <stdbool.h>
#include <stdint.h>

typedef struct layered layered;

typedef struct layers {
    uint16_t port;
    uint32_t proxy; /* version of the header; 0: none */
    bool odd_proxy; /* one that is wrong */
    bool tls;
    bool websocket;
    uint32_t cut_after; /* as many bytes leave, then the client resets the connection; 0: never */
    char source[24];    /* the address in the header, such as "192.0.2.1:5000" */
} layers;

/* Makes the random numbers of OpenSSL a function of the seed, and lets its allocations fail as the
 * host's do. Call once, first. */
void layered_begin(void);

/* Connects and passes all layers. NULL: the connection has ended; *cut: by the client. */
layered *layered_open(const layers *l, bool *cut);

/* One message of at most 100 bytes, which begins with its opcode: a binary message of WebSocket, or
 * a frame of the framing u16. False: the connection has ended. */
bool layered_send(layered *l, const void *message, uint32_t size);
bool layered_expect(layered *l, const void *message, uint32_t size);

/* With WebSocket: sends a ping, which is to be answered within that time, whatever else happens.
 * layered_expect looks at the answers. */
bool layered_ping(layered *l, uint32_t within_ms);

/* Says in each layer that nothing more comes, and waits for the end of what the host sends. True:
 * it has said so in each layer, too. */
bool layered_end(layered *l);

/* Whether the client itself has reset the connection. */
bool layered_is_cut(const layered *l);

void layered_close(layered *l, bool reset);

#endif
