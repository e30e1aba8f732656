/* swap_gives_up.c: a swap that fails at its very end, in `start`, changes nothing. Sessions that
 * send or connect during it are answered by the generation that stays, even where the other one
 * would not know the opcode; what they create belongs to the generation that stays; the module's
 * state has one owner. See tests/abi/recants.c. */
#include "support/check.h"
#include "support/host.h"
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
    CHECK_INT(host_figure(h, "rooms"), 1);
    net_close(stays);
    host_stop(h);
}
