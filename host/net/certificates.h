/* certificates.h: the TLS contexts of all listeners and connectors and of HTTP: made at the start,
 * replaced by `ctl reload certificates`, and looked at for certificates that expire.
 */
#ifndef PORTICO_CERTIFICATES_H
#define PORTICO_CERTIFICATES_H

#include "session/service.h"
#include "tls/keeper.h"

/* Gives the service its TLS if it has any, until certificates_end. False: the log says why not.
 * [control thread, before the service opens] */
bool certificates_begin(service *s);

/* The same for [admin] http_tls. */
bool certificates_begin_admin(const config *c);

/* The keeper of that; NULL: HTTP has no TLS. [any thread] */
tls_keeper *certificates_of_admin(void);

/* After the last service has been destroyed. */
void certificates_end(void);

/* Reads all files again. New connections then use what was read; those that exist are not touched.
 * PORTICO_E_INVALID: a file is bad, `why` says which and why, and nothing has changed for any
 * service. PORTICO_E_NOT_FOUND: no service uses TLS. [control thread] */
portico_status certificates_reload(uint32_t *services, char why[TLS_WHY_MAX]);

/* Logs which certificates expire soon. Call it now and then. [any thread] */
void certificates_tell(uint64_t now_ms);

#endif
