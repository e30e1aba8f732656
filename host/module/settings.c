/* settings.c: see settings.h. */
#include "module/settings.h"

#include "base/suggest.h"
#include "base/text.h"
#include "config/schema.h"
#include "module/abi_sizes.h"
#include "module/describe_rows.h"

#include <inttypes.h>
#include <string.h>

enum { REPORT_MAX = 600, LIST_MAX = 400 };

portico_setting setting_at(const portico_table *settings, uint32_t index) {
    portico_setting s;
    describe_row(settings, index, &s, sizeof s);
    return s;
}

/* ---- the table ---- */

static bool table_is_right(const portico_table *t, char *why, size_t why_size) {
    if (t->count == 0) {
        return true;
    }
    if (t->rows == NULL) {
        (void)snprintf(why, why_size, "settings: count %" PRIu32 " and no rows: use PORTICO_TABLE",
                       t->count);
    } else if (t->count > SETTINGS_MAX) {
        (void)snprintf(why, why_size, "settings: count %" PRIu32 ": allowed are up to %d", t->count,
                       SETTINGS_MAX);
    } else if (t->row_size < PORTICO_SETTING_SIZE_0_4 || t->row_size > ABI_ROW_BYTES_MAX ||
               t->row_size % sizeof(void *) != 0) {
        (void)snprintf(why, why_size,
                       "settings: row_size %" PRIu32
                       ": allowed are %zu to %d in steps of 8: use PORTICO_TABLE",
                       t->row_size, (size_t)PORTICO_SETTING_SIZE_0_4, ABI_ROW_BYTES_MAX);
    } else {
        return true;
    }
    return false;
}

/* The row before `index` that has the same key; -1: none has. */
static int64_t find_twin(const portico_table *t, uint32_t index, const char *key) {
    for (uint32_t i = 0; i < index; i++) {
        if (strcmp(setting_at(t, i).key, key) == 0) {
            return i;
        }
    }
    return -1;
}

portico_status settings_validate(const portico_table *settings, char *why, size_t why_size) {
    char fault[SETTING_FAULT_MAX] = "";
    if (!table_is_right(settings, why, why_size)) {
        return PORTICO_E_INVALID;
    }
    for (uint32_t i = 0; i < settings->count; i++) {
        const portico_setting s = setting_at(settings, i);
        bool right = setting_is_right(&s, fault);
        int64_t twin = right ? find_twin(settings, i, s.key) : -1;
        if (twin >= 0) {
            (void)snprintf(fault, sizeof fault, "setting %" PRId64 " has the same key", twin);
        }
        if (!right || twin >= 0) {
            bool named = setting_key_allowed(&s);
            (void)snprintf(why, why_size, "setting %" PRIu32 "%s%s%s: %s", i, named ? " (" : "",
                           named ? s.key : "", named ? ")" : "", fault);
            return PORTICO_E_INVALID;
        }
    }
    return PORTICO_OK;
}

/* ---- a section ---- */

/* True if there is a setting of that key. */
static bool find_setting(const portico_table *t, const char *key, portico_setting *found) {
    for (uint32_t i = 0; i < t->count; i++) {
        *found = setting_at(t, i);
        if (strcmp(found->key, key) == 0) {
            return true;
        }
    }
    return false;
}

/* Writes "; did you mean tick_ms?", or all keys if none is near. */
static void suggest_key(const portico_table *t, const char *key, char text[LIST_MAX]) {
    suggest near = suggest_begin(key);
    size_t count = 0;
    const config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (schema_in_section(i, CONFIG_SECTION_MODULE)) {
            suggest_offer(&near, keys[i].key);
        }
    }
    for (uint32_t i = 0; i < t->count; i++) {
        suggest_offer(&near, setting_at(t, i).key);
    }
    if (suggest_result(&near) != NULL) {
        (void)snprintf(text, LIST_MAX, "did you mean %s?", suggest_result(&near));
        return;
    }
    size_t size = (size_t)snprintf(text, LIST_MAX, "the module has %s",
                                   t->count == 0 ? "no settings: remove the line" : "only ");
    for (uint32_t i = 0; i < t->count; i++) {
        const char *known = setting_at(t, i).key;
        bool fits = size + strlen(known) + sizeof ", ..." < LIST_MAX;
        size += (size_t)snprintf(text + size, LIST_MAX - size, "%s%s", i > 0 ? ", " : "",
                                 fits ? known : "...");
        if (!fits) {
            break;
        }
    }
}

static bool pair_is_right(const portico_table *t, const config_module *section,
                          const config_pair *pair, char text[REPORT_MAX]) {
    char shown[TEXT_SHORT];
    char list[LIST_MAX];
    char allowed[VALUE_ALLOWED_MAX];
    portico_setting s;
    setting_value value;
    if (!find_setting(t, pair->key, &s)) {
        text_shorten(pair->key, shown);
        suggest_key(t, pair->key, list);
        (void)snprintf(text, REPORT_MAX, "[module %s] %s: unknown key; %s", section->name, shown,
                       list);
        return false;
    }
    if (setting_read(&s, pair->value, &value)) {
        return true;
    }
    text_shorten(pair->value, shown);
    setting_allowed(&s, pair->value, allowed);
    (void)snprintf(text, REPORT_MAX, "[module %s] %s =%s%s: must be %s%s", section->name, s.key,
                   shown[0] != '\0' ? " " : "", shown, allowed,
                   strchr(pair->value, '#') != NULL
                       ? "; a comment after a value begins with ' ;', not '#'"
                       : "");
    return false;
}

size_t settings_check(const portico_table *settings, const config_module *section,
                      settings_report report, void *arg) {
    char text[REPORT_MAX];
    size_t faults = 0;
    for (size_t i = 0; section != NULL && i < section->pair_count; i++) {
        if (!pair_is_right(settings, section, &section->pairs[i], text)) {
            report(arg, section->pairs[i].line, text);
            faults++;
        }
    }
    return faults;
}

void settings_write(const portico_table *settings, const config_module *section) {
    for (uint32_t i = 0; i < settings->count; i++) {
        const portico_setting s = setting_at(settings, i);
        const config_pair *pair = section != NULL ? config_find_pair(section, s.key) : NULL;
        setting_value value;
        if ((pair != NULL && setting_read(&s, pair->value, &value)) ||
            setting_read(&s, s.fallback, &value)) {
            setting_write(&s, &value);
        }
    }
}

const char *settings_text(const config_module *section, const portico_setting *s) {
    const config_pair *pair = section != NULL ? config_find_pair(section, s->key) : NULL;
    return pair != NULL ? pair->value : s->fallback;
}

void settings_print(const portico_table *settings, const char *name, FILE *to) {
    char allowed[VALUE_ALLOWED_MAX];
    (void)fprintf(to, "[module %s]\n", name);
    for (uint32_t i = 0; i < settings->count; i++) {
        const portico_setting s = setting_at(settings, i);
        bool help = s.help != NULL && s.help[0] != '\0';
        setting_allowed(&s, "", allowed);
        (void)fprintf(to, "\n; %s%s%s\n%s =%s%s\n", help ? s.help : "", help ? ": " : "", allowed,
                      s.key, s.fallback[0] != '\0' ? " " : "", s.fallback);
    }
}
