/* client_languages.h: the languages that client_code.c knows, a file each. [main()] */
#ifndef PORTICO_CLIENT_LANGUAGES_H
#define PORTICO_CLIENT_LANGUAGES_H

#include "loader/client_packets.h"

#include <stdio.h>

void client_c_write(const client_packets *c, const char *module, FILE *to);
void client_js_write(const client_packets *c, bool types, FILE *to); /* types: TypeScript */
void client_python_write(const client_packets *c, FILE *to);

#endif
