/* library_file.c: see library_file.h. What both formats share; library_open.c chooses between
 * them. */
#include "module/library_file.h"

#include "module/library_formats.h"

#include <stdlib.h>
#include <string.h>

void library_file_close(library_file *l) {
    free(l->fixups);
    *l = (library_file){0};
}

const void *library_bytes(const library_file *l, uint64_t offset, uint64_t size) {
    return offset <= l->size && size <= l->size - offset ? l->bytes + offset : NULL;
}

bool library_add_part(library_file *l, const library_part *part) {
    if (l->part_count == LIBRARY_PARTS_MAX || part->address + part->size < part->address ||
        part->file_size > part->size ||
        library_bytes(l, part->file_offset, part->file_size) == NULL) {
        return false;
    }
    l->parts[l->part_count++] = *part;
    return true;
}

/* The part that contains the address, which is *within bytes after its start; NULL: none does. */
static const library_part *find_part(const library_file *l, uint64_t address, uint64_t *within) {
    for (uint32_t i = 0; i < l->part_count; i++) {
        const library_part *p = &l->parts[i];
        if (address >= p->address && address - p->address < p->size) {
            *within = address - p->address;
            return p;
        }
    }
    return NULL;
}

library_place library_file_place(const library_file *l, uint64_t address, uint64_t size) {
    uint64_t within = 0;
    const library_part *p = find_part(l, address, &within);
    if (p == NULL || size > p->size - within) {
        return LIBRARY_OUTSIDE;
    }
    if (within >= p->file_size || size > p->file_size - within) {
        return LIBRARY_ZERO;
    }
    bool constant = address >= l->constant && address - l->constant < l->constant_size;
    return p->writable && !constant ? LIBRARY_WRITABLE : LIBRARY_CONSTANT;
}

bool library_file_read(const library_file *l, uint64_t address, void *to, size_t size) {
    uint64_t within = 0;
    const library_part *p = find_part(l, address, &within);
    if (p == NULL || size > p->size - within) {
        return false;
    }
    uint64_t in_file = within < p->file_size ? p->file_size - within : 0;
    size_t copied = in_file < size ? (size_t)in_file : size;
    if (copied > 0) {
        memcpy(to, l->bytes + p->file_offset + within, copied);
    }
    memset((char *)to + copied, 0, size - copied);
    return true;
}

static const library_fixup *find_fixup(const library_file *l, uint64_t address) {
    size_t low = 0;
    size_t high = l->fixup_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->fixups[middle].at == address) {
            return &l->fixups[middle];
        }
        if (l->fixups[middle].at < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

bool library_file_pointer(const library_file *l, uint64_t address, uint64_t *target) {
    uint64_t value = 0;
    if (!library_file_read(l, address, &value, sizeof value)) {
        return false;
    }
    const library_fixup *fixup = find_fixup(l, address);
    if (fixup != NULL) {
        *target = fixup->target;
        return fixup->known;
    }
    *target = value == 0 ? 0 : value - l->base;
    return true;
}

const char *library_file_text(const library_file *l, uint64_t address, size_t max) {
    uint64_t within = 0;
    const library_part *p = find_part(l, address, &within);
    if (p == NULL || within >= p->file_size) {
        return NULL;
    }
    const char *text = (const char *)l->bytes + p->file_offset + within;
    uint64_t size = p->file_size - within;
    return memchr(text, '\0', size < max ? (size_t)size : max) != NULL ? text : NULL;
}
