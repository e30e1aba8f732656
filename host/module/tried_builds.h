/* tried_builds.h: the last builds that a child process has tried (probe.h) and this host has loaded
 * since: they are not tried again, as after a roll-back to an older file. [control thread]
 *
 * A library that brings others is always tried: those may have changed, although it has not.
 */
#ifndef PORTICO_TRIED_BUILDS_H
#define PORTICO_TRIED_BUILDS_H

#include "module/image_copy.h"

/* Whether the copy has the bytes of such a build. */
bool tried_builds_have(const image_copy *copy);

/* Adds a copy that has been tried and is loaded as `library`. */
void tried_builds_add(const image_copy *copy, const os_library *library);

#endif
