/* loader.h: loads and unloads modules while the host serves.
 *
 * load    copy, open, check (image.h); let `load` register into a registry of its own; then publish its types.
 *         A failure at any point before that changes nothing.
 * unload  take its parts out of the types, close the sessions of its own types, let the other sessions take
 *         over the new layouts, wait until nothing holds the module, call `unload`, close the library.
 * [control thread], all of it.
 */
#ifndef PORTICO_LOADER_H
#define PORTICO_LOADER_H

#include "config/config.h"
#include "module/image.h"
#include "module/module.h"

portico_status loader_start(const config *c, os_port *port);

/* Publishes a part of the host as a module. */
portico_status loader_add_builtin(const portico_module_info *info);

/* Loads what the configuration names: the folder's libraries and the [module NAME] files, each after those
 * that it requires. What is refused stands in the log. */
void loader_load_all(void);

/* Loads the module called `what` from the modules' folder or its section's file, or the library file `what`.
 * `why` explains any status but PORTICO_OK and then also stands in the log. */
portico_status loader_load(const char *what, char why[IMAGE_WHY_MAX]);

portico_status loader_unload(const char *name, char why[IMAGE_WHY_MAX]);

/* Calls `stopping` of every module, the last loaded first. */
void loader_tell_stopping(void);

/* Unloads every module, the last loaded first. No session is left. */
void loader_unload_all(void);

#endif
