/* module_check.h: whether the modules of a configuration can be there, as far as their files tell.
 * Loads none. [main() of `check`] */
#ifndef PORTICO_MODULE_CHECK_H
#define PORTICO_MODULE_CHECK_H

#include "config/config.h"
#include "config/fault.h"

/* Adds a fault for every library that could not be loaded at the start, and for every listener and
 * connector whose type belongs to no module that is named or found. `builtin_type` is a session
 * type of the host itself. */
void modules_check(const config *c, const char *builtin_type, config_faults *faults);

#endif
