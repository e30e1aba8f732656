/* config_check.h: what no key can be checked for alone. One thread. */
#ifndef PORTICO_CONFIG_CHECK_H
#define PORTICO_CONFIG_CHECK_H

#include "config/draft.h"

/* Adds a fault for every required key that is missing and every two keys that contradict each other.
 * A key whose value was refused is left out: it has its fault already. */
void config_check(config_draft *draft);

#endif
