/* profile.h: values that suit a purpose, for the keys that a listener does not set itself. */
#ifndef PORTICO_CONFIG_PROFILE_H
#define PORTICO_CONFIG_PROFILE_H

#include "config/draft.h"

#include <stdio.h>

/* Sets the keys of each listener's profile that the file does not set. False: out of memory. */
bool profiles_apply(config_draft *draft);

/* Writes each listener's profile and the values in force for its keys, one a line. Nothing for
 * listeners without a profile. */
void profiles_show(const config *c, FILE *to);

#endif
