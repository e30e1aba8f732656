/* field_rules.h: the rules for a portico_field that states and packets share. Pure, any thread. */
#ifndef PORTICO_FIELD_RULES_H
#define PORTICO_FIELD_RULES_H

#include <portico/portico.h>

enum { FIELD_NAME_MAX = 64 }; /* bytes of a field's name, with its zero */

/* Copies a name of 1 to 63 bytes of text without blanks. False: `from` is none, or NULL. */
bool field_name_copy(char name[FIELD_NAME_MAX], const char *from);

/* Whether the kind is an integer or a float. */
bool field_is_number(uint32_t kind);

/* Whether an element of the kind may have that many bytes. */
bool field_size_allowed(uint32_t kind, uint32_t size);

/* Whether the rows of the table are as far apart as rows can be. */
bool field_stride_allowed(const portico_fields *t);

/* Copies a row of a table whose stride is allowed. */
portico_field field_row(const portico_fields *t, uint32_t index);

#endif
