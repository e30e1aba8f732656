/* client.h: a client of the host on the simulated network, through the same seam as the host. Each
 * has a port of its own. One thread at a time; it waits in simulated time. */
#ifndef TEST_CLIENT_H
#define TEST_CLIENT_H

#include "os/os.h"

typedef struct client client;

enum {
    CLIENT_END = -3,    /* the host has sent its last byte */
    CLIENT_BROKEN = -1, /* reset, or another error */
    CLIENT_TIMEOUT = -2 /* nothing has arrived in time */
};

/* Connects to 127.0.0.1. NULL: refused, or it took too long. */
client *client_open(uint16_t port);

/* The same to a local listener. */
client *client_open_local(const char *path);

/* Sends all bytes. False: the connection is broken, or they were not taken within `timeout_ms`:
 * then the client can only be closed. */
bool client_send(client *c, const void *data, uint32_t size, uint32_t timeout_ms);

/* Receives some bytes: how many, or CLIENT_... */
int32_t client_recv(client *c, void *data, uint32_t capacity, uint32_t timeout_ms);

/* Receives a line, which must fit, and replaces its end by a zero. Returns its size, or CLIENT_...,
 * also if the stream ends within it. */
int32_t client_recv_line(client *c, char *line, uint32_t size, uint32_t timeout_ms);

/* Ends the sending direction. */
void client_half_close(client *c);

/* Closes and frees. With `reset` the host sees a reset. */
void client_close(client *c, bool reset);

/* From now on frames are of the framing u32. */
void client_use_u32(client *c);

/* The same in frames of the framing u16 or u32. client_recv_frame returns the payload's size, which
 * must not exceed `capacity`, or CLIENT_...; an end within a frame is CLIENT_BROKEN. */
bool client_send_frame(client *c, uint16_t opcode, const void *data, uint16_t size,
                       uint32_t timeout_ms);
int32_t client_recv_frame(client *c, uint16_t *opcode, void *data, uint32_t capacity,
                          uint32_t timeout_ms);

#endif
