/* source.c: see source.h. */
#include "session/source.h"

#include "base/bucket.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { SETS = SOURCES_MAX / SOURCE_WAYS };

/* A source owes until `due_ns`; 0: the entry is free. */
typedef struct source_entry {
    source from;
    uint64_t due_ns;
} source_entry;

struct sources {
    source_entry sets[SETS][SOURCE_WAYS];
};

static bool is_mapped(const uint8_t *bytes) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    return memcmp(bytes, mapped, sizeof mapped) == 0;
}

source source_of(const os_address *peer, uint32_t ipv6_prefix) {
    source from = {{0}};
    if (peer->family == OS_ADDRESS_IPV4) {
        from.bytes[10] = 0xFF;
        from.bytes[11] = 0xFF;
        memcpy(from.bytes + 12, peer->bytes, 4);
        return from;
    }
    memcpy(from.bytes, peer->bytes, SOURCE_BYTES);
    if (is_mapped(from.bytes)) {
        return from;
    }
    for (uint32_t bit = ipv6_prefix; bit < SOURCE_BYTES * 8; bit++) {
        from.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    }
    return from;
}

sources *sources_create(void) {
    return calloc(1, sizeof(sources));
}

void sources_destroy(sources *s) {
    free(s);
}

/* The source's entry in its set, or the one that owes least, which it takes over. */
static source_entry *entry_of(sources *s, const source *from) {
    source_entry *set = s->sets[hash_bytes(from->bytes, SOURCE_BYTES) % SETS];
    source_entry *least = set;
    for (int i = 0; i < SOURCE_WAYS; i++) {
        if (memcmp(set[i].from.bytes, from->bytes, SOURCE_BYTES) == 0) {
            return &set[i];
        }
        if (set[i].due_ns < least->due_ns) {
            least = &set[i];
        }
    }
    *least = (source_entry){.from = *from};
    return least;
}

bool sources_admit(sources *s, const source *from, uint64_t now_ns, uint64_t cost_ns,
                   uint64_t burst_ns) {
    source_entry *e = entry_of(s, from);
    uint64_t due_ns = e->due_ns;
    if (bucket_charge(&due_ns, now_ns, cost_ns, burst_ns) > 0) {
        return false;
    }
    e->due_ns = due_ns;
    return true;
}
