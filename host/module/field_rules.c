/* field_rules.c: see field_rules.h. */
#include "module/field_rules.h"

#include "base/text.h"
#include "module/abi_sizes.h"

#include <string.h>

bool field_name_copy(char name[FIELD_NAME_MAX], const char *from) {
    const char *end = from != NULL ? memchr(from, '\0', FIELD_NAME_MAX) : NULL;
    size_t size = end != NULL ? (size_t)(end - from) : 0;
    if (size == 0 || !text_is_plain(from, size) || memchr(from, ' ', size) != NULL) {
        return false;
    }
    memcpy(name, from, size + 1);
    return true;
}

bool field_is_number(uint32_t kind) {
    return kind == PORTICO_KIND_SIGNED || kind == PORTICO_KIND_UNSIGNED ||
           kind == PORTICO_KIND_FLOAT;
}

bool field_size_allowed(uint32_t kind, uint32_t size) {
    switch (kind) {
    case PORTICO_KIND_BYTES:
    case PORTICO_KIND_STRUCT: return size > 0;
    case PORTICO_KIND_SIGNED:
    case PORTICO_KIND_UNSIGNED: return size == 1 || size == 2 || size == 4 || size == 8;
    case PORTICO_KIND_FLOAT: return size == 4 || size == 8;
    default: return size == 1;
    }
}

bool field_stride_allowed(const portico_fields *t) {
    return t->field_size >= PORTICO_FIELD_SIZE_0_4 && t->field_size <= ABI_ROW_BYTES_MAX;
}

portico_field field_row(const portico_fields *t, uint32_t index) {
    portico_field f;
    memcpy(&f, (const char *)t->fields + (size_t)index * t->field_size, sizeof f);
    return f;
}
