/* bytes.h: clients that attack a host with given bytes, in a thread of their own, at a bounded
 * rate. Those that the host closes come again. */
#ifndef TEST_ATTACK_BYTES_H
#define TEST_ATTACK_BYTES_H

#include "support/attackers.h"

#include <stdint.h>

typedef enum bytes_way {
    BYTES_HOLD,    /* send them at once and stay */
    BYTES_PARTS,   /* the same, each client another part of them, the first none */
    BYTES_DRIBBLE, /* a byte at a time */
    BYTES_AGAIN    /* send them, wait for an answer, reset the connection, connect again */
} bytes_way;

typedef struct bytes_options {
    uint16_t port;
    int clients;
    uint32_t rate; /* acts a second, of all together */
    bytes_way way;
    const uint8_t *bytes; /* must stay valid */
    size_t size;
} bytes_options;

typedef struct bytes_attackers bytes_attackers;

bytes_attackers *bytes_start(const bytes_options *options);

/* Resets all connections and frees. */
attackers_figures bytes_stop(bytes_attackers *a);

#endif
