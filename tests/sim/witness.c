/* witness.c: see witness.h. */
#include "sim/witness.h"

#include "sim/counters.h"
#include "sim/crash.h"
#include "sim/ended.h"
#include "sim/ledger.h"
#include "sim/same.h"
#include "sim/world.h"

#include <stdlib.h>

enum { ENTITIES_MAX = 8192 };

typedef struct module_record {
    const char *serves; /* NULL: any that is open */
    const char *next;   /* a swap to it is under way; NULL: to none */
    bool loaded;
    const char *started; /* the library whose start was called last; NULL: it has stopped */
    bool starting;       /* that start has not returned */
    bool failed;         /* the load has failed in `start`: no `stop` follows */
    uint32_t loads;
    bool stopped;              /* an unload has begun since it was loaded */
    uint32_t anew;             /* starts and thaws */
    bool thaws;                /* a thaw has been asked for */
    bool was_dead;             /* it was frozen when an unload began, which has perhaps failed */
    const struct module *host; /* what it is to the host, while it is loaded */
} module_record;

static module_record modules[WITNESS_MODULES_MAX];
static witness_entity *entities[ENTITIES_MAX]; /* a hash table, by id */
static uint32_t open_count;
static bool watches;

static struct {
    uint64_t entities;
    uint64_t sessions;
} sums;

typedef unsigned long long ull; /* for printf */

/* ---- entities ----------------------------------------------------------------------------- */

static uint64_t spread(uint64_t key) {
    key = (key ^ (key >> 31)) * 0x9e3779b97f4a7c15u;
    return key ^ (key >> 29);
}

static witness_entity **place_of(uint64_t id) {
    uint64_t at = spread(id);
    while (entities[at % ENTITIES_MAX] != NULL && entities[at % ENTITIES_MAX]->id != id) {
        at++;
    }
    return &entities[at % ENTITIES_MAX];
}

witness_entity *witness_find(uint64_t id) {
    return *place_of(id);
}

static witness_entity *entity_add(uint64_t id) {
    witness_entity *e = calloc(1, sizeof *e);
    CHECK(e != NULL);
    e->id = id;
    *place_of(id) = e;
    if (++sums.entities > ENTITIES_MAX / 2) {
        sim_fail("witness: more than %d sessions and rooms", ENTITIES_MAX / 2);
    }
    return e;
}

uint32_t witness_open_count(void) {
    return open_count;
}

/* ---- modules ------------------------------------------------------------------------------ */

static module_record *module_of(const witness_code *code, const char *what) {
    if (sim_library_open_count(code->library) == 0) {
        sim_fail("%s of module %s runs in library '%s', which is not open", what, code->name,
                 code->library);
    }
    modules[code->module].host = crash_caller();
    return &modules[code->module];
}

/* It was frozen when its unload began: it is not called any more, while its sessions and rooms
 * end. */
static bool is_dead(const module_record *m) {
    return m->loaded && !m->failed && (m->was_dead || (m->host != NULL && crash_is_dead(m->host)));
}

/* A handler that passes the module's gate begins. */
static module_record *module_serves(const witness_code *code, const char *what, uint64_t id) {
    module_record *m = module_of(code, what);
    if (!m->loaded) {
        sim_fail("%s of module %s begins for %llu, but it is not loaded", what, code->name,
                 (ull)id);
    }
    if (!same(m->started, code->library)) {
        sim_fail("%s of module %s begins for %llu in library '%s', but '%s' has started", what,
                 code->name, (ull)id, code->library, m->started != NULL ? m->started : "none");
    }
    if (m->starting && !same(what, "start")) {
        sim_fail("%s of module %s begins for %llu during the start after a swap", what, code->name,
                 (ull)id);
    }
    if (same(m->next, code->library)) {
        m->serves = m->next;
        m->next = NULL;
    } else if (!watches && m->serves != NULL && !same(m->serves, code->library)) {
        sim_fail("%s of module %s begins for %llu in library '%s', but '%s' serves", what,
                 code->name, (ull)id, code->library, m->serves);
    }
    return m;
}

static void check_all_closed(const witness_code *code, const char *before) {
    for (uint32_t i = 0; i < ENTITIES_MAX; i++) {
        if (entities[i] != NULL && entities[i]->parts[code->module].open) {
            sim_fail("%s of module %s is called, but it has not closed %llu", before, code->name,
                     (ull)entities[i]->id);
        }
    }
}

static void start_loaded(const witness_code *code, module_record *m) {
    if (m->failed) {
        check_all_closed(code, "start");
    } else if (m->loaded) {
        sim_fail("start of module %s is called for a load, but it is loaded", code->name);
    }
    m->loaded = true;
    m->failed = false;
    m->stopped = false;
    m->was_dead = false;
    m->loads++;
    m->serves = code->library;
    m->next = NULL;
}

/* The entity's part of the module will not be closed. */
static void bury(witness_entity *e, uint32_t module) {
    e->parts[module].open = false;
    if (e->parts[module].owns) {
        open_count--;
        ledger_closes(PORTICO_E_FAULT);
    }
}

static void bury_all(const witness_code *code) {
    for (uint32_t i = 0; i < ENTITIES_MAX; i++) {
        if (entities[i] != NULL && entities[i]->parts[code->module].open) {
            bury(entities[i], code->module);
        }
    }
}

void witness_start(const witness_code *code, uint32_t why) {
    module_record *m = module_of(code, "start");
    m->anew++;
    if (why == PORTICO_START_LOADED) {
        start_loaded(code, m);
    } else {
        CHECK(why == PORTICO_START_SWAPPED || why == PORTICO_START_RETURNED);
        if (!m->loaded || m->failed || m->started != NULL) {
            sim_fail("start of module %s is called for a swap, but %s", code->name,
                     m->started != NULL ? "no generation has stopped" : "it is not loaded");
        }
        m->starting = true;
    }
    m->started = code->library;
}

void witness_started(const witness_code *code, uint32_t why, portico_status status) {
    module_record *m = module_of(code, "start");
    CHECK(same(m->started, code->library));
    m->starting = false;
    if (status != PORTICO_OK && why == PORTICO_START_LOADED) {
        m->failed = true;
    } else if (status != PORTICO_OK) {
        m->started = NULL; /* the one before returns */
    }
}

void witness_stop(const witness_code *code, uint32_t why) {
    module_record *m = module_of(code, "stop");
    if (!same(m->started, code->library) || m->failed || m->starting) {
        sim_fail("stop of module %s is called for library '%s', which has not started", code->name,
                 code->library);
    }
    m->started = NULL;
    if (why == PORTICO_STOP_REPLACED) {
        return;
    }
    CHECK(why == PORTICO_STOP_UNLOADED || why == PORTICO_STOP_SHUTDOWN);
    if (is_dead(m)) {
        bury_all(code);
    }
    check_all_closed(code, "stop");
    m->host = NULL;
    m->loaded = false;
    m->serves = NULL;
    m->next = NULL;
}

void witness_stopping(const witness_code *code) {
    module_record *m = module_of(code, "stopping");
    m->loads++;
    m->stopped = true;
    m->was_dead = is_dead(m);
}

void witness_call(const witness_code *code, const char *what) {
    (void)module_of(code, what);
}

void witness_serves(uint32_t module, const char *library) {
    modules[module].serves = library;
    modules[module].next = NULL;
}

const char *witness_serving(uint32_t module) {
    return watches ? NULL : modules[module].serves;
}

void witness_watches(void) {
    watches = true;
}

void witness_swaps(uint32_t module, const char *library) {
    modules[module].next = library;
}

/* ---- turns -------------------------------------------------------------------------------- */

static void turn_check(const witness_entity *e, const char *what, const witness_entity *of) {
    if (e->inside != NULL) {
        sim_fail("%s begins for %llu while %s runs in the turn of %llu", what, (ull)of->id,
                 e->inside, (ull)e->id);
    }
}

static witness_entity *turn_enter(witness_entity *e, const char *what) {
    turn_check(e, what, e);
    if (e->room != NULL) {
        turn_check(e->room, what, e);
        e->room->inside = what;
    }
    e->inside = what;
    return e;
}

void witness_leave(witness_entity *e) {
    CHECK(e->inside != NULL);
    e->inside = NULL;
    if (e->room != NULL) {
        e->room->inside = NULL;
    }
    if (e->ended) {
        ended_note(e->id, e->is_room ? ENDED_ROOM : ENDED_SESSION);
    }
}

/* ---- faults ------------------------------------------------------------------------------- */

void witness_faults(const witness_code *code, witness_entity *e, const char *what) {
    witness_part *part = &e->parts[code->module];
    part->faulted = true;
    part->anew = modules[code->module].anew;
    if (part->open && (same(what, "on_open") || same(what, "migrate"))) {
        part->may = what;
        bury(e, code->module);
    }
    witness_leave(e);
}

void witness_thaws(uint32_t module, bool is_over) {
    modules[module].anew++;
    modules[module].thaws = !is_over;
}

/* A handler begins after one that has faulted. */
static void witness_goes_on(const witness_code *code, witness_entity *e, const char *what) {
    witness_part *part = &e->parts[code->module];
    bool closes = same(what, "on_close");
    const module_record *m = &modules[code->module];
    if (part->faulted && !e->is_room && !closes && part->anew == m->anew && !m->thaws) {
        sim_fail("%s of module %s begins for %llu, whose last handler has faulted", what,
                 code->name, (ull)e->id);
    }
    if (part->may != NULL && (closes || same(what, "migrate") || same(part->may, "migrate"))) {
        part->open = true;
        open_count += part->owns;
    }
    part->may = NULL;
    part->unsure = part->unsure || part->faulted;
    part->faulted = false;
}

/* ---- handlers ----------------------------------------------------------------------------- */

static witness_entity *open_owned(const witness_code *code, uint64_t id, witness_role role) {
    witness_entity *e = witness_find(id);
    if (e != NULL && same(e->parts[code->module].may, "on_open")) {
        witness_goes_on(code, e, "on_open");
        open_count++;
        return e;
    }
    sums.sessions += role == WITNESS_OWNER;
    if (e != NULL) {
        sim_fail("on_open of module %s is called for %llu, an id that has been used before",
                 code->name, (ull)id);
    }
    open_count++;
    return entity_add(id);
}

static witness_entity *open_joined(const witness_code *code, uint64_t id) {
    witness_entity *e = witness_find(id);
    if (e == NULL || e->ended) {
        sim_fail("on_open of module %s, which has joined the type, is called for %llu %s its owner",
                 code->name, (ull)id, e == NULL ? "before that of" : "after the on_close of");
    }
    if (same(e->parts[code->module].may, "on_open")) {
        witness_goes_on(code, e, "on_open");
        return e;
    }
    if (e->parts[code->module].open && modules[code->module].was_dead) {
        bury(e, code->module);
    }
    if (e->parts[code->module].open ||
        e->parts[code->module].loads >= modules[code->module].loads) {
        sim_fail("on_open of module %s is called again for %llu", code->name, (ull)id);
    }
    return e;
}

witness_entity *witness_open(const witness_code *code, uint64_t id, witness_role role) {
    const module_record *m = module_serves(code, "on_open", id);
    witness_entity *e = role == WITNESS_GUEST ? open_joined(code, id) : open_owned(code, id, role);
    e->is_room = role == WITNESS_ROOM;
    e->parts[code->module] = (witness_part){
        .open = true, .opened = e->opens++, .loads = m->loads, .owns = role != WITNESS_GUEST};
    return turn_enter(e, "on_open");
}

witness_entity *witness_enter(const witness_code *code, uint64_t id, const char *what) {
    (void)module_serves(code, what, id);
    witness_entity *e = witness_find(id);
    if (e != NULL) {
        witness_goes_on(code, e, what);
    }
    if (e == NULL || !e->parts[code->module].open) {
        sim_fail("%s of module %s is called for %llu %s", what, code->name, (ull)id,
                 e == NULL || e->parts[code->module].loads == 0 ? "before its on_open"
                                                                : "after its on_close");
    }
    return turn_enter(e, what);
}

static void check_guests_left(const witness_entity *e) {
    for (uint32_t i = 0; i < WITNESS_MODULES_MAX; i++) {
        if (e->parts[i].open && !is_dead(&modules[i])) {
            sim_fail("the owner's on_close of %llu is called before that of module %u, which has "
                     "joined",
                     (ull)e->id, i);
        }
    }
}

/* Of modules that leave because the session ends, the last that has opened it is first. But a
 * module whose unload has failed is the last, also for sessions that have not noticed. */
static void check_leaving(const witness_code *code, const witness_entity *e) {
    uint32_t opened = e->parts[code->module].opened;
    for (uint32_t i = 0; i < WITNESS_MODULES_MAX; i++) {
        if (e->parts[i].open && e->parts[i].opened > opened && !modules[code->module].stopped &&
            !is_dead(&modules[i])) {
            sim_fail("on_close of module %s is called for %llu before that of module %u, which has "
                     "joined later",
                     code->name, (ull)e->id, i);
        }
    }
}

witness_entity *witness_close(const witness_code *code, uint64_t id, witness_role role,
                              portico_status reason) {
    witness_entity *e = witness_enter(code, id, "on_close");
    e->parts[code->module].open = false;
    if (reason != PORTICO_E_UNLOADED) {
        check_leaving(code, e);
    }
    if (role == WITNESS_GUEST && reason == PORTICO_E_UNLOADED) {
        e->parts[code->module].loads--; /* if the unload fails, the module opens it again */
    }
    if (role != WITNESS_GUEST) {
        check_guests_left(e);
        e->ended = true;
        open_count--;
        if (role == WITNESS_OWNER) {
            ledger_closes(reason);
        }
        if (reason == PORTICO_E_EOF) {
            witness_check_handled(e);
        }
        if (e->members > 0 || e->room != NULL) {
            sim_fail("on_close is called for %llu, which %s", (ull)id,
                     e->room != NULL ? "has not left its room" : "still has members");
        }
    }
    return e;
}

void witness_lost(const witness_code *code, uint64_t id, witness_role role) {
    witness_entity *e = witness_find(id);
    e->parts[code->module].open = false;
    if (role != WITNESS_GUEST) {
        e->ended = true;
        open_count--;
        ledger_closes(PORTICO_E_REFUSED);
    }
}

witness_entity *witness_enter_module(const witness_code *code, uint64_t self, const char *what) {
    (void)module_serves(code, what, self);
    witness_entity *e = witness_find(self);
    return turn_enter(e != NULL ? e : entity_add(self), what);
}

witness_entity *witness_join(const witness_code *code, uint64_t room, uint64_t session) {
    witness_entity *r = witness_enter(code, room, "on_join");
    witness_entity *s = witness_find(session);
    if (s == NULL || s->ended || s->room != NULL) {
        sim_fail("on_join of room %llu is called for session %llu, which %s", (ull)room,
                 (ull)session,
                 s == NULL  ? "has never opened"
                 : s->ended ? "has closed"
                            : "is in a room");
    }
    turn_check(s, "on_join", r);
    s->inside = "on_join";
    return r;
}

void witness_joined(witness_entity *room, uint64_t session, portico_status status) {
    witness_entity *s = witness_find(session);
    s->inside = NULL;
    if (status == PORTICO_OK) {
        s->room = room;
        room->members++;
    }
}

witness_entity *witness_leave_room(const witness_code *code, uint64_t room, uint64_t session) {
    witness_entity *s = witness_find(session);
    if (s == NULL || s->room == NULL || s->room->id != room) {
        sim_fail("on_leave of room %llu is called for session %llu, which is not in it", (ull)room,
                 (ull)session);
    }
    turn_check(s, "on_leave", s->room);
    s->room->members--;
    s->room = NULL;
    return witness_enter(code, room, "on_leave");
}

/* ---- figures ------------------------------------------------------------------------------ */

void witness_status(const char *answer) {
    counters_status(answer);
}

/* Entities that ended while a module was not called are not closed by it. */
static void bury_ended(void) {
    portico_session_info info = {.struct_size = sizeof info};
    for (uint32_t i = 0; i < ENTITIES_MAX; i++) {
        witness_entity *e = entities[i];
        for (uint32_t m = 0; e != NULL && m < WITNESS_MODULES_MAX; m++) {
            if (e->parts[m].open && modules[m].was_dead &&
                world_host->session_info((portico_session){e->id}, &info) != PORTICO_OK) {
                bury(e, m);
            }
        }
    }
}

static const char *unrest(const char *answer) {
    bury_ended();
    if (open_count > 0) {
        return "a session or room is open";
    }
    return counters_figure(answer, "connections_accepted") < sums.sessions
               ? "fewer connections_accepted than on_opens"
               : NULL;
}

void witness_quiet(void) {
    counters_await_rest(unrest);
}

void witness_end(void) {
    for (uint32_t i = 0; i < ENTITIES_MAX; i++) {
        const witness_entity *e = entities[i];
        for (uint32_t m = 0; e != NULL && m < WITNESS_MODULES_MAX; m++) {
            if (e->parts[m].open && !modules[m].was_dead) {
                sim_fail("the host has ended without on_close for %llu", (ull)e->id);
            }
        }
        if (e != NULL && e->inside != NULL) {
            sim_fail("the host has ended while %s runs for %llu", e->inside, (ull)e->id);
        }
    }
    for (uint32_t i = 0; i < WITNESS_MODULES_MAX; i++) {
        if (modules[i].loaded && !modules[i].failed) {
            sim_fail("the host has ended without the stop of module %u", i);
        }
    }
}
