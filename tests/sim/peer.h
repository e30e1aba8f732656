/* peer.h: what connectors connect to: a listening program on the simulated network, in a thread of
 * its own that no fault strikes. How it treats connections can be changed at any time.
 *
 * It expects a module that sends one frame with opcode PEER_HELLO when a session opens, and sends
 * every frame with opcode PEER_ECHO back. It checks that these arrive complete, once and in
 * order. */
#ifndef TEST_PEER_H
#define TEST_PEER_H

#include "os/os.h"

typedef struct peer peer;

enum { PEER_HELLO = 1, PEER_ECHO = 2 };

typedef enum peer_mode {
    PEER_ABSENT, /* nothing listens */
    PEER_ASLEEP, /* listens, but accepts nothing */
    PEER_CLOSES, /* accepts, and closes at once */
    PEER_RESETS, /* accepts, and resets at once */
    PEER_DEAF,   /* accepts, and neither reads nor writes */
    PEER_FICKLE, /* exchanges frames, then closes, resets, half-closes or keeps the connection */
    PEER_SERVES, /* exchanges frames, then keeps the connection */
    PEER_MODES
} peer_mode;

/* Starts a peer for 127.0.0.1, absent at first. */
peer *peer_start(uint16_t port);

/* Ends the present connections and treats new ones as `mode` says. */
void peer_become(peer *p, peer_mode mode);

/* Accepted connections that are open now. */
uint32_t peer_connections(const peer *p);

/* Ends the connections and the thread, and frees the peer. */
void peer_stop(peer *p);

#endif
