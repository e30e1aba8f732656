/* inspect_json.h: a module's description as JSON, for tools: documentation, generators of clients.
 *
 * Members are only ever added. A packet is an array of fields in the order on the wire. [main()] */
#ifndef PORTICO_INSPECT_JSON_H
#define PORTICO_INSPECT_JSON_H

#include "module/generation.h"

#include <stdio.h>

void inspect_json(const generation *g, FILE *to);

#endif
