/* draft.h: a configuration while it is being read, and which line set what. One thread.
 *
 * The lines serve to find duplicates and missing required keys, and to check keys against each
 * other.
 */
#ifndef PORTICO_CONFIG_DRAFT_H
#define PORTICO_CONFIG_DRAFT_H

#include "config/fault.h"
#include "config/schema.h"

enum { DRAFT_SECTIONS_MAX = 1024, DRAFT_PAIRS_MAX = 1024, DRAFT_LABEL_MAX = 128 };

/* One section of the file. */
typedef struct draft_section {
    config_section kind;
    char name[CONFIG_NAME_MAX]; /* "" if the kind has none */
    uint32_t line;              /* of its header */
    bool incomplete;            /* a whole line of it was refused: what that set is unknown */
    size_t index;               /* in config.listeners, .connectors or .modules */
    uint32_t key_lines[CONFIG_KEYS_MAX]; /* by index in config_keys(); 0: not set */
    bool key_bad[CONFIG_KEYS_MAX];       /* its value was refused, which is reported */
} draft_section;

typedef struct config_draft {
    config *config;
    config_faults *faults;
    char *folder; /* of the file, "" or ending in '/' */
    draft_section *sections;
    size_t section_count;
    draft_section *current; /* NULL: none, or one that was refused */
    bool began;             /* a section has begun, valid or not */
} config_draft;

/* The config_events of a draft; `arg` is a config_draft. */
void draft_begin_section(void *arg, uint32_t line, const char *name);
void draft_set_pair(void *arg, uint32_t line, const char *name, const char *value);
void draft_lose_line(void *arg);

/* The struct whose fields the section's keys are. */
void *draft_base(config_draft *draft, const draft_section *section);

/* Writes "[listener game]". */
void draft_label(const draft_section *section, char label[DRAFT_LABEL_MAX]);

/* Whether the file sets the key, to a valid value or another. */
bool draft_is_set(const draft_section *section, const char *key);

/* Whether the key has a valid value: its own or the default. */
bool draft_is_usable(const draft_section *section, const char *key);

/* The line of a key, or of the section's header if the key is not set. */
uint32_t draft_line_of(const draft_section *section, const char *key);

/* Sets every key of a section in `base` to its default. False: out of memory. */
bool draft_set_defaults(config_draft *draft, config_section kind, void *base);

#endif
