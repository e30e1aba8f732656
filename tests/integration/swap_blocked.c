/* swap_blocked.c: handlers that do not return. One of the module itself holds the gate: the swap
 * gives up after swap_timeout_ms and names the handler. One of another module, in the same session,
 * does not stop the swap, but that session's state cannot follow: then the next swap waits, gives
 * up and names it. No state is lost. */
#include "support/check.h"
#include "support/clock.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK_MS = 4000 }; /* many times swap_timeout_ms */

static host *h;

static void check_refused(const char *file, const char *const *words, int count) {
    char answer[2048];
    int errors = host_log_errors(h);
    swaps_refused(h, "swapped", file, answer, sizeof answer);
    printf("%s: %s\n", file, answer);
    for (int i = 0; i < count; i++) {
        CHECK(strstr(answer, words[i]) != NULL);
    }
    host_wait_log_errors(h, errors + 1);
}

/* Sends the blocking packet and waits until its handler runs. */
static void block(net_socket s, uint16_t opcode) {
    uint32_t block_ms = BLOCK_MS;
    int64_t before = host_figure(h, "received_bytes");
    CHECK(wire_send(s, WIRE_U16, opcode, &block_ms, sizeof block_ms));
    host_wait_at_least(h, "received_bytes", before + 1);
    clock_sleep_ms(100);
}

static void own_handler(net_socket s, net_socket other) {
    static const char *const words[] = {"module swapped, opcode 3 of entity ", "does not return",
                                        "swap_timeout_ms = 300"};
    swaps_who who;
    block(s, 3);
    check_refused("swapped_2", words, 3);
    CHECK_INT(swaps_ask(other, 1, 0).generation, 1); /* other sessions are served */
    CHECK_INT(wire_wait(s, 3, &who, sizeof who), sizeof who);
    CHECK_INT(who.generation, 1);
    CHECK_INT(who.sum, 7);
}

static void other_handler(net_socket s, net_socket other) {
    static const char *const words[] = {"1 state of sessions or rooms is still of generation 1",
                                        "module swapped_guest, opcode 21 of",
                                        "swap_timeout_ms = 300"};
    uint32_t figures[2];
    char answer[2048];
    block(s, 21);
    swaps_to(h, "swapped", "swapped_2", NULL, 0);
    CHECK_INT(swaps_ask(other, 1, 0).generation, 2);
    check_refused("swapped_3", words, 3);
    CHECK(!host_try_admin(h, "rollback swapped", answer, sizeof answer));
    CHECK(strstr(answer, words[1]) != NULL);
    CHECK_INT(swaps_ask(other, 1, 0).generation, 2);
    CHECK_INT(wire_wait(s, 21, figures, sizeof figures), sizeof figures);
    CHECK_INT(figures[1], 1);
    swaps_to(h, "swapped", "swapped_3", NULL, 0);
    CHECK_INT(swaps_ask(s, 1, 0).generation, 3);
    CHECK_INT(swaps_ask(s, 1, 0).sum, 7);
}

SCENARIO(swap_blocked) {
    host_options options = {
        .name = "swap_blocked",
        .modules = "swapped swapped_guest",
        .listeners = {{"game", "swapped.session", NULL}},
        .module_keys = "swap_timeout_ms = 300\n",
    };
    h = host_start(&options);
    net_socket s = swaps_connect(h, "game", 1);
    net_socket other = swaps_connect(h, "game", 1);
    CHECK_INT(swaps_ask(s, 2, 7).sum, 7);
    own_handler(s, other);
    other_handler(s, other);
    CHECK_INT(host_figure(h, "sessions"), 2);
    net_close(s);
    net_close(other);
    host_expect_error(h, "swapped is not swapped, generation ");
    host_stop(h);
}
