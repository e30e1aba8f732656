/* swap_images.c: old images go away. After every swap at most two are in memory, the serving one
 * and its predecessor, no copy of a file is left over, and a build can overwrite the module's file
 * at any time. An image that the system does not unload is logged with the likely cause, and
 * the next swap still gets new code. */
#include "support/check.h"
#include "support/clock.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static host *h;

/* How many images of a file of that name the host has mapped; -1 where the system does not tell. */
static int images(const char *name) {
    char path[64];
    char last[1024] = "";
    int count = 0;
    snprintf(path, sizeof path, "/proc/%u/maps", host_process_id(h));
    char *maps = file_read(path, NULL);
    if (maps == NULL) {
        return -1;
    }
    for (char *line = strtok(maps, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *file = strchr(line, '/');
        if (file != NULL && strstr(file, name) != NULL && strcmp(file, last) != 0) {
            count++;
            snprintf(last, sizeof last, "%s", file);
        }
    }
    free(maps);
    return count;
}

/* The predecessor's predecessor goes when the last turn has released it. */
static void wait_for(const char *name, int most) {
    uint64_t end_ms = clock_now_ms() + 10000;
    while (images(name) > most ||
           swaps_copies(h) > most + 1) { /* plus the file that says whose they are */
        if (clock_now_ms() >= end_ms) {
            fprintf(stderr, "%d images and %d copies, expected at most %d\n", images(name),
                    swaps_copies(h) - 1, most);
            exit(1);
        }
        clock_sleep_ms(5);
    }
}

/* Overwrites the module's file, as a build does. */
static void build(const char *from) {
    char path[1024];
    char target[1100];
    size_t size = 0;
    host_module_path(from, path, sizeof path);
    char *bytes = file_read(path, &size);
    CHECK(bytes != NULL);
    snprintf(target, sizeof target, "%s/builds/game%s", host_folder(h), host_library_suffix);
    file_write(target, bytes, size);
    free(bytes);
}

static void they_go(void) {
    host_options options = {
        .name = "swap_images",
        .workers = 1, /* under Wine each thread gets a handle with its first wait or send */
        .listeners = {{"game", "swapped.session", NULL}},
    };
    static const char *const files[] = {"swapped", "swapped_2", "swapped_3"};
    char path[1024];
    char command[1200];
    h = host_start(&options);
    snprintf(path, sizeof path, "%s/builds", host_folder(h));
    folder_make(path);
    build(files[0]);
    snprintf(command, sizeof command, "load %s/game%s", path, host_library_suffix);
    host_admin(h, command, NULL, 0);
    host_read_ready(h);
    net_socket s = swaps_connect(h, "game", 1);
    int64_t handles = 0;
    for (int i = 1; i <= scale(30, 10); i++) {
        build(files[i % 3]);
        swaps_to(h, "swapped", NULL, NULL, 0);
        CHECK_INT(swaps_ask(s, 2, 1).generation, i % 3 + 1);
        wait_for("/game", 2);
        handles = i == 3 ? host_figure(h, "open_fds") : handles;
    }
    /* One per swap would be at least seven; under Wine one of the host's threads may still have got
     * its own. */
    host_wait_at_most(h, "open_fds", handles + scale(2, 4));
    CHECK_INT(host_log_settled(h, "stays in memory"), 0);
    net_close(s);
    host_admin(h, "unload swapped", NULL, 0);
    wait_for("/game", 0);
    host_stop(h);
}

/* FILE, FILE_2 and FILE_3 are images that stay. */
static void they_stay(const char *name, const char *const *files) {
    host_options options = {
        .name = name, .modules = files[0], .listeners = {{"game", "stays.session", NULL}}};
    h = host_start(&options);
    net_socket s = net_connect(host_port(h, "game"));
    for (uint32_t i = 1; i <= 3; i++) {
        uint32_t generation = 0;
        if (i > 1) {
            swaps_to(h, "stays", files[i - 1], NULL, 0);
        }
        CHECK_INT(wire_ask(s, 1, NULL, 0, &generation, sizeof generation), sizeof generation);
        CHECK_INT(generation, i);
    }
    host_wait_log(h, "stays 1, generation 1, stays in memory", 1);
    host_wait_log(h, "unique symbols (-fno-gnu-unique)", 1);
    net_close(s);
    host_stop(h);
}

SCENARIO(swap_images) {
    static const char *const pinned[] = {"stays", "stays_2", "stays_3"};
    static const char *const unique[] = {"unique_1", "unique_2", "unique_3"};
    char path[1024];
    they_go();
    they_stay("swap_images-pinned", pinned);
    host_module_path(unique[0], path, sizeof path);
    if (file_exists(path)) { /* where the compiler makes such symbols */
        they_stay("swap_images-unique", unique);
    }
}
