/* player.h: clients as this folder sees them: bytes and frames. client.c makes packets of them. */
#ifndef PORTICO_TESTING_PLAYER_H
#define PORTICO_TESTING_PLAYER_H

#include "private.h"

typedef struct player_bytes {
    uint8_t *data;
    uint32_t used;
    uint32_t room;
} player_bytes;

struct portico_client {
    portico_client *next;
    portico_test *test;
    os_socket *socket; /* NULL: closed */
    os_op recv;        /* the connect, too */
    os_op send;
    os_buffer node;
    frame_kind framing;
    bool connecting;
    bool receiving; /* `recv` is in flight */
    bool reading;   /* it receives bytes: it is no recv-ready */
    bool sending;
    bool ready;    /* bytes have arrived that a paused client does not read */
    bool paused;   /* by the test */
    bool shut;     /* by the test: it sends nothing more */
    bool hangs_up; /* after what is queued */
    bool closed;   /* the host has, or the test */
    player_bytes in;
    uint32_t taken;   /* of `in` */
    uint32_t scanned; /* for frame_parse */
    player_bytes out;
    player_bytes flight; /* what `send` sends */
    player_bytes packet; /* the last that the test has taken, and a zero */
    uint8_t block[16 * 1024];
};

/* [waits] */
portico_client *player_connect(portico_test *t, uint16_t port, frame_kind framing);

void player_write(portico_client *c, const void *data, uint32_t size);
void player_frame(portico_client *c, uint16_t opcode, const void *data, uint32_t size);
void player_hang_up(portico_client *c, bool reset);
void player_pause(portico_client *c, bool pause);

/* Takes the next frame that has arrived. It is valid until player_shift, which makes room. */
bool player_next(portico_client *c, frame *f);
void player_shift(portico_client *c);

/* Closes and frees one client. */
void player_free_one(portico_client *c);

#endif
