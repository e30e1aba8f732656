/* check_tls.c: see check_tls.h. */
#include "config/check_tls.h"

#include <inttypes.h>

/* A listener whose author forgot `tls = yes` would serve without encryption. */
static void check_said(config_draft *draft, const draft_section *section, const char *label) {
    static const char *const keys[] = {
        "certificate", "key",      "tls_min",    "tls_ciphers",     "tls_client_ca",
        "tls_ca",      "tls_alpn", "tls_verify", "tls_server_name", "tls_handshakes_max"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (draft_is_set(section, keys[i])) {
            fault_add(draft->faults, draft_line_of(section, keys[i]),
                      "%s %s: has no effect without TLS: set tls = yes, or tls = no to keep it for "
                      "later",
                      label, keys[i]);
            return;
        }
    }
}

static void check_pairs(config_draft *draft, const draft_section *section, const config_tls *tls,
                        const char *label) {
    uint32_t certificates = config_list_count(tls->certificate);
    uint32_t keys = config_list_count(tls->key);
    if (!draft_is_usable(section, "certificate") || !draft_is_usable(section, "key") ||
        section->incomplete) {
        return;
    }
    if (certificates == 0 && section->kind == CONFIG_SECTION_LISTENER) {
        fault_add(draft->faults, draft_line_of(section, "tls"),
                  "%s tls = yes: needs certificate and key; `sh scripts/certificate.sh` makes both "
                  "for a try",
                  label);
    } else if (certificates != keys) {
        fault_add(draft->faults, draft_line_of(section, keys > 0 ? "key" : "certificate"),
                  "%s key: certificate has %" PRIu32 " files and key %" PRIu32
                  ": each certificate needs its key",
                  label, certificates, keys);
    }
}

void config_check_tls(config_draft *draft, const draft_section *section, const config_service *s) {
    char label[DRAFT_LABEL_MAX];
    draft_label(section, label);
    if (!s->tls.on) {
        if (!draft_is_set(section, "tls")) {
            check_said(draft, section, label);
        }
        return;
    }
    check_pairs(draft, section, &s->tls, label);
}
