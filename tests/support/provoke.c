/* provoke.c: see provoke.h. */
#include "support/provoke.h"

#include "support/clock.h"
#include "support/faults.h"
#include "support/provoke_acts.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_MS = 60000, LOOK_MS = 10000, TRIED_MS = 20000, ENDING_MS = 1500, TRIES = 3 };

bool provoke_can(uint32_t entry) {
    return provoke_acts[entry].act != NULL;
}

bool provoke_is_life(uint32_t entry) {
    return provoke_acts[entry].life;
}

void provoker_init(provoker *p, host *h, bool with_ctl) {
    memset(p, 0, sizeof *p);
    p->host = h;
    p->with_ctl = with_ctl;
    p->boss = NET_NONE;
    p->victim = NET_NONE;
}

void provoker_fini(provoker *p) {
    provoke_drop(&p->boss);
    provoke_drop(&p->victim);
}

/* A host that ends serves on other threads until it has written its report, which may take long. */
static bool ends(provoker *p) {
    uint64_t end_ms = clock_now_ms() + ENDING_MS;
    while (p->with_ctl && host_alive(p->host) && clock_now_ms() < end_ms) {
        if (host_log_count(p->host, "the process ends") > 0) {
            (void)host_wait_exit(p->host, EXIT_MS);
        }
        clock_sleep_ms(10);
    }
    return !host_alive(p->host);
}

/* Something was not as promised: perhaps because the process has ended. */
static provoked look(provoker *p, const char *what) {
    uint64_t end_ms = clock_now_ms() + LOOK_MS;
    if (ends(p)) {
        return PROVOKED_ENDED;
    }
    while (!provoke_echoes(p->boss) && clock_now_ms() < end_ms) {
        provoke_drop(&p->boss);
        if (!host_alive(p->host)) {
            return PROVOKED_ENDED;
        }
        (void)provoke_greeted(p, &p->boss);
    }
    (void)snprintf(p->what, sizeof p->what, "%s", what);
    return PROVOKED_WRONG;
}

/* Waits until the module has tried to fault once more than `before`. */
static bool tried(provoker *p, const faulty_shown *before, faulty_shown *after) {
    uint64_t end_ms = clock_now_ms() + TRIED_MS;
    do {
        if (!provoke_show(p->boss, FAULTY_OF_SESSION, after)) {
            return false;
        }
    } while (after->tried == before->tried && clock_now_ms() < end_ms);
    return after->tried == before->tried + 1;
}

/* A swap may be refused for another reason, such as a busy machine, and is then tried again. */
static provoked provoke_life(provoker *p, uint32_t entry, uint32_t kind) {
    if (faulty_promise(kind) == FAULTY_RETURNS) {
        /* The others of `migrate` would change the states' shapes, and the clients' counts. */
        bool shapes = entry == FAULTY_IN_MIGRATE_QUERY || entry == FAULTY_IN_MIGRATE_MODULE;
        (void)provoke_acts[shapes ? FAULTY_IN_START : entry].act(p, kind);
        return ends(p) ? PROVOKED_ENDED : PROVOKED_SURVIVED;
    }
    for (int i = 0; i < TRIES; i++) {
        int64_t before = host_figure(p->host, "module_faults");
        bool as_promised = provoke_acts[entry].act(p, kind);
        if (ends(p)) {
            return PROVOKED_ENDED;
        }
        if (host_figure(p->host, "module_faults") > before) {
            return as_promised ? PROVOKED_CONTAINED : look(p, "not as promised");
        }
    }
    return look(p, "the module did not fault");
}

provoked provoke(provoker *p, uint32_t entry, uint32_t kind) {
    faulty_shown before = {0};
    faulty_shown after = {0};
    if (!provoke_greeted(p, &p->boss) || !provoke_show(p->boss, FAULTY_OF_SESSION, &before)) {
        return look(p, "the host did not serve before the fault");
    }
    if (provoke_acts[entry].life) {
        return provoke_life(p, entry, kind);
    }
    bool as_promised = provoke_acts[entry].act(p, kind);
    if (!tried(p, &before, &after)) {
        return look(p, "the module did not fault, or the host does not serve");
    }
    if (ends(p)) {
        return PROVOKED_ENDED;
    }
    if (after.survived > before.survived) {
        provoke_drop(&p->victim);
        return PROVOKED_SURVIVED;
    }
    return as_promised ? PROVOKED_CONTAINED : look(p, "not as promised");
}
