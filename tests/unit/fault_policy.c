/* fault_policy.c: when a fault costs only what it happened in, when its build is rolled back, and
 * when its module is frozen. The clock is the test's. */
#include "module/fault_policy.h"

#include "support/check.h"

enum { PROBATION_MS = 60000, LIMIT = 3, WINDOW_MS = 10000, BEGIN_MS = 1000000 };

static const fault_limits limits = {PROBATION_MS, LIMIT, WINDOW_MS};

static module m;
static generation first;
static generation second;
static generation third;
static int acts;
static bool acts_roll_back;

static void act(module *of, bool roll_back) {
    CHECK(of == &m);
    CHECK(gate_is_frozen(&m.gate));
    acts++;
    acts_roll_back = roll_back;
}

/* `now` serves since BEGIN_MS, after `before` (NULL: it is the first). */
static void begin(generation *now, generation *before) {
    memset(&m, 0, sizeof m);
    memset(now, 0, sizeof *now);
    m.previous = before;
    now->number = before != NULL ? before->number + 1 : 1;
    atomic_store(&m.current, now);
    atomic_store(&now->probation_ms, BEGIN_MS);
    acts = 0;
}

static fault_verdict judge(generation *g, uint64_t after_ms) {
    return fault_judge_at(&m, g, true, BEGIN_MS + after_ms);
}

static void check_serves(const generation *g) {
    CHECK(!gate_is_frozen(&m.gate));
    CHECK_INT(acts, 0);
    CHECK_INT(atomic_load(&m.rolls_back), 0);
    CHECK_INT(g->judged, 0);
}

/* The first fault of a build on probation is enough. There is nothing to go back to. */
static void on_probation(void) {
    begin(&first, NULL);
    CHECK_INT(judge(&first, PROBATION_MS - 1), FAULT_FROZEN);
    CHECK(gate_is_frozen(&m.gate) && atomic_load(&first.faulted));
    CHECK_INT(acts, 1);
    CHECK(!acts_roll_back);
    CHECK_INT(atomic_load(&m.rolls_back), 0);

    memset(&first, 0, sizeof first);
    begin(&second, &first);
    CHECK_INT(judge(&second, 0), FAULT_ROLLED_BACK);
    CHECK_INT(acts, 1);
    CHECK(acts_roll_back);
    CHECK_INT(atomic_load(&m.rolls_back), second.number);
}

/* Later some faults within a time are. The session pays for each before, if one can. */
static void after_probation(void) {
    memset(&first, 0, sizeof first);
    begin(&second, &first);
    CHECK_INT(judge(&second, PROBATION_MS), FAULT_CLOSED);
    CHECK_INT(fault_judge_at(&m, &second, false, BEGIN_MS + PROBATION_MS + 1), FAULT_DROPPED);
    check_serves(&second);
    CHECK_INT(judge(&second, PROBATION_MS + WINDOW_MS), FAULT_CLOSED); /* the first is too old */
    check_serves(&second);
    CHECK_INT(judge(&second, PROBATION_MS + WINDOW_MS), FAULT_ROLLED_BACK);
    CHECK_INT(acts, 1);

    begin(&second, &first);
    for (uint64_t i = 0; i < 1000; i++) {
        CHECK_INT(judge(&second, PROBATION_MS + i * WINDOW_MS / (LIMIT - 1)), FAULT_CLOSED);
    }
    check_serves(&second);
}

/* Whoever faults after the decision gets the same one, and nothing is decided again. */
static void one_decision(void) {
    memset(&first, 0, sizeof first);
    begin(&second, &first);
    CHECK_INT(judge(&second, 5), FAULT_ROLLED_BACK);
    atomic_store(&first.faulted, true); /* by a job of its own */
    CHECK_INT(judge(&second, 5), FAULT_ROLLED_BACK);
    CHECK_INT(fault_judge_at(&m, &second, false, BEGIN_MS + 6), FAULT_ROLLED_BACK);
    CHECK_INT(acts, 1);
}

/* The faults of jobs of a generation that does not serve any more are only counted. */
static void old_jobs(void) {
    memset(&first, 0, sizeof first);
    atomic_store(&first.probation_ms, BEGIN_MS);
    begin(&second, &first);
    for (int i = 0; i < 10; i++) {
        CHECK_INT(fault_judge_at(&m, &first, false, BEGIN_MS + 1), FAULT_DROPPED);
    }
    check_serves(&second);
    CHECK(atomic_load(&first.faulted));
    CHECK_INT(judge(&second, 2), FAULT_FROZEN); /* there is nothing to go back to any more */
}

/* Does what module_serve and fault_thaw do in a swap. */
static void serve(generation *g, generation *before) {
    module_serve(&m, g);
    m.previous = before;
    fault_thaw(&m);
    CHECK(!gate_is_frozen(&m.gate));
    CHECK_INT(atomic_load(&m.rolls_back), 0);
}

/* Two faulty builds never alternate; a third one may go back to none of them. */
static void never_alternate(void) {
    memset(&first, 0, sizeof first);
    memset(&third, 0, sizeof third);
    begin(&second, &first);
    first.number = 1;
    first.served_ms = 10 * PROBATION_MS;
    CHECK_INT(judge(&second, 1), FAULT_ROLLED_BACK);
    serve(&first, &second);
    uint64_t now_ms = os_monotonic_ms();
    for (int i = 1; i < LIMIT; i++) { /* it has served long enough before */
        CHECK_INT(fault_judge_at(&m, &first, true, now_ms), FAULT_CLOSED);
    }
    CHECK_INT(fault_judge_at(&m, &first, true, now_ms), FAULT_FROZEN);
    CHECK_INT(acts, 2);
    CHECK(!acts_roll_back);

    serve(&third, &first);
    CHECK_INT(fault_judge_at(&m, &third, true, os_monotonic_ms()), FAULT_FROZEN);
    serve(&first, &third); /* by force: what has faulted is on probation, however long it served */
    CHECK_INT(fault_judge_at(&m, &first, true, os_monotonic_ms()), FAULT_FROZEN);
}

/* A build that has not served long when it is replaced is on probation when it comes back. */
static void time_served(void) {
    memset(&first, 0, sizeof first);
    begin(&second, &first);
    first.number = 1;
    atomic_store(&second.probation_ms, os_monotonic_ms() - 1000);
    serve(&first, &second);
    CHECK(second.served_ms >= 1000 && second.served_ms < PROBATION_MS);
    serve(&second, &first);
    CHECK_INT(fault_judge_at(&m, &second, true, os_monotonic_ms()), FAULT_ROLLED_BACK);
}

/* A thaw forgives: the build begins again. */
static void forgiven(void) {
    begin(&first, NULL);
    CHECK_INT(judge(&first, 1), FAULT_FROZEN);
    fault_forgive(&m);
    CHECK(gate_is_frozen(&m.gate));
    fault_thaw(&m);
    CHECK(!gate_is_frozen(&m.gate) && !atomic_load(&first.faulted));
    uint64_t now_ms = os_monotonic_ms();
    CHECK_INT(fault_judge_at(&m, &first, true, now_ms + PROBATION_MS + 1), FAULT_CLOSED);
    CHECK(!gate_is_frozen(&m.gate));
    CHECK_INT(fault_judge_at(&m, &first, true, now_ms), FAULT_FROZEN);
}

/* No fault freezes a module that is being unloaded. */
static void not_frozen(void) {
    begin(&first, NULL);
    CHECK(!fault_leave(&m));
    CHECK_INT(judge(&first, 1), FAULT_CLOSED);
    CHECK_INT(fault_give_up(&m, &first), FAULT_PASSED_OVER);
    check_serves(&first);
    fault_stay(&m);
    CHECK_INT(fault_give_up(&m, &first), FAULT_FROZEN);
    CHECK_INT(acts, 1);
    CHECK(fault_leave(&m));
}

/* A host may have no probation, one fault may be enough, or none too many. */
static void other_limits(void) {
    static const fault_limits none = {0, 2, WINDOW_MS};
    static const fault_limits any = {0, 0, WINDOW_MS};
    static const fault_limits one = {0, 1, 1};
    fault_policy_start(&none, act);
    begin(&first, NULL);
    CHECK_INT(judge(&first, 0), FAULT_CLOSED);
    CHECK_INT(judge(&first, 0), FAULT_FROZEN);
    fault_policy_start(&one, act);
    begin(&first, NULL);
    CHECK_INT(judge(&first, 7 * PROBATION_MS), FAULT_FROZEN);
    fault_policy_start(&any, act);
    begin(&first, NULL);
    for (int i = 0; i < 1000; i++) {
        CHECK_INT(judge(&first, 0), FAULT_CLOSED);
    }
    check_serves(&first);
}

SCENARIO(fault_policy) {
    fault_policy_start(&limits, act);
    on_probation();
    after_probation();
    one_decision();
    old_jobs();
    never_alternate();
    time_served();
    forgiven();
    not_frozen();
    other_limits();
}
