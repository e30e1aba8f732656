/* post.c: see post.h. */
#include "sim/post.h"

#include "sim/crash.h"
#include "sim/world.h"

typedef unsigned long long ull;

enum { BOXES_MAX = 8192, ITEMS_MAX = 16 * 1024 };

static const uint64_t ms_ns = 1000000;

/* A letter, a timer or a job. Its number is its place in the table and 1. */
typedef struct item {
    post_kind kind;
    uint64_t from;         /* a letter's sender; otherwise the module */
    uint64_t to;           /* 0: a job's reply goes nowhere */
    bool called;           /* the call has returned, */
    portico_status status; /* with this */
    uint64_t arrived;      /* how often; of a periodic timer with what was missed */
    uint64_t from_ns;      /* a timer was started between these times */
    uint64_t until_ns;
    uint32_t delay_ms;
    uint32_t period_ms;
    uint64_t id;
    uint32_t cancelling; /* calls of timer_cancel that have not returned */
    bool cancelled;      /* timer_cancel has returned PORTICO_OK */
    bool over;           /* so, or its module has ended: at most one message is still on its way */
    uint32_t late;       /* messages since then */
    bool gone;           /* timer_cancel has returned PORTICO_E_GONE */
    bool works;          /* the job has begun */
    uint32_t waiting;    /* jobs before it, when run_job was called */
} item;

bool post_faults;

static post_box boxes[BOXES_MAX];
static uint32_t box_count;
static item items[ITEMS_MAX];
static uint32_t item_count;

uint32_t post_count(void) {
    return item_count;
}

/* ---- boxes -------------------------------------------------------------------------------- */

post_box *post_find(uint64_t id) {
    for (uint32_t i = box_count; i-- > 0;) {
        if (boxes[i].id == id) {
            return &boxes[i];
        }
    }
    return NULL;
}

post_box *post_latest(uint32_t n) {
    return n < box_count ? &boxes[box_count - 1 - n] : NULL;
}

post_box *post_open(uint64_t id, uint64_t owner) {
    CHECK(id != 0 && post_find(id) == NULL && box_count < BOXES_MAX);
    boxes[box_count] = (post_box){.id = id, .owner = owner, .open = true};
    return &boxes[box_count++];
}

post_box *post_enter(uint64_t id) {
    post_box *b = post_find(id);
    CHECK(b != NULL && b->open && !b->ended && !b->inside);
    b->inside = true;
    sim_yield();
    return b;
}

void post_leave(post_box *b) {
    CHECK(b->inside);
    b->inside = false;
}

void post_faults_in(post_box *b, uint64_t handled, uint64_t sum) {
    b->handled = handled;
    b->sum = sum;
    b->unsure = true;
    b->ends = b->ends || b->is_session;
    post_leave(b);
}

void post_bury(uint64_t owner) {
    for (uint32_t i = 0; i < box_count; i++) {
        if (boxes[i].owner == owner && boxes[i].id != owner && !boxes[i].ended) {
            post_end(&boxes[i]);
        }
    }
}

void post_end(post_box *b) {
    CHECK(!b->ended);
    b->ended = true;
    b->ends = true;
    for (uint32_t i = 0; i < item_count; i++) {
        if (items[i].from == b->id && items[i].id != 0) {
            items[i].over = true;
        }
    }
}

/* ---- items -------------------------------------------------------------------------------- */

static uint64_t item_add(const item *it) {
    CHECK(item_count < ITEMS_MAX);
    items[item_count] = *it;
    return ++item_count;
}

static item *item_of(uint64_t number) {
    CHECK(number > 0 && number <= item_count);
    return &items[number - 1];
}

static void returned(item *it, portico_status status) {
    it->called = true;
    it->status = status;
    CHECK(status == PORTICO_OK || it->arrived == 0);
    CHECK(status != PORTICO_E_NO_MEMORY || post_faults);
}

uint64_t post_letter(uint64_t from, uint64_t to) {
    return item_add(&(item){.kind = POST_LETTER, .from = from, .to = to});
}

void post_lettered(uint64_t number, portico_status status) {
    CHECK(status == PORTICO_OK || status == PORTICO_E_GONE || status == PORTICO_E_NO_MEMORY);
    returned(item_of(number), status);
}

uint64_t post_timer(uint64_t owner, uint64_t to, uint32_t delay_ms, uint32_t period_ms) {
    return item_add(&(item){.kind = period_ms != 0 ? POST_EVERY : POST_ONCE,
                            .from = owner,
                            .to = to,
                            .from_ns = os_monotonic_ns(),
                            .until_ns = UINT64_MAX,
                            .delay_ms = delay_ms,
                            .period_ms = period_ms});
}

void post_timed(uint64_t number, portico_status status, uint64_t id) {
    item *it = item_of(number);
    CHECK(status == PORTICO_OK || status == PORTICO_E_GONE || status == PORTICO_E_NO_MEMORY);
    returned(it, status);
    it->until_ns = os_monotonic_ns();
    it->id = status == PORTICO_OK ? id : 0;
    const post_box *owner = post_find(it->from);
    it->over = owner != NULL && owner->ended; /* its start has failed */
    for (uint32_t i = 0; i + 1 < number && it->id != 0; i++) {
        CHECK(items[i].id != id);
    }
}

uint64_t post_some_timer(uint64_t *number) {
    for (uint32_t tries = 0; tries < 16 && item_count > 0; tries++) {
        *number = item_count - sim_random(SIM_WORLD, item_count < 64 ? item_count : 64);
        if (item_of(*number)->id != 0) {
            return item_of(*number)->id;
        }
    }
    return 0;
}

void post_cancels(uint64_t number) {
    item_of(number)->cancelling++;
}

/* GONE: it has ended before. OK: only one call can have returned that. */
void post_cancelled(uint64_t number, portico_status status) {
    item *it = item_of(number);
    it->cancelling--;
    if (status == PORTICO_OK) {
        CHECK(!it->cancelled);
        CHECK(it->kind == POST_EVERY || it->arrived == 0);
        it->cancelled = true;
        it->over = true;
        return;
    }
    CHECK(status == PORTICO_E_GONE);
    it->gone = true;
}

/* Jobs that may be waiting. */
static uint32_t jobs_waiting(void) {
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < item_count; i++) {
        const item *it = &items[i];
        waiting += it->kind == POST_JOB && !it->works && (!it->called || it->status == PORTICO_OK);
    }
    return waiting;
}

uint64_t post_job(uint64_t owner, uint64_t reply_to) {
    uint32_t waiting = jobs_waiting();
    return item_add(&(item){.kind = POST_JOB, .from = owner, .to = reply_to, .waiting = waiting});
}

void post_jobbed(uint64_t number, portico_status status, uint32_t waiting_max) {
    item *it = item_of(number);
    it->called = true;
    it->status = status;
    CHECK(status == PORTICO_OK || !it->works);
    uint32_t most = it->waiting + (uint32_t)(item_count - number); /* some may have begun since */
    CHECK(status == PORTICO_OK || (status == PORTICO_E_NO_MEMORY && post_faults) ||
          (status == PORTICO_E_BACKLOG && most >= waiting_max));
}

void post_works(uint64_t number) {
    item *it = item_of(number);
    CHECK(it->kind == POST_JOB && !it->works && (!it->called || it->status == PORTICO_OK));
    it->works = true;
}

void post_job_faults(uint64_t number) {
    item_of(number)->over = true;
}

/* ---- arrival ------------------------------------------------------------------------------ */

/* Earlier letters of the same sender have arrived. */
static ull number_of(const item *it) {
    return (ull)(it - items) + 1;
}

static void check_order(const item *it) {
    for (const item *other = items; other < it; other++) {
        bool before = other->kind == POST_LETTER && other->from == it->from && other->to == it->to;
        if (before && other->arrived == 0 && other->status == PORTICO_OK) {
            sim_fail("letter %llu arrives before letter %llu", number_of(it), number_of(other));
        }
    }
}

static void check_due(const item *it, uint64_t delay_ms) {
    uint64_t now_ns = os_monotonic_ns();
    if (now_ns < it->from_ns + delay_ms * ms_ns) {
        sim_fail("timer %llu is %llu us too early", number_of(it),
                 (ull)(it->from_ns + delay_ms * ms_ns - now_ns) / 1000);
    }
}

void post_arrives(post_box *b, post_kind kind, uint64_t number, uint32_t missed) {
    item *it = item_of(number);
    CHECK(it->kind == kind && it->to == b->id && (!it->called || it->status == PORTICO_OK));
    CHECK(missed == 0 || kind == POST_EVERY);
    it->arrived += 1 + missed;
    it->late += it->over;
    CHECK(it->arrived == 1 || kind == POST_EVERY);
    CHECK(!(kind == POST_ONCE && it->cancelled));
    CHECK(it->late <= 2); /* the handler of one is about to begin, and the next has been posted */
    if (kind == POST_LETTER) {
        check_order(it);
    } else if (kind == POST_JOB) {
        CHECK(it->works);
    } else {
        check_due(it, kind == POST_ONCE ? it->delay_ms : it->arrived * it->period_ms);
    }
    b->handled++;
    b->sum += number;
}

static void check_arrived(const item *it, uint64_t until_ns) {
    uint64_t due = 1;
    if (it->kind == POST_JOB && !it->works && crash_was()) {
        return; /* its module was not called any more, so the reply has no number */
    }
    if (it->kind == POST_ONCE && it->until_ns + it->delay_ms * ms_ns > until_ns) {
        return;
    }
    if (it->kind == POST_EVERY) {
        due = until_ns > it->until_ns ? (until_ns - it->until_ns) / (it->period_ms * ms_ns) : 0;
    }
    if (it->arrived < due) {
        static const char *const kinds[] = {"letter", "timer", "periodic timer", "reply of job"};
        sim_fail("%s %llu has arrived %llu times, not %llu", kinds[it->kind], number_of(it),
                 (ull)it->arrived, (ull)due);
    }
}

void post_settled(uint32_t idle_ms) {
    uint64_t until_ns = os_monotonic_ns() - idle_ms * ms_ns;
    for (uint32_t i = 0; i < item_count; i++) {
        const item *it = &items[i];
        const post_box *to = post_find(it->to);
        CHECK(it->status != PORTICO_E_GONE || to == NULL || to->ended);
        CHECK(!it->gone || it->kind == POST_ONCE || it->over || to == NULL || to->ended);
        if (it->status == PORTICO_OK && to != NULL && !to->ends && !it->over) {
            check_arrived(it, until_ns);
        }
    }
}

void post_closed(void) {
    for (uint32_t i = 0; i < item_count; i++) {
        CHECK(items[i].kind != POST_JOB || items[i].status != PORTICO_OK || items[i].works ||
              crash_was());
    }
    for (uint32_t i = 0; i < box_count; i++) {
        CHECK(boxes[i].ended);
    }
}
