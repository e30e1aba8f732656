/* swaps.c: see swaps.h. */
#include "support/swaps.h"

#include "support/check.h"
#include "support/clock.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool try_swap(host *h, const char *module, const char *file, char *answer, size_t size) {
    char path[1024] = "";
    char command[1200];
    if (file != NULL) {
        host_module_path(file, path, sizeof path);
    }
    snprintf(command, sizeof command, "swap %s%s%s", module, file != NULL ? " " : "", path);
    return host_try_admin(h, command, answer, size);
}

void swaps_to(host *h, const char *module, const char *file, char *answer, size_t size) {
    char text[2048];
    answer = answer != NULL ? answer : text;
    size = answer != text ? size : sizeof text;
    if (!try_swap(h, module, file, answer, size)) {
        fprintf(stderr, "%s was not swapped to %s: %s\n", module, file, answer);
        exit(1);
    }
    host_read_ready(h);
}

void swaps_back(host *h, const char *module) {
    char command[128];
    snprintf(command, sizeof command, "rollback %s", module);
    host_admin(h, command, NULL, 0);
    host_read_ready(h);
}

void swaps_refused(host *h, const char *module, const char *file, char *answer, size_t size) {
    if (try_swap(h, module, file, answer, size)) {
        fprintf(stderr, "%s was swapped to %s: %s\n", module, file, answer);
        exit(1);
    }
}

net_socket swaps_connect(host *h, const char *listener, uint32_t generation) {
    net_socket s = net_connect(host_port(h, listener));
    uint32_t opened_by = 0;
    CHECK_INT(wire_wait(s, 100, &opened_by, sizeof opened_by), sizeof opened_by);
    CHECK_INT(opened_by, generation);
    return s;
}

swaps_who swaps_ask(net_socket s, uint16_t opcode, uint32_t figure) {
    swaps_who who = {0};
    CHECK_INT(wire_ask(s, opcode, &figure, sizeof figure, &who, sizeof who), sizeof who);
    return who;
}

swaps_room swaps_ask_room(net_socket s) {
    swaps_room room = {0};
    CHECK_INT(wire_ask(s, 5, NULL, 0, &room, sizeof room), sizeof room);
    return room;
}

swaps_world swaps_ask_world(net_socket s) {
    swaps_world world = {0};
    CHECK_INT(wire_ask(s, 8, NULL, 0, &world, sizeof world), sizeof world);
    return world;
}

void swaps_join(net_socket s, const char *room) {
    CHECK_INT(wire_ask_status(s, 4, room), 0);
}

int swaps_copies(host *h) {
    char path[1100];
    char start[16];
    snprintf(path, sizeof path, "%s/run/copies", host_folder(h));
    snprintf(start, sizeof start, "%u.", host_process_id(h));
    return folder_count(path, start);
}

void swaps_wait_copies(host *h, int count) {
    uint64_t until_ms = clock_now_ms() + 10000;
    while (swaps_copies(h) != count && clock_now_ms() < until_ms) {
        clock_sleep_ms(5);
    }
    CHECK_INT(swaps_copies(h), count);
}

int64_t swaps_timers(host *h) {
    int64_t most = 0;
    for (int i = 0; i < 10; i++) {
        int64_t found = host_figure(h, "timers");
        most = found > most ? found : most;
    }
    return most;
}

void swaps_wait_timers(host *h, int64_t timers) {
    enum { TRIES = 100, PAUSE_MS = 50 };
    int64_t found = swaps_timers(h);
    for (int i = 0; i < TRIES && found != timers; i++) {
        clock_sleep_ms(PAUSE_MS);
        found = swaps_timers(h);
    }
    CHECK_INT(found, timers);
}

enum { LIFE_BYTES = 4096 };

static void read_life(host *h, char life[LIFE_BYTES]) {
    char path[1100];
    life[0] = '\0';
    snprintf(path, sizeof path, "%s/output.txt", host_folder(h));
    char *log = file_read(path, NULL);
    CHECK(log != NULL);
    for (const char *at = log; (at = strstr(at, " life ")) != NULL; at++) {
        size_t used = strlen(life);
        const char *text = at + strlen(" life ");
        snprintf(life + used, LIFE_BYTES - used, "%s%.*s", used > 0 ? ", " : "",
                 (int)strcspn(text, "."), text);
    }
    free(log);
}

void swaps_expect_life(host *h, const char *expected) {
    char life[LIFE_BYTES];
    uint64_t until_ms = clock_now_ms() + 20000;
    read_life(h, life);
    while (strcmp(life, expected) != 0 && clock_now_ms() < until_ms) {
        clock_sleep_ms(5); /* the last lines may be on their way */
        read_life(h, life);
    }
    CHECK_TEXT(life, expected);
}
