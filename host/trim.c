/* trim.c: see trim.h.
 *
 * What is freed one by one, while other things live on between it, stays with the C library: after
 * 10,000 rooms had closed, of 130 MB 65 stayed. Sessions end before the rooms that they leave
 * empty, so their number alone does not say when it is time. */
#include "trim.h"

#include "base/stats.h"
#include "os/os.h"
#include "run/memory.h"
#include "run/quota.h"

/* A session in memory, with its state and its place in tables: roughly. */
enum { SESSION_BYTES = 16 * 1024 };

/* Less than this is not worth the milliseconds that giving back may take; nor is less than half of
 * what is still in use. */
enum { WORTH_BYTES = 1024 * 1024, PAUSE_MS = 1000 };

static struct {
    uint64_t most;     /* bytes in use, since the last time */
    uint64_t again_ms; /* not before */
} trim;

typedef struct usage {
    uint64_t now;
    uint64_t peak; /* since the last look: much may come and go between two */
} usage;

static void add_quota(void *arg, const char *name, quota *q) {
    usage *u = arg;
    (void)name;
    u->now += quota_look(q, QUOTA_MEMORY).used;
    u->peak += quota_take_peak(q, QUOTA_MEMORY);
}

/* Messages are counted twice, which does no harm. */
static usage look(void) {
    uint64_t sessions = stats_difference(STAT_connections_accepted, STAT_connections_closed);
    uint64_t bytes = memory_used() + sessions * SESSION_BYTES;
    usage u = {bytes, bytes};
    quotas_each(add_quota, &u);
    return u;
}

void trim_sweep(void) {
    uint64_t now_ms = os_monotonic_ms();
    usage u = look();
    trim.most = u.peak > trim.most ? u.peak : trim.most;
    uint64_t now = u.now < trim.most ? u.now : trim.most;
    uint64_t gone = trim.most - now;
    if (gone >= WORTH_BYTES && gone >= now / 2 && now_ms >= trim.again_ms) {
        os_memory_trim();
        trim.most = now;
        trim.again_ms = now_ms + PAUSE_MS;
    }
}
