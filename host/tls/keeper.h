/* keeper.h: keeps the TLS context of one listener or connector, and replaces it when certificates
 * are reloaded. Connections keep the context that they began with. Any thread; the lock is a leaf.
 */
#ifndef PORTICO_TLS_KEEPER_H
#define PORTICO_TLS_KEEPER_H

#include "tls/context.h"

#include <stdatomic.h>

typedef struct tls_keeper {
    const config_service *config;
    os_mutex lock;
    tls_context *now;           /* [lock] NULL: tls_keeper_start has not been called */
    tls_context *next;          /* a reload's; [control thread] */
    uint32_t told_days;         /* [lock] the log has said that a certificate expires within them */
    uint64_t next_tell_ms;      /* [lock] when to look again */
    _Atomic int64_t expires_ms; /* of `now`; 0: it has no certificate */
} tls_keeper;

/* Reads the files. False: the log says what is wrong. A certificate that has expired is used: a
 * host that starts again at night must serve. [control thread] */
bool tls_keeper_start(tls_keeper *k, const config_service *c);
void tls_keeper_stop(tls_keeper *k);

/* Reads the files again. False: `why` says what is wrong, and nothing has changed. Then either
 * replaces the context, for connections from now on, or forgets what was read. [control thread] */
bool tls_keeper_prepare(tls_keeper *k, char why[TLS_WHY_MAX]);
void tls_keeper_exchange(tls_keeper *k);
void tls_keeper_forget(tls_keeper *k);

/* The context now, which the caller releases. */
tls_context *tls_keeper_take(tls_keeper *k);

/* When the first of its certificates expires, as os_wall_ms; 0: it has none. Takes no lock. */
int64_t tls_keeper_expires_ms(tls_keeper *k);

/* Logs that a certificate expires: 30, 7 and 1 days before, and when it has. Call it often. */
void tls_keeper_tell(tls_keeper *k, uint64_t now_ms);

#endif
