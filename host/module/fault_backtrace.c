/* fault_backtrace.c: places, backtraces and registers in words: see fault_text.h. */
#include "module/fault_text.h"

#include "base/text.h"

#include <string.h>

enum { REGISTERS_IN_LINE = 4, FUNCTION_COLUMN = 36 };

static void put_offset(put *p, const os_place *place) {
    put_foreign(p, place->library, strlen(place->library));
    put_text(p, "+0x");
    put_hex(p, place->offset, 1);
}

static void put_source(put *p, const os_place *place, const char *file) {
    put_text(p, " (");
    put_foreign(p, file, strlen(file));
    if (place->line > 0) {
        put_text(p, ":");
        put_number(p, place->line);
    }
    put_text(p, ")");
}

void fault_place(put *p, const os_place *place) {
    if (place->function[0] != '\0') {
        put_foreign(p, place->function, strlen(place->function));
    } else if (place->library[0] != '\0') {
        put_offset(p, place);
    } else {
        put_text(p, "an address without code");
    }
    if (place->file[0] != '\0') {
        put_source(p, place, text_file_name(place->file));
    }
}

static void put_frame(put *p, const os_fault *f, const os_place *places, uint32_t i) {
    const os_place *place = &places[i];
    put_text(p, i < 10 ? "     " : "    ");
    put_number(p, i);
    put_text(p, "  ");
    if (place->library[0] == '\0') {
        put_text(p, "0x");
        put_hex(p, f->frames[i], 16);
    } else {
        put_offset(p, place);
    }
    if (place->function[0] != '\0') {
        put_column(p, FUNCTION_COLUMN);
        put_text(p, " ");
        put_foreign(p, place->function, strlen(place->function));
    }
    if (place->file[0] != '\0') {
        put_source(p, place, place->file);
    }
    put_text(p, "\n");
}

/* How many frames from `i` on are the same: a function that calls itself. */
static uint32_t same_frames(const os_fault *f, uint32_t i) {
    uint32_t count = 1;
    while (i + count < f->frame_count && f->frames[i + count] == f->frames[i]) {
        count++;
    }
    return count;
}

static void put_frames(put *p, const os_fault *f, const os_place *places) {
    put_text(p, "  backtrace, the innermost call first\n");
    for (uint32_t i = 0; i < f->frame_count;) {
        uint32_t same = same_frames(f, i);
        put_frame(p, f, places, i);
        if (same > 2) {
            put_text(p, "        and ");
            put_number(p, same - 1);
            put_text(p, " more calls from the same place\n");
            i += same - 1;
        }
        i++;
    }
    if (f->frame_count == OS_FRAMES_MAX) {
        put_text(p, "        and perhaps more\n");
    }
}

static void put_registers(put *p, const os_fault *f) {
    if (f->register_count == 0) {
        return;
    }
    put_text(p, "  registers\n");
    for (uint32_t i = 0; i < f->register_count; i++) {
        size_t column = 5 + (size_t)(i % REGISTERS_IN_LINE) * 24;
        put_column(p, column);
        put_text(p, os_register_name(i));
        put_column(p, column + 5);
        put_text(p, " ");
        put_hex(p, f->registers[i], 16);
        bool last = i % REGISTERS_IN_LINE == REGISTERS_IN_LINE - 1 || i + 1 == f->register_count;
        put_text(p, last ? "\n" : "");
    }
}

void fault_backtrace(put *p, const os_fault *fault, const os_place *places) {
    put_frames(p, fault, places);
    put_registers(p, fault);
}
