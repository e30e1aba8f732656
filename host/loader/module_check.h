/* module_check.h: whether the modules of a configuration suit each other and it, as far as their
 * files tell. Loads none. [main() of `check`] */
#ifndef PORTICO_MODULE_CHECK_H
#define PORTICO_MODULE_CHECK_H

#include "config/config.h"
#include "config/fault.h"

/* Adds a fault for
 *   every library that could not be loaded at the start, its description included
 *   every module that is required or joined and not loaded, and every name that two modules have
 *   every key of a [module NAME] that is no setting, and every wrong value
 *   every listener and connector whose session type no module has
 * and a note for every module that cannot be checked before it runs. Returns how many modules the
 * start would load. */
uint32_t modules_check(const config *c, config_faults *faults, config_faults *notes);

#endif
