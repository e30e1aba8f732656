/* state_take_over.c: see state_take_over.h. */
#include "module/state_take_over.h"

#include "base/log.h"
#include "base/status.h"
#include "module/call.h"
#include "module/caller.h"
#include "module/running.h"

#include <stdlib.h>
#include <string.h>

enum { STALE_LOGGED_MAX = 16 }; /* log lines for one state */

static bool checks;

void state_take_over_start(bool check) {
    checks = check;
}

/* Logs each value in the block that is an address inside the old image: a function pointer, a
 * string, a static. */
static void tell_stale(const state_owner *owner, const generation *old, const state_shape *shape,
                       const void *state) {
    uintptr_t begin = old->image_begin;
    uintptr_t end = old->image_end;
    uint32_t logged = 0;
    if (old->library == NULL || state == NULL) {
        return;
    }
    for (uint32_t at = 0; at + sizeof(uintptr_t) <= shape->size && logged < STALE_LOGGED_MAX;
         at += sizeof(uintptr_t)) {
        uintptr_t value = 0;
        memcpy(&value, (const uint8_t *)state + at, sizeof value);
        if (value < begin || value >= end) {
            continue;
        }
        uint32_t within = 0;
        char path[SHAPE_PATH_MAX] = "";
        bool field = shape_field_at(shape, at, path, &within);
        logged++;
        log_warn(
            old->name,
            "stale pointer: the state of %s, entity %llu, %s%s at offset %u points into generation "
            "%u (image + %llu)",
            owner->name, (unsigned long long)owner->entity, field ? "field " : "no declared field",
            path, at, old->number, (unsigned long long)(value - begin));
    }
}

/* Asks `migrate`. PORTICO_E_FAULT: it faulted. */
static portico_status ask(portico_on_migrate migrate, const char *type,
                          const portico_migration *question, void *fresh) {
    call c = {.kind = CALL_MIGRATE,
              .fn.migrate = migrate,
              .state = fresh,
              .entity = question->entity.id,
              .type = type,
              .shown = question};
    const running *r = &running_now;
    (void)(r->asks ? caller_make(r->module, r->generation, r->staging, &c) : call_make(&c));
    return c.status;
}

static portico_status fill(const state_owner *owner, const state_shape *from, const void *state,
                           const state_shape *to, portico_on_migrate migrate, void *fresh) {
    shape_convert(from, state, to, fresh);
    if (migrate == NULL) {
        return PORTICO_OK;
    }
    const portico_migration migration = {.from_version = from->version,
                                         .from_size = from->size,
                                         .from = state,
                                         .entity = {owner->entity}};
    return ask(migrate, owner->name, &migration, fresh);
}

portico_status state_copy_over(const state_owner *owner, const generation *old,
                               const state_shape *from, const void *state, const state_shape *to,
                               portico_on_migrate migrate, void *fresh) {
    portico_status status = PORTICO_OK;
    if (!shape_equal(from, to)) {
        memset(fresh, 0, to->size);
        status = fill(owner, from, state, to, migrate, fresh);
    } else if (to->size > 0) {
        memcpy(fresh, state, to->size);
    }
    if (status == PORTICO_OK && checks) {
        tell_stale(owner, old, to, fresh);
    }
    return status;
}

portico_status state_take_over(const state_owner *owner, const generation *old,
                               const state_shape *from, void **state, const state_shape *to,
                               portico_on_migrate migrate, state_reserve *reserve) {
    if (!shape_equal(from, to)) {
        void *fresh = reserve != NULL ? state_reserve_take(reserve, to->size) : NULL;
        fresh = fresh != NULL ? fresh : calloc(1, to->size > 0 ? to->size : 1);
        if (fresh == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
        portico_status status = fill(owner, from, *state, to, migrate, fresh);
        if (status != PORTICO_OK) {
            free(fresh);
            return status;
        }
        free(*state);
        *state = fresh;
    }
    if (checks) {
        tell_stale(owner, old, to, *state);
    }
    return PORTICO_OK;
}

void state_tell_lost(const state_owner *owner, const generation *old, portico_status status) {
    log_error(old->name, "the state of %s, entity %llu, is lost: %s%s", owner->name,
              (unsigned long long)owner->entity,
              status == PORTICO_E_NO_MEMORY ? "" : "migrate failed: ", status_text(status));
}

portico_status state_can_take_over(const char *name, const state_shape *from, const state_shape *to,
                                   portico_on_migrate migrate, char *why, size_t why_size) {
    if (shape_equal(from, to)) {
        return PORTICO_OK;
    }
    if (migrate == NULL) {
        char fault[SHAPE_WHY_MAX] = "";
        portico_status status = shape_check(from, to, fault, sizeof fault);
        if (status != PORTICO_OK) {
            snprintf(why, why_size,
                     "the state of %s cannot be taken over: %s; a migrate could do it", name,
                     fault);
        }
        return status;
    }
    const portico_migration question = {.from_version = from->version, .from_size = from->size};
    portico_status status = ask(migrate, name, &question, NULL);
    if (status != PORTICO_OK) {
        snprintf(
            why, why_size,
            "the state of %s cannot be taken over: its migrate refuses version %u of %u bytes: %s",
            name, from->version, from->size, status_text(status));
    }
    return status;
}
