/* profile.c: see profile.h. A key of the ini wins over the profile, the profile over the default.
 */
#include "config/profile.h"

#include "config/number.h"
#include "config/value.h"

#include <inttypes.h>

typedef struct profile_value {
    const char *key;
    const char *text;
} profile_value;

/* For a listener that the Internet can reach. OPERATING.md says why these. */
static const profile_value public_values[] = {
    {"max_per_address", "50"},    {"connect_rate", "5"},         {"connect_burst", "50"},
    {"first_packet_ms", "10000"}, {"frame_timeout_s", "10"},     {"send_limit_bytes", "256K"},
    {"over_rate", "slow"},        {"packets_per_second", "100"}, {"byte_rate", "64K"},
    {"fanout_rate", "1M"},
};

enum { PUBLIC_COUNT = sizeof public_values / sizeof public_values[0] };

static bool profile_apply(config_draft *draft, const draft_section *section) {
    char allowed[VALUE_ALLOWED_MAX];
    size_t count;
    const config_key *keys = config_keys(&count);
    for (int i = 0; i < PUBLIC_COUNT; i++) {
        int index = schema_find(CONFIG_SECTION_LISTENER, public_values[i].key);
        if (section->key_lines[index] == 0 &&
            value_set(&keys[index], draft_base(draft, section), public_values[i].text, "",
                      allowed) != PORTICO_OK) {
            return false; /* out of memory: the tests prove that every value is valid */
        }
    }
    return true;
}

bool profiles_apply(config_draft *draft) {
    bool applied = true;
    for (size_t i = 0; i < draft->section_count && applied; i++) {
        const draft_section *section = &draft->sections[i];
        if (section->kind == CONFIG_SECTION_LISTENER &&
            ((const config_service *)draft_base(draft, section))->profile ==
                CONFIG_PROFILE_PUBLIC) {
            applied = profile_apply(draft, section);
        }
    }
    return applied;
}

/* The kinds that profiles set. */
static void show_value(const config_key *key, const void *field, FILE *to) {
    uint32_t number = *(const uint32_t *)field;
    char text[NUMBER_TEXT_MAX];
    if (key->kind == CONFIG_WORD) {
        (void)fprintf(to, "  %s = %s", key->key, key->words[number - (uint32_t)key->min]);
    } else if (key->kind == CONFIG_BYTES) {
        number_format_bytes(number, text);
        (void)fprintf(to, "  %s = %s", key->key, text);
    } else {
        (void)fprintf(to, "  %s = %" PRIu32, key->key, number);
    }
}

void profiles_show(const config *c, FILE *to) {
    size_t count;
    const config_key *keys = config_keys(&count);
    for (size_t i = 0; i < c->listener_count; i++) {
        const config_service *s = &c->listeners[i];
        if (s->profile != CONFIG_PROFILE_PUBLIC) {
            continue;
        }
        (void)fprintf(to, "[listener %s] profile = public; in force are:\n", s->name);
        for (int k = 0; k < PUBLIC_COUNT; k++) {
            const config_key *key =
                &keys[schema_find(CONFIG_SECTION_LISTENER, public_values[k].key)];
            const void *field = (const char *)s + key->offset;
            uint32_t line = config_line(c, field);
            show_value(key, field, to);
            if (line != 0) {
                (void)fprintf(to, " (line %" PRIu32 ")", line);
            }
            (void)fprintf(to, "\n");
        }
    }
}
