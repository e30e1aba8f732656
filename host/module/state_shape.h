/* state_shape.h: the fields of a state block, and how a block becomes one of another shape when a
 * module is swapped.
 *
 * A shape is a copy without pointers into a module, so it outlives the generation that declared it.
 * A field that is a struct with declared fields has a shape of its own, without a version. Pure,
 * any thread; a shape does not change after shape_init. The rules are in portico.h, above
 * portico_migration. A state of size 0 has no fields and counts as declared.
 */
#ifndef PORTICO_STATE_SHAPE_H
#define PORTICO_STATE_SHAPE_H

#include "module/field_rules.h"

#include <portico/portico.h>

#include <stdbool.h>

enum {
    SHAPE_FIELDS_MAX = 1024, /* those of structs within included */
    SHAPE_DEPTH_MAX = 8,     /* the state, and structs within structs */
    SHAPE_PATH_MAX = 192,    /* bytes of "bag[3].count", with its zero; a longer path is cut */
    SHAPE_WHY_MAX = 512,     /* room for any `why` */
    SHAPE_TEXT_MAX = 128     /* room for what shape_field_text writes */
};

typedef struct state_field {
    char name[FIELD_NAME_MAX];
    struct state_shape *fields; /* of an element, for PORTICO_KIND_STRUCT; else NULL */
    uint32_t kind;              /* PORTICO_KIND_... */
    uint32_t offset;
    uint32_t size;  /* bytes of an element */
    uint32_t count; /* elements */
} state_field;

typedef struct state_shape {
    char name[FIELD_NAME_MAX]; /* of the struct; "": not declared */
    uint32_t size;
    uint32_t version;
    bool declared; /* all its fields are known */
    uint32_t field_count;
    state_field *fields;         /* by offset */
    const state_field **by_name; /* the same, by name */
} state_shape;

/* Copies what a module declares; `fields` NULL: nothing is declared. The table is not trusted. On
 * failure the shape is empty and `why` says what is wrong: PORTICO_E_INVALID,
 * PORTICO_E_NO_MEMORY. */
portico_status shape_init(state_shape *s, uint32_t size, uint32_t version,
                          const portico_fields *fields, char *why, size_t why_size);
void shape_fini(state_shape *s);

/* Whether a block of one shape can be used unchanged as a block of the other. */
bool shape_equal(const state_shape *a, const state_shape *b);

/* Whether every value of a block can be taken over. PORTICO_E_INVALID: `why` names the first field
 * that cannot, and what it was and is; the caller adds what to do about it. */
portico_status shape_check(const state_shape *from, const state_shape *to, char *why,
                           size_t why_size);

/* Copies what can be taken over from `old` into `fresh`, which has to->size zeroed bytes. */
void shape_convert(const state_shape *from, const void *old, const state_shape *to, void *fresh);

/* The field of that name, or NULL. */
const state_field *shape_find(const state_shape *s, const char *name);

/* Whether `to` can hold every value of `from`. Of structs with declared fields only the number is
 * compared, not their fields. */
bool shape_field_fits(const state_field *from, const state_field *to);

/* Writes by name how the fields of `to` differ: "added weather, bag[].weight; dropped tick, wind;
 * widened hp; changed gold". A field is changed if it cannot hold the old values: only a `migrate`
 * can then fill it. Ends with "and 12 more" where `size` does not suffice. "": the fields differ by
 * their offsets at most, or one shape declares none. */
void shape_changes_text(const state_shape *from, const state_shape *to, char *text, size_t size);

/* Writes which field contains the byte at `offset`, "score" or "bag[3].count", and in *within the
 * byte's offset in it. Padding of a struct belongs to the struct. False: no field contains it. */
bool shape_field_at(const state_shape *s, uint32_t offset, char path[SHAPE_PATH_MAX],
                    uint32_t *within);

/* Writes what a field contains: "unsigned 32 bits", "4 x float 64 bits", "text of 32 bytes", "12
 * opaque bytes", "20 x struct item of 8 bytes". */
void shape_field_text(const state_field *f, char *text, size_t size);

#endif
