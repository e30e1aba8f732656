/* inspect_json.h: a module's description as JSON, for tools: documentation, generators of clients.
 *
 * Members are only ever added. A packet is an array of fields in the order on the wire. */
#ifndef PORTICO_INSPECT_JSON_H
#define PORTICO_INSPECT_JSON_H

#include "base/json.h"
#include "config/config.h"
#include "module/generation.h"

#include <stdio.h>

/* [main()] */
void inspect_json(const generation *g, FILE *to);

/* The same members in an object that has been begun, each setting with its value by the module's
 * section, which may be NULL. [any thread that holds `g`] */
void inspect_json_members(json *j, const generation *g, const config_module *section);

#endif
