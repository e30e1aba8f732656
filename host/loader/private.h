/* private.h: what the files of loader/ share. [control thread] */
#ifndef PORTICO_LOADER_PRIVATE_H
#define PORTICO_LOADER_PRIVATE_H

#include "loader/loader.h"
#include "loader/module_list.h"

const config *loader_config(void);

/* The first module that `g` requires and that is not loaded; NULL: all are. */
const char *loader_missing(const generation *g);

/* Checks the image's settings against the configuration, writes them, and gives the image the
 * host's functions. On failure `why` has the first fault, and the log has all of them. */
portico_status loader_prepare(generation *g, char why[IMAGE_WHY_MAX]);

/* Makes a module of an opened image: prepares it, publishes it and lets it start. Owns `g`
 * from the call on, even if it fails. NULL: *status is the reason, and `why` may say more. */
module *loader_begin(generation *g, portico_status *status, char why[IMAGE_WHY_MAX]);

/* Reports to watch.h which build of the module serves now. */
void loader_serves(const module *m);

/* Time for a start or stop that no gate is closed for. */
void loader_allow(void);

/* Opens the services of its types. False: a listener could not open; the log says why. */
bool loader_open_services(const module *m);

/* Publishes a module again that was withdrawn for now. */
portico_status loader_publish_again(module *m);

/* Log that the module is loaded; or why it is not, for which an empty `why` gets the status's
 * sentence. The second one returns the status. */
void loader_tell(const module *m);
portico_status loader_refuse(char why[IMAGE_WHY_MAX], portico_status status, const char *name);

#endif
