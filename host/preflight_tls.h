/* preflight_tls.h: the part of `portico check` for certificates, keys and authorities. One thread.
 */
#ifndef PORTICO_PREFLIGHT_TLS_H
#define PORTICO_PREFLIGHT_TLS_H

#include "config/config.h"
#include "config/fault.h"

/* Reads the files of every listener and connector with TLS, and adds a fault for everything that is
 * wrong with them, also for certificates that have expired. */
void preflight_tls(const config *c, config_faults *faults);

#endif
