/* local.h: where a host's local socket is. Pure, any thread. */
#ifndef PORTICO_ADMIN_LOCAL_H
#define PORTICO_ADMIN_LOCAL_H

#include "config/config.h"

enum { LOCAL_PATH_MAX = 4096, LOCAL_WHY_MAX = LOCAL_PATH_MAX + 384 };

/* Writes run_dir/NAME.sock for the configuration NAME.ini, so that hosts with one run_dir have
 * sockets of their own. */
void local_path(const config *c, char path[LOCAL_PATH_MAX]);

/* Writes why os_listen_local or os_connect_local has failed, as a sentence for the user. os_error()
 * is still that of the call. */
void local_explain_listen(portico_status status, const char *path, char why[LOCAL_WHY_MAX]);
void local_explain_connect(portico_status status, const char *path, char why[LOCAL_WHY_MAX]);

#endif
