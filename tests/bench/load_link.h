/* load_link.h: one connection of the load client, and the frames on it. One thread.
 *
 * A frame has Portico's framing u16, so that one load fits Portico and servers that return bytes
 * unchanged, little endian:
 *
 *     uint16 size of the whole frame, uint16 opcode, uint32 connection, uint32 number, then bytes
 *     that follow from both
 *
 * Over WebSocket, the header of its frame takes the place of the size. The client's frame is four
 * bytes larger, its mask; the server's has the size of a u16 frame, if that is below 128.
 *
 * So nothing that was sent must be kept, and every byte received is compared with the expected one.
 * On a difference the program says what it was and exits with 1.
 */
#ifndef BENCH_LOAD_LINK_H
#define BENCH_LOAD_LINK_H

#include <stdbool.h>
#include <stdint.h>

enum { LINK_SIZE_MIN = 12, LINK_SIZE_MAX = 65535, LINK_MASK_BYTES = 4 };

typedef struct load_link {
    int fd; /* -1: none */
    uint32_t id;
    uint32_t source;    /* whose frames arrive here: its own, or the broadcaster's */
    uint32_t issued;    /* frames 0 to issued - 1 are to be sent */
    uint32_t sent;      /* the first that is not wholly sent, */
    uint32_t sent_part; /* and how many of its bytes were */
    uint32_t received;  /* the next frame expected, */
    uint32_t received_part;
    bool tuned;         /* `received` is known; a member of a broadcast starts with any frame */
    bool connected;     /* it is connected, and the handshake of TLS is complete */
    struct ssl_st *tls; /* NULL: without TLS, or not connected */
    uint8_t head[LINK_SIZE_MIN];
} load_link;

/* Call once, first: where to connect, the size of frames, the number of opcodes from 1 to use in
 * turn, and whether the server speaks WebSocket. */
void link_prepare(const char *address, uint16_t port, uint32_t size, uint32_t opcodes,
                  bool websocket);

/* Starts connecting, from 127.0.0.N if `from` is N and not 0; the socket does not block. */
void link_connect(load_link *l, int from);

/* From now on connections use TLS. `resume`: they resume the session of an earlier one. */
void link_use_tls(bool resume);

/* Call for each event until it returns true: then it is connected. If it cannot be connected, the
 * program ends. Over WebSocket, it waits for the answer to the upgrade. */
bool link_connected(load_link *l);

/* Sends what was issued, as far as the system accepts it, in calls of up to 64 KiB. */
void link_flush(load_link *l);

/* Reads once and checks. Returns the number of frames completed; *more: there may be more to read.
 * The source has not sent frames from the number `issued` on. */
uint32_t link_read(load_link *l, uint32_t issued, bool *more);

void link_close(load_link *l);

#endif
