/* stream.h: one TLS connection without a socket: ciphertext from the peer becomes plaintext, and
 * plaintext ciphertext for the peer. One thread at a time: the session's lock guards it.
 *
 *   received bytes -> tls_stream_feed, then tls_stream_handshake until it is done, then
 *   tls_stream_open; what is to be sent -> tls_stream_seal. After each of these, what
 *   tls_stream_take returns goes to the peer.
 */
#ifndef PORTICO_TLS_STREAM_H
#define PORTICO_TLS_STREAM_H

#include "tls/keeper.h"
#include "tls/sealed.h"

typedef struct tls_stream tls_stream;

typedef enum tls_result {
    TLS_DONE,   /* the handshake is complete; or everything that was fed has been read */
    TLS_MORE,   /* the handshake needs more bytes */
    TLS_ENDED,  /* the peer has said that it sends no more */
    TLS_FAILED, /* tls_stream_why says why; nothing but tls_stream_take may follow */
} tls_result;

/* TLS_SEAL_BYTES: of plaintext in one record, at most. */
enum { TLS_SEAL_BYTES = 16 * 1024 };

/* The server's side, or the client's, which then has its first bytes to take. NULL: out of memory.
 */
tls_stream *tls_stream_accept(tls_keeper *k);
tls_stream *tls_stream_connect(tls_keeper *k, const char *server_name);
void tls_stream_destroy(tls_stream *s); /* NULL: does nothing */

/* Takes bytes that the peer has sent. Once the handshake is complete they are not copied: they stay
 * valid until tls_stream_open, which is the next call. False: out of memory. */
bool tls_stream_feed(tls_stream *s, const void *bytes, uint32_t size);

/* How many bytes of plaintext there can be at most after `size` more bytes have been fed. */
uint32_t tls_stream_plain_most(const tls_stream *s, uint32_t size);

/* Whether the next tls_stream_handshake uses the private key, which takes long. */
bool tls_stream_is_dear(const tls_stream *s);

tls_result tls_stream_handshake(tls_stream *s);

/* Writes all plaintext there is to `to`, which has room for tls_stream_plain_most, and its number
 * of bytes to *size, also when it ends or fails. */
tls_result tls_stream_open(tls_stream *s, void *to, uint32_t capacity, uint32_t *size);

/* How many records with plaintext have been opened since the last call. */
uint32_t tls_stream_count_opened(tls_stream *s);

/* Seals the bytes: at most TLS_SEAL_BYTES make one record. False: out of memory. */
bool tls_stream_seal(tls_stream *s, const void *bytes, uint32_t size);

/* Says to the peer that nothing more comes. Once; later calls do nothing. */
void tls_stream_close(tls_stream *s);

/* How many bytes wait for the peer, and takes them all. The caller gives them back when they have
 * been sent. */
uint32_t tls_stream_waiting(const tls_stream *s);
tls_sealed tls_stream_take(tls_stream *s);

/* "": nothing has failed. */
const char *tls_stream_why(const tls_stream *s);

/* "TLSv1.3" and the cipher's name, once the handshake is done. */
const char *tls_stream_version(const tls_stream *s);
const char *tls_stream_cipher(const tls_stream *s);

#endif
