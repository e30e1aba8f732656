/* swap_refused.c: every way in which a swap is refused, each provoked by a module made for it. One
 * line says what is wrong and what to do, with exit code 1 and in `modules`, and nothing has
 * changed. */
#include "support/check.h"
#include "support/clock.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct refusal {
    const char *file;     /* a test module, or a file in the host's folder */
    const char *words[5]; /* what the answer must contain */
} refusal;

static const refusal refusals[] = {
    {"not_there", {"not_there", "cannot be read"}},
    {"garbage", {"garbage"}},
    {"empty", {"empty"}},
    {"cut_in_half", {"cut_in_half"}},
    {"cut_at_1000", {"cut_at_1000"}},
    {"no_symbol", {"portico_module_entry", "PORTICO_MODULE"}},
    {"refused_other_major", {"1.0", "0.4", "build it"}},
    {"refused_newer_minor", {"0.5", "0.4", "newer host"}},
    {"old_abi", {"0.3", "0.4", "tables"}},
    {"refused_opcode_twice", {"refused.second: opcodes, row 1", "opcode 1"}},
    {"swapped_renamed", {"swapped_renamed", "is the module renamed", "load"}},
    {"swapped_requires_nobody", {"nowhere_to_be_found", "load nowhere_to_be_found first"}},
    {"swapped_requires_itself", {"it requires itself", "`required`"}},
    {"swapped_requires_guest",
     {"it requires the module swapped_guest", "which requires swapped", "`required`"}},
    {"swapped_no_session", {"swapped.session", "swapped_guest has joined", "unload"}},
    {"swapped_said_no", {"swapped_guest", "does not agree", "no way"}},
    {"swapped_takes_20", {"swapped.session", "opcode 20", "swapped_guest"}},
    {"swapped_no_extra", {"swapped.extra", "1 session", "close"}},
    {"swapped_no_room", {"swapped.place", "1 room", "close"}},
    {"swapped_narrowed", {"swapped.session", "packets", "32", "16", "migrate"}},
    {"swapped_other_kind", {"swapped.session", "packets", "unsigned", "float", "migrate"}},
    {"swapped_room_narrowed", {"swapped.place", "joins", "32", "16", "migrate"}},
    {"swapped_plain_grew", {"swapped.plain", "8", "16", "migrate"}},
    {"swapped_plain_refuses", {"swapped.plain", "migrate", "version 1", "8 bytes"}},
    {"swapped_world_narrowed", {"the module", "starts", "32", "16", "migrate"}},
    {"swapped_query_changes", {"the module", "migrate", "version 0"}},
    {"swapped_world_lies", {"the module", "migrate failed"}},
    {"swapped_start_fails", {"start failed", "limit"}},
};

/* Refusals that only show when a swap asks a dependent module or takes over the state: no plan can
 * tell. */
static const char *const late[] = {"swapped_said_no", "swapped_world_lies", "swapped_start_fails"};

enum { REFUSALS = sizeof refusals / sizeof refusals[0] };

/* Figures that must be the same before and after. */
static const char *const figures[] = {
    "sessions",      "connections_accepted", "connections_closed", "timers",          "rooms",
    "blocking_jobs", "ops_pending",          "late_calls",         "packets_rejected"};
enum { FIGURES = sizeof figures / sizeof figures[0] };

static host *h;
static net_socket player; /* in a room, where it has a timer */
static net_socket plain;
static net_socket extra;
static int64_t before[FIGURES]; /* while no `ctl` is connected and no timer due */

static int by_value(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* The value that most looks find: now and then one meets a timer that is due. */
static int64_t usual(const char *figure) {
    int64_t found[21];
    for (size_t i = 0; i < 21; i++) {
        found[i] = host_figure(h, figure);
    }
    qsort(found, 21, sizeof found[0], by_value);
    return found[10];
}

static void write_bad_files(const char *folder) {
    static const char *const names[] = {"garbage", "empty", "cut_in_half", "cut_at_1000"};
    char path[1024];
    size_t size = 0;
    host_module_path("swapped_2", path, sizeof path);
    char *good = file_read(path, &size);
    CHECK(good != NULL);
    size_t sizes[] = {49, 0, size / 2, 1000};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s%s", folder, names[i], host_library_suffix);
        file_write(path, i == 0 ? "This is no library, however long one looks at it." : good,
                   sizes[i]);
    }
    free(good);
}

static bool is_in(const char *text, const char *const *words) {
    for (size_t i = 0; i < 5 && words[i] != NULL; i++) {
        if (strstr(text, words[i]) == NULL) {
            fprintf(stderr, "\"%s\" is missing in: %s\n", words[i], text);
            return false;
        }
    }
    return true;
}

static bool is_late(const refusal *r) {
    bool found = false;
    for (size_t i = 0; i < sizeof late / sizeof late[0]; i++) {
        found = found || strcmp(late[i], r->file) == 0;
    }
    return found;
}

/* By `ctl`: the exit code, and one line of text. */
static void refused_by_ctl(const refusal *r, char *answer, size_t size) {
    char path[1024];
    char argument[1100];
    char plan[8192];
    host_module_path(r->file, path, sizeof path);
    if (!file_exists(path)) {
        snprintf(path, sizeof path, "%s/%s%s", host_folder(h), r->file, host_library_suffix);
    }
    snprintf(argument, sizeof argument, "swap --plan swapped %s", path);
    CHECK_INT(host_try_admin(h, argument, plan, sizeof plan), is_late(r));
    snprintf(argument, sizeof argument, "swapped %s", path);
    CHECK_INT(host_ctl(h, "swap", argument, answer, size), 1);
    size_t length = strcspn(answer, "\r\n");
    CHECK(strspn(answer + length, "\r\n") == strlen(answer + length)); /* one line */
    answer[length] = '\0';
    CHECK(is_late(r) || is_in(plan, r->words));
}

/* `modules` says why, as far as it has room for it. */
static void check_outcome(const char *answer) {
    char modules[8192];
    char start[64];
    snprintf(start, sizeof start, " last %.40s", answer);
    host_admin(h, "modules", modules, sizeof modules);
    if (strstr(modules, start) == NULL) {
        fprintf(stderr, "modules does not say \"%s\":\n%s", start, modules);
        exit(1);
    }
}

static void check_refused(const refusal *r) {
    char answer[4096];
    char line[4200];
    int errors = host_log_errors(h);
    int copies = swaps_copies(h);
    swaps_who who = swaps_ask(player, 1, 0);
    swaps_room room = swaps_ask_room(player);
    int64_t timers = swaps_timers(h);
    refused_by_ctl(r, answer, sizeof answer);
    printf("%s: %s\n", r->file, answer);
    CHECK(is_in(answer, r->words));
    host_wait_log_errors(h, errors + 1);
    snprintf(line, sizeof line, "swapped is not swapped, generation 1 keeps serving: %s", answer);
    host_wait_log(h, line, 1);
    check_outcome(answer);
    swaps_who again = swaps_ask(player, 1, 0);
    CHECK_INT(again.generation, 1);
    CHECK_INT(again.packets, who.packets + 1);
    CHECK_INT(again.sum, who.sum);
    swaps_room room_again = swaps_ask_room(player);
    CHECK_INT(room_again.generation, 1);
    CHECK_INT(room_again.joins, room.joins);
    CHECK(room_again.ticks >= room.ticks);
    CHECK_INT(swaps_ask_world(plain).generation, 1);
    CHECK_INT(swaps_ask_world(extra).starts, 1);
    for (size_t i = 0; i < FIGURES; i++) {
        host_wait_figure(h, figures[i], before[i]);
    }
    swaps_wait_timers(h, timers);
    CHECK_INT(swaps_copies(h), copies);
}

/* A type without sessions or rooms may be missing in the new build. */
static void check_allowed(void) {
    net_close(extra);
    host_wait_figure(h, "sessions", 2);
    swaps_to(h, "swapped", "swapped_no_extra", NULL, 0);
    CHECK_INT(swaps_ask(player, 1, 0).generation, 2);
    host_wait_status_line(h, "listener extra ", " waiting ");
    swaps_back(h, "swapped");
    host_wait_status_line(h, "listener extra ", " listening ");
    CHECK_INT(swaps_ask(player, 1, 0).generation, 1);
    CHECK_INT(wire_ask_status(player, 11, ""), PORTICO_OK);
    host_wait_figure(h, "rooms", 0);
    swaps_to(h, "swapped", "swapped_no_room", NULL, 0);
    CHECK_INT(wire_ask_status(player, 4, "hall"), PORTICO_E_NOT_FOUND);
    swaps_back(h, "swapped");
    swaps_join(player, "hall");
    CHECK_INT(swaps_ask_room(player).joins, 1);
    net_close(player);
}

SCENARIO(swap_refused) {
    host_options options = {
        .name = "swap_refused",
        .modules = "swapped swapped_guest",
        .listeners =
            {
                {"game", "swapped.session", NULL},
                {"plain", "swapped.plain", NULL},
                {"extra", "swapped.extra", NULL},
            },
    };
    h = host_start(&options);
    write_bad_files(host_folder(h));
    player = swaps_connect(h, "game", 1);
    swaps_join(player, "hall");
    uint32_t period_ms = 5;
    CHECK(wire_send(player, WIRE_U16, 10, &period_ms, sizeof period_ms));
    CHECK_INT(swaps_ask(player, 2, 41).sum, 41);
    plain = net_connect(host_port(h, "plain"));
    extra = net_connect(host_port(h, "extra"));
    CHECK_INT(swaps_ask_world(extra).starts, 1); /* the host has accepted it */
    CHECK_INT(swaps_ask_world(plain).generation, 1);
    for (size_t i = 0; i < FIGURES; i++) {
        before[i] = usual(figures[i]);
    }
    for (size_t i = 0; i < REFUSALS; i++) {
        check_refused(&refusals[i]);
    }
    check_allowed();
    net_close(plain);
    host_expect_error(h, "swapped is not swapped");
    host_stop(h);
}
