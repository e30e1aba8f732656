/* ended.c: see ended.h. */
#include "sim/ended.h"

#include "sim/ledger.h"
#include "sim/world.h"

enum { IDS_MAX = 8192, TIMERS_MAX = 16384, LATEST = 8 };

/* In the order of ending; found through a hash table of places, which begin at 1. */
typedef struct past {
    uint64_t id;
    ended_kind kind;
} past;

typedef struct past_timer {
    uint64_t id;
    bool cancelled;
} past_timer;

static past all[IDS_MAX];
static uint32_t count;
static uint32_t places[2 * IDS_MAX];
static past_timer timers[TIMERS_MAX];
static uint32_t timer_count;

static uint32_t *place_of(uint64_t id) {
    uint64_t at = (id ^ (id >> 31)) * 0x9e3779b97f4a7c15u;
    at ^= at >> 29;
    while (places[at % (2 * IDS_MAX)] != 0 && all[places[at % (2 * IDS_MAX)] - 1].id != id) {
        at++;
    }
    return &places[at % (2 * IDS_MAX)];
}

void ended_note(uint64_t id, ended_kind kind) {
    uint32_t *place = place_of(id);
    if (id == 0 || *place != 0) {
        return;
    }
    CHECK(count < IDS_MAX);
    all[count] = (past){.id = id, .kind = kind};
    *place = ++count;
}

ended_kind ended_as(uint64_t id) {
    uint32_t place = *place_of(id);
    return place != 0 ? all[place - 1].kind : ENDED_NOT;
}

uint64_t ended_some(ended_kind kind) {
    uint32_t most = sim_chance(SIM_WORLD, 2) && count > LATEST ? LATEST : count;
    for (uint32_t tries = 0; tries < 8 && count > 0; tries++) {
        const past *p = &all[count - 1 - world_random(most)];
        if (kind == ENDED_NOT || p->kind == kind) {
            return p->id;
        }
    }
    return 0;
}

/* ---- timers ------------------------------------------------------------------------------- */

static past_timer *timer_find(uint64_t id) {
    for (uint32_t i = timer_count; i-- > 0;) {
        if (timers[i].id == id) {
            return &timers[i];
        }
    }
    return NULL;
}

void ended_timer_add(uint64_t id) {
    if (timer_find(id) != NULL) {
        sim_fail("timer %llu has an id that has been used before", (unsigned long long)id);
    }
    CHECK(timer_count < TIMERS_MAX);
    timers[timer_count++] = (past_timer){.id = id};
}

void ended_timer_cancelled(uint64_t id) {
    past_timer *t = timer_find(id);
    if (t != NULL) {
        t->cancelled = true;
    }
}

bool ended_timer(uint64_t id) {
    const past_timer *t = timer_find(id);
    return t != NULL && t->cancelled;
}

uint64_t ended_some_timer(void) {
    for (uint32_t tries = 0; tries < 8 && timer_count > 0; tries++) {
        const past_timer *t = &timers[world_random(timer_count)];
        if (t->cancelled) {
            return t->id;
        }
    }
    return 0;
}

/* ---- uses --------------------------------------------------------------------------------- */

enum { UNUSED_MESSAGE = 0x7fffffff }; /* that no module has a handler for */

static void use_session(portico_session session) {
    portico_session_info info = {.struct_size = sizeof info};
    portico_room room = {ended_some(ENDED_ROOM)};
    char label[PORTICO_LABEL_MAX];
    switch (world_random(11)) {
    case 0: (void)host->session_send(session, 1, "ended", 5); break;
    case 1: (void)host->session_close(session, PORTICO_E_CLOSED); break;
    case 2: (void)host->session_set_label(session, "ended"); break;
    case 3: (void)host->channel_join("ended", session); break;
    case 4: (void)host->session_join(session, room, 0); break;
    case 5: (void)host->session_join(session, room, UNUSED_MESSAGE); break;
    case 6: (void)host->session_leave(session); break;
    case 7: (void)host->session_room(session); break;
    case 8: (void)host->channel_send("ended", 1, "ended", 5, session); break;
    case 9: (void)host->session_label(session, label); break;
    default: (void)host->session_info(session, &info);
    }
}

static void use_room(portico_room room) {
    portico_room_info info = {.struct_size = sizeof info};
    portico_session members[LATEST];
    switch (world_random(6)) {
    case 0: (void)host->room_close(room, PORTICO_E_CLOSED); break;
    case 1: (void)host->room_info(room, &info); break;
    case 2: (void)host->room_send(room, 1, "ended", 5, (portico_session){0}); break;
    case 3: (void)host->room_members(room, members, LATEST); break;
    case 4: (void)host->room_state(room); break;
    default: (void)host->session_join((portico_session){ended_some(ENDED_SESSION)}, room, 0);
    }
}

/* For entities of every kind. */
static void use_any(portico_entity any) {
    switch (world_random(4)) {
    case 0: (void)host->post(any, UNUSED_MESSAGE, "ended", 5); break;
    case 1: (void)host->post_after(any, UNUSED_MESSAGE, "ended", 5, world_random(50), NULL); break;
    case 2: (void)host->request(any, UNUSED_MESSAGE, "ended", 5, UNUSED_MESSAGE, 50, NULL); break;
    default: (void)host->post_every(any, UNUSED_MESSAGE, "ended", 5, 1 + world_random(50), NULL);
    }
}

void ended_use(void) {
    uint32_t what = world_random(4);
    uint64_t id = what == 2 ? ended_some_timer() : ended_some(ENDED_NOT);
    switch (what) {
    case 0: use_session((portico_session){id}); break; /* or another entity's id */
    case 1: use_room((portico_room){id}); break;
    case 2: (void)host->timer_cancel((portico_timer){id}); break;
    default: use_any((portico_entity){id});
    }
}
