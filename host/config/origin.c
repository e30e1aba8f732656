/* origin.c: see origin.h. */
#include "config/origin.h"

#include "base/text.h"

#include <stddef.h>
#include <string.h>

const char origins_allowed[] =
    "origins as browsers send them, such as https://example.com or http://localhost:8080, separated "
    "by spaces or commas: without a path, a wildcard, or the port that https (443) or http (80) has "
    "anyway; or * for all";

typedef struct text {
    const char *at;
    size_t size;
} text;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return text_lower(c) >= 'a' && text_lower(c) <= 'z';
}

static bool is(text t, const char *lower) {
    bool same = t.size == strlen(lower);
    for (size_t i = 0; same && i < t.size; i++) {
        same = text_lower(t.at[i]) == lower[i];
    }
    return same;
}

/* Letters, digits and `others`, and at least one of them. */
static bool consists_of(text t, const char *others) {
    bool good = t.size > 0;
    for (size_t i = 0; good && i < t.size; i++) {
        good = is_letter(t.at[i]) || is_digit(t.at[i]) || strchr(others, t.at[i]) != NULL;
    }
    return good;
}

static bool is_port(text port, text scheme) {
    unsigned number = 0;
    bool good = port.size > 0 && port.size <= 5 && port.at[0] != '0';
    for (size_t i = 0; good && i < port.size; i++) {
        good = is_digit(port.at[i]);
        number = number * 10 + (unsigned)(port.at[i] - '0');
    }
    bool implied = (number == 443 && is(scheme, "https")) || (number == 80 && is(scheme, "http"));
    return good && number <= 65535 && !implied;
}

/* A name, an IPv4 address, or an IPv6 address in brackets. */
static bool is_host(text host) {
    bool bracket = host.size > 2 && host.at[0] == '[' && host.at[host.size - 1] == ']';
    return bracket ? consists_of((text){host.at + 1, host.size - 2}, ":.")
                   : consists_of(host, "-._");
}

/* The index of the last colon of a port; the size if there is none. */
static size_t port_at(text authority) {
    size_t at = authority.size;
    while (at > 0 && is_digit(authority.at[at - 1])) {
        at--;
    }
    bool inside =
        authority.size > 0 && authority.at[0] == '[' && (at < 2 || authority.at[at - 2] != ']');
    return at > 0 && authority.at[at - 1] == ':' && !inside ? at - 1 : authority.size;
}

static bool is_origin(text t) {
    const char *colon = memchr(t.at, ':', t.size);
    if (is(t, "*") || is(t, "null")) {
        return true;
    }
    if (colon == NULL || (size_t)(t.at + t.size - colon) < 4 || memcmp(colon, "://", 3) != 0) {
        return false;
    }
    text scheme = {t.at, (size_t)(colon - t.at)};
    text authority = {colon + 3, (size_t)(t.at + t.size - colon) - 3};
    size_t port = port_at(authority);
    bool has_port = port < authority.size;
    return scheme.size > 0 && is_letter(scheme.at[0]) && consists_of(scheme, "+-.") &&
           is_host((text){authority.at, port}) &&
           (!has_port ||
            is_port((text){authority.at + port + 1, authority.size - port - 1}, scheme));
}

bool origins_valid(const char *list) {
    while (*list != '\0') {
        size_t size = strcspn(list, " ,\t");
        if (size > 0 && !is_origin((text){list, size})) {
            return false;
        }
        list += size;
        list += *list != '\0';
    }
    return true;
}
