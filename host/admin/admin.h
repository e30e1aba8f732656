/* admin.h: the session type of the admin listener, `portico.admin`, in a module that is part of
 * the host.
 *
 * The client sends lines: first `token TEXT`, then commands. An answer is any number of lines that
 * begin with "| ", then one line `ok` or `error TEXT`. Commands that only report run in the
 * session's turn; those that change something run on the control thread.
 */
#ifndef PORTICO_ADMIN_H
#define PORTICO_ADMIN_H

#include <portico/portico.h>

#define ADMIN_SESSION_TYPE "portico.admin"

/* Returns the module. `token` must outlive it. */
const portico_module *admin_module(const char *token);

#endif
