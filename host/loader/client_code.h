/* client_code.h: `portico inspect --client LANGUAGE MODULE`: the packets of a module as code for
 * its clients, for the files in sdk/client or for any other.
 *
 * The same declarations give the same bytes. client_names.h says what a module may not do to the
 * code by what it calls things. [main()] */
#ifndef PORTICO_CLIENT_CODE_H
#define PORTICO_CLIENT_CODE_H

#include "loader/client_packets.h"

#include <stdio.h>

/* Whether `language` is one that it can be written in: c, js, python or ts. */
bool client_code_knows(const char *language);

/* Writes the code in a language that is known. PORTICO_E_NO_MEMORY. */
portico_status client_code_write(const generation *g, const char *language, FILE *to);

#endif
