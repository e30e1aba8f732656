/* messages_acts.c: see messages_acts.h. */
#include "sim/messages_acts.h"

#include "sim/asks.h"
#include "sim/ended.h"
#include "sim/ledger.h"
#include "sim/messages_module.h"
#include "sim/world.h"

enum { ROOMS = 3, TIMEOUT_MS = 200, FLOOD_MAX = 100000, OTHERS_MAX = 1000 };

uint32_t messages_budget;
bool messages_flood;

static uint64_t some_box(void) {
    const post_box *b = post_latest(world_random(12));
    return b != NULL ? b->id : 0;
}

static void act_letter(uint64_t me) {
    uint64_t to = world_random(4) == 0 ? me : some_box();
    uint64_t number = post_letter(me, to);
    post_lettered(number, host->post((portico_entity){to}, LETTER, &number, sizeof number));
}

static void act_timer(void) {
    bool once = world_random(3) != 0;
    uint32_t ms = once ? world_random(60) : 1 + world_random(60);
    portico_entity to = {some_box()};
    portico_timer timer = {0};
    uint64_t number = post_timer(host->self().id, to.id, ms, once ? 0 : ms);
    portico_status status = once ? host->post_after(to, ONCE, &number, sizeof number, ms, &timer)
                                 : host->post_every(to, EVERY, &number, sizeof number, ms, &timer);
    CHECK(status != PORTICO_OK || timer.id != 0);
    post_timed(number, status, timer.id);
}

static void act_cancel(void) {
    uint64_t number = 0;
    portico_timer timer = {post_some_timer(&number)};
    if (timer.id != 0) {
        post_cancels(number);
        post_cancelled(number, host->timer_cancel(timer));
    }
}

static void act_job(void) {
    portico_entity to = {world_random(4) == 0 ? 0 : some_box()};
    uint64_t number = post_job(host->self().id, to.id);
    portico_status status = host->run_job(JOB, &number, sizeof number, to);
    post_jobbed(number, status, MESSAGES_JOBS_WAIT);
}

static void act_ask(uint64_t me) {
    uint64_t request = 0;
    portico_entity to = {some_box()};
    bool handled = world_random(8) != 0;
    uint32_t timeout_ms = 1 + world_random(TIMEOUT_MS);
    uint64_t number = asks_begin(me, to.id, timeout_ms, handled);
    portico_status status = host->request(to, handled ? ASK : NOBODYS, &number, sizeof number,
                                          ANSWER, timeout_ms, &request);
    asks_began(number, status, request);
}

void act_reply(uint64_t number, uint64_t request) {
    asks_replies(number);
    asks_replied(number, host->reply(request, &number, sizeof number));
}

static void act_reply_some(void) {
    uint64_t request = 0;
    uint64_t number = asks_some(&request);
    if (number != 0) {
        act_reply(number, request);
    }
}

portico_room act_room(void) {
    char name[16];
    portico_room room = {0};
    snprintf(name, sizeof name, "%u", world_random(ROOMS));
    (void)host->room_create("messages.room", name, NULL, 0, &room);
    return room;
}

static void act_end(uint64_t id) {
    post_box *b = post_find(id);
    if (b != NULL && b->owner != id) {
        b->ends = true;
        if (host->session_close((portico_session){id}, PORTICO_E_CLOSED) == PORTICO_E_GONE) {
            (void)host->room_close((portico_room){id}, PORTICO_E_CLOSED);
        }
    }
}

void act(uint64_t me) {
    if (post_count() + asks_count() >= messages_budget) {
        return;
    }
    switch (world_random(20)) {
    case 0:
    case 1:
    case 2: act_timer(); break;
    case 3:
    case 4: act_cancel(); break;
    case 5:
    case 6: act_job(); break;
    case 16: ended_use(); break;
    case 17:
    case 18: act_ask(me); break;
    case 19: act_reply_some(); break;
    case 7: (void)host->session_join((portico_session){some_box()}, act_room(), 0); break;
    case 8: (void)host->session_leave((portico_session){some_box()}); break;
    case 9:
        if (world_random(4) == 0) {
            act_end(some_box());
        }
        break;
    default: act_letter(me); break;
    }
}

void act_flood(uint64_t id) {
    portico_entity room = {id};
    portico_status status = PORTICO_OK;
    uint32_t accepted = 0;
    messages_flood = false;
    while ((status = host->post(room, 100, NULL, 0)) == PORTICO_OK) {
        CHECK(++accepted <= FLOOD_MAX);
    }
    CHECK(status == PORTICO_E_BACKLOG ? accepted > FLOOD_MAX - OTHERS_MAX
                                      : status == PORTICO_E_GONE || post_faults);
}
