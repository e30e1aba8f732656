/* state_view.c: see state_view.h. */
#include "admin/state_view.h"

#include "admin/module_view.h"
#include "admin/room_report.h"
#include "admin/session_report.h"
#include "module/mailbox.h"
#include "module/state_ask.h"
#include "module/state_show.h"
#include "run/watchdog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_MAX = 320 };

typedef struct state_view {
    entity_kind kind;
    uint64_t id;
    uint64_t until_ms;
    state_ask *ask;                   /* NULL: no more could be asked, or `empty` */
    bool empty;                       /* there is no state to ask for */
    char module[TEXT_IDENTIFIER_MAX]; /* of ENTITY_MODULE, its name */
} state_view;

/* ---- why the turn has not come --------------------------------------------------------------- */

/* The call that keeps an entity's turn: a handler of it or, in a room, of another member. */
typedef struct blame {
    uint64_t entity;
    uint64_t room; /* that it is, or is in; 0: none */
    watchdog_call call;
    bool found;
} blame;

/* The room that the session is in, 0 if in none; of what is no session, its own id. */
static uint64_t room_of(uint64_t id) {
    session *s = session_find(id);
    uint64_t found = s != NULL ? session_room(s) : id;
    if (s != NULL) {
        session_release(s);
    }
    return found;
}

static void look_at_call(void *arg, const watchdog_call *c, const os_fault *where) {
    blame *b = arg;
    (void)where;
    if (!b->found && c->entity != 0 &&
        (c->entity == b->entity || (b->room != 0 && room_of(c->entity) == b->room))) {
        b->found = true;
        b->call = *c;
    }
}

/* Says of a room that waits at the gate of its module; false: it does not. */
static bool say_shut(uint64_t id, char why[WHY_MAX]) {
    room *r = id != 0 ? room_hold(id) : NULL;
    if (r == NULL) {
        return false;
    }
    const room_view view = room_look(r);
    bool serves = atomic_load(&view.module->serves);
    if (!serves) {
        snprintf(why, WHY_MAX,
                 "the turn of the room has not come: its module %s does not serve yet",
                 view.module->name);
    }
    room_release(r);
    return !serves;
}

/* Why a turn is late: a module's may wait for a swap, or for the module to serve. */
static const char *delay_of(const state_view *v) {
    module_self self = {.serves = true};
    if (v->kind == ENTITY_MODULE) {
        (void)module_look(v->module, &self);
    }
    return self.exchanged ? "its code is being exchanged"
           : self.serves  ? "other work is before it"
                          : "it does not serve yet";
}

static void explain(const state_view *v, char why[WHY_MAX]) {
    blame b = {.entity = v->id, .room = room_of(v->id)};
    char call[WATCHDOG_TEXT];
    char longest[160];
    if (say_shut(b.room, why)) {
        return;
    }
    watchdog_running(false, look_at_call, &b);
    if (b.found) {
        watchdog_text(&b.call, call);
        uint64_t ms = (os_monotonic_ns() - b.call.started_ns) / 1000000;
        snprintf(why, WHY_MAX,
                 "its turn has not come within %d ms: %s, %s has been running for %llu.%llu s",
                 STATE_VIEW_MS, b.call.module, call, (unsigned long long)ms / 1000,
                 (unsigned long long)ms / 100 % 10);
        return;
    }
    watchdog_describe(NULL, longest, sizeof longest);
    snprintf(why, WHY_MAX, "its turn has not come within %d ms: %s; the longest call: %s",
             STATE_VIEW_MS, delay_of(v), longest);
}

/* ---- the states ------------------------------------------------------------------------------ */

static void add_field(void *arg, const char *path, const char *type, const char *value) {
    lines *to = arg;
    json *j = lines_object(to);
    if (j == NULL) {
        lines_add(to, "  %s%s%s (%s)", path, path[0] != '\0' ? " = " : "", value, type);
        return;
    }
    json_begin(j, NULL, '{');
    json_text(j, "name", path);
    json_text(j, "type", type);
    json_text(j, "value", value);
    json_end(j, '}');
}

static uint32_t add_fields(lines *to, const state_copy *c) {
    return c->bytes != NULL ? state_show(c->shape, c->bytes, add_field, to) : 0;
}

static void add_text(lines *to, const state_copy *c) {
    const generation *g = c->generation;
    bool own = c->type == NULL;
    lines_add(to, "state %s%sof %s generation %u bytes %u%s%s", own ? "" : c->type, own ? "" : " ",
              g->name, g->number, c->shape->size, c->why != NULL ? " not read: " : "",
              c->why != NULL ? c->why : "");
    uint32_t left_out = add_fields(to, c);
    if (left_out > 0) {
        lines_add(to, "  and %u more", left_out);
    }
}

static void add_json(lines *to, json *j, const state_copy *c) {
    const generation *g = c->generation;
    json_begin(j, NULL, '{');
    json_text(j, "module", g->name);
    json_text(j, "type", c->type);
    json_number(j, "generation", g->number);
    json_text(j, "struct", c->shape->name[0] != '\0' ? c->shape->name : NULL);
    json_number(j, "bytes", c->shape->size);
    json_bool(j, "declared", c->shape->declared);
    json_text(j, "not_read", c->why);
    json_begin(j, "fields", '[');
    uint32_t left_out = add_fields(to, c);
    json_end(j, ']');
    json_number(j, "left_out", left_out);
    json_end(j, '}');
}

static void add_states(lines *to, const state_ask *a) {
    json *j = lines_object(to);
    const state_copy *copies = NULL;
    uint32_t count = a != NULL ? state_ask_copies(a, &copies) : 0;
    lines_list(to, "states");
    for (uint32_t i = 0; i < count; i++) {
        if (j != NULL) {
            add_json(to, j, &copies[i]);
        } else {
            add_text(to, &copies[i]);
        }
    }
    lines_list_end(to);
}

static void add_not_read(lines *to, const char *why) {
    json *j = lines_object(to);
    if (j != NULL) {
        json_text(j, "not_read", why);
    } else if (why != NULL) {
        lines_add(to, "the state is not shown: %s", why);
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* Adds what is known of the entity without its turn. False: it has ended. */
static bool add_entity(const state_view *v, lines *to) {
    if (v->kind == ENTITY_MODULE) {
        return report_module(to, v->module) == PORTICO_OK;
    }
    if (v->kind == ENTITY_SESSION) {
        session *s = session_find(v->id);
        if (s != NULL) {
            report_session(to, "session", s);
            session_release(s);
        }
        return s != NULL;
    }
    room *r = room_hold(v->id);
    if (r != NULL) {
        report_room(to, "room", r);
        report_members(to, r);
        room_release(r);
    }
    return r != NULL;
}

/* Asks for the states. False: the entity has ended. */
static bool ask(const state_view *v) {
    if (v->kind == ENTITY_MODULE) {
        return v->empty || mailbox_ask(v->id);
    }
    if (v->kind == ENTITY_SESSION) {
        session *s = session_find(v->id);
        if (s != NULL) {
            session_ask(s);
            session_release(s);
        }
        return s != NULL;
    }
    room *r = room_hold(v->id);
    if (r != NULL) {
        room_ask(r);
        room_release(r);
    }
    return r != NULL;
}

static void view_free(state_view *v) {
    if (v->ask != NULL) {
        state_ask_end(v->ask);
    }
    free(v);
}

static void abandon(void *arg) {
    view_free(arg);
}

static void answer(const state_view *v, bool answered, lines *to) {
    char why[WHY_MAX];
    if (!add_entity(v, to)) {
        lines_end(to, PORTICO_E_GONE, "it has just ended");
        return;
    }
    if (v->ask == NULL && !v->empty) {
        snprintf(why, sizeof why, "%d states are asked for already: try again", STATE_ASKS_MAX);
    } else if (!answered) {
        explain(v, why);
    }
    add_states(to, answered ? v->ask : NULL);
    add_not_read(to, answered ? NULL : why);
    lines_end(to, PORTICO_OK, "");
}

static bool take(void *arg, uint64_t now_ms, lines *to) {
    state_view *v = arg;
    bool answered = v->empty || (v->ask != NULL && state_ask_answered(v->ask));
    if (!answered && v->ask != NULL) {
        /* Asks again: the turn may just have parked behind what was queued, or the entity ended. */
        bool exists = ask(v);
        answered = state_ask_answered(v->ask);
        if (exists && !answered && now_ms < v->until_ms) {
            return false;
        }
    }
    answer(v, answered, to);
    view_free(v);
    return true;
}

/* Finds what `argument` names. Whether a session or room exists shows only when it is asked.
 * False: there is no such module. */
static bool find(state_view *v, const char *argument) {
    char *end = NULL;
    module_self self;
    if (v->kind != ENTITY_MODULE) {
        uint64_t id = strtoull(argument, &end, 10);
        v->id = *end == '\0' ? id : 0;
        return true;
    }
    snprintf(v->module, sizeof v->module, "%s", argument);
    bool found = module_look(argument, &self);
    v->id = found ? self.id : 0;
    v->empty = found && self.state_bytes == 0;
    return found;
}

static void refuse(entity_kind kind, lines *refused) {
    static const char *const texts[] = {[ENTITY_SESSION] = "no session has that id: see `sessions`",
                                        [ENTITY_ROOM] = "no room has that id: see `rooms`",
                                        [ENTITY_MODULE] =
                                            "no module of that name is loaded: see `modules`"};
    lines_end(refused, kind == ENTITY_MODULE ? PORTICO_E_NOT_FOUND : PORTICO_E_GONE, texts[kind]);
}

admin_job *state_view_begin(entity_kind kind, const char *argument, lines *refused) {
    static const job_waits waits = {take, abandon};
    state_view *v = calloc(1, sizeof *v);
    if (v == NULL) {
        lines_end(refused, PORTICO_E_NO_MEMORY, "");
        return NULL;
    }
    v->kind = kind;
    v->until_ms = os_monotonic_ms() + STATE_VIEW_MS;
    bool found = find(v, argument);
    if (found && !v->empty) {
        v->ask = state_ask_begin(v->id, jobs_wake);
    }
    if (!found || !ask(v)) {
        view_free(v);
        refuse(kind, refused);
        return NULL;
    }
    admin_job *job = job_wait(&waits, v, refused);
    if (job == NULL) {
        view_free(v);
    }
    return job;
}
