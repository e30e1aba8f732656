/* check.h: the rules that concern more than one key. One thread. */
#ifndef PORTICO_CONFIG_CHECK_H
#define PORTICO_CONFIG_CHECK_H

#include "config/draft.h"

/* Adds a fault for every missing required key and for every two keys that contradict each other.
 * Skips keys whose values were refused: those have their faults. */
void config_check(config_draft *draft);

#endif
