/* wire.h: frames as a client writes and reads them, built by hand so that the host's own framing is
 * checked against independent code. Little endian. One thread. */
#ifndef TEST_WIRE_H
#define TEST_WIRE_H

#include "support/net.h"

/* The header size of the two framings that have one. */
typedef enum wire_kind { WIRE_U16 = 4, WIRE_U32 = 8 } wire_kind;

/* Writes a header with `frame_size` (any value) and `opcode`. Returns its size. */
size_t wire_header(wire_kind kind, uint8_t *out, uint32_t frame_size, uint16_t opcode);

/* Writes a whole frame. Returns its size. */
size_t wire_frame(wire_kind kind, uint8_t *out, uint16_t opcode, const void *payload,
                  uint32_t size);

/* Sends one frame of at most 65,535 bytes. */
bool wire_send(net_socket s, wire_kind kind, uint16_t opcode, const void *payload, uint32_t size);

/* Receives one frame into `payload`. Returns the payload's size, or -1 if no whole frame arrived or
 * it does not fit. */
int64_t wire_recv(net_socket s, wire_kind kind, uint16_t *opcode, void *payload, uint32_t capacity);

/* Sends a u16 frame, then receives frames until one has the same opcode, dropping the others.
 * Returns its size, or -1. */
int64_t wire_ask(net_socket s, uint16_t opcode, const void *payload, uint32_t size, void *reply,
                 uint32_t capacity);

/* The same with a text, for an answer of one int32. */
int32_t wire_ask_status(net_socket s, uint16_t opcode, const char *text);

/* Receives u16 frames until one has that opcode. Returns its size, or -1. */
int64_t wire_wait(net_socket s, uint16_t opcode, void *payload, uint32_t capacity);

/* Sends a frame with some text and expects the same back. */
void wire_expect_echo(net_socket s, wire_kind kind, uint16_t opcode, const char *text);

/* Sends `text` and a line end. */
bool wire_send_line(net_socket s, const char *text);

/* Receives one line without its end. False: none came in time, or it does not fit. */
bool wire_recv_line(net_socket s, char *line, size_t size);

/* Reads at most 100 lines until one contains `text`, which is then in `line`. */
bool wire_find_line(net_socket s, const char *text, char *line, size_t size);

/* A random number generator, determined by its state: splitmix64. */
uint64_t wire_random(uint64_t *state);

/* Fills `data` from the generator. */
void wire_random_bytes(uint64_t *state, void *data, size_t size);

#endif
