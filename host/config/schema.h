/* schema.h: the one table of sections and keys. Constants, any thread. */
#ifndef PORTICO_CONFIG_SCHEMA_H
#define PORTICO_CONFIG_SCHEMA_H

#include "config/config.h"

#define CONFIG_TLS_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20" /* unless `tls_ciphers` says otherwise */

/* Every key that the host knows. A test compares conf/portico.ini with this table. The fields after
 * `help` are for value.c. */
typedef enum config_kind {
    CONFIG_BOOL,    /* bool: yes no true false on off */
    CONFIG_U16,     /* uint16_t */
    CONFIG_U32,     /* uint32_t */
    CONFIG_I32,     /* int32_t */
    CONFIG_BYTES,   /* uint32_t, K, M and G are understood */
    CONFIG_BYTES64, /* uint64_t, K, M and G are understood */
    CONFIG_WORD,    /* an enum: one of `words` */
    CONFIG_PATH,    /* char *, relative to the ini's folder; NULL when empty */
    CONFIG_PATHS,   /* char *, several, separated by commas; see config_list_item */
    CONFIG_NAMES,   /* char *, names separated by commas; see config_list_item */
    CONFIG_TEXT,    /* char *, any; NULL when empty */
    CONFIG_ADDRESS, /* char *, numeric; NULL when empty */
    CONFIG_HOST,    /* char *, numeric or a host name */
    CONFIG_TYPE,    /* char *, "module.type" */
    CONFIG_TARGET,  /* char *, a path of a URL */
    CONFIG_ORIGINS, /* char *, origins of pages; NULL when empty */
    CONFIG_SUBNETS, /* char *, see base/networks.h; NULL when empty */
    CONFIG_SECRET   /* char *, never shown in a message; NULL when empty */
} config_kind;

typedef struct config_key {
    const char *section; /* "host", "log", "admin", "modules", "module", "listener", "connector" */
    const char *key;
    const char *default_text; /* as it would be written; "" where there is none */
    const char *help;         /* one line */
    const char *const *words; /* CONFIG_WORD: its words and a NULL; else NULL */
    int64_t min;              /* of numbers; CONFIG_WORD: the value of the first word */
    int64_t max;
    size_t offset; /* in config, config_service or config_module */
    config_kind kind;
    bool required;
} config_key;

const config_key *config_keys(size_t *count);

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

enum { CONFIG_KEYS_MAX = 200 }; /* room for the whole table */

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
