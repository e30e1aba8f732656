/* draft.c: see draft.h. Every refusal names the section, the key, what was found and what is
 * allowed. */
#include "config/draft.h"

#include "base/suggest.h"
#include "base/text.h"
#include "config/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 1024 };

/* ---- arrays ---- */

/* Makes room for one zeroed item after `count` items, by doubling the room at every power of two.
 * Returns the array, which may have moved; NULL: out of memory, and the old array stays valid. */
static void *array_grow(void *array, size_t count, size_t item_bytes) {
    if ((count & (count - 1)) == 0) {
        array = realloc(array, (count == 0 ? 1 : 2 * count) * item_bytes);
    }
    if (array != NULL) {
        memset((char *)array + count * item_bytes, 0, item_bytes);
    }
    return array;
}

/* ---- words for messages ---- */

void draft_label(const draft_section *section, char label[DRAFT_LABEL_MAX]) {
    const char *between = section->name[0] != '\0' ? " " : "";
    (void)snprintf(label, DRAFT_LABEL_MAX, "[%s%s%s]", schema_section_name(section->kind), between,
                   section->name);
}

bool draft_is_set(const draft_section *section, const char *key) {
    int index = schema_find(section->kind, key);
    return index >= 0 && section->key_lines[index] != 0;
}

bool draft_is_usable(const draft_section *section, const char *key) {
    int index = schema_find(section->kind, key);
    return index >= 0 && !section->key_bad[index];
}

uint32_t draft_line_of(const draft_section *section, const char *key) {
    return draft_is_set(section, key) ? section->key_lines[schema_find(section->kind, key)]
                                      : section->line;
}

/* Appends to a list of at most LIST_MAX bytes. */
static void list_add(char *list, const char *between, const char *text, const char *after) {
    size_t size = strlen(list);
    (void)snprintf(list + size, LIST_MAX - size, "%s%s%s", size > 0 ? between : "", text, after);
}

/* ---- sections ---- */

/* Splits "listener game" into kind and name, without the blanks around them. */
static void split_header(const char *text, char *kind, char *name, size_t size) {
    static const char blanks[] = " \t";
    text += strspn(text, blanks);
    size_t kind_size = strcspn(text, blanks);
    const char *rest = text + kind_size + strspn(text + kind_size, blanks);
    size_t rest_size = strlen(rest);
    while (rest_size > 0 && strchr(blanks, rest[rest_size - 1]) != NULL) {
        rest_size--;
    }
    (void)snprintf(kind, size, "%.*s", (int)kind_size, text);
    (void)snprintf(name, size, "%.*s", (int)rest_size, rest);
}

static void refuse_section(config_draft *draft, uint32_t line, const char *header,
                           const char *kind) {
    char list[LIST_MAX] = "";
    suggest near = suggest_begin(kind);
    for (int i = 0; i < CONFIG_SECTIONS; i++) {
        const char *name = schema_section_name((config_section)i);
        list_add(list, ", [", name, schema_section_has_name((config_section)i) ? " NAME]" : "]");
        suggest_offer(&near, name);
    }
    const char *found = suggest_result(&near);
    config_section section;
    if (found != NULL && schema_section_find(found, &section)) {
        fault_add(draft->faults, line, "[%s]: unknown section; did you mean [%s%s]?", header, found,
                  schema_section_has_name(section) ? " NAME" : "");
    } else {
        fault_add(draft->faults, line, "[%s]: unknown section; the sections are [%s", header, list);
    }
}

/* Whether the name suits this kind of section; if not, adds a fault. */
static bool check_name(config_draft *draft, uint32_t line, config_section kind, const char *name) {
    const char *word = schema_section_name(kind);
    if (!schema_section_has_name(kind)) {
        if (name[0] != '\0') {
            fault_add(draft->faults, line, "[%s %s]: this section has no name: write [%s]", word,
                      name, word);
        }
        return name[0] == '\0';
    }
    if (name[0] == '\0') {
        fault_add(draft->faults, line, "[%s]: the name is missing: write [%s NAME]", word, word);
        return false;
    }
    if (kind == CONFIG_SECTION_MODULE && !text_is_identifier(name)) {
        fault_add(draft->faults, line, "[%s %s]: a module's name must be " TEXT_IDENTIFIER_RULE,
                  word, name);
        return false;
    }
    if (!value_is_name(name)) {
        fault_add(draft->faults, line, "[%s %s]: a name consists of a-z, 0-9, _ and -", word, name);
        return false;
    }
    return true;
}

static const draft_section *find_section(const config_draft *draft, config_section kind,
                                         const char *name) {
    for (size_t i = 0; i < draft->section_count; i++) {
        if (draft->sections[i].kind == kind && strcmp(draft->sections[i].name, name) == 0) {
            return &draft->sections[i];
        }
    }
    return NULL;
}

bool draft_set_defaults(config_draft *draft, config_section kind, void *base) {
    char allowed[VALUE_ALLOWED_MAX];
    size_t count;
    const config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        bool has_default = keys[i].default_text[0] != '\0';
        if (!schema_in_section(i, kind) || !has_default) {
            continue;
        }
        if (value_set(&keys[i], base, keys[i].default_text, draft->folder, allowed) != PORTICO_OK) {
            return false; /* out of memory: the tests prove that every default is valid */
        }
    }
    return true;
}

static bool add_module(config_draft *draft, draft_section *section) {
    config *c = draft->config;
    config_module *modules = array_grow(c->modules, c->module_count, sizeof *modules);
    if (modules == NULL) {
        return false;
    }
    c->modules = modules;
    section->index = c->module_count++;
    config_module *module = &modules[section->index];
    memcpy(module->name, section->name, sizeof module->name);
    module->line = section->line;
    return draft_set_defaults(draft, section->kind, module);
}

static bool add_service(config_draft *draft, draft_section *section) {
    config *c = draft->config;
    bool outgoing = section->kind == CONFIG_SECTION_CONNECTOR;
    config_service **list = outgoing ? &c->connectors : &c->listeners;
    size_t *count = outgoing ? &c->connector_count : &c->listener_count;
    config_service *services = array_grow(*list, *count, sizeof *services);
    if (services == NULL) {
        return false;
    }
    *list = services;
    section->index = (*count)++;
    config_service *service = &services[section->index];
    memcpy(service->name, section->name, sizeof service->name);
    service->line = section->line;
    service->outgoing = outgoing;
    return draft_set_defaults(draft, section->kind, service);
}

/* Adds the service or module that a section describes, with default values. */
static bool add_described(config_draft *draft, draft_section *section) {
    if (!schema_section_has_name(section->kind)) {
        return true; /* its keys are fields of the config itself, which has its defaults already */
    }
    return section->kind == CONFIG_SECTION_MODULE ? add_module(draft, section)
                                                  : add_service(draft, section);
}

static void add_section(config_draft *draft, uint32_t line, config_section kind, const char *name) {
    if (draft->section_count == DRAFT_SECTIONS_MAX) {
        fault_add(draft->faults, line, "more than %d sections", DRAFT_SECTIONS_MAX);
        return;
    }
    draft_section *sections = array_grow(draft->sections, draft->section_count, sizeof *sections);
    if (sections == NULL) {
        draft->faults->no_memory = true;
        return;
    }
    draft->sections = sections;
    draft_section *section = &sections[draft->section_count];
    section->kind = kind;
    section->line = line;
    memcpy(section->name, name, strlen(name) + 1);
    if (!add_described(draft, section)) {
        draft->faults->no_memory = true;
        return;
    }
    draft->section_count++;
    draft->current = section;
}

void draft_begin_section(void *arg, uint32_t line, const char *text) {
    config_draft *draft = arg;
    draft->began = true;
    draft->current = NULL;
    if (text == NULL) {
        return; /* file.c has reported it */
    }
    char kind_text[CONFIG_NAME_MAX];
    char name[CONFIG_NAME_MAX];
    split_header(text, kind_text, name, sizeof name);
    config_section kind;
    if (!schema_section_find(kind_text, &kind)) {
        refuse_section(draft, line, text, kind_text);
        return;
    }
    if (!check_name(draft, line, kind, name)) {
        return;
    }
    const draft_section *before = find_section(draft, kind, name);
    if (before != NULL) {
        char label[DRAFT_LABEL_MAX];
        draft_label(before, label);
        fault_add(draft->faults, line,
                  "%s: the section exists at line %" PRIu32 ": move its keys there", label,
                  before->line);
        return;
    }
    add_section(draft, line, kind, name);
}

/* ---- keys ---- */

void *draft_base(config_draft *draft, const draft_section *section) {
    config *c = draft->config;
    switch (section->kind) {
    case CONFIG_SECTION_MODULE: return &c->modules[section->index];
    case CONFIG_SECTION_LISTENER: return &c->listeners[section->index];
    case CONFIG_SECTION_CONNECTOR: return &c->connectors[section->index];
    case CONFIG_SECTION_HOST:
    case CONFIG_SECTION_LOG:
    case CONFIG_SECTION_ADMIN:
    case CONFIG_SECTION_MODULES:
    case CONFIG_SECTIONS: break;
    }
    return c;
}

/* "unknown key", and what may be meant: the section that has the key, a similar name, or all names.
 */
static void refuse_key(config_draft *draft, uint32_t line, const char *name) {
    char label[DRAFT_LABEL_MAX];
    char shown[TEXT_SHORT];
    char owners[LIST_MAX] = "";
    char all[LIST_MAX] = "";
    const draft_section *section = draft->current;
    suggest near = suggest_begin(name);
    size_t count;
    const config_key *keys = config_keys(&count);
    draft_label(section, label);
    text_shorten(name, shown);
    for (size_t i = 0; i < count; i++) {
        if (schema_in_section(i, section->kind)) {
            suggest_offer(&near, keys[i].key);
            list_add(all, ", ", keys[i].key, "");
        } else if (strcmp(keys[i].key, name) == 0 && !schema_in_section(i, CONFIG_SECTION_MODULE)) {
            config_section owner = CONFIG_SECTION_HOST;
            (void)schema_section_find(keys[i].section, &owner);
            list_add(owners, "] and [", keys[i].section,
                     schema_section_has_name(owner) ? " NAME" : "");
        }
    }
    if (owners[0] != '\0') {
        fault_add(draft->faults, line, "%s %s: unknown key here; it belongs to [%s]", label, shown,
                  owners);
    } else if (suggest_result(&near) != NULL) {
        fault_add(draft->faults, line, "%s %s: unknown key; did you mean %s?", label, shown,
                  suggest_result(&near));
    } else {
        fault_add(draft->faults, line, "%s %s: unknown key; the keys are %s", label, shown, all);
    }
}

static void refuse_value(config_draft *draft, uint32_t line, const config_key *key,
                         const char *value, const char *allowed) {
    char label[DRAFT_LABEL_MAX];
    char shown[TEXT_SHORT];
    draft_label(draft->current, label);
    if (key->kind == CONFIG_SECRET) {
        (void)snprintf(shown, sizeof shown, "(%zu bytes)",
                       strlen(value)); /* messages show no secrets */
    } else {
        text_shorten(value, shown);
    }
    bool hash = strchr(value, '#') != NULL;
    fault_add(draft->faults, line, "%s %s =%s%s: must be %s%s", label, key->key,
              shown[0] != '\0' ? " " : "", shown, allowed,
              hash ? "; a comment after a value begins with ' ;', not '#'" : "");
}

static void refuse_again(config_draft *draft, uint32_t line, const char *name,
                         uint32_t first_line) {
    char label[DRAFT_LABEL_MAX];
    char shown[TEXT_SHORT];
    draft_label(draft->current, label);
    text_shorten(name, shown);
    fault_add(draft->faults, line, "%s %s: already set at line %" PRIu32, label, shown, first_line);
}

/* Adds a key of the module's own. */
static void add_pair(config_draft *draft, uint32_t line, const char *name, const char *value) {
    config_module *module = draft_base(draft, draft->current);
    const config_pair *before = config_find_pair(module, name);
    if (before != NULL) {
        refuse_again(draft, line, name, before->line);
        return;
    }
    if (module->pair_count == DRAFT_PAIRS_MAX) {
        fault_add(draft->faults, line, "[module %s]: more than %d keys", module->name,
                  DRAFT_PAIRS_MAX);
        return;
    }
    config_pair pair = {text_copy(name, strlen(name)), text_copy(value, strlen(value)), line};
    config_pair *pairs = array_grow(module->pairs, module->pair_count, sizeof *pairs);
    if (pairs != NULL) {
        module->pairs = pairs;
    }
    if (pairs == NULL || pair.key == NULL || pair.value == NULL) {
        free(pair.key);
        free(pair.value);
        draft->faults->no_memory = true;
        return;
    }
    pairs[module->pair_count++] = pair;
}

static void set_key(config_draft *draft, uint32_t line, size_t index, const char *value) {
    draft_section *section = draft->current;
    size_t count;
    const config_key *key = &config_keys(&count)[index];
    if (section->key_lines[index] != 0) {
        refuse_again(draft, line, key->key, section->key_lines[index]);
        return;
    }
    section->key_lines[index] = line;
    char allowed[VALUE_ALLOWED_MAX];
    portico_status status =
        value_set(key, draft_base(draft, section), value, draft->folder, allowed);
    if (status == PORTICO_E_INVALID) {
        section->key_bad[index] = true;
        refuse_value(draft, line, key, value, allowed);
    } else if (status != PORTICO_OK) {
        draft->faults->no_memory = true;
    }
}

void draft_set_pair(void *arg, uint32_t line, const char *name, const char *value) {
    config_draft *draft = arg;
    if (name[0] == '\0') {
        fault_add(draft->faults, line, "no key before the '='");
        return;
    }
    if (draft->current == NULL) {
        if (!draft->began) {
            char shown[TEXT_SHORT];
            text_shorten(name, shown);
            fault_add(draft->faults, line, "%s: a key before the first [section]", shown);
        }
        return; /* the section's header was refused, and that is reported */
    }
    int index = schema_find(draft->current->kind, name);
    if (index >= 0) {
        set_key(draft, line, (size_t)index, value);
    } else if (draft->current->kind == CONFIG_SECTION_MODULE) {
        add_pair(draft, line, name, value);
    } else {
        refuse_key(draft, line, name);
    }
}

void draft_lose_line(void *arg) {
    config_draft *draft = arg;
    if (draft->current != NULL) {
        draft->current->incomplete = true;
    }
}
