/* rest.c: see rest.h. */
#include "tls/rest.h"

#include "wire/buffer.h"

#include <string.h>

enum { FIRST_BYTES = 1024 };

static bool rest_grow(tls_rest *r, uint32_t capacity) {
    uint8_t *more = buffer_allocate(capacity);
    if (more == NULL) {
        return false;
    }
    if (r->bytes != NULL) {
        memcpy(more, r->bytes, r->size);
        buffer_free(r->bytes, r->capacity);
    }
    r->bytes = more;
    r->capacity = capacity;
    return true;
}

bool tls_rest_add(tls_rest *r, const void *bytes, uint32_t size) {
    uint32_t capacity = r->bytes != NULL ? r->capacity : FIRST_BYTES;
    while (capacity - r->size < size) {
        capacity *= 2;
    }
    if ((r->bytes == NULL || capacity != r->capacity) && !rest_grow(r, capacity)) {
        return false;
    }
    memcpy(r->bytes + r->size, bytes, size);
    r->size += size;
    return true;
}

void tls_rest_keep(tls_rest *r, uint32_t left) {
    if (left != 0) {
        memmove(r->bytes, r->bytes + r->size - left, left);
        r->size = left;
    } else if (r->bytes != NULL) {
        buffer_free(r->bytes, r->capacity);
        *r = (tls_rest){0};
    }
}
