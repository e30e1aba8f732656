/* description_file.c: what a module's file says without being loaded is what the loaded module
 * says: the same description, or the same refusal, for every module of this build; and the same for
 * the files of other systems and processors. Then damaged files. */
#include "module/description_file.h"

#include "loader/inspect_json.h"
#include "module/image.h"
#include "os/os.h"
#include "support/check.h"
#include "support/environment.h"
#include "support/host.h"

typedef struct outcome {
    bool described;
    char why[IMAGE_WHY_MAX];
    char *json;
} outcome;

static char *json_of(const generation *g) {
    size_t size = 0;
    FILE *file = tmpfile();
    CHECK(file != NULL);
    inspect_json(g, file);
    CHECK(fseek(file, 0, SEEK_END) == 0);
    size = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(1, size + 1);
    CHECK(text != NULL && fread(text, 1, size, file) == size);
    (void)fclose(file);
    return text;
}

/* Takes a description over as the loader does. The file's name is part of the JSON. */
static outcome describe_copy(const char *path, const module_description *d) {
    outcome o = {.described = false};
    generation *g = calloc(1, sizeof *g);
    CHECK(g != NULL);
    g->file = text_copy(path, strlen(path));
    o.described = image_describe(g, &d->entry, o.why) == PORTICO_OK;
    o.json = o.described ? json_of(g) : NULL;
    generation_free(g);
    return o;
}

static outcome describe_loaded(const char *path) {
    outcome o = {.described = false};
    generation *g = NULL;
    o.described = image_open(path, &g, o.why) == PORTICO_OK;
    if (o.described) {
        g->built_ms = 0;
        o.json = json_of(g);
        generation_free(g);
    }
    return o;
}

/* ---- the modules of this build --------------------------------------------------------------- */

static uint32_t described, refused, at_run_time;

/* Some cannot be loaded at all, for a reason that is not in the description. */
static void compare(const char *path) {
    module_description d;
    char why[DESCRIPTION_WHY_MAX] = "";
    description_result result = description_read(path, &d, why);
    outcome loaded = describe_loaded(path);
    if (result == DESCRIPTION_READ) {
        outcome copy = describe_copy(path, &d);
        CHECK_TEXT(copy.why, loaded.why);
        CHECK_TEXT(copy.json, loaded.json);
        CHECK_INT(copy.described, loaded.described);
        described += copy.described;
        refused += !copy.described;
        free(copy.json);
    } else {
        CHECK(why[0] != '\0');
        CHECK(result == DESCRIPTION_AT_RUN_TIME || !loaded.described);
        CHECK(result == DESCRIPTION_AT_RUN_TIME || result == DESCRIPTION_OF_0_3 ||
              result == DESCRIPTION_NONE || result == DESCRIPTION_NO_LIBRARY);
        if (result == DESCRIPTION_AT_RUN_TIME) {
            printf("%s: %s\n", path, why);
            at_run_time++;
        }
    }
    free(loaded.json);
    description_free(&d);
}

static void visit(void *arg, const char *name) {
    char path[1024];
    size_t size = strlen(name);
    size_t suffix = strlen(os_library_suffix);
    bool may_load = strncmp(name, "loads_", 6) != 0; /* tests/abi/loads.c: would end this process */
    if (may_load && size > suffix && strcmp(name + size - suffix, os_library_suffix) == 0) {
        (void)snprintf(path, sizeof path, "%s/%s", (const char *)arg, name);
        compare(path);
    }
}

static void modules_of_this_build(void) {
    char modules[1024];
    char tests[1024];
    (void)snprintf(modules, sizeof modules, "%s", environment("PORTICO_MODULES_DIR"));
    (void)snprintf(tests, sizeof tests, "%s", environment("PORTICO_TEST_MODULES_DIR"));
    CHECK_INT(os_folder_list(modules, visit, modules), PORTICO_OK);
    CHECK(described >= 3);
    CHECK_INT(os_folder_list(tests, visit, tests), PORTICO_OK);
    printf("%u modules described, %u refused, %u at run time only\n", described, refused,
           at_run_time);
    CHECK(refused > 10);
}

/* ---- kept files ------------------------------------------------------------------------------ */

/* plugins/arena.c of November 2026, built by gcc and clang (with relocations in three forms, and
 * for ARM), and by gcc for Windows. */
static const char *const kept[] = {"arena-gcc.so", "arena-relr.so", "arena-lld.so",
                                   "arena-arm64.so", "arena.dll"};

static char *kept_file(const char *name, size_t *size) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/tests/fuzz/seeds/description/%s",
                   environment("PORTICO_SOURCE_DIR"), name);
    char *bytes = file_read(path, size);
    CHECK(bytes != NULL);
    return bytes;
}

static void other_systems(void) {
    char why[DESCRIPTION_WHY_MAX] = "";
    char *first = NULL;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        module_description d;
        size_t size = 0;
        char *bytes = kept_file(kept[i], &size);
        CHECK_INT(description_parse(bytes, size, &d, why), DESCRIPTION_READ);
        CHECK(d.constant);
        outcome o = describe_copy("arena", &d);
        CHECK_TEXT(o.why, "");
        CHECK(o.json != NULL);
        CHECK(i > 0 || strstr(o.json, "\"tick_ms\"") != NULL);
        CHECK(i == 0 || (first != NULL && strcmp(o.json, first) == 0));
        description_free(&d);
        free(bytes);
        free(i == 0 ? NULL : o.json);
        first = i == 0 ? o.json : first;
    }
    free(first);
}

static void parse_exactly(const char *bytes, size_t size) {
    module_description d;
    char why[DESCRIPTION_WHY_MAX] = "";
    char *exact = malloc(size > 0 ? size : 1); /* a sanitizer sees reads past its end */
    CHECK(exact != NULL);
    memcpy(exact, bytes, size);
    if (description_parse(exact, size, &d, why) == DESCRIPTION_READ) {
        outcome o = describe_copy("damaged", &d);
        free(o.json);
    } else {
        CHECK(why[0] != '\0' && d.entry.module == NULL);
    }
    description_free(&d);
    free(exact);
}

/* Cut off anywhere, and with any 8 bytes replaced by large, small or random numbers. */
static void damaged_files(void) {
    enum { ROUNDS = 3000 };
    static const uint64_t numbers[] = {0, 1, 8, 0x7FFFFFFF, UINT32_MAX, INT64_MAX, UINT64_MAX - 7};
    uint32_t random = 5;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        size_t size = 0;
        char *bytes = kept_file(kept[i], &size);
        for (uint32_t round = 0; round < ROUNDS; round++) {
            char saved[8];
            random = random * 1664525u + 1013904223u;
            size_t at = (random >> 4) % (size - sizeof saved) & ~(size_t)3;
            uint64_t number = random % 3 == 0 ? random : numbers[random % 7];
            memcpy(saved, bytes + at, sizeof saved);
            memcpy(bytes + at, &number, round % 2 == 0 ? sizeof number : 4);
            parse_exactly(bytes, size);
            memcpy(bytes + at, saved, sizeof saved);
            if (round % 8 == 0) {
                parse_exactly(bytes, at);
            }
        }
        free(bytes);
    }
}

static void no_libraries(void) {
    module_description d;
    char why[DESCRIPTION_WHY_MAX] = "";
    CHECK_INT(description_read("there_is_no_such_file", &d, why), DESCRIPTION_NO_FILE);
    CHECK(strstr(why, "it cannot be opened") == why);
    CHECK_INT(description_parse("#!/bin/sh\n", 10, &d, why), DESCRIPTION_NO_LIBRARY);
    CHECK_TEXT(why, "it is neither a library of Linux nor one of Windows");
    CHECK_INT(description_parse("", 0, &d, why), DESCRIPTION_NO_LIBRARY);
    CHECK_INT(description_parse("MZ", 2, &d, why), DESCRIPTION_NO_LIBRARY);
    CHECK_TEXT(why, "it is cut off or damaged");
    description_free(&d);
}

SCENARIO(description_file) {
    no_libraries();
    other_systems();
    damaged_files();
    modules_of_this_build();
}
