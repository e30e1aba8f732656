/* bounds.c: how the most memory and handles of a configuration follow from its keys, and when that
 * is too much for a machine. */
#include "bounds.h"

#include "config/load.h"
#include "support/check.h"

#include <string.h>

static const uint64_t mebi = 1024 * 1024;

static void show(void *arg, const char *text) {
    char *all = arg;
    (void)strncat(all, text, 4095 - strlen(all));
    (void)strncat(all, "\n", 4095 - strlen(all));
}

static bounds read_bounds(const char *ini, uint32_t modules) {
    const config *c = NULL;
    char faults[4096] = "";
    bounds b;
    (void)config_parse("bounds.ini", ini, strlen(ini), show, faults, &c);
    CHECK_TEXT(faults, "");
    bounds_of(c, modules, &b);
    config_free(c);
    return b;
}

#define NO_ADMIN "[admin]\nenabled = no\n"
#define LISTENER NO_ADMIN "[listener a]\naddress = 127.0.0.1\nport = 0\ntype = a.b\n"

static void follow_keys(void) {
    bounds none = read_bounds(NO_ADMIN, 0);
    CHECK_INT(none.session_bytes, 0);
    CHECK_INT(none.module_bytes, 0);
    bounds some = read_bounds(LISTENER "max_sessions = 1000\naccepts = 16\n", 0);
    CHECK_INT(some.handles - none.handles, 1000 + 1 + 16);
    CHECK(some.session_bytes >= 1000 * (mebi + 64 * 1024));
    CHECK(some.session_bytes < 1000 * (mebi + 128 * 1024));
    bounds twice = read_bounds(LISTENER "max_sessions = 2000\naccepts = 16\n", 0);
    CHECK_INT(twice.session_bytes, 2 * some.session_bytes);
    bounds sends = read_bounds(LISTENER "max_sessions = 1000\nsend_limit_bytes = 2M\n", 0);
    CHECK_INT(sends.session_bytes - some.session_bytes, 1000 * (int64_t)mebi);
    bounds frames = read_bounds(
        LISTENER "framing = u32\nmax_sessions = 1000\nframe_limit_bytes = 1000000\n", 0);
    CHECK_INT(frames.session_bytes - some.session_bytes, 1000 * (int64_t)(mebi - 64 * 1024));
    bounds capped = read_bounds("[host]\nmemory_limit_bytes = 100M\n" LISTENER, 0);
    CHECK_INT(capped.session_bytes, 100 * mebi);
    bounds tls = read_bounds(
        LISTENER "max_sessions = 1000\ntls = yes\ncertificate = a.pem\nkey = a.key\n", 0);
    CHECK_INT(tls.other_bytes - some.other_bytes, 1000 * 192 * 1024);
    CHECK_INT(tls.session_bytes - some.session_bytes, 1000 * 64 * 1024);
    bounds web =
        read_bounds(LISTENER "max_sessions = 1000\ntransport = websocket\nfiles = pages\n", 0);
    CHECK_INT(web.session_bytes - some.session_bytes, 1000 * 64 * 1024);
    CHECK_INT(web.other_bytes - some.other_bytes, 64 * mebi);
    bounds modules = read_bounds("[modules]\nmemory_limit_bytes = 10M\n[module x]\n"
                                 "memory_limit_bytes = 3M\n" NO_ADMIN,
                                 3);
    CHECK_INT(modules.module_bytes, 23 * mebi);
    bounds jobs = read_bounds("[host]\nblocking_queue_bytes = 128M\n" NO_ADMIN, 0);
    CHECK_INT(jobs.other_bytes - none.other_bytes, 64 * mebi);
    bounds stacks = read_bounds("[host]\nstack_bytes = 3M\nworkers = 5\n" NO_ADMIN, 0);
    bounds usual = read_bounds("[host]\nworkers = 5\n" NO_ADMIN, 0);
    CHECK_INT(stacks.other_bytes - usual.other_bytes, (5 + 4) * 2 * mebi);
    CHECK_INT(bounds_bytes(&modules), 23 * mebi + modules.other_bytes);
}

static void tell(const bounds *b, uint64_t memory, uint64_t handles, bool memory_told,
                 bool handles_told) {
    config_faults notes = {.path = "bounds.ini"};
    const os_machine machine = {.memory_bytes = memory, .handles = handles};
    char text[4096] = "";
    bounds_tell(b, &machine, &notes);
    fault_report(&notes, show, text);
    fault_free(&notes);
    CHECK(strstr(text,
                 "bounds.ini: the host takes at most 64.0 MiB of memory (sessions 48.0 MiB, "
                 "what modules make it keep 15.0 MiB, the rest 1.0 MiB) and 77 handles") != NULL);
    CHECK((strstr(text, "is more memory than there is") != NULL) == memory_told);
    CHECK((strstr(text, "77 handles are more than") != NULL) == handles_told);
}

SCENARIO(bounds) {
    follow_keys();
    const bounds b = {
        .session_bytes = 48 * mebi, .module_bytes = 15 * mebi, .other_bytes = mebi, .handles = 77};
    tell(&b, 0, 0, false, false);
    tell(&b, 64 * mebi, 77, false, false);
    tell(&b, 64 * mebi - 1, 77, true, false);
    tell(&b, 64 * mebi, 76, false, true);
}
