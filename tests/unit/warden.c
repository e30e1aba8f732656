/* warden.c: a stop ends although a thread never gives back a session's lock.
 *
 * Started as "warden child", the scenario is a host that is to stop. */
#include "warden.h"

#include "run/stop_clock.h"
#include "session/session.h"
#include "support/check.h"
#include "support/process.h"
#include "support/scenario.h"

enum { CHILD_MS = 60000 };

static void child(void) {
    static config c = {.stop_timeout_ms = 200};
    static session held;
    held.base.kind = ENTITY_SESSION;
    CHECK(entity_add(&held.base, 1));
    os_mutex_lock(&held.lock);
    stop_clock_start(c.stop_timeout_ms);
    CHECK(warden_start(&c));
    stop_clock_ask();
    os_sleep(CHILD_MS);
}

SCENARIO(warden) {
    char self[1024];
    if (scenario_argument(0) != NULL) {
        child();
        return;
    }
    CHECK_INT(os_executable_path(self, sizeof self), PORTICO_OK);
    const char *arguments[] = {self, "warden", "child", NULL};
    CHECK_INT(process_run(arguments, "warden.txt", CHILD_MS), STOP_STUCK);
}
