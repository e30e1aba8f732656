/* load_link.h: one connection of the load client, and the frames on it. One thread.
 *
 * A frame is of Portico's framing u16, so that one load serves Portico and servers that give bytes back as they come:
 *
 *     uint16 size of the whole frame, uint16 opcode, uint32 connection, uint32 number, then bytes that both decide
 *
 * little endian. Since a frame follows from connection and number, nothing is kept of what was sent, and every byte that
 * comes is compared with the one that must come there. A difference ends the program with 1 and says what it was.
 */
#ifndef BENCH_LOAD_LINK_H
#define BENCH_LOAD_LINK_H

#include <stdbool.h>
#include <stdint.h>

enum { LINK_SIZE_MIN = 12, LINK_SIZE_MAX = 65535 };

typedef struct load_link {
    int fd; /* -1: none */
    uint32_t id;
    uint32_t
        source; /* the connection whose frames come here: its own, or the one that broadcasts */
    uint32_t issued;    /* frames 0 to issued - 1 are to be sent */
    uint32_t sent;      /* the first that is not sent whole, */
    uint32_t sent_part; /* and how many of its bytes are */
    uint32_t received;  /* the frame that comes next, */
    uint32_t received_part;
    bool
        tuned; /* `received` is known. A listener to broadcasts begins with whichever comes first */
    bool connected; /* the connection stands */
    uint8_t head[LINK_SIZE_MIN];
} load_link;

/* Once, before all else: where to connect, how large frames are, and how many opcodes they have, from 1, that go round. */
void link_prepare(const char *address, uint16_t port, uint32_t size, uint32_t opcodes);

/* Begins to connect, from 127.0.0.N when `from` is N and not 0; the socket does not block. */
void link_connect(load_link *l, int from);

/* Called when it can be written for the first time: is connected, or ends the program. */
void link_connected(load_link *l);

/* Sends what was issued, as far as the system takes it, in calls of up to 64 KiB. */
void link_flush(load_link *l);

/* Reads once and checks. Returns how many frames have become whole; *more: there may be more to read. `issued`: frames from
 * that number on were never sent by the source. */
uint32_t link_read(load_link *l, uint32_t issued, bool *more);

void link_close(load_link *l);

#endif
