/* client_names.h: names of a module's packets, fields and opcodes as identifiers that are safe in
 * C, C++, Python, JavaScript and TypeScript alike. Pure, any thread.
 *
 * A module may call them anything. An identifier has only letters, digits and underscores, begins
 * with a letter, is no word that one of the languages, the generated code or a usual header gives a
 * meaning to, and is unique in its scope.
 */
#ifndef PORTICO_CLIENT_NAMES_H
#define PORTICO_CLIENT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLIENT_NAME_MAX = 96 }; /* bytes, with the zero */

/* The names of a scope, in memory of its own. */
typedef struct client_scope {
    char (*names)[CLIENT_NAME_MAX];
    uint32_t count, capacity;
    bool fields; /* of a packet: such a name is never used alone */
} client_scope;

void client_scope_free(client_scope *s);

/* Writes a name for `from` to `to`, and takes it. With `suffixes` (NULL ends the list, may be NULL
 * itself) the name with each suffix is free, too, and taken. If nothing of `from` is usable the
 * name is `fallback`. False: out of memory. */
bool client_scope_take(client_scope *s, const char *from, const char *fallback,
                       const char *const *suffixes, char to[CLIENT_NAME_MAX]);

#endif
