/* check_admin.c: see check_admin.h. The admin side can stop the host, so other machines reach it
 * only with a token that the operator has chosen, and browsers reach it there only with TLS. */
#include "config/check_admin.h"

#include <inttypes.h>
#include <string.h>

typedef enum reach { REACH_UNKNOWN, REACH_MACHINE, REACH_ADDRESS, REACH_ALL } reach;

/* Where clients of a listener with that address can be: on this machine, on others that reach the
 * address, or on others that reach any address of this machine. */
static reach reach_of(const char *text) {
    static const uint8_t loopback_6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t mapped_4[13] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127};
    static const uint8_t any[16] = {0};
    os_address address;
    if (text == NULL || os_address_parse(text, 0, &address) != PORTICO_OK) {
        return REACH_UNKNOWN;
    }
    bool v4 = address.family == OS_ADDRESS_IPV4;
    if (v4 ? address.bytes[0] == 127
           : memcmp(address.bytes, loopback_6, sizeof loopback_6) == 0 ||
                 memcmp(address.bytes, mapped_4, sizeof mapped_4) == 0) {
        return REACH_MACHINE;
    }
    return memcmp(address.bytes, any, v4 ? 4 : 16) == 0 ? REACH_ALL : REACH_ADDRESS;
}

static bool is_open(reach r) {
    return r == REACH_ADDRESS || r == REACH_ALL;
}

static void check_token(config_draft *draft, const draft_section *section, const char *key,
                        const char *address) {
    if (draft->config->admin_token == NULL && draft_is_usable(section, key) &&
        draft_is_usable(section, "token") && is_open(reach_of(address))) {
        fault_add(draft->faults, draft_line_of(section, key),
                  "[admin] %s = %s: must be a loopback address such as 127.0.0.1, unless token is "
                  "set to a secret of at least 16 bytes",
                  key, address);
    }
}

/* Keys without which others have no effect would be missed. */
static bool check_said(config_draft *draft, const draft_section *section) {
    static const char *const keys[] = {"http_address", "http_hosts", "http_tls", "http_certificate",
                                       "http_key"};
    const config *c = draft->config;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        bool of_tls = i >= 3;
        if (!draft_is_set(section, keys[i])) {
            continue;
        }
        if (c->admin_http_port < 0 && draft_is_usable(section, "http_port") &&
            !draft_is_set(section, "http_port")) {
            fault_add(draft->faults, draft_line_of(section, keys[i]),
                      "[admin] %s: has no effect without HTTP: set http_port, or http_port = -1 to "
                      "keep it for later",
                      keys[i]);
            return false;
        }
        if (of_tls && !c->admin_http.tls.on && !draft_is_set(section, "http_tls")) {
            fault_add(draft->faults, draft_line_of(section, keys[i]),
                      "[admin] %s: has no effect without TLS: set http_tls = yes, or http_tls = no "
                      "to keep it for later",
                      keys[i]);
            return false;
        }
    }
    return c->admin_http_port >= 0;
}

static void check_tls(config_draft *draft, const draft_section *section) {
    const config_tls *tls = &draft->config->admin_http.tls;
    uint32_t certificates = config_list_count(tls->certificate);
    uint32_t keys = config_list_count(tls->key);
    if (!tls->on || !draft_is_usable(section, "http_certificate") ||
        !draft_is_usable(section, "http_key")) {
        return;
    }
    if (certificates == 0) {
        fault_add(draft->faults, draft_line_of(section, "http_tls"),
                  "[admin] http_tls = yes: needs http_certificate and http_key; `sh "
                  "scripts/certificate.sh` makes both for a try");
    } else if (certificates != keys) {
        fault_add(draft->faults, draft_line_of(section, keys > 0 ? "http_key" : "http_certificate"),
                  "[admin] http_key: http_certificate has %" PRIu32 " files and http_key %" PRIu32
                  ": each certificate needs its key",
                  certificates, keys);
    }
}

/* Browsers send a name or an address without a port, and an IPv6 address in brackets. */
static void check_hosts(config_draft *draft, const draft_section *section) {
    char name[CONFIG_PATH_MAX];
    for (uint32_t i = 0; config_list_item(draft->config->admin_http_hosts, i, name, sizeof name);
         i++) {
        const char *after = name[0] == '[' ? strchr(name, ']') : name;
        if (strpbrk(name, "/*") != NULL || after == NULL || strchr(after, ':') != NULL) {
            fault_add(draft->faults, draft_line_of(section, "http_hosts"),
                      "[admin] http_hosts: %s: must be a name or an address as browsers send it, "
                      "without https://, port or *; an IPv6 address is in brackets: admin.example, "
                      "192.0.2.7, [2001:db8::1]",
                      name);
        }
    }
}

static void check_http(config_draft *draft, const draft_section *section) {
    const config *c = draft->config;
    const char *address = c->admin_http.address;
    reach r = reach_of(address);
    if (!check_said(draft, section)) {
        return;
    }
    check_tls(draft, section);
    if (address == NULL) {
        fault_add(draft->faults, draft_line_of(section, "http_address"),
                  "[admin] http_address: must not be empty: set http_port = -1 for no HTTP");
        return;
    }
    if (!draft_is_usable(section, "http_address")) {
        return;
    }
    if (is_open(r) && !c->admin_http.tls.on && draft_is_usable(section, "http_tls")) {
        fault_add(draft->faults, draft_line_of(section, "http_address"),
                  "[admin] http_address = %s: other machines could read the token on its way: set "
                  "http_tls = yes with http_certificate and http_key, or a loopback address such "
                  "as 127.0.0.1",
                  address);
    }
    check_token(draft, section, "http_address", address);
    check_hosts(draft, section);
    if (r == REACH_ALL && c->admin_http_hosts == NULL && draft_is_usable(section, "http_hosts")) {
        fault_add(draft->faults, draft_line_of(section, "http_address"),
                  "[admin] http_address = %s: set http_hosts to the names and addresses by which "
                  "browsers find this machine, such as admin.example, 192.0.2.7",
                  address);
    }
}

void config_check_admin(config_draft *draft, const draft_section *section) {
    if (draft->config->admin_enabled) {
        check_token(draft, section, "address", draft->config->admin.address);
        check_http(draft, section);
    }
}
