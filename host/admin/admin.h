/* admin.h: the admin listener's session type, `portico.admin`: a module that is part of the host.
 *
 * The client sends lines: first `token TEXT`, then commands. An answer is any number of lines that begin with
 * "| ", then one line `ok` or `error TEXT`. Looking is done in the session's turn; loading, unloading and
 * stopping go to the control thread, one at a time for a session.
 */
#ifndef PORTICO_ADMIN_H
#define PORTICO_ADMIN_H

#include <portico/portico.h>

#define ADMIN_SESSION_TYPE "portico.admin"

/* The module. `token` must outlive it. */
const portico_module_info *admin_module(const char *token);

#endif
