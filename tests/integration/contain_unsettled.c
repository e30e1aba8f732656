/* contain_unsettled.c: a build faults while states are being taken over to it, so that some are of
 * it and some of the one before. A roll-back leaves the latter alone. If the module is frozen
 * instead, the next build takes over both, or is refused. No state is lost. */
#include "support/check.h"
#include "support/faults.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 12, SHAPE = 4, FIXED_SHAPE = 10 };

static host *h;
static net_socket clients[CLIENTS];

static void start(const char *name, const char *keys) {
    const faults_options options = {.name = name, .module_keys = keys, .workers = 2};
    h = faults_host(&options);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        clients[i] = faults_connect(h, "game", 1);
        CHECK_INT(faults_echo(clients[i], 100 + i).sum, 100 + i);
        CHECK_INT(faults_join(clients[i], i % 2 == 0 ? "even" : "odd"), 0);
    }
}

static void finish(void) {
    for (int i = 0; i < CLIENTS; i++) {
        net_close(clients[i]);
    }
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

/* Everybody is there, with a whole state, and served by that generation. Returns how many are. */
static int expect_all(uint32_t generation) {
    int count = 0;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        uint32_t number = 0;
        faulty_echo echo = {0};
        bool served = wire_send(clients[i], WIRE_U16, FAULTY_ECHO, &number, sizeof number) &&
                      wire_wait(clients[i], FAULTY_ECHO, &echo, sizeof echo) == sizeof echo;
        count += served;
        if (served) {
            CHECK_INT(echo.generation, generation);
            CHECK_INT(echo.sum, 100 + i);
            CHECK_INT(echo.begun, echo.done);
            CHECK_INT(faults_show_whole(clients[i], FAULTY_OF_ROOM).generation, generation);
        }
    }
    return count;
}

/* After two faults, of which the second freezes the module. The first has its cost, unless both
 * come at once, on two workers: then the module is frozen before either is paid. */
static int expect_left(uint32_t generation) {
    int left = expect_all(generation);
    CHECK(left == CLIENTS || left == CLIENTS - 1);
    host_wait_log(h, " is lost", CLIENTS - left);
    return left;
}

/* The seventh state faults: those before it go back, those after it have never left. */
static void rolled_back(void) {
    start("contain_unsettled-back", "probation_s = 3600\n");
    faults_plan_file(h, "migrate_session null_write 4 1\n");
    for (int round = 1; round <= 3; round++) {
        swaps_to(h, "faulty", "faulty_shape", NULL, 0);
        host_wait_log(h, "rolled back to generation 1", round);
        CHECK_INT(expect_all(1), CLIENTS);
    }
    faults_plan_file(h, "migrate_room ud2 4 1\n");
    swaps_to(h, "faulty", "faulty_shape", NULL, 0);
    host_wait_log(h, "rolled back to generation 1", 4);
    CHECK_INT(expect_all(1), CLIENTS);
    faults_plan_file(h, "");
    swaps_to(h, "faulty", "faulty_shape", NULL, 0);
    CHECK_INT(expect_all(SHAPE), CLIENTS);
    CHECK_INT(host_log_settled(h, " is lost"), 0);
    finish();
}

/* The build before has faulted, too. */
static void frozen(void) {
    char answer[1024];
    start("contain_unsettled-frozen", "probation_s = 0\nfault_limit = 2\n");
    net_socket victim = faults_connect(h, "victims", 1);
    faults_send(victim, FAULTY_FAULT, FAULTY_NULL_READ);
    CHECK(faults_ended(victim));
    faults_plan_file(h, "migrate_session null_write 4 2\n");
    swaps_to(h, "faulty", "faulty_shape", NULL, 0);
    host_wait_log(h, "the module waits for its next build or ctl thaw", 1);

    faults_plan_file(h, "migrate_query null_read 4 1\n"); /* asked for the states of generation 1 */
    char path[1024];
    char command[1100];
    host_module_path("faulty_shape", path, sizeof path);
    (void)snprintf(command, sizeof command, "swap --force faulty %s", path);
    CHECK(!host_try_admin(h, command, answer, sizeof answer));
    CHECK(strstr(answer, "some states are still of generation 1") != NULL);
    host_wait_log(h, "generation 2 stays frozen: some states", 1);
    faults_plan_file(h, "");

    swaps_to(h, "faulty", "faulty_shape_fixed", NULL, 0);
    int left = expect_left(FIXED_SHAPE);
    swaps_to(h, "faulty", "faulty_shape", NULL, 0); /* all have settled */
    CHECK_INT(expect_all(SHAPE), left);
    swaps_back(h, "faulty");
    CHECK_INT(expect_all(FIXED_SHAPE), left);
    finish();
}

/* A thaw lets the states that had not followed follow. */
static void thawed(void) {
    start("contain_unsettled-thawed", "probation_s = 0\nfault_limit = 2\n");
    net_socket victim = faults_connect(h, "victims", 1);
    faults_send(victim, FAULTY_FAULT, FAULTY_NULL_READ);
    CHECK(faults_ended(victim));
    faults_plan_file(h, "migrate_session null_write 4 2\n");
    swaps_to(h, "faulty", "faulty_shape", NULL, 0);
    host_wait_log(h, "the module waits for its next build or ctl thaw", 1);
    faults_plan_file(h, "");
    host_admin(h, "thaw faulty", NULL, 0);
    int left = expect_left(SHAPE);
    swaps_to(h, "faulty", "faulty_shape_fixed", NULL, 0);
    CHECK_INT(expect_all(FIXED_SHAPE), left);
    finish();
}

SCENARIO(contain_unsettled) {
    rolled_back();
    frozen();
    thawed();
}
