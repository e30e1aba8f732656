/* loader.h: loads and unloads modules while the host serves.
 *
 * load    1. copies, opens and checks the image (image.h)
 *         2. checks its settings and types against the configuration and the other modules
 *         3. publishes its room types, calls `start`, and publishes its session types
 *         A failure before 3 changes nothing and has run no code of the module.
 * unload  1. takes the module's parts out of the types
 *         2. closes the sessions of its own types; other sessions take over the new layouts
 *         3. waits until nothing holds the module
 *         4. calls `stop` and closes the library
 * All of it runs on the control thread.
 */
#ifndef PORTICO_LOADER_H
#define PORTICO_LOADER_H

#include "config/config.h"
#include "module/image.h"
#include "module/module.h"

portico_status loader_start(const config *c, os_port *port);

/* Loads the modules that the configuration names (the libraries of the folder and the files of
 * [module NAME]), each after those that it requires. The log says which are refused, and why. */
void loader_load_all(void);

/* Loads the module named `what` from the file of its section or from the modules' folder; or, if
 * `what` is no name, the library file `what`. `why` and the log explain any status but
 * PORTICO_OK. */
portico_status loader_load(const char *what, char why[IMAGE_WHY_MAX]);

portico_status loader_unload(const char *name, char why[IMAGE_WHY_MAX]);

/* Calls `stopping` of every module, in reverse order of loading. */
void loader_tell_stopping(void);

/* Unloads every module, in reverse order of loading. No session is left. */
void loader_unload_all(void);

/* The [module NAME] section of the configuration, which does not change, or NULL. [any thread] */
const config_module *loader_section(const char *name);

#endif
