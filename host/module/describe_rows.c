/* describe_rows.c: see describe_rows.h. */
#include "module/describe_rows.h"

#include "base/text.h"
#include "module/abi_sizes.h"
#include "module/packet_layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { OPCODES_MAX = 65536, NAME_BYTES_MAX = 63 };

portico_status describe_refuse(char why[IMAGE_WHY_MAX], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, IMAGE_WHY_MAX, format, arguments);
    va_end(arguments);
    return PORTICO_E_INVALID;
}

portico_status describe_table(const portico_table *t, const char *name, size_t least, uint32_t most,
                              char why[IMAGE_WHY_MAX]) {
    if (t->count == 0) {
        return PORTICO_OK;
    }
    if (t->rows == NULL) {
        return describe_refuse(why, "%s: %u rows at NULL: use PORTICO_TABLE", name, t->count);
    }
    if (t->count > most) {
        return describe_refuse(why, "%s: %u rows: allowed are up to %u", name, t->count, most);
    }
    if (t->row_size < least || t->row_size > ABI_ROW_BYTES_MAX ||
        t->row_size % sizeof(void *) != 0) {
        return describe_refuse(why,
                               "%s: rows of %u bytes: allowed are %zu to %d, in steps of %zu: use "
                               "PORTICO_TABLE",
                               name, t->row_size, least, ABI_ROW_BYTES_MAX, sizeof(void *));
    }
    return PORTICO_OK;
}

void describe_row(const portico_table *t, uint32_t i, void *to, size_t size) {
    memset(to, 0, size);
    memcpy(to, (const char *)t->rows + (size_t)i * t->row_size,
           t->row_size < size ? t->row_size : size);
}

portico_status describe_row_name(const char **name, const char *table, uint32_t i,
                                 char why[IMAGE_WHY_MAX]) {
    *name = *name != NULL ? *name : "";
    const char *end = memchr(*name, '\0', NAME_BYTES_MAX + 1);
    if (end == NULL || !text_is_plain(*name, (size_t)(end - *name))) {
        return describe_refuse(why,
                               "%s, row %u: its name is not one line of up to %d bytes of UTF-8",
                               table, i, NAME_BYTES_MAX);
    }
    return PORTICO_OK;
}

/* ---- packets --------------------------------------------------------------------------------- */

/* Sets the sizes and the layout of a row. */
static portico_status take_layout(const portico_opcode *row, const char *table, uint32_t i,
                                  registered_handler *h, char why[IMAGE_WHY_MAX]) {
    char fault[256] = "";
    if (row->packet == NULL) {
        h->size_min = row->size_min;
        h->size_max = row->size_max;
        if (h->size_min > h->size_max) {
            return describe_refuse(why, "%s, row %u (%s): size_min %u is above size_max %u", table,
                                   i, h->name, h->size_min, h->size_max);
        }
        return PORTICO_OK;
    }
    portico_status status = packet_layout_create(&h->layout, row->packet, fault, sizeof fault);
    if (status == PORTICO_E_INVALID) {
        return describe_refuse(why, "%s, row %u (%s): %s", table, i, h->name, fault);
    }
    if (status == PORTICO_OK) {
        h->size_min = packet_layout_min(h->layout);
        h->size_max = packet_layout_max(h->layout);
    }
    return status;
}

static portico_status take_opcode(const portico_opcode *row, bool sent, uint32_t state_size,
                                  const char *table, uint32_t i, registered_handler **to,
                                  char why[IMAGE_WHY_MAX]) {
    registered_handler h = {.id = row->opcode, .name = row->name, .call.packet = row->call};
    portico_status status = describe_row_name(&h.name, table, i, why);
    if (status != PORTICO_OK) {
        return status;
    }
    if (!sent && row->call == NULL) {
        return describe_refuse(why, "%s, row %u (%s, %u): its call is NULL", table, i, h.name,
                               h.id);
    }
    if (registry_find_handler(*to, h.id) != NULL) {
        return describe_refuse(why, "%s, row %u (%s): the opcode %u is in the table already", table,
                               i, h.name, h.id);
    }
    if (row->state_size != 0 && row->state_size != state_size) {
        return describe_refuse(why,
                               "%s, row %u (%s): its handler expects a state of %u bytes, but the "
                               "type's state has %u: set .state",
                               table, i, h.name, row->state_size, state_size);
    }
    status = take_layout(row, table, i, &h, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = registry_add_handler(to, &h);
    if (status != PORTICO_OK) {
        packet_layout_free(h.layout);
    }
    return status;
}

static portico_status take_opcodes(const portico_table *t, bool sent, uint32_t state_size,
                                   const char *what, registered_handler **to,
                                   char why[IMAGE_WHY_MAX]) {
    char table[4 * PORTICO_LABEL_MAX];
    snprintf(table, sizeof table, "%s: %s", what, sent ? "sends" : "opcodes");
    portico_status status = describe_table(t, table, PORTICO_OPCODE_SIZE_0_4, OPCODES_MAX, why);
    for (uint32_t i = 0; status == PORTICO_OK && i < t->count; i++) {
        portico_opcode row;
        describe_row(t, i, &row, sizeof row);
        status = take_opcode(&row, sent, state_size, table, i, to, why);
    }
    return status;
}

portico_status describe_opcodes(registered_type *t, const portico_session_type *from,
                                const char *what, char why[IMAGE_WHY_MAX]) {
    uint32_t state_size = from->state.size;
    portico_status status = take_opcodes(&from->opcodes, false, state_size, what, &t->packets, why);
    return status == PORTICO_OK ? take_opcodes(&from->sends, true, state_size, what, &t->sends, why)
                                : status;
}
