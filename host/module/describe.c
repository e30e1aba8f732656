/* describe.c: see describe.h. The description, its types and its tables of messages and jobs;
 * describe_rows.c has those of packets. */
#include "module/describe.h"

#include "base/text.h"
#include "module/abi_sizes.h"
#include "module/describe_rows.h"
#include "module/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MODULE_STATE_BYTES_MAX = 1024 * 1024,
    SESSION_STATE_BYTES_MAX = 1024 * 1024,
    ROOM_STATE_BYTES_MAX = 16 * 1024 * 1024,
    TYPES_MAX = 256,
    MESSAGES_MAX = 65536,
    JOBS_MAX = 65536,
    REQUIRED_MAX = 64
};

/* ---- the module itself ----------------------------------------------------------------------- */

void describe_no_entry(bool old, char *why, size_t why_size) {
    if (old) {
        snprintf(why, why_size,
                 "it was built for ABI 0.3 or older, this host has %u.%u: a module now describes "
                 "itself by tables; sdk/README.md says how to move it",
                 PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR);
    } else {
        snprintf(why, why_size, "it exports no %s: use PORTICO_MODULE", PORTICO_ENTRY_SYMBOL);
    }
}

/* Checks what must hold before any other field may be read. */
static portico_status check_abi(const portico_entry *entry, char why[IMAGE_WHY_MAX]) {
    if (entry->abi_major != PORTICO_ABI_MAJOR || entry->abi_minor > PORTICO_ABI_MINOR ||
        entry->abi_minor < ABI_MINOR_LEAST) {
        snprintf(why, IMAGE_WHY_MAX,
                 "it needs ABI %u.%u, this host has %u.%u: build it with this host's headers%s",
                 entry->abi_major, entry->abi_minor, PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR,
                 entry->abi_major == PORTICO_ABI_MAJOR && entry->abi_minor > PORTICO_ABI_MINOR
                     ? ", or use a newer host"
                     : "");
        return PORTICO_E_ABI;
    }
    if (entry->module == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "its description is NULL: use PORTICO_MODULE");
        return PORTICO_E_NOT_A_MODULE;
    }
    if (entry->module_size < PORTICO_MODULE_SIZE_0_4) {
        snprintf(why, IMAGE_WHY_MAX,
                 "its module_size is %u, but portico_module of ABI %u.%u has %zu bytes: set it to "
                 "sizeof",
                 entry->module_size, entry->abi_major, entry->abi_minor,
                 (size_t)PORTICO_MODULE_SIZE_0_4);
        return PORTICO_E_ABI;
    }
    return PORTICO_OK;
}

static portico_status check_module(const portico_module *m, char why[IMAGE_WHY_MAX]) {
    if (!text_is_identifier(m->name)) {
        return describe_refuse(why, "its name is %.60s: allowed are " TEXT_IDENTIFIER_RULE,
                               m->name != NULL ? m->name : "NULL");
    }
    if (m->version == NULL || !text_is_plain(m->version, strlen(m->version))) {
        return describe_refuse(why, "its version is %s: it must be one line of UTF-8",
                               m->version == NULL ? "NULL" : "not plain text");
    }
    if (m->description != NULL && !text_is_plain(m->description, strlen(m->description))) {
        return describe_refuse(why,
                               "its description is not plain text: it must be one line of UTF-8");
    }
    return PORTICO_OK;
}

static portico_status take_required(generation *g, char why[IMAGE_WHY_MAX]) {
    static const char *const nothing[] = {NULL};
    const char *const *required = g->info.required != NULL ? g->info.required : nothing;
    size_t count = 0;
    while (count < REQUIRED_MAX && required[count] != NULL) {
        if (!text_is_identifier(required[count])) {
            return describe_refuse(
                why, "its required, row %zu, is %.60s: a module's name has " TEXT_IDENTIFIER_RULE,
                count, required[count]);
        }
        count++;
    }
    if (required[count] != NULL) {
        return describe_refuse(why, "its required has more than %d names, or no NULL at the end",
                               REQUIRED_MAX);
    }
    g->required = calloc(count + 1, sizeof *g->required);
    if (g->required == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        g->required[i] = text_copy(required[i], strlen(required[i]));
        if (g->required[i] == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
    }
    return PORTICO_OK;
}

/* ---- states ---------------------------------------------------------------------------------- */

/* `what`: "its state", "room_types row 1 (field): its state". */
static portico_status take_state(const portico_state *from, uint32_t limit, const char *what,
                                 state_shape *shape, char why[IMAGE_WHY_MAX]) {
    char fault[SHAPE_WHY_MAX] = "";
    if (from->size > limit) {
        return describe_refuse(why, "%s has %u bytes: allowed are up to %u", what, from->size,
                               limit);
    }
    portico_status status =
        shape_init(shape, from->size, from->version, from->fields, fault, sizeof fault);
    if (status == PORTICO_E_INVALID) {
        return describe_refuse(why, "%s: %s", what, fault);
    }
    return status;
}

/* ---- messages and jobs ----------------------------------------------------------------------- */

/* The three kinds of messages and the jobs have rows of one form: a function, a name, an id. */
typedef enum row_kind {
    ROW_SESSION_MESSAGE,
    ROW_ROOM_MESSAGE,
    ROW_MODULE_MESSAGE,
    ROW_JOB
} row_kind;

typedef union message_row {
    portico_session_message session;
    portico_room_message room;
    portico_module_message module;
    portico_job job;
} message_row;

static registered_handler handler_of(row_kind kind, const message_row *row) {
    switch (kind) {
    case ROW_SESSION_MESSAGE:
        return (registered_handler){.id = row->session.id,
                                    .name = row->session.name,
                                    .call.session_message = row->session.call};
    case ROW_ROOM_MESSAGE:
        return (registered_handler){
            .id = row->room.id, .name = row->room.name, .call.room_message = row->room.call};
    case ROW_MODULE_MESSAGE:
        return (registered_handler){.id = row->module.id,
                                    .name = row->module.name,
                                    .call.module_message = row->module.call};
    default:
        return (registered_handler){
            .id = row->job.id, .name = row->job.name, .call.job = row->job.call};
    }
}

static bool has_function(row_kind kind, const registered_handler *h) {
    switch (kind) {
    case ROW_SESSION_MESSAGE: return h->call.session_message != NULL;
    case ROW_ROOM_MESSAGE: return h->call.room_message != NULL;
    case ROW_MODULE_MESSAGE: return h->call.module_message != NULL;
    default: return h->call.job != NULL;
    }
}

/* Takes over a table of messages or jobs of the type `of` ("": the module itself). */
static portico_status take_handlers(const portico_table *t, row_kind kind, const char *of,
                                    registered_handler **to, char why[IMAGE_WHY_MAX]) {
    const char *name = kind == ROW_JOB ? "jobs" : "messages";
    char table[4 * PORTICO_LABEL_MAX];
    snprintf(table, sizeof table, "%s%s%s", of, of[0] != '\0' ? ": " : "its ", name);
    portico_status status =
        describe_table(t, table, kind == ROW_JOB ? PORTICO_JOB_SIZE_0_4 : PORTICO_MESSAGE_SIZE_0_4,
                       kind == ROW_JOB ? JOBS_MAX : MESSAGES_MAX, why);
    for (uint32_t i = 0; status == PORTICO_OK && i < t->count; i++) {
        message_row row;
        describe_row(t, i, &row, sizeof row);
        registered_handler h = handler_of(kind, &row);
        status = describe_row_name(&h.name, table, i, why);
        if (status != PORTICO_OK) {
            return status;
        }
        if (!has_function(kind, &h)) {
            return describe_refuse(why, "%s, row %u (%s, %u): its call is NULL", table, i, h.name,
                                   h.id);
        }
        if (registry_find_handler(*to, h.id) != NULL) {
            return describe_refuse(why, "%s, row %u (%s): the id %u is in the table already", table,
                                   i, h.name, h.id);
        }
        status = registry_add_handler(to, &h);
    }
    return status;
}

/* ---- types ----------------------------------------------------------------------------------- */

/* Writes the full name of the type that a module calls `name`. *owned: the type is the module's
 * own. False: it is not a valid name. */
static bool full_name(const generation *g, const char *name, char full[2 * PORTICO_LABEL_MAX],
                      bool *owned) {
    char first[TEXT_IDENTIFIER_MAX];
    const char *dot = name != NULL ? strchr(name, '.') : NULL;
    *owned = dot == NULL;
    if (dot == NULL) {
        snprintf(full, 2 * PORTICO_LABEL_MAX, "%s.%s", g->name, name != NULL ? name : "");
        return name != NULL && text_is_identifier(name);
    }
    snprintf(first, sizeof first, "%.*s", (int)(dot - name), name);
    snprintf(full, 2 * PORTICO_LABEL_MAX, "%s", name);
    *owned = strcmp(first, g->name) == 0;
    return (size_t)(dot - name) < sizeof first && text_is_identifier(first) &&
           text_is_identifier(dot + 1);
}

static bool is_required(const generation *g, const char *full) {
    size_t size = strcspn(full, ".");
    for (char **r = g->required; *r != NULL; r++) {
        if (strlen(*r) == size && strncmp(*r, full, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Checks the name of row `i` of a table of types and writes its full name. */
static portico_status check_type_name(const generation *g, const char *table, uint32_t i,
                                      const char *name, char full[2 * PORTICO_LABEL_MAX],
                                      bool *owned, char why[IMAGE_WHY_MAX]) {
    if (!full_name(g, name, full, owned)) {
        return describe_refuse(
            why, "its %s, row %u: the name is %.80s: allowed are " TEXT_IDENTIFIER_RULE, table, i,
            name != NULL ? name : "NULL");
    }
    if (registry_find(g->registry, full) != NULL || registry_find_room(g->registry, full) != NULL) {
        return describe_refuse(why, "its %s, row %u: there is a type %s already", table, i, full);
    }
    return PORTICO_OK;
}

static portico_status take_session_type(generation *g, uint32_t i, const portico_session_type *from,
                                        char why[IMAGE_WHY_MAX]) {
    char full[2 * PORTICO_LABEL_MAX];
    char what[3 * PORTICO_LABEL_MAX];
    bool owned = false;
    state_shape shape = {0};
    portico_status status = check_type_name(g, "session_types", i, from->name, full, &owned, why);
    if (status != PORTICO_OK) {
        return status;
    }
    if (!owned && from->on_packet != NULL) {
        return describe_refuse(why, "type %s: only its owner may have on_packet; use opcodes",
                               full);
    }
    if (!owned && !is_required(g, full)) {
        return describe_refuse(why,
                               "type %s belongs to the module %.*s, which `required` does not "
                               "name",
                               full, (int)strcspn(full, "."), full);
    }
    snprintf(what, sizeof what, "type %s: its state", full);
    status = take_state(&from->state, SESSION_STATE_BYTES_MAX, what, &shape, why);
    if (status != PORTICO_OK) {
        return status;
    }
    registered_type *t = registry_add_type(g->registry, full, owned, from, &shape);
    if (t == NULL) {
        shape_fini(&shape);
        return PORTICO_E_NO_MEMORY;
    }
    snprintf(what, sizeof what, "type %s", full);
    status = describe_opcodes(t, from, what, why);
    return status == PORTICO_OK
               ? take_handlers(&from->messages, ROW_SESSION_MESSAGE, what, &t->messages, why)
               : status;
}

static portico_status take_session_types(generation *g, char why[IMAGE_WHY_MAX]) {
    const portico_table *t = &g->info.session_types;
    portico_status status =
        describe_table(t, "its session_types", PORTICO_SESSION_TYPE_SIZE_0_4, TYPES_MAX, why);
    for (uint32_t i = 0; status == PORTICO_OK && i < t->count; i++) {
        portico_session_type type;
        describe_row(t, i, &type, sizeof type);
        status = take_session_type(g, i, &type, why);
    }
    return status;
}

static portico_status take_room_type(generation *g, uint32_t i, const portico_room_type *from,
                                     char why[IMAGE_WHY_MAX]) {
    char full[2 * PORTICO_LABEL_MAX];
    char what[3 * PORTICO_LABEL_MAX];
    bool owned = false;
    state_shape shape = {0};
    portico_status status = check_type_name(g, "room_types", i, from->name, full, &owned, why);
    if (status != PORTICO_OK) {
        return status;
    }
    if (!owned) {
        return describe_refuse(why,
                               "its room_types, row %u: %s is a type of another module: only "
                               "session types can be joined",
                               i, full);
    }
    snprintf(what, sizeof what, "type %s: its state", full);
    status = take_state(&from->state, ROOM_STATE_BYTES_MAX, what, &shape, why);
    if (status != PORTICO_OK) {
        return status;
    }
    registered_room *r = registry_add_room(g->registry, full, from, &shape);
    if (r == NULL) {
        shape_fini(&shape);
        return PORTICO_E_NO_MEMORY;
    }
    snprintf(what, sizeof what, "type %s", full);
    return take_handlers(&from->messages, ROW_ROOM_MESSAGE, what, &r->messages, why);
}

static portico_status take_room_types(generation *g, char why[IMAGE_WHY_MAX]) {
    const portico_table *t = &g->info.room_types;
    portico_status status =
        describe_table(t, "its room_types", PORTICO_ROOM_TYPE_SIZE_0_4, TYPES_MAX, why);
    for (uint32_t i = 0; status == PORTICO_OK && i < t->count; i++) {
        portico_room_type type;
        describe_row(t, i, &type, sizeof type);
        status = take_room_type(g, i, &type, why);
    }
    return status;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static portico_status take_module(generation *g, char why[IMAGE_WHY_MAX]) {
    portico_status status = take_required(g, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = take_state(&g->info.state, MODULE_STATE_BYTES_MAX, "its state", &g->shape, why);
    if (status != PORTICO_OK) {
        return status;
    }
    if (g->shape.size > 0 && (g->state = calloc(1, g->shape.size)) == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    status = take_session_types(g, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = take_room_types(g, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = take_handlers(&g->info.messages, ROW_MODULE_MESSAGE, "", &g->registry->messages, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = take_handlers(&g->info.jobs, ROW_JOB, "", &g->registry->jobs, why);
    if (status != PORTICO_OK) {
        return status;
    }
    return settings_validate(&g->info.settings, why, IMAGE_WHY_MAX);
}

portico_status describe(generation *g, const portico_entry *entry, char why[IMAGE_WHY_MAX]) {
    portico_status status = check_abi(entry, why);
    if (status != PORTICO_OK) {
        return status;
    }
    size_t size = entry->module_size < sizeof g->info ? entry->module_size : sizeof g->info;
    memcpy(&g->info, entry->module, size);
    g->abi_minor = entry->abi_minor;
    g->host = entry->host;
    status = check_module(&g->info, why);
    if (status != PORTICO_OK) {
        return status;
    }
    snprintf(g->name, sizeof g->name, "%s", g->info.name);
    snprintf(g->version, sizeof g->version, "%s", g->info.version);
    g->registry = registry_create();
    return g->registry != NULL ? take_module(g, why) : PORTICO_E_NO_MEMORY;
}
