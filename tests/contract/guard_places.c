/* Where a fault was, in words: library, offset, build id, function and line. And what a handler
 * writes to a file. */
#include "guards.h"

#include "support/host.h"

/* The function and line are known with debug information and, on Linux, with addr2line; without
 * them at most the names of exported functions are. */
static void check_function(const os_place *place, const char *function) {
    if (place->function[0] != '\0' && strcmp(place->function, GUARD_RUN) != 0) {
        CHECK(strcmp(place->function, function) == 0);
    }
    if (place->file[0] != '\0') {
        CHECK(strstr(place->file, "guard.c") != NULL);
        CHECK(place->line > 40 && place->line < 300);
    }
}

static void check_library(const os_place *place, uintptr_t address) {
    char name[64];
    snprintf(name, sizeof name, "contract_guard%s", os_library_suffix);
    CHECK(strcmp(place->library, name) == 0);
    CHECK(place->offset != 0 && place->offset < 1 << 20);
    os_place quick;
    os_place_quick(address, &quick);
    CHECK(strcmp(quick.library, name) == 0);
    CHECK_EQ(quick.offset, place->offset);
    CHECK(strcmp(quick.build_id, place->build_id) == 0);
    CHECK(strspn(place->build_id, "0123456789abcdefABCDEF-") == strlen(place->build_id));
}

static void check_fault(int what, const char *function) {
    static os_place places[OS_FRAMES_MAX];
    CHECK(!guards_call(what, NULL, NULL));
    const os_fault *fault = os_guard_fault();
    os_places_find(fault->frames, fault->frame_count, places);
    check_library(&places[0], fault->frames[0]);
    check_function(&places[0], function);
    check_function(&places[1], "contract_guard_run");
    printf("%s+%llx %s %s %s:%u\n", places[0].library, (unsigned long long)places[0].offset,
           places[0].build_id, places[0].function, places[0].file, (unsigned)places[0].line);
    bool in_host = false;
    for (uint32_t i = 0; i < fault->frame_count; i++) {
        in_host = in_host || strncmp(places[i].library, "test-contract", 13) == 0;
    }
    CHECK(in_host);
}

/* At addresses without code. */
static void check_nowhere(void) {
    uintptr_t frames[3] = {0, 16, (uintptr_t)&frames[0]};
    os_place places[3];
    os_places_find(frames, 3, places);
    for (int i = 0; i < 3; i++) {
        CHECK(places[i].library[0] == '\0');
        CHECK(places[i].function[0] == '\0' && places[i].file[0] == '\0');
        CHECK_EQ(places[i].line, 0);
        os_place_quick(frames[i], &places[i]);
        CHECK(places[i].library[0] == '\0');
    }
    os_places_find(frames, 0, places);
}

static void check_write(void) {
    size_t size = 0;
    os_file_remove("write.txt");
    os_fault_write("write.txt", "first\n", 6);
    os_fault_write("write.txt", "second\n", 7);
    os_fault_write("no such folder/write.txt", "lost\n", 5);
    char *text = file_read("write.txt", &size);
    CHECK_EQ(size, 13);
    CHECK(memcmp(text, "first\nsecond\n", 13) == 0);
    free(text);
}

SCENARIO(guard_places) {
    guards_start(NULL);
    for (int i = 0; i < 3; i++) { /* the answers may be kept */
        check_fault(GUARD_WRITE_NULL, "write_null");
        check_fault(GUARD_CALL_ABORT, "call_abort");
    }
    check_nowhere();
    check_write();
}
