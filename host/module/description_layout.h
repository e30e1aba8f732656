/* description_layout.h: where the structs of a description have pointers, and to what. Constants,
 * any thread. */
#ifndef PORTICO_DESCRIPTION_LAYOUT_H
#define PORTICO_DESCRIPTION_LAYOUT_H

#include "module/abi_sizes.h"

#include <stdbool.h>

_Static_assert(sizeof(void *) == 8, "structs are laid out alike in the file and in the host");

typedef enum pointer_kind {
    POINTER_END, /* of a list of members */
    POINTER_TEXT,
    POINTER_TEXTS,  /* an array of texts that NULL ends */
    POINTER_CODE,   /* a function, or a target: only whether it is NULL */
    POINTER_FIELDS, /* portico_fields */
    POINTER_TABLE   /* not a pointer: a portico_table, with rows of `row` */
} pointer_kind;

typedef struct pointer_member {
    size_t offset;
    pointer_kind kind;
    const struct struct_layout *row;
} pointer_member;

typedef struct struct_layout {
    size_t size;  /* today's */
    size_t least; /* shorter rows are refused by describe(), unread */
    const pointer_member *members;
} struct_layout;

/* A portico_module. */
extern const struct_layout module_layout;

/* A portico_fields without its rows, and a row. */
extern const struct_layout fields_layout;
extern const struct_layout field_layout;

/* Whether a table of such rows is refused, by describe() or the readers of fields, before they read
 * a row. */
bool layout_refuses(const struct_layout *layout, uint32_t count, uint32_t row_size);

#endif
