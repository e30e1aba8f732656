/* seats.c: see seats.h. */
#include "admin/http/seats.h"

#include "admin/http/visit.h"
#include "admin/visits.h"
#include "base/stats.h"

enum { OPEN_MAX = 40, SEATS_MAX = 2 * OPEN_MAX }; /* half of them may wait for a last completion */

static http_visit seats[SEATS_MAX];

/* How many connections that have not shown the token come from the client of `v`. */
static uint32_t neighbours(const http_visit *v) {
    uint32_t count = 0;
    for (size_t i = 0; i < SEATS_MAX; i++) {
        count += http_visit_may_go(&seats[i]) && visit_same_client(&seats[i].peer, &v->peer);
    }
    return count;
}

bool http_seats_make_way(void) {
    http_visit *least = NULL;
    uint32_t most = 0;
    for (size_t i = 0; i < SEATS_MAX; i++) {
        http_visit *v = &seats[i];
        uint32_t count = http_visit_may_go(v) ? neighbours(v) : 0;
        bool older = least != NULL && count == most && v->opened_ms < least->opened_ms;
        if (count > most || older) {
            most = count;
            least = v;
        }
    }
    if (least == NULL) {
        return false;
    }
    visits.made_way++;
    stats_add(STAT_tls_made_way, http_wire_is_opening(&least->wire));
    http_visit_close(least);
    return true;
}

uint32_t http_seats_judging(const os_address *peer) {
    uint32_t count = 0;
    for (size_t i = 0; i < SEATS_MAX; i++) {
        count += http_visit_is_judging(&seats[i]) && visit_same_client(&seats[i].peer, peer);
    }
    return count;
}

static http_visit *free_seat(void) {
    for (size_t i = 0; i < SEATS_MAX; i++) {
        if (http_visit_is_free(&seats[i])) {
            return &seats[i];
        }
    }
    return NULL;
}

void http_seats_take(os_socket *socket, const os_address *peer) {
    bool room = visits.open[VISIT_HTTP] < OPEN_MAX || http_seats_make_way();
    http_visit *v = room ? free_seat() : NULL;
    visits.accepted++;
    if (v != NULL) {
        http_visit_open(v, socket, peer);
    } else {
        os_close(socket, true);
    }
}

/* The one whose handshake has waited for longest; NULL: none waits. */
static http_visit *first_in_turn(void) {
    http_visit *first = NULL;
    for (size_t i = 0; i < SEATS_MAX; i++) {
        http_visit *v = &seats[i];
        if (v->wire.turn != 0 && (first == NULL || v->wire.turn < first->wire.turn)) {
            first = v;
        }
    }
    return first;
}

uint64_t http_seats_look(uint64_t now_ms) {
    uint64_t due_ms = UINT64_MAX;
    http_visit *next = first_in_turn();
    if (next != NULL) {
        http_wire_take_turn(&next->wire);
        due_ms = first_in_turn() != NULL ? now_ms : due_ms;
    }
    for (size_t i = 0; i < SEATS_MAX; i++) {
        http_visit_look(&seats[i], now_ms);
        uint64_t at_ms = http_visit_due_ms(&seats[i]);
        due_ms = at_ms < due_ms ? at_ms : due_ms;
    }
    return due_ms;
}

bool http_seats_leave(uint64_t now_ms) {
    bool all_heard = true;
    for (size_t i = 0; i < SEATS_MAX; i++) {
        all_heard = http_visit_leave(&seats[i], now_ms) && all_heard;
    }
    return all_heard;
}

bool http_seats_close(void) {
    bool all_free = true;
    for (size_t i = 0; i < SEATS_MAX; i++) {
        http_visit_close(&seats[i]);
        all_free = all_free && http_visit_is_free(&seats[i]);
    }
    return all_free;
}
