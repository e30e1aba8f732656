/* check.c: see check.h. One function per rule. */
#include "config/check.h"

#include "config/check_admin.h"
#include "config/check_tls.h"
#include "config/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void check_required(config_draft *draft, const draft_section *section) {
    size_t count;
    const config_key *keys = config_keys(&count);
    if (section->incomplete) {
        return; /* the key may be on the line that was refused */
    }
    for (size_t i = 0; i < count; i++) {
        if (schema_in_section(i, section->kind) && keys[i].required && section->key_lines[i] == 0) {
            char label[DRAFT_LABEL_MAX];
            draft_label(section, label);
            fault_add(draft->faults, section->line, "%s: the key %s is missing (%s)", label,
                      keys[i].key, keys[i].help);
        }
    }
}

static void check_frame_limit(config_draft *draft, const draft_section *section,
                              const config_service *s) {
    if (!draft_is_usable(section, "framing") || !draft_is_usable(section, "frame_limit_bytes")) {
        return;
    }
    char label[DRAFT_LABEL_MAX];
    draft_label(section, label);
    uint32_t least = frame_least_bytes(s->framing);
    uint32_t most = frame_most_bytes(s->framing);
    if (s->frame_limit_bytes < least || s->frame_limit_bytes > most) {
        char most_text[NUMBER_TEXT_MAX];
        number_format_bytes(most, most_text);
        fault_add(draft->faults, draft_line_of(section, "frame_limit_bytes"),
                  "%s frame_limit_bytes = %" PRIu32 ": with %s%s it must be %" PRIu32
                  " to %s bytes",
                  label, s->frame_limit_bytes,
                  s->transport == CONFIG_TRANSPORT_WEBSOCKET ? "transport " : "framing ",
                  frame_name(s->framing), least, most_text);
    } else if (draft_is_usable(section, "send_limit_bytes") &&
               s->send_limit_bytes < s->frame_limit_bytes) {
        fault_add(draft->faults, draft_line_of(section, "send_limit_bytes"),
                  "%s send_limit_bytes = %" PRIu32 ": must be at least frame_limit_bytes, %" PRIu32
                  ", or the largest frame could never be sent",
                  label, s->send_limit_bytes, s->frame_limit_bytes);
    }
}

/* A recv may bring 16 KiB at once, and a whole frame is needed before it can be handled. */
enum { BYTE_RATE_LEAST = 2048 };

static void check_byte_rate(config_draft *draft, const draft_section *section,
                            const config_service *s) {
    char label[DRAFT_LABEL_MAX];
    if (s->byte_rate == 0 || !draft_is_usable(section, "byte_rate") ||
        !draft_is_usable(section, "over_rate") || !draft_is_usable(section, "frame_limit_bytes")) {
        return;
    }
    draft_label(section, label);
    if (s->byte_rate < BYTE_RATE_LEAST) {
        fault_add(draft->faults, draft_line_of(section, "byte_rate"),
                  "%s byte_rate = %" PRIu32 ": must be 0, or at least 2K", label, s->byte_rate);
    } else if (s->over_rate == CONFIG_OVER_RATE_CLOSE && s->byte_rate < s->frame_limit_bytes) {
        fault_add(draft->faults, draft_line_of(section, "byte_rate"),
                  "%s byte_rate = %" PRIu32 ": must be at least frame_limit_bytes, %" PRIu32
                  ", or the largest frame would close its session; or set over_rate = slow",
                  label, s->byte_rate, s->frame_limit_bytes);
    }
}

static void check_transport(config_draft *draft, const draft_section *section,
                            const config_service *s) {
    static const char *const of_websocket[] = {"path", "origins", "ping_s", "files"};
    char label[DRAFT_LABEL_MAX];
    draft_label(section, label);
    bool websocket = s->transport == CONFIG_TRANSPORT_WEBSOCKET;
    if (!draft_is_usable(section, "transport")) {
        return;
    }
    if (websocket && draft_is_set(section, "framing") && draft_is_usable(section, "framing")) {
        fault_add(draft->faults, draft_line_of(section, "framing"),
                  "%s framing: must not be set with transport = websocket, whose messages are the "
                  "packets",
                  label);
    }
    if (websocket && !s->outgoing && draft_is_usable(section, "path") &&
        strchr(s->path, '?') != NULL) {
        fault_add(draft->faults, draft_line_of(section, "path"),
                  "%s path = %s: must not contain a ?; what comes after it in a request is ignored",
                  label, s->path);
    }
    for (size_t i = 0; !websocket && i < sizeof of_websocket / sizeof of_websocket[0]; i++) {
        if (draft_is_set(section, of_websocket[i]) && draft_is_usable(section, of_websocket[i])) {
            fault_add(draft->faults, draft_line_of(section, of_websocket[i]),
                      "%s %s: only works with transport = websocket", label, of_websocket[i]);
        }
    }
}

/* Without a list of the balancers, any client could claim any address. */
static void check_proxy(config_draft *draft, const draft_section *section,
                        const config_service *s) {
    char label[DRAFT_LABEL_MAX];
    if (s->outgoing || !draft_is_usable(section, "proxy_protocol") ||
        !draft_is_usable(section, "proxy_from")) {
        return;
    }
    draft_label(section, label);
    if (s->proxy_protocol != CONFIG_PROXY_NO && s->proxy_from == NULL) {
        fault_add(draft->faults, draft_line_of(section, "proxy_protocol"),
                  "%s proxy_protocol: proxy_from must list the networks of the balancers, such as "
                  "10.0.0.0/8: a client could otherwise claim any address",
                  label);
    } else if (s->proxy_protocol == CONFIG_PROXY_NO && s->proxy_from != NULL) {
        fault_add(draft->faults, draft_line_of(section, "proxy_from"),
                  "%s proxy_from: only works with proxy_protocol = v1, v2 or any", label);
    }
}

static void check_reconnect(config_draft *draft, const draft_section *section,
                            const config_service *s) {
    bool both = draft_is_usable(section, "reconnect_min_ms") &&
                draft_is_usable(section, "reconnect_max_ms");
    if (both && s->reconnect_min_ms > s->reconnect_max_ms) {
        char label[DRAFT_LABEL_MAX];
        draft_label(section, label);
        fault_add(draft->faults, draft_line_of(section, "reconnect_min_ms"),
                  "%s reconnect_min_ms = %" PRIu32 ": must be at most reconnect_max_ms, %" PRIu32,
                  label, s->reconnect_min_ms, s->reconnect_max_ms);
    }
}

/* The numeric address; the family is NONE for a host name or no address. */
static os_address address_of(const char *text, uint16_t port) {
    os_address address;
    memset(&address, 0, sizeof address);
    if (text != NULL) {
        (void)os_address_parse(text, port, &address);
    }
    return address;
}

static void check_families(config_draft *draft, const draft_section *section,
                           const config_service *s) {
    char label[DRAFT_LABEL_MAX];
    draft_label(section, label);
    uint8_t family = address_of(s->address, 0).family;
    uint8_t from = address_of(s->bind_address, 0).family;
    if (s->outgoing && family != OS_ADDRESS_NONE && from != OS_ADDRESS_NONE && from != family) {
        fault_add(draft->faults, draft_line_of(section, "bind_address"),
                  "%s bind_address = %s: must be an address of the same family as address, %s",
                  label, s->bind_address, s->address);
    }
    if (!s->outgoing && s->listen.dual_stack && family == OS_ADDRESS_IPV4) {
        fault_add(draft->faults, draft_line_of(section, "dual_stack"),
                  "%s dual_stack = yes: needs an IPv6 address such as ::, but address is %s", label,
                  s->address);
    }
}

/* Whether two sections would listen on the same address. Every port 0 is a different one. */
static bool same_place(const config_service *a, const config_service *b) {
    os_address x = address_of(a->address, a->port);
    os_address y = address_of(b->address, b->port);
    return a->port != 0 && x.family != OS_ADDRESS_NONE && memcmp(&x, &y, sizeof x) == 0;
}

static bool takes_connections(const config_draft *draft, const draft_section *section) {
    bool admin = section->kind == CONFIG_SECTION_ADMIN && draft->config->admin_enabled;
    return admin || (section->kind == CONFIG_SECTION_LISTENER &&
                     draft_line_of(section, "port") != section->line);
}

static const config_service *service_of(config_draft *draft, const draft_section *section) {
    return section->kind == CONFIG_SECTION_ADMIN ? &draft->config->admin
                                                 : draft_base(draft, section);
}

static void check_place(config_draft *draft, const draft_section *section,
                        const draft_section *before) {
    const config_service *s = service_of(draft, section);
    bool known = draft_is_usable(section, "port") && draft_is_usable(before, "port");
    if (known && same_place(s, service_of(draft, before))) {
        char label[DRAFT_LABEL_MAX];
        char other[DRAFT_LABEL_MAX];
        char text[OS_ADDRESS_TEXT];
        os_address address = address_of(s->address, s->port);
        os_address_format(&address, text);
        draft_label(section, label);
        draft_label(before, other);
        fault_add(draft->faults, draft_line_of(section, "port"),
                  "%s port = %" PRIu16 ": %s is taken by %s (line %" PRIu32 ")", label, s->port,
                  text, other, draft_line_of(before, "port"));
    }
}

/* Compares every two of them. */
static void check_places(config_draft *draft) {
    for (size_t i = 0; i < draft->section_count; i++) {
        const draft_section *section = &draft->sections[i];
        if (!takes_connections(draft, section)) {
            continue;
        }
        for (size_t j = 0; j < i; j++) {
            if (takes_connections(draft, &draft->sections[j])) {
                check_place(draft, section, &draft->sections[j]);
            }
        }
    }
}

void config_check(config_draft *draft) {
    for (size_t i = 0; i < draft->section_count; i++) {
        const draft_section *section = &draft->sections[i];
        check_required(draft, section);
        if (section->kind == CONFIG_SECTION_ADMIN) {
            config_check_admin(draft, section);
        } else if (section->kind == CONFIG_SECTION_LISTENER ||
                   section->kind == CONFIG_SECTION_CONNECTOR) {
            const config_service *s = service_of(draft, section);
            check_transport(draft, section, s);
            check_frame_limit(draft, section, s);
            check_byte_rate(draft, section, s);
            check_families(draft, section, s);
            check_proxy(draft, section, s);
            config_check_tls(draft, section, s);
            if (s->outgoing) {
                check_reconnect(draft, section, s);
            }
        }
    }
    check_places(draft);
}
