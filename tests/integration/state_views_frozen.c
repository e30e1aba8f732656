/* state_views_frozen.c: while a module is frozen, `ctl` shows the states that its sessions and
 * rooms wait with: those before the call that faulted, and not what that left half done. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"

#include <portico/status.h>

#include <stdlib.h>

enum { PERIOD_MS = 20, ECHOES = 3 };

static host *h;
static char answer[1 << 16];

/* Looks at the first one of a list. */
static void look(const char *list, const char *command) {
    char line[64];
    snprintf(line, sizeof line, "%s %llu", command, host_first_id(h, list, answer, sizeof answer));
    host_admin(h, line, answer, sizeof answer);
}

/* The state has seen some calls, each to its end. */
static void whole(void) {
    unsigned begun = 0;
    unsigned done = 0;
    const char *at = strstr(answer, "\n  begun = ");
    CHECK(at != NULL);
    CHECK_INT(sscanf(at, "\n  begun = %u (unsigned 32 bits)\n  done = %u (unsigned", &begun, &done),
              2);
    CHECK_INT(begun, done);
    CHECK(begun >= ECHOES);
    CHECK_HAS(answer, "\n  scratch = [0, 0,");
    CHECK(strstr(answer, "not shown") == NULL);
}

SCENARIO(state_views_frozen) {
    const faults_options options = {
        .name = "state_views_frozen", .module_keys = "probation_s = 3600\n", .workers = 2};
    h = faults_host(&options);
    net_socket alone = faults_connect(h, "game", 1);
    net_socket member = faults_connect(h, "game", 1);
    CHECK_INT(faults_join(member, "hall"), PORTICO_OK);
    for (uint32_t i = 0; i < ECHOES; i++) {
        (void)faults_echo(alone, i);
        (void)faults_echo(member, i);
    }
    faults_plan(member, FAULTY_IN_TICK, FAULTY_NULL_WRITE, 1);
    faults_send(member, FAULTY_TICKS, PERIOD_MS);
    host_wait_log(h, "the module waits for its next build or ctl thaw", 1);
    clock_sleep_ms(5 * PERIOD_MS); /* the next tick parks the room's turn */
    look("rooms", "room");
    CHECK_HAS(answer, " faulty.hall hall members 1 ");
    CHECK_HAS(answer, " module faulty frozen\n");
    CHECK_HAS(answer, "\nstate faulty.hall of faulty generation 1 ");
    whole();
    look("sessions 5 -room", "session"); /* in the room */
    CHECK_HAS(answer, "\nstate faulty.session of faulty generation 1 ");
    CHECK_HAS(answer, "\n  begun = ");
    look("sessions 5 room", "session"); /* alone: its turn is free */
    whole();
    faults_send(alone, FAULTY_ECHO, 1);
    clock_sleep_ms(5 * PERIOD_MS); /* now it is parked */
    look("sessions 5 room", "session");
    whole();
    net_close(alone);
    net_close(member);
    host_stop(h);
}
