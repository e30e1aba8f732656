/* rooms_book.c: see rooms_book.h. */
#include "sim/rooms_book.h"

#include "sim/crash.h"
#include "sim/ended.h"
#include "sim/ledger.h"
#include "sim/world.h"

#include <string.h>

enum { GUESTS_MAX = 512, PLACES_MAX = 2048 };

const char *const book_types[BOOK_TYPES] = {"place", "small"};
const char *const book_names[BOOK_NAMES] = {"one", "two", "three"};
bool book_rooms_end;
bool book_faults;

static guest guests[GUESTS_MAX];
static uint32_t guest_count;
static place places[PLACES_MAX];
static uint32_t place_count;

guest *guest_number(uint32_t n) {
    return n < guest_count ? &guests[n] : NULL;
}

place *place_number(uint32_t n) {
    return n < place_count ? &places[n] : NULL;
}

uint32_t guests_count(void) {
    return guest_count;
}

uint32_t places_count(void) {
    return place_count;
}

uint32_t guest_index(const guest *g) {
    return (uint32_t)(g - guests);
}

guest *guest_find(uint64_t id) {
    for (uint32_t i = guest_count; i-- > 0;) {
        if (guests[i].id == id) {
            return &guests[i];
        }
    }
    return NULL;
}

place *place_find(uint64_t id) {
    for (uint32_t i = place_count; i-- > 0;) {
        if (places[i].id == id) {
            return &places[i];
        }
    }
    return NULL;
}

void places_all_close(void) {
    for (uint32_t i = 0; i < place_count; i++) {
        places[i].closing = true;
    }
}

/* ---- sessions ----------------------------------------------------------------------------- */

guest *guest_opens(uint64_t id) {
    guest *again = guest_find(id);
    if (again != NULL && again->reopens) {
        again->reopens = false;
        return again;
    }
    CHECK(id != 0 && again == NULL && place_find(id) == NULL);
    CHECK(guest_count < GUESTS_MAX);
    guest *g = &guests[guest_count++];
    g->id = id;
    g->open = true;
    return g;
}

guest *guest_enter(uint64_t id) {
    guest *g = guest_find(id);
    CHECK(g != NULL && g->open && !g->closed && !g->inside);
    g->inside = true;
    if (g->place != NULL) {
        CHECK(!g->place->inside);
        g->place->inside = true;
    }
    sim_yield();
    return g;
}

void guest_leave(guest *g) {
    CHECK(g->inside);
    g->inside = false;
    if (g->place != NULL) {
        CHECK(g->place->inside);
        g->place->inside = false;
    }
}

void guest_closes(guest *g, portico_status reason) {
    CHECK(g->place == NULL);
    CHECK(g->left_for == PORTICO_OK || g->left_for == reason);
    CHECK(reason != PORTICO_OK && reason != PORTICO_E_CLOSED);
    CHECK(reason != BOOK_GUEST_REASON || g->told_to_end);
    g->reason = reason;
    g->closed = true;
    g->ends = true;
    ended_note(g->id, ENDED_SESSION);
    ledger_closes(reason);
}

/* ---- rooms -------------------------------------------------------------------------------- */

place *place_seen(uint64_t id, uint32_t type, uint32_t name) {
    place *p = place_find(id);
    if (p != NULL) {
        CHECK(p->type == type && p->name == name);
        return p;
    }
    CHECK(id != 0 && guest_find(id) == NULL);
    for (uint32_t i = 0; i < place_count && !book_rooms_end; i++) {
        CHECK(places[i].type != type || places[i].name != name || places[i].closing);
    }
    CHECK(place_count < PLACES_MAX);
    p = &places[place_count++];
    *p = (place){.id = id, .type = type, .name = name};
    return p;
}

place *place_enter(uint64_t id) {
    place *p = place_find(id);
    CHECK(p != NULL && p->opened && !p->closed && !p->inside);
    p->inside = true;
    sim_yield();
    return p;
}

void place_leave(place *p) {
    CHECK(p->inside);
    p->inside = false;
    if (p->closed) {
        ended_note(p->id, ENDED_ROOM);
    }
}

void place_opens(place *p) {
    CHECK((!p->opened || p->reopens) && !p->inside && p->count == 0);
    p->opened = true;
    p->reopens = false;
    p->inside = true;
    sim_yield();
}

portico_status place_reason(const place *p) {
    static const portico_status reasons[] = {PORTICO_E_CLOSED, PORTICO_E_LIMIT, PORTICO_E_EOF};
    return reasons[p->id % 3];
}

void place_closes(place *p, portico_status reason) {
    bool lost = reason == PORTICO_E_FAULT && crash_was();
    CHECK(p->closing || book_rooms_end || lost);
    CHECK(lost || reason == place_reason(p) || (reason == p->refused && reason != PORTICO_OK) ||
          (book_rooms_end && (reason == PORTICO_E_UNLOADED || reason == PORTICO_E_SHUTDOWN ||
                              reason == PORTICO_E_NO_MEMORY)));
    CHECK(p->count == 0);
    p->closing = true;
    p->closed = true;
}

static void asks_mark(guest *g, const place *p, portico_status status) {
    for (uint32_t i = 0; i < BOOK_ASKS; i++) {
        if (g->asks[i].pending && g->asks[i].room == p->id) {
            *(status == PORTICO_OK ? &g->asks[i].entered : &g->asks[i].refused) = true;
        }
    }
}

void place_joins(place *p, guest *g, portico_status status) {
    CHECK(g != NULL && g->open && !g->closed && !g->inside);
    CHECK(g->place == NULL && g->moves > 0 && g->left_for == PORTICO_OK);
    CHECK(p->count < (p->type == 1 ? SMALL_MEMBERS : BOOK_MEMBERS));
    asks_mark(g, p, status);
    if (status == PORTICO_OK) {
        g->place = p;
        p->members[p->count++] = g;
    }
}

void place_join_faults(place *p, guest *g) {
    asks_mark(g, p, PORTICO_E_FAULT);
    if (g->place == p) {
        g->place = NULL;
        p->count--;
    }
}

void place_leaves(place *p, guest *g, portico_status reason) {
    CHECK(g != NULL && g->open && !g->closed && !g->inside && g->place == p);
    if (reason == PORTICO_OK) {
        CHECK(++g->left <= g->moves);
    } else if (reason == PORTICO_E_ROOM_CLOSED) {
        CHECK(p->closing || book_rooms_end || crash_was());
    } else {
        g->left_for = reason;
    }
    g->place = NULL;
    uint32_t i = 0;
    while (p->members[i] != g) {
        CHECK(++i < p->count);
    }
    p->count--;
    memmove(&p->members[i], &p->members[i + 1], (p->count - i) * sizeof p->members[0]);
}

/* ---- moves -------------------------------------------------------------------------------- */

void guest_moves(guest *g) {
    g->moves++;
    g->moving++;
    for (uint32_t i = 0; i < BOOK_ASKS; i++) {
        g->asks[i].overtaken = true;
    }
}

void guest_moved(guest *g) {
    g->moving--;
}

uint32_t guest_asks(guest *g, uint64_t room, bool own) {
    uint32_t number = 0;
    while (number < BOOK_ASKS && g->asks[number].pending) {
        number++;
    }
    if (number < BOOK_ASKS) {
        bool overtaken = g->moving > 0;
        guest_moves(g);
        g->asks[number] = (ask){.pending = true,
                                .own = own,
                                .overtaken = overtaken,
                                .entered = g->place != NULL && g->place->id == room,
                                .room = room};
    }
    return number;
}

void guest_asked(guest *g, uint32_t number, portico_status status) {
    guest_moved(g);
    if (status != PORTICO_OK) {
        CHECK(g->asks[number].pending);
        g->asks[number].pending = false;
    }
}

void guest_told(guest *g, uint32_t number, const portico_room_result *result) {
    ask *a = &g->asks[number];
    const place *p = place_find(a->room);
    CHECK(a->pending && result->room.id == a->room && p != NULL);
    a->pending = false;
    switch (result->status) {
    case PORTICO_OK: CHECK(a->entered); break;
    case PORTICO_E_ROOM_CLOSED: CHECK(p->closing || book_rooms_end || crash_was()); break;
    case PORTICO_E_LIMIT: CHECK(p->type == 1); break;
    case PORTICO_E_CANCELLED: CHECK(a->overtaken); break;
    case PORTICO_E_REFUSED: CHECK(a->refused); break;
    case PORTICO_E_FAULT: CHECK(a->refused && crash_was()); break;
    case PORTICO_E_NO_MEMORY: CHECK(book_faults); break;
    default: sim_fail("session_join ends with status %d", result->status);
    }
}

void guest_commanded(const guest *g) {
    for (uint32_t i = 0; i < BOOK_ASKS; i++) {
        if (g->asks[i].pending && g->asks[i].own) {
            sim_fail("a packet of session %llu overtakes the message of session_join",
                     (unsigned long long)g->id);
        }
    }
}

void guests_settled(void) {
    for (uint32_t i = 0; i < guest_count; i++) {
        for (uint32_t n = 0; n < BOOK_ASKS && !guests[i].ends; n++) {
            CHECK(!guests[i].asks[n].pending);
        }
    }
}

void book_bury(void) {
    for (uint32_t i = 0; i < guest_count; i++) {
        guest *g = &guests[i];
        if (g->open && !g->closed) {
            g->place = NULL;
            g->ends = true;
            g->closed = true;
            g->reason = PORTICO_E_FAULT;
            ledger_closes(PORTICO_E_FAULT);
        }
    }
    for (uint32_t i = 0; i < place_count; i++) {
        places[i].closing = true;
        places[i].closed = true;
    }
}

void book_end(void) {
    for (uint32_t i = 0; i < guest_count; i++) {
        CHECK((guests[i].closed || guests[i].reopens) && guests[i].place == NULL);
    }
    for (uint32_t i = 0; i < place_count; i++) {
        CHECK(places[i].closed || !places[i].opened || places[i].reopens);
    }
}
