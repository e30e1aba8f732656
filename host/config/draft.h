/* config_draft.h: a configuration while it is being read: what was set on which line. One thread.
 *
 * The lines are needed for duplicates, for required keys that are missing and for the checks between
 * keys; the finished config has none of them.
 */
#ifndef PORTICO_CONFIG_DRAFT_H
#define PORTICO_CONFIG_DRAFT_H

#include "config/fault.h"
#include "config/schema.h"

enum { DRAFT_SECTIONS_MAX = 1024, DRAFT_PAIRS_MAX = 1024, DRAFT_LABEL_MAX = 128 };

/* One section of the file. */
typedef struct draft_section {
    config_section kind;
    char name[CONFIG_NAME_MAX]; /* "" where the kind has none */
    uint32_t line;              /* of its header */
    bool incomplete;            /* a line of it was refused as a whole: who knows what it set */
    size_t index;               /* in config.listeners, .connectors or .modules */
    uint32_t key_lines[CONFIG_KEYS_MAX]; /* by index in config_keys(); 0: not set */
    bool key_bad[CONFIG_KEYS_MAX];       /* its value was refused, and that is reported */
} draft_section;

typedef struct config_draft {
    config *config;
    config_faults *faults;
    char *folder; /* of the file, "" or ending in '/' */
    draft_section *sections;
    size_t section_count;
    draft_section *current; /* NULL: none, or one that was refused */
    bool began;             /* some section has begun, refused or not */
} config_draft;

/* What config_file_read calls, with a config_draft as `arg`. */
void draft_begin_section(void *arg, uint32_t line, const char *name);
void draft_set_pair(void *arg, uint32_t line, const char *name, const char *value);
void draft_lose_line(void *arg);

/* The struct that the section's keys are fields of. */
void *draft_base(config_draft *draft, const draft_section *section);

/* Writes "[listener game]". */
void draft_label(const draft_section *section, char label[DRAFT_LABEL_MAX]);

/* Gives `base` the defaults of every key of a section. False when out of memory. */
bool draft_set_defaults(config_draft *draft, config_section kind, void *base);

#endif
