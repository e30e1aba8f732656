/* swap_gives_up.c: a swap that fails at its very end, in `start`, changes nothing. Sessions that
 * send or connect during it are answered by the generation that stays, even where the other one
 * would not know the opcode; nothing is left of what the other one has created; the module's
 * state has one owner. See tests/abi/recants.c. */
#include "support/check.h"
#include "support/host.h"
#include "support/clock.h"
#include "support/swaps.h"
#include "support/wire.h"

#include "os/os.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { SWAPS = 3, COMERS_MAX = 2000 };

static host *h;
static atomic_bool over;

static void swapper_main(void *arg) {
    (void)arg;
    char path[1024];
    char command[1100];
    char answer[1024];
    host_module_path("recants_2", path, sizeof path);
    snprintf(command, sizeof command, "swap recants %s", path);
    for (int i = 0; i < SWAPS; i++) {
        CHECK(!host_try_admin(h, command, answer, sizeof answer));
        CHECK(strstr(answer, "its start failed") != NULL);
    }
    atomic_store(&over, true);
}

/* The timers, messages and jobs that the failed starts have begun do not reach the generation that
 * stays, however long one waits. */
static void nothing_left(int64_t timers) {
    enum { LATER_MS = 800 }; /* later than all of them */
    swaps_refused(h, "recants", "recants_3", NULL, 0);
    host_wait_figure(h, "rooms", 0);
    host_wait_figure(h, "timers", timers);
    clock_sleep_ms(LATER_MS);
    CHECK_INT(host_log_settled(h, "a message arrives"), 0);
    CHECK_INT(host_log_settled(h, "a job runs"), 0);
    CHECK_INT(host_figure(h, "blocking_jobs"), 0);
}

SCENARIO(swap_gives_up) {
    host_options options = {
        .name = "swap_gives_up",
        .modules = "recants",
        .listeners = {{"game", "recants.session", "unknown_opcode = close"}},
    };
    h = host_start(&options);
    host_expect_error(h, "is not swapped");
    uint16_t port = host_port(h, "game");
    net_socket stays = net_connect(port);
    int64_t timers = swaps_timers(h);
    os_thread *swapper = NULL;
    CHECK_INT(os_thread_start(&swapper, "swapper", swapper_main, NULL), PORTICO_OK);
    for (int i = 0; i < COMERS_MAX && !atomic_load(&over); i++) {
        net_socket comes = net_connect(port);
        wire_expect_echo(stays, WIRE_U16, 1, "the session that stays");
        wire_expect_echo(comes, WIRE_U16, 1, "the session that comes");
        net_close(comes);
    }
    os_thread_join(swapper);
    wire_expect_echo(stays, WIRE_U16, 1, "the session that stays");
    host_wait_figure(h, "rooms", 0); /* each swap had created one */
    nothing_left(timers);
    wire_expect_echo(stays, WIRE_U16, 1, "the session that stays");
    net_close(stays);
    host_expect_error(h, "recants");
    host_stop(h);
}
