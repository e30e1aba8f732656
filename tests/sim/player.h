/* player.h: a client that reports to the witness whatever it sends and receives. The listener's
 * framing is u16, and handlers answer with witness_send. One thread at a time. */
#ifndef TEST_PLAYER_H
#define TEST_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

enum { PLAYER_PATIENCE_MS = 3600000 }; /* in simulated time; fails when it is over */

typedef struct player player;

typedef enum player_end {
    PLAYER_CLOSE,
    PLAYER_RESET,
    PLAYER_HALF_CLOSE, /* ends its sending direction, reads to the end, then closes */
    PLAYER_ENDS
} player_end;

/* The listener's framing is u32 instead. */
extern bool players_use_u32;

/* Connects to 127.0.0.1. NULL: refused. */
player *player_open(uint16_t port);

/* Sends its next packet, of `size` bytes (see witness_pack). False: the connection has ended, or
 * the host has not taken the packet within `timeout_ms`; then the player can only be closed. */
bool player_send(player *p, uint16_t opcode, uint32_t size, uint32_t timeout_ms);

/* Sends bytes as they are. The witness does not hear of them. */
bool player_send_raw(player *p, const void *data, uint32_t size);

/* Receives one packet. False: none came in time, or the connection has ended. */
bool player_receive(player *p, uint32_t timeout_ms);

/* Receives until handlers have had everything it has sent, or the connection has ended. Fails after
 * PLAYER_PATIENCE_MS. */
void player_wait(player *p);

/* Whether the connection has ended or broken. */
bool player_is_over(const player *p);

/* How many packets it has received. */
uint32_t player_received(const player *p);

/* Ends the connection in this way and frees the player. */
void player_close(player *p, player_end how);

#endif
