/* secure_private.h: what the files of sessions with TLS share. */
#ifndef PORTICO_SESSION_SECURE_PRIVATE_H
#define PORTICO_SESSION_SECURE_PRIVATE_H

#include "os/compiler.h"
#include "session/handshake_queue.h"
#include "session/private.h"
#include "session/secure.h"
#include "tls/stream.h"

/* [lock] */
typedef struct session_secure {
    tls_stream *stream;
    uint8_t *incoming;   /* ciphertext, of POOL_LARGE; the system's while a recv is in flight */
    uint32_t plain_most; /* plaintext that what was fed last can become */
    uint32_t held;       /* bytes of an incomplete record, when last counted */
    os_buffer *unsealed; /* what is not encrypted of the queue's list in flight */
    tls_sealed outgoing; /* ciphertext; the system's while a send is in flight */
    os_buffer node;      /* refers to it */
    bool sending;        /* a send is in flight */
    bool done;           /* the handshake is complete */
    bool waits;          /* it is in the queue of handshakes, which holds the session */
    handshake_wait wait;
    session *owner;
    struct session_secure *older; /* [lock of the service] in its list of handshakes */
    struct session_secure *newer;
    bool listed;   /* [lock of the service] */
    bool answered; /* its ClientHello has been */
} session_secure;

/* See session_sealing. */
void secure_flush_locked(session *s);
COLD bool secure_finish_locked(session *s);

/* session_abort_locked for a function that may have a part of the queue in its hands. */
COLD void secure_abort_locked(session *s, portico_status reason);

/* Sends what TLS itself has to say. It may not pile up. */
void secure_answer_locked(session *s);

/* handshakes.c: adds the session to the list of its service. Returns the id of the oldest one if it
 * has to end for that, else 0. */
uint64_t secure_enlist(session_secure *t);
void secure_delist(session_secure *t);
/* Ends a session that secure_enlist has named; with no lock held. */
COLD void secure_make_way(uint64_t id);

/* Completions of a send and of a flush. */
void session_on_sealed_sent(const os_completion *completion);

#endif
