/* portico_client.h: a client of a Portico host. One header and one source, C99, for Linux, other
 * Unixes and Windows (link ws2_32). No threads, no globals, no dependencies but OpenSSL for TLS, if
 * you want it; valid C++, too.
 *
 *     portico_client *c = portico_client_connect("127.0.0.1", 7780, NULL);
 *     portico_client_send(c, 1, "meadow", 6);
 *
 *     portico_client_event e;
 *     while (portico_client_step(c, &e, -1)) {
 *         if (e.kind == PORTICO_CLIENT_PACKET) {
 *             ...                                       e.opcode, e.data, e.size
 *         } else if (e.kind == PORTICO_CLIENT_CLOSED) {
 *             break;                                    e.reason, e.text
 *         }
 *     }
 *     portico_client_free(c);
 *
 * Nothing blocks but the wait that you ask portico_client_step for, and the system's search for the
 * address when `host` is a name: give an address where that matters. A game calls
 * portico_client_step(c, &e, 0) in each frame until it returns false.
 *
 * No bytes from a server make these functions crash or hang: a server that breaks the rules of the
 * framing ends the connection. A client belongs to one thread at a time; different clients may be
 * used by different threads.
 */
#ifndef PORTICO_CLIENT_H
#define PORTICO_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct portico_client portico_client;

typedef enum portico_client_framing {
    PORTICO_CLIENT_U16, /* as the listener's `framing` */
    PORTICO_CLIENT_U32,
    PORTICO_CLIENT_LINE,
    PORTICO_CLIENT_RAW,
    PORTICO_CLIENT_WEBSOCKET /* `transport = websocket` */
} portico_client_framing;

/* Zero means the default. */
typedef struct portico_client_options {
    portico_client_framing framing; /* u16 */
    const char *path;               /* of a WebSocket: "/" */
    const char *origin;             /* of a WebSocket, the header that browsers send: none */
    uint32_t limit_bytes;           /* the largest payload, in both directions: 1 MiB */
    uint32_t backlog_bytes;         /* what may wait to be sent: 16 MiB */
    uint32_t timeout_ms;            /* for connecting: 10000 */
    uint32_t silence_ms;            /* without a byte the connection is lost after: never */
    bool reconnect;                 /* connect again, but not after CLOSED_BY_YOU and BROKEN: no */
    uint32_t pause_min_ms;          /* pauses before that grow from 250 */
    uint32_t pause_max_ms;          /* to 15000; each is a random time of the half to the whole */
    struct ssl_ctx_st *tls;         /* an SSL_CTX of OpenSSL's, see below: no TLS */
} portico_client_options;

/* TLS, for a listener with `tls = yes`: compile portico_client.c with PORTICO_CLIENT_OPENSSL
 * defined, link OpenSSL 3 (ssl, crypto), and pass a context that says whom to trust:
 *
 *     SSL_CTX *context = SSL_CTX_new(TLS_client_method());
 *     SSL_CTX_set_default_verify_paths(context);
 *     SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
 *
 * The client holds a reference to it, and checks that the certificate is for `host`, a name or an
 * address. */

/* Why a connection is over. */
typedef enum portico_client_reason {
    PORTICO_CLIENT_NO_REASON,
    PORTICO_CLIENT_CLOSED_BY_YOU, /* portico_client_close */
    PORTICO_CLIENT_ENDED,         /* the server closed it, a WebSocket with a close frame */
    PORTICO_CLIENT_BROKE_OFF,     /* the network broke it, or it was silent */
    PORTICO_CLIENT_FAILED,        /* it could not be made */
    PORTICO_CLIENT_BROKEN         /* the server sent what the framing does not allow, or more than
                                     limit_bytes */
} portico_client_reason;

/* "closed", "ended", "lost", "failed", "broken": the same words as in the other clients. */
const char *portico_client_reason_name(portico_client_reason reason);

typedef enum portico_client_event_kind {
    PORTICO_CLIENT_NOTHING,
    PORTICO_CLIENT_OPEN,   /* connected, also again: a new session for the host */
    PORTICO_CLIENT_PACKET, /* opcode, data, size */
    PORTICO_CLIENT_LOST,   /* reason, text; the next attempt is in pause_ms */
    PORTICO_CLIENT_CLOSED  /* reason, text: it is over for good */
} portico_client_event_kind;

typedef struct portico_client_event {
    portico_client_event_kind kind;
    uint16_t opcode;     /* 0 in line and raw, and of a WebSocket's text messages */
    const uint8_t *data; /* valid until the next step, close or free; no zero follows */
    size_t size;
    portico_client_reason reason;
    const char *text; /* for people; valid like data */
    uint32_t pause_ms;
} portico_client_event;

/* Begins to connect; portico_client_step continues. Copies all it needs. NULL: out of memory, or
 * options that make no sense: a path or origin with blanks or not ASCII, a path without '/'. */
portico_client *portico_client_connect(const char *host, uint16_t port,
                                       const portico_client_options *options);

/* Frees it at once, without closing in order. NULL: does nothing. */
void portico_client_free(portico_client *c);

/* Queues a packet and sends what the system takes. Before the first connection is open it is sent
 * as soon as it is. False, and nothing was queued:
 *   there is no connection
 *   backlog_bytes would be exceeded: call portico_client_step, and try again
 *   the framing cannot carry it: more than limit_bytes, an opcode other than 0 in line and raw, a
 *   line end in a line
 *   out of memory, or c is NULL
 * True does not mean that it has arrived. */
bool portico_client_send(portico_client *c, uint16_t opcode, const void *data, size_t size);

/* The same as a text message of a WebSocket, opcode 0; in other framings like portico_client_send.
 * `text` must be UTF-8: a host closes the connection otherwise. */
bool portico_client_send_text(portico_client *c, const char *text, size_t size);

/* Sends, receives, connects, whatever is to be done, until there is an event. Returns true with the
 * event in *e, or false with kind NOTHING if none came within wait_ms. 0: does not wait, -1: waits
 * without end. After CLOSED it returns false at once. */
bool portico_client_step(portico_client *c, portico_client_event *e, int wait_ms);

/* Closes: sends what is queued, says so to the server, waits up to two seconds for it to hang up,
 * all in portico_client_step, which then returns CLOSED. Packets that arrive are dropped. */
void portico_client_close(portico_client *c);

/* For your own poll, select or WSAPoll: call portico_client_step(c, &e, 0) until it returns false,
 * then wait for this. */
typedef struct portico_client_want {
    intptr_t socket; /* -1: there is none now. It may change with every step */
    bool read;       /* wait until it can be read */
    bool write;      /* or written. While connecting, on Windows, for an exception as well */
    int timeout_ms;  /* call step after this time in any case; -1: no need */
} portico_client_want;

portico_client_want portico_client_wants(const portico_client *c);

/* Bytes that wait to be sent. */
size_t portico_client_queued(const portico_client *c);

/* Whether packets can be sent now. */
bool portico_client_is_open(const portico_client *c);

#ifdef __cplusplus
}
#endif

#endif
