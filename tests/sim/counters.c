/* counters.c: see counters.h. */
#include "sim/counters.h"

#include "base/stats.h"
#include "sim/ledger.h"
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH_MAX = 64, QUEUE_MAX = 1000000000, FRAMINGS = 4 };
enum { REST_STEP_MS = 50, REST_PATIENCE_MS = 600000 };

typedef unsigned long long ull;

static uint64_t last[STAT_COUNT]; /* of the last answer to `status` */
static int64_t timers_expected = -1;
static sim_figures began;

void counters_begin(void) {
    sim_look(&began);
}

void counters_expect_timers(int64_t timers) {
    timers_expected = timers;
}

/* ---- answers ------------------------------------------------------------------------------ */

/* The next line, without its "| "; NULL: there is none. */
static const char *next_line(const char *line) {
    const char *end = strchr(line, '\n');
    if (end == NULL || end[1] == '\0') {
        return NULL;
    }
    return strncmp(end + 1, "| ", 2) == 0 ? end + 3 : end + 1;
}

static const char *first_line(const char *answer) {
    return strncmp(answer, "| ", 2) == 0 ? answer + 2 : answer;
}

uint64_t counters_figure(const char *answer, const char *name) {
    size_t size = strlen(name);
    for (const char *line = first_line(answer); line != NULL; line = next_line(line)) {
        if (strncmp(line, name, size) == 0 && line[size] == ' ') {
            return strtoull(line + size, NULL, 10);
        }
    }
    sim_fail("ctl status shows no %s", name);
}

static bool is_shown(stat s) {
    return s < STAT_ops_submitted;
}

/* The sums of the lines of the queues, listeners and connectors. */
typedef struct places {
    uint64_t queued;
    uint64_t made; /* sessions, ever */
    uint64_t sessions;
    uint64_t accepted; /* connections, some of which were refused */
} places;

static void add_line(places *to, const char *line) {
    ull sum = 0;
    ull most = 0;
    ull made = 0;
    ull refused = 0;
    char name[32] = "";
    if (sscanf(line, "queue %31s %llu most %llu", name, &sum, &most) == 3) {
        if (sum > QUEUE_MAX || most > sum) { /* nor has it become negative */
            sim_fail("ctl status shows %llu in the queue %s, %llu of them in one place", sum, name,
                     most);
        }
        to->queued += sum;
    } else if (sscanf(line,
                      "listener %*s %*s %*s sessions %llu/%llu connections_accepted "
                      "%llu connections_refused %llu",
                      &sum, &most, &made, &refused) == 4) {
        to->sessions += sum;
        to->made += made;
        to->accepted += made + refused;
    } else if (sscanf(line, "connector %*s %*s %*s %llu/%llu attempts %llu", &sum, &most, &made) ==
               3) {
        to->made += made;
    }
}

static places add_lines(const char *answer) {
    places sum = {0};
    for (const char *line = first_line(answer); line != NULL; line = next_line(line)) {
        add_line(&sum, line);
    }
    return sum;
}

static void at_most(const char *answer, const char *name, uint64_t most) {
    if (counters_figure(answer, name) > most) {
        sim_fail("ctl status shows %llu %s, not up to %llu", (ull)counters_figure(answer, name),
                 name, (ull)most);
    }
}

/* The host reads the counters one after another while it works: only of what it reads first, or of
 * what it counts first, can there be less. */
void counters_status(const char *answer) {
    sim_figures now;
    for (int s = 0; s < STAT_COUNT; s++) {
        uint64_t count = is_shown((stat)s) ? counters_figure(answer, stats_name((stat)s)) : 0;
        if (count < last[s]) {
            sim_fail("%s has fallen from %llu to %llu", stats_name((stat)s), (ull)last[s],
                     (ull)count);
        }
        last[s] = count;
    }
    sim_look(&now);
    /* Each worker may be about to refuse one. */
    at_most(answer, "sessions",
            last[STAT_connections_accepted] + counters_figure(answer, "workers"));
    at_most(answer, "rooms", QUEUE_MAX); /* it has not become negative */
    at_most(answer, "timers", QUEUE_MAX);
    at_most(answer, "blocking_jobs", QUEUE_MAX);
    places sum = add_lines(answer);
    if (last[STAT_connections_accepted] > sum.made) {
        sim_fail("connections_accepted is %llu, but listeners and connectors have made only %llu",
                 (ull)last[STAT_connections_accepted], (ull)sum.made);
    }
    if (sum.accepted > now.traffic.accepted - began.traffic.accepted) {
        sim_fail("listeners have accepted or refused %llu connections of %llu", (ull)sum.accepted,
                 (ull)(now.traffic.accepted - began.traffic.accepted));
    }
    if (last[STAT_received_bytes] > now.traffic.bytes_in - began.traffic.bytes_in ||
        last[STAT_sent_bytes] > now.traffic.bytes_out - began.traffic.bytes_out) {
        sim_fail("ctl status shows more bytes than the network has carried");
    }
}

/* Why the host is not at rest; NULL: it is. */
static const char *unrest(const char *answer) {
    places sum = add_lines(answer);
    if (counters_figure(answer, "sessions") != 0) {
        return "sessions is not 0";
    }
    if (last[STAT_connections_accepted] != last[STAT_connections_closed]) {
        return "connections_accepted - connections_closed is not sessions";
    }
    if (sum.sessions != 0) {
        return "a listener has a session";
    }
    if (sum.queued != 0) {
        return "something is queued";
    }
    if (counters_figure(answer, "blocking_jobs") != 0) {
        return "a blocking job is there";
    }
    /* One timer is the host's own: it leaves the timers for a moment four times a second. */
    int64_t timers = (int64_t)counters_figure(answer, "timers");
    if (timers_expected >= 0 && timers != timers_expected + 1) {
        return "timers is not what modules have, and 1";
    }
    return NULL;
}

void counters_await_rest(const char *(*more)(const char *answer)) {
    static char answer[WORLD_ANSWER_BYTES];
    const char *fault = "no answer";
    for (uint32_t waited_ms = 0; world_runs() && fault != NULL; waited_ms += REST_STEP_MS) {
        if (waited_ms >= REST_PATIENCE_MS) {
            sim_fail("the clients have gone, but the host does not come to rest: %s\n%s", fault,
                     answer);
        }
        os_sleep(REST_STEP_MS);
        fault = "no answer";
        if (world_ctl("status", answer)) {
            counters_status(answer);
            fault = more != NULL ? more(answer) : NULL;
            fault = fault != NULL ? fault : unrest(answer);
        }
    }
}

/* ---- the end ------------------------------------------------------------------------------ */

static void equal(const char *what, uint64_t counted, uint64_t right) {
    if (counted != right) {
        sim_fail("the host has ended: %s is %llu instead of %llu", what, (ull)counted, (ull)right);
    }
}

static void between(const char *what, uint64_t least, uint64_t counted, uint64_t most) {
    if (counted < least || counted > most) {
        sim_fail("the host has ended: %s is %llu, not %llu to %llu", what, (ull)counted, (ull)least,
                 (ull)most);
    }
}

/* Each worker's end is one completion more, which some may not have waited for; and so may be a
 * post that sends another worker there to help (run/rescuer.c). */
static void check_traffic(const uint64_t *s, uint32_t workers, bool served) {
    sim_figures now;
    sim_look(&now);
    const sim_traffic *a = &began.traffic;
    const sim_traffic *b = &now.traffic;
    equal("received_bytes", s[STAT_received_bytes], b->bytes_in - a->bytes_in);
    equal("sent_bytes", s[STAT_sent_bytes], b->bytes_out - a->bytes_out);
    equal("recv_calls", s[STAT_recv_calls], b->recv_calls - a->recv_calls);
    equal("send_calls", s[STAT_send_calls], b->send_calls - a->send_calls);
    equal("accept_failures", s[STAT_accept_failures], b->accept_failures - a->accept_failures);
    uint64_t completions = b->completions - a->completions;
    uint64_t uncounted = 2 * (uint64_t)workers;
    between("ops_submitted", completions - (uncounted < completions ? uncounted : completions),
            s[STAT_ops_submitted], served ? completions - workers : completions);
    between("ops_completed", s[STAT_ops_submitted], s[STAT_ops_completed], completions);
}

/* A session that ends while a packet is on its way to a handler has counted it: one at most. */
static void check_packets(const uint64_t *s) {
    uint64_t in = s[STAT_received_packets] - s[STAT_packets_unhandled];
    uint64_t queued = ledger.sends + ledger.recipients;
    if (!ledger.partial) {
        between("received_packets - packets_unhandled", ledger.packets, in,
                ledger.packets + ledger.cut);
        equal("broadcasts", s[STAT_broadcasts], ledger.broadcasts);
        equal("broadcast_packets", s[STAT_broadcast_packets], ledger.recipients);
        between("broadcast_copies", ledger.broadcasts, s[STAT_broadcast_copies],
                ledger.recipients + FRAMINGS * ledger.calls);
    }
    between("sent_packets", queued, s[STAT_sent_packets], ledger.partial ? UINT64_MAX : queued);
    between("send_overflows", ledger.refused, s[STAT_send_overflows],
            !ledger.partial && ledger.calls == 0 ? ledger.refused : UINT64_MAX);
}

void counters_end(uint32_t workers, bool served) {
    uint64_t s[STAT_COUNT];
    for (int i = 0; i < STAT_COUNT; i++) {
        s[i] = stats_sum((stat)i);
    }
    equal("connections_closed", s[STAT_connections_closed], s[STAT_connections_accepted]);
    equal("message_bytes_given", s[STAT_message_bytes_given], s[STAT_message_bytes_taken]);
    equal("buffer_bytes_given", s[STAT_buffer_bytes_given], s[STAT_buffer_bytes_taken]);
    between("ops_completed", 0, s[STAT_ops_completed], BATCH_MAX * s[STAT_batches]);
    check_traffic(s, workers, served);
    check_packets(s);
}
