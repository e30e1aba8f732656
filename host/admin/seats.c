/* seats.c: see seats.h. */
#include "admin/seats.h"

enum {
    UNKNOWN_MAX = 32,
    LOCAL_MAX = 32,
    /* Room also for as many that are closed and wait for their last completion. */
    SEATS_MAX = 2 * (UNKNOWN_MAX + CONNECTION_TRUSTED_MAX + LOCAL_MAX)
};

static connection seats[SEATS_MAX];

static bool sits(const connection *c, visit_kind kind) {
    return c->socket != NULL && c->kind == kind;
}

/* How many unknown connections come from the client of `c`. */
static uint32_t neighbours(const connection *c) {
    uint32_t count = 0;
    for (size_t i = 0; i < SEATS_MAX; i++) {
        count += sits(&seats[i], VISIT_UNKNOWN) && visit_same_client(&seats[i].peer, &c->peer);
    }
    return count;
}

bool seats_make_way(visit_kind kind) {
    connection *least = NULL;
    uint32_t most = 0;
    for (size_t i = 0; i < SEATS_MAX; i++) {
        connection *c = &seats[i];
        if (!sits(c, kind) || (kind != VISIT_UNKNOWN && connection_runs(c))) {
            continue;
        }
        uint32_t count = kind == VISIT_UNKNOWN ? neighbours(c) : 1;
        count += c->judged_ms == 0 ? SEATS_MAX : 0; /* those that have sent a token come last */
        bool older = least != NULL && count == most && c->used_ms < least->used_ms;
        if (count > most || older) {
            most = count;
            least = c;
        }
    }
    if (least == NULL) {
        return false;
    }
    visits.made_way++;
    connection_close(least);
    return true;
}

static connection *free_seat(void) {
    for (size_t i = 0; i < SEATS_MAX; i++) {
        if (connection_is_free(&seats[i])) {
            return &seats[i];
        }
    }
    return NULL;
}

void seats_take(os_socket *socket, const os_address *peer, visit_kind kind) {
    uint32_t most = kind == VISIT_UNKNOWN ? UNKNOWN_MAX : LOCAL_MAX;
    bool room = visits.open[kind] < most || seats_make_way(kind);
    connection *c = room ? free_seat() : NULL;
    visits.accepted++;
    if (c != NULL) {
        connection_open(c, socket, peer, kind);
    } else {
        os_close(socket, true);
    }
}

uint64_t seats_look(uint64_t now_ms) {
    uint64_t due_ms = UINT64_MAX;
    for (size_t i = 0; i < SEATS_MAX; i++) {
        connection_look(&seats[i], now_ms);
        uint64_t at_ms = connection_due_ms(&seats[i]);
        due_ms = at_ms < due_ms ? at_ms : due_ms;
    }
    return due_ms;
}

bool seats_close(bool waiters) {
    bool all_free = true;
    for (size_t i = 0; i < SEATS_MAX; i++) {
        connection *c = &seats[i];
        if (waiters || c->socket == NULL || !c->waiter.waits) {
            connection_close(c);
            all_free = all_free && connection_is_free(c);
        }
    }
    return all_free;
}
