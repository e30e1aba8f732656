/* crash_copies.c: the module copies of the last three hosts that crashed are kept, since their core
 * dumps need them, and the log says where. A clean stop leaves no copies. */
#include "support/check.h"
#include "support/host.h"
#include "support/swaps.h"

#include <stdio.h>
#include <string.h>

enum { CRASHES = 5, KEPT = 3 };

static const host_options options = {
    .name = "crash_copies", .modules = "swapped", .listeners = {{"game", "swapped.session", NULL}}};

/* Starts a host, swaps, and kills the host. Returns its process id. */
static uint32_t crash(void) {
    host *h = host_start(&options);
    swaps_to(h, "swapped", "swapped_2", NULL, 0);
    uint32_t pid = host_process_id(h);
    host_drop(h);
    return pid;
}

static bool has_copies(host *h, uint32_t pid) {
    char path[1200];
    bool all = true;
    for (int i = 1; i <= 2; i++) {
        snprintf(path, sizeof path, "%s/run/copies/%u.%d/swapped%s%s", host_folder(h), pid, i,
                 i == 2 ? "_2" : "", host_library_suffix);
        all = all && file_exists(path);
    }
    return all;
}

SCENARIO(crash_copies) {
    uint32_t crashed[CRASHES];
    for (int i = 0; i < CRASHES; i++) {
        crashed[i] = crash();
    }
    for (int again = 0; again < 2; again++) { /* the second time after a clean stop */
        char line[2048];
        char text[64];
        host *h = host_start(&options);
        host_wait_log_line(h, "did not stop cleanly are kept", line, sizeof line);
        CHECK(strstr(line, "copies: ") != NULL);
        for (int i = 0; i < CRASHES; i++) {
            snprintf(text, sizeof text, " %u.*", crashed[i]);
            CHECK_INT(strstr(line, text) != NULL, i >= CRASHES - KEPT);
            CHECK_INT(has_copies(h, crashed[i]), i >= CRASHES - KEPT);
        }
        swaps_to(h, "swapped", "swapped_2", NULL, 0);
        char folder[1100];
        snprintf(folder, sizeof folder, "%s/run/copies", host_folder(h));
        CHECK_INT(folder_count(folder, ""), 3 * KEPT + swaps_copies(h));
        host_stop(h);
    }
}
