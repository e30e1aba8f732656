/* register.c: the functions of portico_host that a module's `load` registers with.
 *
 * They fill the registry of the generation that is being loaded, which nothing else sees yet.
 * [control thread]
 */
#include "api/private.h"

#include "base/log.h"
#include "base/text.h"
#include "module/abi_sizes.h"
#include "module/module.h"
#include "session/session_type.h"

#include <stdio.h>
#include <string.h>

enum { SESSION_STATE_BYTES_MAX = 1024 * 1024, ROOM_STATE_BYTES_MAX = 16 * 1024 * 1024 };

/* Returns the generation whose `load` runs on this thread; NULL, after logging it: none does. */
static generation *loading_generation(const char *function) {
    generation *g = module_loading();
    if (g == NULL) {
        const module *m = module_current();
        log_error(m != NULL ? m->name : "module",
                  "%s may only be called in the module's load function", function);
    }
    return g;
}

/* Whether `m` is a module other than the one of `g`. */
static bool is_other(const generation *g, const module *m) {
    return m != NULL && strcmp(m->name, g->name) != 0;
}

static bool generation_requires(const generation *g, const char *name, size_t size) {
    for (char **r = g->required; *r != NULL; r++) {
        if (strlen(*r) == size && strncmp(*r, name, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Writes the full name of the type that a module calls `name`. *owned: the type is the module's
 * own. False: it is not a valid name. */
static bool full_name(const generation *g, const char *name, char full[2 * PORTICO_LABEL_MAX],
                      bool *owned) {
    const char *dot = strchr(name, '.');
    char first[TEXT_IDENTIFIER_MAX];
    *owned = dot == NULL;
    if (dot == NULL) {
        snprintf(full, 2 * PORTICO_LABEL_MAX, "%s.%s", g->name, name);
        return text_is_identifier(name);
    }
    snprintf(first, sizeof first, "%.*s", (int)(dot - name), name);
    snprintf(full, 2 * PORTICO_LABEL_MAX, "%s", name);
    *owned = strcmp(first, g->name) == 0;
    return (size_t)(dot - name) < sizeof first && text_is_identifier(first) &&
           text_is_identifier(dot + 1);
}

/* Checks that the module may join the type `full` of another module. */
static portico_status check_join(const generation *g, const char *full) {
    size_t owner_size = strcspn(full, ".");
    if (!generation_requires(g, full, owner_size)) {
        module_complain("type %s belongs to module %.*s, which `required` does not name", full,
                        (int)owner_size, full);
        return PORTICO_E_DEPENDENCY;
    }
    session_type *t = session_type_find(full);
    if (!module_current()->inspected && (t == NULL || t->current == NULL)) {
        module_complain("module %.*s has no session type %s", (int)owner_size, full, full);
        return PORTICO_E_NOT_FOUND;
    }
    return PORTICO_OK;
}

/* Copies a module's struct into the host's, which is zeroed: fields that an older header lacks
 * stay zero. `least` is the size in the first ABI that had the struct. */
static bool struct_copy(const char *function, void *to, size_t to_size, const void *from,
                        size_t least) {
    uint32_t size = 0;
    if (from != NULL) {
        memcpy(&size, from, sizeof size);
    }
    if (size < least ||
        size % sizeof(void *) != 0) { /* no compiler ends a struct inside a pointer */
        module_complain("%s: struct_size is %u and must be at least %zu: set it to sizeof",
                        function, size, least);
        return false;
    }
    memcpy(to, from, size < to_size ? size : to_size);
    return true;
}

/* Makes the shape of a state that a module declares for its type `full`. */
static portico_status shape_declare(const char *full, uint32_t size, uint32_t limit,
                                    uint32_t version, const portico_state_fields *fields,
                                    state_shape *shape) {
    char why[SHAPE_WHY_MAX];
    if (size > limit) {
        module_complain("type %s: state_size is %u bytes, the limit is %u", full, size, limit);
        return PORTICO_E_INVALID;
    }
    portico_status status = shape_init(shape, size, version, fields, why, sizeof why);
    if (status != PORTICO_OK) {
        module_complain("type %s: %s", full, why);
    }
    return status;
}

/* Whether the module has registered a session type or a room type of that name; complains if so.
 * Messages are registered by the name alone. */
static bool is_registered(const generation *g, const char *full) {
    bool registered =
        registry_find(g->registry, full) != NULL || registry_find_room(g->registry, full) != NULL;
    if (registered) {
        module_complain("type %s is registered twice", full);
    }
    return registered;
}

/* Checks that the module may register the session type, and writes its full name. *owned: the type
 * is its own. */
static portico_status check_session_type(const generation *g, const portico_session_type *type,
                                         char full[2 * PORTICO_LABEL_MAX], bool *owned) {
    if (type->name == NULL || !full_name(g, type->name, full, owned)) {
        module_complain(
            "register_session_type: \"%s\" is not a valid name: use a-z, 0-9 and _, up to 31 bytes",
            type->name != NULL ? type->name : "NULL");
        return PORTICO_E_INVALID;
    }
    if (!*owned && type->on_packet != NULL) {
        module_complain("type %s: only its owner may set on_packet; use register_handler", full);
        return PORTICO_E_INVALID;
    }
    if (is_registered(g, full)) {
        return PORTICO_E_EXISTS;
    }
    return *owned ? PORTICO_OK : check_join(g, full);
}

portico_status PORTICO_CALL api_register_session_type(const portico_session_type *from) {
    generation *g = loading_generation("register_session_type");
    if (g == NULL) {
        return PORTICO_E_STATE;
    }
    char full[2 * PORTICO_LABEL_MAX];
    bool owned = false;
    portico_session_type type = {0};
    state_shape shape = {0};
    if (!struct_copy("register_session_type", &type, sizeof type, from,
                     PORTICO_SESSION_TYPE_SIZE_0_1)) {
        return PORTICO_E_INVALID;
    }
    portico_status status = check_session_type(g, &type, full, &owned);
    if (status != PORTICO_OK) {
        return status;
    }
    status = shape_declare(full, type.state_size, SESSION_STATE_BYTES_MAX, type.state_version,
                           type.state_fields, &shape);
    if (status != PORTICO_OK) {
        return status;
    }
    if (registry_add_type(g->registry, full, owned, &type, &shape) == NULL) {
        shape_fini(&shape);
        return PORTICO_E_NO_MEMORY;
    }
    return PORTICO_OK;
}

portico_status PORTICO_CALL api_register_handler(const char *type, uint16_t opcode,
                                                 portico_on_packet handler) {
    generation *g = loading_generation("register_handler");
    if (g == NULL) {
        return PORTICO_E_STATE;
    }
    char full[2 * PORTICO_LABEL_MAX];
    bool owned = false;
    if (type == NULL || handler == NULL || !full_name(g, type, full, &owned)) {
        module_complain("register_handler: opcode %u needs a type and a handler", opcode);
        return PORTICO_E_INVALID;
    }
    registered_type *t = registry_find(g->registry, full);
    if (t == NULL) {
        module_complain("register_handler: call register_session_type for %s first", full);
        return PORTICO_E_NOT_FOUND;
    }
    session_type *known = session_type_find(full);
    const module *other = known != NULL ? session_type_handler_of(known, opcode) : NULL;
    if (is_other(g, other) || registry_find_handler(t->packets, opcode) != NULL) {
        module_complain("type %s: opcode %u is already handled by module %s", full, opcode,
                        is_other(g, other) ? other->name : g->name);
        return PORTICO_E_EXISTS;
    }
    return registry_add_handler(&t->packets, opcode, (handler_function){.packet = handler});
}

static portico_status check_room_type(const generation *g, const portico_room_type *type,
                                      char full[2 * PORTICO_LABEL_MAX]) {
    bool owned = false;
    if (type->name == NULL || !full_name(g, type->name, full, &owned) || !owned) {
        module_complain(
            "register_room_type: \"%s\" is not a valid name: use a-z, 0-9 and _, up to 31 bytes",
            type->name != NULL ? type->name : "NULL");
        return PORTICO_E_INVALID;
    }
    return is_registered(g, full) ? PORTICO_E_EXISTS : PORTICO_OK;
}

portico_status PORTICO_CALL api_register_room_type(const portico_room_type *from) {
    generation *g = loading_generation("register_room_type");
    if (g == NULL) {
        return PORTICO_E_STATE;
    }
    char full[2 * PORTICO_LABEL_MAX];
    portico_room_type type = {0};
    state_shape shape = {0};
    if (!struct_copy("register_room_type", &type, sizeof type, from, PORTICO_ROOM_TYPE_SIZE_0_2)) {
        return PORTICO_E_INVALID;
    }
    portico_status status = check_room_type(g, &type, full);
    if (status != PORTICO_OK) {
        return status;
    }
    status = shape_declare(full, type.state_size, ROOM_STATE_BYTES_MAX, type.state_version,
                           type.state_fields, &shape);
    if (status != PORTICO_OK) {
        return status;
    }
    if (registry_add_room(g->registry, full, &type, &shape) == NULL) {
        shape_fini(&shape);
        return PORTICO_E_NO_MEMORY;
    }
    return PORTICO_OK;
}

/* Returns the message handlers of the type that a module names (NULL: of the module itself). NULL:
 * it has registered no such type. */
static registered_handler **message_table(generation *g, const char *type,
                                          char full[2 * PORTICO_LABEL_MAX]) {
    bool owned = false;
    if (type == NULL) {
        snprintf(full, 2 * PORTICO_LABEL_MAX, "%s", g->name);
        return &g->registry->messages;
    }
    if (!full_name(g, type, full, &owned)) {
        return NULL;
    }
    registered_type *t = registry_find(g->registry, full);
    registered_room *r = registry_find_room(g->registry, full);
    return t != NULL ? &t->messages : r != NULL ? &r->messages : NULL;
}

portico_status PORTICO_CALL api_register_message(const char *type, uint32_t id,
                                                 portico_on_message handler) {
    generation *g = loading_generation("register_message");
    if (g == NULL) {
        return PORTICO_E_STATE;
    }
    char full[2 * PORTICO_LABEL_MAX] = "";
    registered_handler **messages = message_table(g, type, full);
    if (messages == NULL) {
        module_complain("register_message: register the type %s first", type);
        return PORTICO_E_NOT_FOUND;
    }
    if (handler == NULL) {
        module_complain("register_message: message %u of %s has no handler", id, full);
        return PORTICO_E_INVALID;
    }
    session_type *known = session_type_find(full);
    const module *other = known != NULL ? session_type_message_of(known, id) : NULL;
    if (is_other(g, other) || registry_find_handler(*messages, id) != NULL) {
        module_complain("type %s: message %u is already handled by module %s", full, id,
                        is_other(g, other) ? other->name : g->name);
        return PORTICO_E_EXISTS;
    }
    return registry_add_handler(messages, id, (handler_function){.message = handler});
}

portico_status PORTICO_CALL api_register_blocking(uint32_t id, portico_on_blocking handler) {
    generation *g = loading_generation("register_blocking");
    if (g == NULL) {
        return PORTICO_E_STATE;
    }
    if (handler == NULL) {
        module_complain("register_blocking: job %u has no handler", id);
        return PORTICO_E_INVALID;
    }
    if (registry_find_handler(g->registry->blocking, id) != NULL) {
        module_complain("blocking handler %u is registered twice", id);
        return PORTICO_E_EXISTS;
    }
    return registry_add_handler(&g->registry->blocking, id,
                                (handler_function){.blocking = handler});
}
