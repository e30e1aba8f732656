/* config_schema.h: the one table of sections and keys, and looking things up in it. Constants, any thread. */
#ifndef PORTICO_CONFIG_SCHEMA_H
#define PORTICO_CONFIG_SCHEMA_H

#include "config/config.h"

typedef enum config_section {
    CONFIG_SECTION_HOST,
    CONFIG_SECTION_LOG,
    CONFIG_SECTION_ADMIN,
    CONFIG_SECTION_MODULES,
    CONFIG_SECTION_MODULE,
    CONFIG_SECTION_LISTENER,
    CONFIG_SECTION_CONNECTOR,
    CONFIG_SECTIONS
} config_section;

enum { CONFIG_KEYS_MAX = 96 }; /* room for the whole table */

/* "host", "listener", ... */
const char *schema_section_name(config_section section);

bool schema_section_find(const char *name, config_section *section);

/* Whether the section is written [kind NAME]. */
bool schema_section_has_name(config_section section);

/* The index of a key in config_keys(), or -1. */
int schema_find(config_section section, const char *key);

/* Whether the key at `index` belongs to `section`. */
bool schema_in_section(size_t index, config_section section);

#endif
