/* swap_planned.c: `ctl swap --plan` says what a swap would do to every state, type, session and
 * room, and changes nothing. swap_refused.c tests that a plan also says why a swap would be
 * refused. */
#include "support/check.h"
#include "support/host.h"
#include "support/swaps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static host *h;

/* Plans a swap to `file` and expects ctl to exit with `code`. */
static void plan(const char *file, int code, char *answer, size_t size) {
    char path[1024];
    char argument[1200];
    host_module_path(file, path, sizeof path);
    snprintf(argument, sizeof argument, "--plan swapped %s", path);
    CHECK_INT(host_ctl(h, "swap", argument, answer, size), code);
}

static void expect_line(const char *answer, const char *line) {
    const char *found = strstr(answer, line);
    if (found == NULL) {
        fprintf(stderr, "\"%s\" is missing in:\n%s", line, answer);
        exit(1);
    }
    CHECK(found == answer || found[-1] == '\n');
}

/* The part of the answer to `modules` that begins with the module swapped. */
static const char *of_swapped(const char *modules) {
    const char *found = strstr(modules, "swapped 1 loaded ");
    CHECK(found != NULL);
    return found;
}

SCENARIO(swap_planned) {
    char answer[8192];
    char before[8192];
    char after[8192];
    host_options options = {
        .name = "swap_planned",
        .modules = "swapped swapped_guest",
        .listeners = {{"game", "swapped.session", NULL}, {"plain", "swapped.plain", NULL}}};
    h = host_start(&options);
    net_socket players[] = {swaps_connect(h, "game", 1), swaps_connect(h, "game", 1)};
    net_socket plain = net_connect(host_port(h, "plain"));
    swaps_join(players[0], "hall");
    host_wait_figure(h, "sessions", 3);
    int copies = swaps_copies(h);
    host_admin(h, "modules", before, sizeof before);

    plan("swapped_widened", 0, answer, sizeof answer);
    expect_line(answer, "swapped 1 from ");
    CHECK(strstr(answer, "would replace generation 1 (1): 3 sessions and 1 room affected\n") !=
          NULL);
    expect_line(answer, "the module: moved field by field: widened starts");
    expect_line(answer,
                "session type swapped.session, 2 sessions: moved field by field: added of_2; "
                "widened packets");
    expect_line(answer, "session type swapped.plain, 1 session: state kept as it is");
    expect_line(answer, "session type swapped.extra, 0 sessions: no state");
    expect_line(answer, "room type swapped.place, 1 room: moved field by field: widened joins");
    expect_line(answer, "module swapped_guest requires it: the swap asks its dependency_swaps");

    /* Refused for one state; the others are still listed. */
    plan("swapped_plain_grew", 1, answer, sizeof answer);
    expect_line(answer,
                "session type swapped.session, 2 sessions: moved field by field: added of_2");
    expect_line(answer, "session type swapped.plain, 1 session: refused: ");
    expect_line(answer, "room type swapped.place, 1 room: state kept as it is");

    plan("swapped", 0, answer, sizeof answer);
    expect_line(answer, "nothing has changed: ");
    expect_line(answer, "the module: state kept as it is");

    host_admin(h, "modules", after, sizeof after);
    CHECK_TEXT(of_swapped(after), of_swapped(before));
    CHECK_INT(swaps_copies(h), copies);
    CHECK_INT(host_log_settled(h, "life 1 stop"), 0);
    CHECK_INT(host_log_errors(h), 0);
    CHECK_INT(swaps_ask(players[0], 1, 0).generation, 1);
    swaps_to(h, "swapped", "swapped_widened", NULL, 0); /* allowed, as planned */
    CHECK_INT(swaps_ask(players[1], 1, 0).generation, 2);
    net_close(players[0]);
    net_close(players[1]);
    net_close(plain);
    host_stop(h);
}
