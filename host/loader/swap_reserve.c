/* swap_reserve.c: see swap_reserve.h. */
#include "loader/swap_reserve.h"

#include <stdio.h>

/* The blocks that the states of one type will need. */
typedef struct need {
    state_reserve *reserve;
    uint32_t size;
    uint32_t count; /* 0: none, and the other fields are not set */
} need;

static need type_need(const type_change *c) {
    if (!c->reshapes) {
        return (need){0};
    }
    return (need){&c->to->reserve, c->to->shape.size, session_type_sessions(c->type)};
}

static need room_need(const room_change *c) {
    if (!c->reshapes) {
        return (need){0};
    }
    return (need){&c->to->reserve, c->to->shape.size, room_type_rooms(c->type)};
}

/* The i-th type's: the session types, then the room types. */
static need plan_need(const swap_plan *p, size_t i) {
    return i < p->type_count ? type_need(&p->types[i]) : room_need(&p->rooms[i - p->type_count]);
}

portico_status swap_reserve(const swap_plan *p, uint32_t more, char why[IMAGE_WHY_MAX]) {
    for (size_t i = 0; i < p->type_count + p->room_count; i++) {
        need n = plan_need(p, i);
        if (n.count > 0 && !state_reserve_fill(n.reserve, n.size, n.count + more)) {
            snprintf(why, IMAGE_WHY_MAX, "out of memory for the states of its sessions and rooms");
            return PORTICO_E_NO_MEMORY;
        }
    }
    return PORTICO_OK;
}

bool swap_reserve_suffices(const swap_plan *p) {
    for (size_t i = 0; i < p->type_count + p->room_count; i++) {
        need n = plan_need(p, i);
        if (n.count > 0 && state_reserve_count(n.reserve) < n.count) {
            return false;
        }
    }
    return true;
}
