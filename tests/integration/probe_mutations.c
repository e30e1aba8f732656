/* probe_mutations.c: files of a module in which one byte is wrong. Many of them would crash the
 * loader, or the host when it reads their tables. Each is loaded or refused, with one line in the
 * log, and the players notice nothing.
 *
 * Code stays as it is: some of it runs when the library is loaded, and whether a wrong instruction
 * does harm there depends on the process.
 *
 *   integration.probe_mutations [COUNT [SEED]]      400, under Wine 40 */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLAYERS = 10, LINE_BYTES = 2048 };

/* Of a file, as offsets. */
typedef struct parts {
    uint64_t code_begin;
    uint64_t code_end;
    uint64_t end;
} parts;

static host *h;
static net_socket players[PLAYERS];

/* Unloads everything but echo and the admin module: a mutant may have another name. */
static void unload_mutants(void) {
    static char modules[65536];
    char command[128];
    host_admin(h, "modules", modules, sizeof modules);
    for (char *line = strtok(modules, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char name[64] = "";
        CHECK_INT(sscanf(line, "%63s", name), 1);
        if (strstr(line, " generation ") != NULL && strcmp(name, "echo") != 0 &&
            strcmp(name, "portico") != 0) {
            snprintf(command, sizeof command, "unload %s", name);
            host_admin(h, command, NULL, 0);
        }
    }
}

static uint64_t number_at(const char *file, uint64_t at, int bytes) {
    uint64_t number = 0;
    for (int i = bytes; i-- > 0;) {
        number = number << 8 | (uint8_t)file[at + (uint64_t)i];
    }
    return number;
}

/* The part of an ELF file that is loaded, and of it the part that is code. */
static parts parts_of_elf(const char *file) {
    enum { PHOFF = 32, PHNUM = 56, PHDR_BYTES = 56, LOAD = 1, EXECUTE = 1 };
    parts p = {0};
    for (uint64_t i = 0; i < number_at(file, PHNUM, 2); i++) {
        uint64_t header = number_at(file, PHOFF, 8) + i * PHDR_BYTES;
        uint64_t begin = number_at(file, header + 8, 8);
        uint64_t end = begin + number_at(file, header + 32, 8);
        if (number_at(file, header, 4) == LOAD) {
            p.end = end;
            bool code = (number_at(file, header + 4, 4) & EXECUTE) != 0;
            p.code_begin = code ? begin : p.code_begin;
            p.code_end = code ? end : p.code_end;
        }
    }
    return p;
}

/* The same of a DLL, without its debug sections, which come last and have names of more than eight
 * bytes. */
static parts parts_of_pe(const char *file) {
    enum { LFANEW = 60, SECTIONS = 6, OPTIONAL_BYTES = 20, SECTION_BYTES = 40 };
    const uint64_t execute = 0x20000000;
    parts p = {0};
    uint64_t header = number_at(file, LFANEW, 4);
    uint64_t at = header + 24 + number_at(file, header + OPTIONAL_BYTES, 2);
    for (uint64_t i = 0; i < number_at(file, header + SECTIONS, 2); i++, at += SECTION_BYTES) {
        uint64_t begin = number_at(file, at + 20, 4);
        uint64_t end = begin + number_at(file, at + 16, 4);
        bool code = (number_at(file, at + 36, 4) & execute) != 0;
        p.end = file[at] != '/' && end > p.end ? end : p.end;
        p.code_begin = code ? begin : p.code_begin;
        p.code_end = code ? end : p.code_end;
    }
    return p;
}

static void write_mutant(const char *path, const char *original, size_t size, uint64_t *seed) {
    parts p = original[0] == 'M' ? parts_of_pe(original) : parts_of_elf(original);
    char *bytes = malloc(size);
    CHECK(bytes != NULL && p.code_begin < p.code_end && p.code_end <= p.end && p.end <= size);
    memcpy(bytes, original, size);
    uint64_t at = 0;
    do {
        at = wire_random(seed) % p.end;
    } while (bytes[at] == 0 || (at >= p.code_begin && at < p.code_end)); /* zeros are padding */
    bytes[at] ^= (char)(1 + wire_random(seed) % 255);
    file_write(path, bytes, size);
    free(bytes);
}

/* Returns whether it was loaded. */
static bool try_mutant(const char *path) {
    static char answer[LINE_BYTES];
    char command[1200];
    char text[1200];
    snprintf(command, sizeof command, "load %s", path);
    bool loaded = host_try_admin(h, command, answer, sizeof answer);
    snprintf(text, sizeof text, loaded ? "is loaded from %s" : "%s is not loaded: ", path);
    host_wait_log(h, text, 1);
    if (loaded) {
        unload_mutants();
    }
    return loaded;
}

SCENARIO(probe_mutations) {
    static const host_options options = {.name = "probe_mutations",
                                         .modules = "echo",
                                         .listeners = {{"game", "echo.session", NULL}}};
    int count = scenario_argument(0) != NULL ? atoi(scenario_argument(0)) : scale(400, 40);
    uint64_t seed = scenario_argument(1) != NULL ? strtoull(scenario_argument(1), NULL, 10) : 14;
    int loaded = 0;
    char path[1100];
    size_t size = 0;
    host_module_path("loads", path, sizeof path);
    char *original = file_read(path, &size);
    CHECK(original != NULL);
    h = host_start(&options);
    host_expect_error(h, "is not loaded: ");
    for (int i = 0; i < PLAYERS; i++) {
        players[i] = net_connect(host_port(h, "game"));
    }
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/mutant_%d%s", host_folder(h), i, host_library_suffix);
        write_mutant(path, original, size, &seed);
        loaded += try_mutant(path);
        wire_expect_echo(players[i % PLAYERS], WIRE_U16, 1, "still here");
        file_remove(path);
    }
    if (!scale_sanitized()) { /* most bytes are its own there */
        host_wait_log_some(h, "was tried in a child process: ", 1);
    }
    int crashed = host_log_settled(h, "was tried in a child process: ");
    printf("%d of %d files loaded, %d refused, of which %d because the child failed\n", loaded,
           count, count - loaded, crashed);
    CHECK(loaded > 0 && loaded < count);
    CHECK_INT(host_figure(h, "sessions"), PLAYERS);
    for (int i = 0; i < PLAYERS; i++) {
        net_close(players[i]);
    }
    free(original);
    host_stop(h);
}
