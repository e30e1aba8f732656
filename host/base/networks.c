/* networks.c: see networks.h. */
#include "base/networks.h"

#include <stdlib.h>
#include <string.h>

enum { ADDRESS_BITS = 128, MAPPED_BITS = 96, ENTRY_BYTES = 64 };

static const uint8_t mapped[MAPPED_BITS / 8] = {[10] = 0xFF, [11] = 0xFF};

/* IPv4 networks are mapped into IPv6. */
typedef struct network {
    uint8_t bytes[ADDRESS_BITS / 8];
    uint32_t bits;
} network;

struct networks {
    uint32_t count;
    network list[];
};

static network network_of(const os_address *address) {
    network n = {.bits = ADDRESS_BITS};
    if (address->family == OS_ADDRESS_IPV4) {
        memcpy(n.bytes, mapped, sizeof mapped);
        memcpy(n.bytes + sizeof mapped, address->bytes, 4);
    } else {
        memcpy(n.bytes, address->bytes, sizeof n.bytes);
    }
    return n;
}

/* Reads the number after a '/', at most `most`, without leading zeros. */
static bool read_bits(const char *text, uint32_t most, uint32_t *bits) {
    uint32_t number = 0;
    const char *at = text;
    while (*at >= '0' && *at <= '9' && number <= most) {
        number = number * 10 + (uint32_t)(*at++ - '0');
    }
    *bits = number;
    return at > text && *at == '\0' && number <= most && (text[0] != '0' || at == text + 1);
}

/* Whether the first `bits` bits of both are the same. */
static bool same_bits(const uint8_t *a, const uint8_t *b, uint32_t bits) {
    uint32_t whole = bits / 8;
    uint8_t rest = (uint8_t)(0xFF00u >> bits % 8);
    return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) & rest) == 0);
}

static bool is_clear_after(const network *n) {
    for (uint32_t bit = n->bits; bit < ADDRESS_BITS; bit++) {
        if ((n->bytes[bit / 8] & 0x80u >> bit % 8) != 0) {
            return false;
        }
    }
    return true;
}

static bool read_network(const char *text, size_t size, network *n) {
    char entry[ENTRY_BYTES];
    os_address address;
    if (size >= sizeof entry || memchr(text, '%', size) != NULL) {
        return false; /* a network has no interface */
    }
    memcpy(entry, text, size);
    entry[size] = '\0';
    char *slash = strchr(entry, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    if (os_address_parse(entry, 0, &address) != PORTICO_OK) {
        return false;
    }
    uint32_t before = address.family == OS_ADDRESS_IPV4 ? MAPPED_BITS : 0;
    uint32_t bits = ADDRESS_BITS - before;
    if (slash != NULL && !read_bits(slash + 1, bits, &bits)) {
        return false;
    }
    *n = network_of(&address);
    n->bits = before + bits;
    return is_clear_after(n);
}

/* Finds the next entry from *at on; its size, 0: there is none. */
static size_t next_entry(const char **at) {
    *at += strspn(*at, " ,\t");
    return strcspn(*at, " ,\t");
}

/* How many networks the list has, which go to `to` unless it is NULL; 0: it is not valid. */
static uint32_t read_list(const char *list, network *to) {
    network n;
    size_t size = 0;
    uint32_t count = 0;
    while ((size = next_entry(&list)) > 0) {
        if (!read_network(list, size, &n)) {
            return 0;
        }
        if (to != NULL) {
            to[count] = n;
        }
        list += size;
        count++;
    }
    return count;
}

bool networks_valid(const char *list) {
    return read_list(list, NULL) > 0;
}

networks *networks_create(const char *list) {
    uint32_t count = read_list(list, NULL);
    networks *n = malloc(sizeof *n + count * sizeof n->list[0]);
    if (n != NULL) {
        n->count = read_list(list, n->list);
    }
    return n;
}

void networks_destroy(networks *n) {
    free(n);
}

bool networks_contain(const networks *n, const os_address *address) {
    const network wanted = network_of(address);
    /* ::/0 is all of IPv6, and not IPv4 as well. */
    bool ipv4 = same_bits(wanted.bytes, mapped, MAPPED_BITS);
    for (uint32_t i = 0; i < n->count; i++) {
        const network *one = &n->list[i];
        if ((one->bits >= MAPPED_BITS || !ipv4) && same_bits(one->bytes, wanted.bytes, one->bits)) {
            return true;
        }
    }
    return false;
}
