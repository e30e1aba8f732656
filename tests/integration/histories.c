/* histories.c: `ctl swaps`, `log`, `fault FILE` and the rows of a swap's plan: what has
 * happened, and what a swap would do, with times and steps; a report is found by its name only, never by a path. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdlib.h>

static host *h;
static char answer[1 << 18];

static const char *ask(const char *command) {
    host_admin(h, command, answer, sizeof answer);
    return answer;
}

static void refused(const char *command, const char *why) {
    CHECK(!host_try_admin(h, command, answer, sizeof answer));
    CHECK_HAS(answer, why);
}

/* The steps of the latest swap follow one another, from its beginning to its end. */
static void steps_add_up(void) {
    static const char *const names[] = {"settle", "load",  "plan",  "enter", "drain",
                                        "stop",   "state", "start", "open",  "follow"};
    unsigned long long total = 0;
    unsigned long long next = 0;
    const char *at = strstr(ask("swaps 1"), " total_us ");
    CHECK(at != NULL && sscanf(at, " total_us %llu", &total) == 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char start[32];
        unsigned long long at_us = 0;
        unsigned long long us = 0;
        snprintf(start, sizeof start, "\n  %s at_us ", names[i]);
        at = strstr(answer, start);
        CHECK(at != NULL);
        CHECK_INT(sscanf(at + strlen(start), "%llu us %llu", &at_us, &us), 2);
        CHECK(at_us >= next && at_us <= next + 1); /* each is rounded down */
        next = at_us + us;
    }
    CHECK(next <= total && total <= next + 10);
}

static void swaps(void) {
    CHECK_TEXT(ask("swaps"), "");
    swaps_to(h, "faulty", "faulty_2", NULL, 0);
    CHECK(strncmp(ask("swaps"), "1 20", 4) == 0);
    CHECK_HAS(answer, "Z faulty swapped from 1 to 2 tries ");
    steps_add_up();
    swaps_refused(h, "faulty", "no_symbol", answer, sizeof answer);
    CHECK(strncmp(ask("swaps 5"), "2 20", 4) == 0);
    CHECK_HAS(answer, "Z faulty refused from 2 to 0 tries 0 pause_us 0 ");
    CHECK(strstr(answer, "\n1 20") != NULL);
    swaps_back(h, "faulty");
    (void)ask("json swaps 1");
    CHECK_HAS(answer, "\"result\": \"rolled_back\",");
    CHECK_HAS(answer, "\"from\": 2,");
    CHECK_HAS(answer, "\"to\": 1,");
    CHECK_HAS(answer, "\"name\": \"drain\",");
    for (int i = 0; i < 70; i++) { /* more than are kept */
        swaps_refused(h, "faulty", "no_symbol", answer, sizeof answer);
    }
    CHECK(strncmp(ask("swaps 999"), "73 20", 5) == 0);
    CHECK(strstr(answer, "\n10 20") != NULL && strstr(answer, "\n9 20") == NULL);
}

static void plan(void) {
    char path[1024];
    char command[1200];
    host_module_path("faulty_shape", path, sizeof path);
    snprintf(command, sizeof command, "json swap --plan faulty %s", path);
    (void)ask(command);
    CHECK_HAS(answer, "\"entity\": \"session\",");
    CHECK_HAS(answer, "\"name\": \"faulty.session\",");
    CHECK_HAS(answer, "\"count\": 1,");
    CHECK_HAS(answer, "\"effect\": \"migrated\",");
    snprintf(command, sizeof command, "swap --plan faulty %s", path);
    (void)ask(command);
    CHECK_HAS(answer, "\nsession type faulty.session, 1 session: migrate agrees: added of_shape_2");
}

static void log_tail(void) {
    host_wait_log(h, "is not swapped", 71);
    (void)ask("log 3 error modules");
    CHECK_HAS(answer, " error modules faulty is not swapped, generation ");
    CHECK(strstr(answer, " info ") == NULL);
    int found = 0;
    for (const char *at = answer; (at = strchr(at, '\n')) != NULL; at++) {
        found++;
    }
    CHECK_INT(found, 3);
    (void)ask("log 1 admin"); /* the last command that changed something */
    CHECK_HAS(answer, " info  admin `swap --plan faulty ");
    (void)ask("json log 2 debug");
    CHECK_HAS(answer, "\"seq\": ");
    CHECK_HAS(answer, "\"last_seq\": ");
    CHECK_TEXT(ask("log 5 info nobody"), "");
    CHECK_TEXT(ask("log 0"), "");
}

/* Makes a report, and finds it by the name that `faults` has. */
static void fault_files(net_socket s) {
    char name[128] = "";
    char command[256];
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_WRITE);
    for (int i = 0; i < 1000 && strstr(ask("json faults"), "\"file\": \"") == NULL; i++) {
        clock_sleep_ms(10);
    }
    const char *at = strstr(answer, "\"file\": \"");
    CHECK(at != NULL);
    CHECK_INT(sscanf(at, "\"file\": \"%127[^\"]\"", name), 1);
    snprintf(command, sizeof command, "fault %s", name);
    (void)ask(command);
    CHECK_HAS(answer, "faulty");
    snprintf(command, sizeof command, "json fault %s", name);
    (void)ask(command);
    CHECK_HAS(answer, "\"lines\": [");
    refused("fault ../portico.ini", "no name of a report");
    refused("fault 20260101-000000-000-../../portico.ini", "no name of a report");
    refused("fault 20260101-000000-000-/../x.txt", "no name of a report");
    refused("fault 20260101-000000-000-..\\x.txt", "no name of a report");
    refused("fault 20260101-000000-000-faulty-1.txt", "there is no such report");
}

SCENARIO(histories) {
    const faults_options options = {
        .name = "histories", .module_keys = faults_no_policy, .workers = 2};
    h = faults_host(&options);
    net_socket s = faults_connect(h, "game", 1);
    swaps();
    plan();
    log_tail();
    fault_files(s);
    net_close(s);
    host_stop(h);
}
