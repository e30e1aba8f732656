/* net.h: a client's sockets, blocking with time-outs, on both systems.
 *
 * One thread. A failing "expect" function ends the test; the others return it. */
#ifndef TEST_NET_H
#define TEST_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uintptr_t net_socket;
#define NET_NONE ((net_socket)-1)

enum {
    NET_END = 0,     /* the peer has sent its last byte */
    NET_BROKEN = -1, /* reset, or another error */
    NET_TIMEOUT = -2 /* nothing arrived in time */
};

enum { NET_TIMEOUT_MS = 20000 }; /* of every call, until net_set_timeout */

/* Connects to a numeric address, IPv4 or IPv6. NET_NONE on failure. */
net_socket net_try_connect(const char *address, uint16_t port);

/* Connects to 127.0.0.1, expected to succeed. */
net_socket net_connect(uint16_t port);

/* Connects from one address of this machine to another, such as from 127.0.0.2 to 127.0.0.1.
 * NET_NONE on failure. */
net_socket net_try_connect_from(const char *from, const char *address, uint16_t port);

/* Connects to 127.0.0.1 with small buffers on this side, so that the host soon notices a client
 * that does not read. */
net_socket net_connect_narrow(uint16_t port);
net_socket net_try_connect_narrow(uint16_t port);

void net_set_timeout(net_socket s, uint32_t timeout_ms);

/* Waits until the host has ended all of them, and closes them. */
void net_wait_ends(const net_socket *sockets, int count);

/* For use with net_poll: send and receive no longer wait. */
void net_set_nonblocking(net_socket s);

bool net_send_all(net_socket s, const void *data, size_t size);

/* Sends one byte as TCP urgent data. */
bool net_send_urgent(net_socket s, uint8_t byte);

/* One send: the bytes taken, NET_BROKEN, or NET_TIMEOUT if it would have to wait. */
int net_send_some(net_socket s, const void *data, size_t size);

/* One recv: bytes, or NET_END, NET_BROKEN, NET_TIMEOUT. */
int net_recv_some(net_socket s, void *data, size_t size);

/* The same. *ago_us: how long ago the last byte arrived at this machine, if net_note_arrivals was
 * called; 0 where the system does not tell. */
int net_recv_arrived(net_socket s, void *data, size_t size, uint64_t *ago_us);
void net_note_arrivals(net_socket s);

/* The same, but the bytes remain to be received. */
int net_peek(net_socket s, void *data, size_t size);

bool net_recv_exactly(net_socket s, void *data, size_t size);

/* Reads and discards until the peer ends or breaks the connection. False if it does not in time. */
bool net_wait_end(net_socket s, uint32_t timeout_ms);

/* Ends the sending direction. */
void net_half_close(net_socket s);

/* net_close closes in order; after net_reset the peer sees a reset. */
void net_close(net_socket s);
void net_reset(net_socket s);

/* Whether a listener can be opened on `address`, port 0: for instance whether the system has
 * ::1. */
bool net_has_address(const char *address);

typedef struct net_poll_entry {
    net_socket socket;
    bool want_send;
    bool can_recv; /* also if the connection has ended or broken */
    bool can_send;
} net_poll_entry;

/* Waits until at least one entry is ready. Skips entries with NET_NONE. False on time-out. */
bool net_poll(net_poll_entry *entries, size_t count, uint32_t timeout_ms);

/* A listening socket on 127.0.0.1, for tests of connectors. Replaces a *port of 0 by the port it
 * got. */
net_socket net_listen(uint16_t *port);

/* A free port that a test may open, close and open again. It is below those that systems assign for
 * port 0, so that no test running beside this one gets it. */
uint16_t net_free_port(void);

/* The next connection, or NET_NONE after `timeout_ms`. */
net_socket net_accept(net_socket listener, uint32_t timeout_ms);

#endif
