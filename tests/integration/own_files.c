/* own_files.c: a module keeps a file in its folder in [host] data_dir, which the host makes when it
 * is asked for it, and finds it again after a restart. If the folder cannot be made, the log says
 * why. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>
#include <string.h>

enum { KEEP = 1, RECALL = 2, PATH_BYTES = 2048, NAME_BYTES = 40 };

static host *start(const char *name, const char *host_keys) {
    host_options options = {
        .name = name,
        .modules = "keeps",
        .host_keys = host_keys,
        .listeners = {{"game", "keeps.session", NULL}},
    };
    return host_start(&options);
}

static int32_t keep(host *h, const char *text) {
    int32_t result = 0;
    net_socket s = net_connect(host_port(h, "game"));
    CHECK_INT(wire_ask(s, KEEP, text, (uint32_t)strlen(text), &result, sizeof result),
              sizeof result);
    net_close(s);
    return result;
}

static void expect_recalled(host *h, const char *text) {
    char found[64] = "";
    net_socket s = net_connect(host_port(h, "game"));
    CHECK_INT(wire_ask(s, RECALL, NULL, 0, found, sizeof found - 1), strlen(text));
    CHECK_TEXT(found, text);
    net_close(s);
}

/* The test may have run before in this folder: each run has names of its own. */
static void name_files(char name[NAME_BYTES], char keys[PATH_BYTES], const char *below) {
    (void)snprintf(name, NAME_BYTES, "files-%llu", (unsigned long long)clock_now_us());
    (void)snprintf(keys, PATH_BYTES, "data_dir = %s%s\n", name, below);
}

static void path_in(host *h, const char *name, const char *below, char path[PATH_BYTES]) {
    (void)snprintf(path, PATH_BYTES, "%s/%s%s", host_folder(h), name, below);
}

static void check_kept(void) {
    char name[NAME_BYTES];
    char keys[PATH_BYTES];
    char path[PATH_BYTES];
    name_files(name, keys, "/of/modules");
    host *h = start("own_files", keys);
    CHECK_INT(folder_count(host_folder(h), name), 0); /* not before a module asks */
    CHECK_INT(keep(h, "the scores"), 10);
    path_in(h, name, "/of/modules/keeps/kept.txt", path);
    CHECK(file_exists(path));
    host_stop(h);
    h = start("own_files", keys);
    expect_recalled(h, "the scores");
    CHECK_INT(keep(h, "better"), 6);
    expect_recalled(h, "better");
    host_stop(h);
}

/* A file is where the folder should be. */
static void check_in_the_way(void) {
    char name[NAME_BYTES];
    char keys[PATH_BYTES];
    char path[PATH_BYTES];
    name_files(name, keys, "");
    host *h = start("own_files_not", keys);
    path_in(h, name, "", path);
    file_write(path, "", 0);
    CHECK_INT(keep(h, "nothing"), PORTICO_E_SYSTEM);
    (void)snprintf(path, sizeof path, "%s/keeps: ", name);
    host_wait_log(h, path, 1);
    path_in(h, name, "", path);
    file_remove(path);
    CHECK_INT(keep(h, "now"), 3);
    host_stop(h);
}

SCENARIO(own_files) {
    check_kept();
    check_in_the_way();
}
