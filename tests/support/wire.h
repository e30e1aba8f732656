/* wire.h: frames as a client writes and reads them, built here by hand so that the host's own framing is
 * checked against something else. Little endian. One thread.
 */
#ifndef TEST_WIRE_H
#define TEST_WIRE_H

#include "support/net.h"

/* The header bytes of the two framings with a size. */
typedef enum wire_kind { WIRE_U16 = 4, WIRE_U32 = 8 } wire_kind;

/* Writes a header that says `frame_size` (whatever that is) and `opcode`. Returns its bytes. */
size_t wire_header(wire_kind kind, uint8_t *out, uint32_t frame_size, uint16_t opcode);

/* Writes a whole frame; returns its bytes. */
size_t wire_frame(wire_kind kind, uint8_t *out, uint16_t opcode, const void *payload,
                  uint32_t size);

/* Sends one frame; at most 65,535 bytes. */
bool wire_send(net_socket s, wire_kind kind, uint16_t opcode, const void *payload, uint32_t size);

/* Receives one frame into `payload`. Its payload's bytes, or -1: nothing whole came, or it does not fit. */
int64_t wire_recv(net_socket s, wire_kind kind, uint16_t *opcode, void *payload, uint32_t capacity);

/* Sends a u16 frame and receives frames until one has its opcode; those before are dropped. That one's bytes,
 * or -1. */
int64_t wire_ask(net_socket s, uint16_t opcode, const void *payload, uint32_t size, void *reply,
                 uint32_t capacity);

/* The same with a text, where the answer is one int32. */
int32_t wire_ask_status(net_socket s, uint16_t opcode, const char *text);

/* Receives u16 frames until one has that opcode. Its bytes, or -1. */
int64_t wire_wait(net_socket s, uint16_t opcode, void *payload, uint32_t capacity);

/* Sends a frame with some text and expects the very same back. */
void wire_expect_echo(net_socket s, wire_kind kind, uint16_t opcode, const char *text);

/* Sends `text` and a line end. */
bool wire_send_line(net_socket s, const char *text);

/* Receives one line without its end. False: none came in time, or it does not fit. */
bool wire_recv_line(net_socket s, char *line, size_t size);

/* Reads lines until one contains `text`, which then is in `line`; at most 100 of them. */
bool wire_find_line(net_socket s, const char *text, char *line, size_t size);

/* A generator whose every number follows from the one before: splitmix64. */
uint64_t wire_random(uint64_t *state);

/* Fills `data` from the generator. */
void wire_random_bytes(uint64_t *state, void *data, size_t size);

#endif
