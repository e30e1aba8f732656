/* state_shape.h: the fields of a state block, and how a block becomes one of another shape when a
 * module is swapped.
 *
 * A shape is a copy without pointers into a module, so it outlives the generation that declared it.
 * Pure, any thread; a shape does not change after shape_init. The rules are in portico.h, above
 * portico_migration. A state of size 0 has no fields and counts as declared.
 */
#ifndef PORTICO_STATE_SHAPE_H
#define PORTICO_STATE_SHAPE_H

#include <portico/portico.h>

#include <stdbool.h>

enum {
    SHAPE_FIELDS_MAX = 1024,
    SHAPE_NAME_MAX = 64, /* bytes of a field's name, with its zero */
    SHAPE_WHY_MAX = 256, /* room for any `why` */
    SHAPE_TEXT_MAX = 48  /* room for what shape_field_text writes */
};

typedef struct state_field {
    char name[SHAPE_NAME_MAX];
    uint32_t kind; /* PORTICO_KIND_... */
    uint32_t offset;
    uint32_t size;  /* bytes of an element */
    uint32_t count; /* elements */
} state_field;

typedef struct state_shape {
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
                          const portico_state_fields *fields, char *why, size_t why_size);
void shape_fini(state_shape *s);

/* Whether a block of one shape can be used unchanged as a block of the other. */
bool shape_equal(const state_shape *a, const state_shape *b);

/* Whether every value of a block can be taken over. PORTICO_E_INVALID: `why` names the first field
 * that cannot, and what it was and is; the caller adds what to do about it. */
portico_status shape_check(const state_shape *from, const state_shape *to, char *why,
                           size_t why_size);

/* Copies what can be taken over from `old` into `fresh`, which has to->size zeroed bytes. */
void shape_convert(const state_shape *from, const void *old, const state_shape *to, void *fresh);

/* Writes by name how the fields of `to` differ: "added weather; dropped tick, wind; widened hp;
 * changed gold". A field is changed if it cannot hold the old values: only a `migrate` can then
 * fill it. Ends with "and 12 more" where `size` does not suffice. "": the fields differ by their
 * offsets at most, or one shape declares none. */
void shape_changes_text(const state_shape *from, const state_shape *to, char *text, size_t size);

/* The name of the field that contains the byte at `offset`, and in *within the byte's offset in it;
 * NULL: none does. */
const char *shape_field_at(const state_shape *s, uint32_t offset, uint32_t *within);

/* Writes what a field contains: "unsigned 32 bits", "4 x float 64 bits", "text of 32 bytes", "12
 * opaque bytes". */
void shape_field_text(const state_field *f, char *text, size_t size);

#endif
