/* swap_changes.c: after a swap or rollback, its answer, the log and `modules` name the fields of
 * each state that were added, dropped or widened. */
#include "support/check.h"
#include "support/host.h"
#include "support/swaps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static host *h;

/* Expects the changes, "" for none, in the answer, in the log and in `modules`. */
static void expect(char *answer, const char *changes) {
    char words[512];
    char modules[8192];
    answer[strlen(answer) - 1] = '\0'; /* its line end */
    const char *found = strstr(answer, "; changed ");
    CHECK_TEXT(found != NULL ? found + strlen("; changed ") : "", changes);
    CHECK(strpbrk(answer, "\r\n") == NULL);
    host_wait_log(h, answer, 1);
    snprintf(words, sizeof words, " last swapped%s%s\n", found != NULL ? ", changed " : "",
             changes);
    host_admin(h, "modules", modules, sizeof modules);
    if (strstr(modules, words) == NULL) {
        fprintf(stderr, "modules does not say \"%s\":\n%s", words, modules);
        exit(1);
    }
}

SCENARIO(swap_changes) {
    char answer[2048];
    host_options options = {.name = "swap_changes",
                            .modules = "swapped",
                            .listeners = {{"game", "swapped.session", NULL}}};
    h = host_start(&options);
    net_socket player = swaps_connect(h, "game", 1);
    swaps_to(h, "swapped", "swapped_2", answer, sizeof answer);
    expect(answer, "swapped.session (added of_2)");
    swaps_to(h, "swapped", "swapped_widened", answer, sizeof answer);
    expect(answer, "the module (widened starts), swapped.session (widened packets), "
                   "swapped.place (widened joins)");
    CHECK_INT(swaps_ask(player, 2, 7).sum, 7);
    host_expect_error(h, "is not swapped");
    swaps_refused(h, "swapped", "swapped_3", answer, sizeof answer);
    CHECK(strstr(answer, "starts") != NULL);
    net_close(player);
    host_stop(h);

    h = host_start(&options);
    swaps_to(h, "swapped", "swapped_2", answer, sizeof answer);
    host_admin(h, "rollback swapped", answer, sizeof answer);
    expect(answer, "swapped.session (dropped of_2)");
    swaps_to(h, "swapped", "swapped_2", answer, sizeof answer);
    swaps_to(h, "swapped", "swapped_3", answer, sizeof answer);
    expect(answer, "");
    host_stop(h);
}
