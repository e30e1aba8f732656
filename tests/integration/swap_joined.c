/* swap_joined.c: two modules on one session type are each swapped under the other, and both keep
 * their states. Then loading and unloading after swaps: a module that requires a later-loaded
 * module only since a swap is unloaded before it. */
#include "support/check.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdlib.h>
#include <string.h>

static host *h;
static uint32_t visits;

static void visit(net_socket s, uint16_t opcode, uint32_t generation) {
    uint32_t figures[2] = {0};
    CHECK_INT(wire_ask(s, opcode, NULL, 0, figures, sizeof figures), sizeof figures);
    CHECK_INT(figures[0], generation);
    CHECK_INT(figures[1], ++visits);
}

static void under_each_other(net_socket s) {
    visit(s, 20, 1);
    swaps_to(h, "swapped_guest", "swapped_guest_2", NULL, 0);
    visit(s, 22, 2); /* an opcode that the swap added */
    CHECK_INT(swaps_ask(s, 1, 0).generation, 1);
    swaps_to(h, "swapped", "swapped_2", NULL, 0);
    visit(s, 20, 2);
    CHECK_INT(swaps_ask(s, 1, 0).sum, 5);
    swaps_back(h, "swapped_guest");
    visit(s, 20, 1);
    swaps_to(h, "swapped", "swapped_3", NULL, 0);
    swaps_back(h, "swapped");
    swaps_to(h, "swapped_guest", "swapped_guest_2", NULL, 0);
    visit(s, 22, 2);
    CHECK_INT(swaps_ask(s, 12, 0).generation, 2);
    CHECK_INT(swaps_ask(s, 12, 0).sum, 5);
}

static void load(const char *file) {
    char path[1024];
    char command[1100];
    host_module_path(file, path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    host_admin(h, command, NULL, 0);
}

static void loading_and_unloading(net_socket s) {
    char answer[1024];
    CHECK(!host_try_admin(h, "unload swapped", answer, sizeof answer)); /* the guest requires it */
    host_admin(h, "unload swapped_guest", NULL, 0);
    CHECK_INT(swaps_ask(s, 1, 0).sum, 5);
    load("swapped_guest");
    visits = 0;
    visit(s, 20, 1);
    CHECK(!host_try_admin(h, "rollback swapped_guest", answer,
                          sizeof answer)); /* it has no previous generation */
    CHECK(strstr(answer, "no generation") != NULL);
    host_admin(h, "unload swapped_guest", NULL, 0);
    host_admin(h, "unload swapped", NULL, 0);
    CHECK(net_wait_end(s, 10000));
    CHECK_INT(swaps_copies(h), 0);
    load("swapped");
    host_read_ready(h);
}

/* `echo` is loaded last and unloaded last. */
static void order_of_unloading(void) {
    char path[1100];
    load("echo");
    swaps_to(h, "swapped", "swapped_requires_echo", NULL, 0);
    char answer[1024];
    CHECK(!host_try_admin(h, "unload echo", answer, sizeof answer));
    CHECK(strstr(answer, "swapped requires it") != NULL);
    host_expect_error(h, "swapped_guest is not swapped");
    snprintf(path, sizeof path, "%s/output.txt", host_folder(h));
    host_stop(h);
    char *log = file_read(path, NULL);
    CHECK(log != NULL);
    const char *first = strstr(log, "swapped is unloaded");
    first = first != NULL ? strstr(first + 1, "swapped is unloaded") : NULL; /* the second time */
    const char *second = strstr(log, "echo is unloaded");
    CHECK(first != NULL && second != NULL && first < second);
    free(log);
}

SCENARIO(swap_joined) {
    host_options options = {
        .name = "swap_joined",
        .modules = "swapped swapped_guest",
        .listeners = {{"game", "swapped.session", NULL}},
    };
    h = host_start(&options);
    net_socket s = swaps_connect(h, "game", 1);
    CHECK_INT(swaps_ask(s, 2, 5).sum, 5);
    under_each_other(s);
    loading_and_unloading(s);
    net_close(s);
    s = swaps_connect(h, "game", 1);
    CHECK_INT(swaps_ask(s, 1, 0).sum, 0);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    order_of_unloading();
}
