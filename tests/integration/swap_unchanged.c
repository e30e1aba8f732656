/* swap_unchanged.c: a swap to the build that is already serving says so and changes nothing, so
 * that a rollback to the previous generation remains possible. With --force it swaps anyway. */
#include "support/check.h"
#include "support/host.h"
#include "support/swaps.h"

#include <stdio.h>
#include <string.h>

static host *h;
static net_socket player;

/* Runs `ctl swap ARGUMENTS FILE`, expected to succeed. Returns whether it swapped anything. */
static bool swap(const char *arguments, const char *file) {
    char path[1024] = "";
    char command[1200];
    char answer[2048];
    if (file != NULL) {
        host_module_path(file, path, sizeof path);
    }
    snprintf(command, sizeof command, "%s%s%s", arguments, file != NULL ? " " : "", path);
    CHECK_INT(host_ctl(h, "swap", command, answer, sizeof answer), 0);
    bool swapped = strstr(answer, " replaces ") != NULL;
    CHECK_INT(strstr(answer, "nothing has changed: ") != NULL, !swapped);
    return swapped;
}

static void expect(const char *words, uint32_t generation) {
    char modules[8192];
    host_admin(h, "modules", modules, sizeof modules);
    if (strstr(modules, words) == NULL) {
        fprintf(stderr, "modules does not say \"%s\":\n%s", words, modules);
    }
    CHECK(strstr(modules, words) != NULL);
    CHECK_INT(swaps_ask(player, 1, 0).generation, generation);
}

SCENARIO(swap_unchanged) {
    host_options options = {.name = "swap_unchanged",
                            .modules = "swapped",
                            .listeners = {{"game", "swapped.session", NULL}}};
    h = host_start(&options);
    player = swaps_connect(h, "game", 1);
    CHECK(!swap("swapped", NULL));
    expect(" swaps 0 ", 1);
    CHECK(swap("swapped", "swapped_2"));
    int copies = swaps_copies(h);
    for (int i = 0; i < 3; i++) {
        CHECK(!swap("swapped", "swapped_2"));
        expect(" swaps 1 ", 2);
        CHECK_INT(swaps_copies(h), copies);
    }
    swaps_back(h, "swapped"); /* to generation 1, not to the repeated build */
    expect(" swaps 2 ", 1);
    CHECK(!swap("swapped", NULL));
    CHECK(swap("--force swapped", NULL));
    expect(" swaps 3 ", 1); /* the same build */
    expect(" generation 3 ", 1);
    CHECK(swap("swapped", "swapped_2"));
    expect(" swaps 4 ", 2);
    net_close(player);
    host_stop(h);
}
