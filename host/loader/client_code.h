/* client_code.h: `portico inspect --client LANGUAGE MODULE`: the packets of a module as code for its
 * clients, for the files in sdk/client or for any other.
 *
 * The same declarations give the same bytes. client_names.h says what a module may not do to the
 * code by what it calls things. [main()] */
#ifndef PORTICO_CLIENT_CODE_H
#define PORTICO_CLIENT_CODE_H

#include "loader/client_packets.h"

#include <stdio.h>

/* The names of the languages, as in "c, js, python, ts"; NULL ends the list. */
extern const char *const client_languages[];

/* Writes the code for one of client_languages. PORTICO_E_NOT_FOUND: `language` is none of them.
 * PORTICO_E_NO_MEMORY. */
portico_status client_code_write(const generation *g, const char *language, FILE *to);

#endif
