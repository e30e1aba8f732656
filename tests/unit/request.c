/* request.c: each way in which a request is answered, one at a time, and that it is answered once.
 * Entities without a module keep the messages that they receive. */
#include "os/os.h"
#include "run/message.h"
#include "run/request.h"
#include "run/timer.h"

#include "support/check.h"
#include "support/clock.h"

#include <stdatomic.h>

enum { ASK = 7, REPLY = 8, LONG_MS = 600000, SHORT_MS = 5, WAIT_MS = 20000 };

/* Keeps one message. */
typedef struct keeper {
    entity base; /* first */
    portico_status refuses;
    bool swallows; /* handles messages at once */
    message *_Atomic kept;
} keeper;

static keeper asker;
static keeper target;

static portico_status take(entity *e, message *m) {
    keeper *k = (keeper *)e;
    if (k->refuses != PORTICO_OK && !(k->refuses == PORTICO_E_BACKLOG && m->owed)) {
        return k->refuses;
    }
    if (k->swallows) {
        (void)message_show(m);
        message_free(m);
    } else {
        CHECK(atomic_exchange(&k->kept, m) == NULL);
    }
    return PORTICO_OK;
}

static void nothing(entity *e) {
    (void)e;
}

static void keeper_begin(keeper *k) {
    memset(k, 0, sizeof *k);
    k->base.kind = ENTITY_MODULE;
    k->base.free = nothing;
    k->base.take = take;
    CHECK(entity_add(&k->base, 1));
}

static void keeper_end(keeper *k) {
    k->refuses = PORTICO_E_GONE;
    requests_end(&k->base);
    entity_release(&k->base);
}

static message *taken(keeper *k) {
    return atomic_exchange(&k->kept, NULL);
}

static portico_status ask_for(uint32_t timeout_ms, uint64_t *number) {
    const request_parts parts = {.to = target.base.id,
                                 .from = asker.base.id,
                                 .id = ASK,
                                 .size = 4,
                                 .data = "data",
                                 .reply_id = REPLY,
                                 .timeout_ms = timeout_ms};
    *number = 0;
    return request_post(&parts, number);
}

static uint64_t ask(uint32_t timeout_ms) {
    uint64_t number = 0;
    CHECK_INT(ask_for(timeout_ms, &number), PORTICO_OK);
    CHECK(number != 0);
    return number;
}

/* The handler of the request runs. */
static void handle(uint64_t number) {
    message *m = taken(&target);
    CHECK(m != NULL);
    const portico_message shown = message_show(m);
    CHECK_INT(shown.id, ASK);
    CHECK_INT(shown.size, 4);
    CHECK(memcmp(shown.data, "data", 5) == 0);
    CHECK_INT(shown.status, PORTICO_OK);
    CHECK(shown.from.id == asker.base.id);
    CHECK(shown.request == number);
    message_free(m);
}

static void expect_answer(uint64_t number, portico_status status, const char *text) {
    message *m = taken(&asker);
    CHECK(m != NULL && message_is_reply(m));
    const portico_message shown = message_show(m);
    CHECK_INT(shown.id, REPLY);
    CHECK_INT(shown.status, status);
    CHECK(shown.request == number);
    CHECK(shown.from.id == target.base.id);
    CHECK_TEXT((const char *)shown.data, text);
    CHECK_INT(shown.size, strlen(text));
    message_free(m);
    CHECK_INT(request_reply(number, "late", 4), PORTICO_E_GONE);
    CHECK(taken(&asker) == NULL);
    CHECK_INT(requests_count(), 0);
}

static void check_replies(void) {
    uint64_t number = ask(LONG_MS);
    handle(number);
    CHECK(taken(&asker) == NULL);
    CHECK_INT(requests_count(), 1);
    CHECK_INT(request_reply(number, NULL, 1), PORTICO_E_INVALID);
    CHECK_INT(request_reply(number, "", MESSAGE_BYTES_MAX + 1), PORTICO_E_TOO_BIG);
    CHECK_INT(request_reply(number + 1, "", 0), PORTICO_E_GONE);
    CHECK_INT(request_reply(number, "yes", 3), PORTICO_OK);
    expect_answer(number, PORTICO_OK, "yes");
    number = ask(LONG_MS); /* answered while the handler has not begun */
    CHECK_INT(request_reply(number, NULL, 0), PORTICO_OK);
    expect_answer(number, PORTICO_OK, "");
    handle(number);
    number = ask(LONG_MS); /* out of order */
    handle(number);
    uint64_t second = ask(LONG_MS);
    handle(second);
    CHECK_INT(requests_count(), 2);
    CHECK_INT(request_reply(second, "2", 1), PORTICO_OK);
    message_free(taken(&asker));
    CHECK_INT(request_reply(number, "1", 1), PORTICO_OK);
    expect_answer(number, PORTICO_OK, "1");
}

/* The asker has no room for the reply: it receives the reserved message, which says so. */
static void check_no_room(void) {
    uint64_t number = ask(LONG_MS);
    handle(number);
    asker.refuses = PORTICO_E_BACKLOG;
    CHECK_INT(request_reply(number, "much", 4), PORTICO_E_BACKLOG);
    expect_answer(number, PORTICO_E_BACKLOG, "");
    asker.refuses = PORTICO_OK;
}

static void check_timeout(void) {
    uint64_t number = ask(SHORT_MS);
    handle(number);
    for (uint64_t until = clock_now_ms() + WAIT_MS; atomic_load(&asker.kept) == NULL;) {
        CHECK(clock_now_ms() < until);
        clock_sleep_ms(1);
    }
    expect_answer(number, PORTICO_E_TIMEOUT, "");
}

static void check_dropped(void) {
    uint64_t number = ask(LONG_MS);
    message *m = taken(&target);
    message_refuse(m);
    message_free(m);
    expect_answer(number, PORTICO_E_NOT_FOUND, "");
    number = ask(LONG_MS);
    message_free(taken(&target));
    expect_answer(number, PORTICO_E_GONE, "");
}

static void check_refused(void) {
    uint64_t number = 0;
    target.refuses = PORTICO_E_BACKLOG;
    CHECK_INT(ask_for(LONG_MS, &number), PORTICO_E_BACKLOG);
    target.refuses = PORTICO_OK;
    CHECK_INT(number, 0);
    CHECK(taken(&asker) == NULL);
    CHECK_INT(requests_count(), 0);
    request_parts parts = {.to = target.base.id, .from = asker.base.id, .size = 1};
    CHECK_INT(request_post(&parts, NULL), PORTICO_E_INVALID);
    parts.size = MESSAGE_BYTES_MAX + 1;
    parts.data = "";
    CHECK_INT(request_post(&parts, NULL), PORTICO_E_TOO_BIG);
    parts.size = 0;
    parts.to = 1;
    CHECK_INT(request_post(&parts, NULL), PORTICO_E_GONE);
}

static void check_target_ends(void) {
    uint64_t number = ask(LONG_MS);
    handle(number);
    entity_hold(&target.base); /* it can still be found */
    keeper_end(&target);
    expect_answer(number, PORTICO_E_GONE, "");
    target.refuses = PORTICO_OK; /* requests_end alone suffices */
    CHECK_INT(ask_for(LONG_MS, &number), PORTICO_E_GONE);
    CHECK(taken(&target) == NULL);
    entity_release(&target.base);
    CHECK_INT(ask_for(LONG_MS, &number), PORTICO_E_GONE);
    keeper_begin(&target);
    number = ask(LONG_MS); /* not handled yet */
    keeper_end(&target);
    message *m = taken(&target);
    message_free(m);
    expect_answer(number, PORTICO_E_GONE, "");
    keeper_begin(&target);
}

static void check_asker_ends(void) {
    uint64_t number = ask(LONG_MS);
    handle(number);
    asker.refuses = PORTICO_E_GONE; /* it is about to end */
    CHECK_INT(request_reply(number, "late", 4), PORTICO_E_GONE);
    asker.refuses = PORTICO_OK;
    number = ask(LONG_MS);
    handle(number);
    entity_hold(&asker.base);
    requests_end(&asker.base); /* it could still receive messages, but gets none */
    CHECK(taken(&asker) == NULL);
    entity_release(&asker.base);
    CHECK_INT(requests_count(), 0);
    CHECK_INT(request_reply(number, "late", 4), PORTICO_E_GONE);
    CHECK_INT(ask_for(LONG_MS, &number), PORTICO_E_STATE);
    entity_release(&asker.base);
    CHECK_INT(ask_for(LONG_MS, &number), PORTICO_E_STATE);
    CHECK(taken(&asker) == NULL && taken(&target) == NULL);
    keeper_begin(&asker);
}

/* An entity may ask itself, and ends with a request to itself. */
static void check_itself(void) {
    const request_parts parts = {
        .to = asker.base.id, .from = asker.base.id, .reply_id = REPLY, .timeout_ms = LONG_MS};
    CHECK_INT(request_post(&parts, NULL), PORTICO_OK);
    message *m = taken(&asker);
    keeper_end(&asker);
    CHECK_INT(requests_count(), 0);
    message_free(m);
    CHECK(taken(&asker) == NULL);
    keeper_begin(&asker);
}

static void check_limit(void) {
    uint64_t number = 0;
    uint64_t last = 0;
    target.swallows = true;
    for (int i = 0; i < MESSAGES_WAITING_MAX; i++) {
        last = ask(LONG_MS);
    }
    CHECK_INT(ask_for(LONG_MS, &number), PORTICO_E_BACKLOG);
    CHECK_INT(requests_count(), MESSAGES_WAITING_MAX);
    asker.swallows = true;
    CHECK_INT(request_reply(last, NULL, 0), PORTICO_OK);
    (void)ask(LONG_MS); /* instead */
    CHECK_INT(ask_for(LONG_MS, &number), PORTICO_E_BACKLOG);
    keeper_end(&target);
    CHECK_INT(requests_count(), 0);
    keeper_end(&asker);
}

SCENARIO(request) {
    os_port *port = NULL;
    CHECK_INT(os_port_create(&port), PORTICO_OK);
    CHECK_INT(timers_start(port), PORTICO_OK);
    keeper_begin(&asker);
    keeper_begin(&target);
    check_replies();
    check_no_room();
    check_timeout();
    check_dropped();
    check_refused();
    check_target_ends();
    check_asker_ends();
    check_itself();
    check_limit();
    CHECK_INT(timers_count(), 0);
    timers_stop();
    timers_fini();
    requests_fini();
    entity_table_fini();
    os_port_destroy(port);
}
