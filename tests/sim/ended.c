/* ended.c: see ended.h. */
#include "sim/ended.h"

#include "sim/world.h"

enum { IDS_MAX = 8192, TIMERS_MAX = 16384, LATEST = 8 };

/* In the order of ending; found through a hash table of places, which begin at 1. */
typedef struct past {
    uint64_t id;
    ended_kind kind;
} past;

typedef struct past_timer {
    portico_timer id;
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

static past_timer *timer_find(portico_timer id) {
    for (uint32_t i = timer_count; i-- > 0;) {
        if (timers[i].id == id) {
            return &timers[i];
        }
    }
    return NULL;
}

void ended_timer_add(portico_timer id) {
    if (timer_find(id) != NULL) {
        sim_fail("timer %llu has an id that has been used before", (unsigned long long)id);
    }
    CHECK(timer_count < TIMERS_MAX);
    timers[timer_count++] = (past_timer){.id = id};
}

void ended_timer_cancelled(portico_timer id) {
    past_timer *t = timer_find(id);
    if (t != NULL) {
        t->cancelled = true;
    }
}

bool ended_timer(portico_timer id) {
    const past_timer *t = timer_find(id);
    return t != NULL && t->cancelled;
}

portico_timer ended_some_timer(void) {
    for (uint32_t tries = 0; tries < 8 && timer_count > 0; tries++) {
        const past_timer *t = &timers[world_random(timer_count)];
        if (t->cancelled) {
            return t->id;
        }
    }
    return 0;
}

/* ---- uses --------------------------------------------------------------------------------- */

enum { UNUSED_MESSAGE = 0x7fffffff }; /* that no module has registered */

static void use_session(const portico_host *host, uint64_t id) {
    portico_session_info info = {.struct_size = sizeof info};
    switch (world_random(10)) {
    case 0: (void)host->session_send(id, 1, "ended", 5); break;
    case 1: (void)host->session_close(id); break;
    case 2: (void)host->session_set_label(id, "ended"); break;
    case 3: (void)host->channel_join("ended", id); break;
    case 4: (void)host->room_join(ended_some(ENDED_ROOM), id); break;
    case 5: (void)host->room_join_tell(ended_some(ENDED_ROOM), id, UNUSED_MESSAGE); break;
    case 6: (void)host->room_leave(id); break;
    case 7: (void)host->session_room(id); break;
    case 8: (void)host->channel_send("ended", 1, "ended", 5, id); break;
    default: (void)host->session_info(id, &info);
    }
}

static void use_room(const portico_host *host, uint64_t id) {
    portico_room_info info = {.struct_size = sizeof info};
    portico_session members[LATEST];
    switch (world_random(6)) {
    case 0: (void)host->room_close(id); break;
    case 1: (void)host->room_info(id, &info); break;
    case 2: (void)host->room_send(id, 1, "ended", 5, 0); break;
    case 3: (void)host->room_members(id, members, LATEST); break;
    case 4: (void)host->room_state(id); break;
    default: (void)host->room_join(id, ended_some(ENDED_SESSION));
    }
}

/* For entities of every kind. */
static void use_any(const portico_host *host, uint64_t id) {
    switch (world_random(3)) {
    case 0: (void)host->post(id, UNUSED_MESSAGE, "ended", 5); break;
    case 1: (void)host->post_after(id, UNUSED_MESSAGE, "ended", 5, world_random(50), NULL); break;
    default: (void)host->post_every(id, UNUSED_MESSAGE, "ended", 5, 1 + world_random(50), NULL);
    }
}

void ended_use(const portico_host *host) {
    switch (world_random(4)) {
    case 0: use_session(host, ended_some(ENDED_NOT)); break; /* a session's id, or another's */
    case 1: use_room(host, ended_some(ENDED_NOT)); break;
    case 2: (void)host->timer_cancel(ended_some_timer()); break;
    default: use_any(host, ended_some(ENDED_NOT));
    }
}
