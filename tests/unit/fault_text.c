/* fault_text.c: a report as a person reads it: the most useful lines first. */
#include "module/fault_text.h"

#include "support/check.h"

static fault_record r;
static os_place places[OS_FRAMES_MAX];
static char text[FAULT_TEXT_MAX];

enum { IMAGE = 0x10000, HOST = 0x900000 };

static void record_make(void) {
    r = (fault_record){
        .event = FAULT_EVENT_CONTAINED,
        .wall_ms = 1900000000123,
        .now_ns = 5000000000,
        .module = "arena",
        .version = "1.2",
        .file = "/srv/arena.so",
        .generation = 3,
        .built_ms = 1900000000000 - 86400000,
        .since_ms = 1900000000000,
        .image_begin = IMAGE,
        .image_end = IMAGE + 0x8000,
        .what = "opcode",
        .number = 7,
        .has_number = true,
        .name = "MOVE",
        .type = "arena.player",
        .entity_what = "session",
        .entity = 4294967297,
        .peer = "127.0.0.1:40000",
        .data_what = "packet",
        .data_size = 4096,
        .data = "dx = 1, dy = -1",
        .verdict = FAULT_CLOSED,
        .restored = 2,
        .has_fault = true,
        .fault = {.kind = OS_FAULT_MEMORY, .access = 'w', .address = 0x8, .in_guard = true},
        .calls = {{"arena", "opcode", 7, 2, 4294967297, 4999990000},
                  {"arena", NULL, 5, 1, 0, 2500000000}},
        .call_count = 2,
    };
    r.fault.frames[0] = 0x500000;
    r.fault.frames[1] = IMAGE + 0x1a2f;
    r.fault.frames[2] = HOST;
    r.fault.frame_count = 3;
    memset(places, 0, sizeof places);
    places[0] = (os_place){.library = "libc.so.6", .offset = 0x1234, .function = "memcpy"};
    places[1] = (os_place){.library = "arena.so",
                           .offset = 0x1a2f,
                           .function = "move_player",
                           .file = "/home/me/arena/arena.c",
                           .line = 142};
    places[2] = (os_place){.library = "portico", .offset = 0x77};
}

static const char *shown(void) {
    put p = put_begin(text, sizeof text);
    fault_text(&p, &r, places, "/run/x.txt");
    CHECK(!p.cut);
    return text;
}

static void whole_report(void) {
    record_make();
    CHECK_TEXT(
        shown(),
        "bad address (NULL: it writes to 0x8) in opcode 7 (MOVE) of arena 1.2, generation 3\n"
        "  at        move_player (arena.c:142)\n"
        "  decided   the session that it served closes, everybody else stays connected\n"
        "  restored  2 states are what they were before the call\n"
        "  to do     fix it and rebuild: the next build continues with everybody's state\n"
        "  call      opcode 7 (MOVE) of session 4294967297, type arena.player, peer "
        "127.0.0.1:40000\n"
        "  packet    4,096 bytes: dx = 1, dy = -1\n"
        "  module    arena 1.2, generation 3, serves since 2030-03-17T17:46:40.000Z\n"
        "  file      /srv/arena.so, built 2030-03-16T17:46:40.000Z\n"
        "  report    /run/x.txt\n"
        "  backtrace, the innermost call first\n"
        "     0  libc.so.6+0x1234             memcpy\n"
        "     1  arena.so+0x1a2f              move_player (/home/me/arena/arena.c:142)\n"
        "     2  portico+0x77\n"
        "  last calls of the module, the latest first\n"
        "     opcode 7 of 4294967297, thread 2, 0.01 ms before\n"
        "     job 5, thread 1, 2.5 s before\n");
}

static void variants(void) {
    record_make();
    r.verdict = FAULT_FROZEN;
    r.lost = true;
    r.lost_bytes = 100000;
    r.restored = 0;
    CHECK_HAS(
        shown(),
        "\n  decided   the module waits for its next build or ctl thaw: players stay connected");
    CHECK_HAS(
        shown(),
        "\n  lost      a state of 100,000 bytes was too large to be restored and may be half changed, so "
        "the session closes\n");
    r.lost = false;
    r.lost_room = true;
    CHECK_HAS(shown(), "half changed, so the room closes\n");
    CHECK_HAS(shown(), "next build continues where this one stopped");
    record_make();
    r.verdict = FAULT_DROPPED;
    r.kind = CALL_JOIN;
    CHECK_HAS(shown(),
              "\n  decided   the session is not let into the room, everybody stays connected\n");
    r.kind = CALL_ROOM_OPEN;
    CHECK_HAS(shown(), "\n  decided   the room closes, everybody stays connected\n");
    r.kind = CALL_LEAVE;
    CHECK_HAS(shown(), "\n  decided   the host continues as if it had returned\n");
    r.verdict = FAULT_CLOSED;
    r.kind = CALL_MIGRATE;
    CHECK_HAS(shown(),
              "\n  decided   the session or room closes, everybody else stays connected\n");
    record_make();
    r.fault.kind = OS_FAULT_ABORT;
    memcpy(r.fault.text, "arena.c:12: \x1b[31m", 17);
    CHECK_HAS(shown(), "abort in opcode 7");
    CHECK_HAS(shown(), "\n  says      arena.c:12: ?[31m\n"); /* moves no terminal's cursor */
    record_make();
    r.since_ms = 0;
    r.what = "start";
    r.has_number = false;
    r.name[0] = '\0';
    r.entity = 0;
    r.verdict = FAULT_REFUSED;
    CHECK_HAS(shown(), " in start of arena 1.2, generation 3\n");
    CHECK_HAS(shown(), ", does not serve yet\n");
    CHECK_HAS(shown(), "\n  call      start, type arena.player");
}

/* 40 frames of a recursion are two lines. */
static void recursion(void) {
    record_make();
    r.fault.kind = OS_FAULT_STACK;
    r.fault.frame_count = OS_FRAMES_MAX;
    for (uint32_t i = 1; i < OS_FRAMES_MAX; i++) {
        r.fault.frames[i] = IMAGE + 0x1a2f;
        places[i] = places[1];
    }
    CHECK_HAS(shown(), "stack overflow in opcode 7");
    CHECK_HAS(shown(),
              "     1  arena.so+0x1a2f              move_player (/home/me/arena/arena.c:142)\n"
              "        and 38 more calls from the same place\n"
              "        and perhaps more\n"
              "  last calls");
}

static void the_end(void) {
    record_make();
    r.event = FAULT_EVENT_ENDS;
    r.verdict = FAULT_ENDED;
    r.fault.in_allocator = true;
    CHECK_HAS(shown(), "the process ends, because it is inside malloc or free");
    r.aborts = true;
    CHECK_HAS(shown(), "the process ends, because on_fault = abort");
    r.fault.kind = OS_FAULT_DAMAGE;
    CHECK_HAS(shown(), "the process ends, because memory is damaged");
    record_make();
    r.event = FAULT_EVENT_ENDS;
    r.verdict = FAULT_ENDED;
    r.module[0] = '\0';
    r.fault.in_guard = false;
    r.call_count = 0;
    CHECK_HAS(shown(), "bad address (NULL: it writes to 0x8) outside of a module's calls\n");
    CHECK_HAS(shown(), "perhaps on a thread that a module has started");
    CHECK(strstr(text, "  call  ") == NULL && strstr(text, "  module ") == NULL);
}

static void slow_calls(void) {
    record_make();
    r.event = FAULT_EVENT_LATE;
    r.slow_ms = 12345;
    CHECK_HAS(shown(), "opcode 7 (MOVE) of arena 1.2, generation 3 still runs after 12,345 ms\n");
    CHECK_HAS(shown(), "\n  decided   nothing: it may still return\n");
    r.event = FAULT_EVENT_HANGS;
    CHECK_HAS(shown(), "it exceeds hang_ms, but is not in its module's own code");
}

static void counts(void) {
    char number[32];
    put p = put_begin(number, sizeof number);
    fault_put_count(&p, 7);
    put_text(&p, " ");
    fault_put_count(&p, 999);
    put_text(&p, " ");
    fault_put_count(&p, 1000);
    put_text(&p, " ");
    fault_put_count(&p, 12345678);
    CHECK_TEXT(number, "7 999 1,000 12,345,678");
}

SCENARIO(fault_text) {
    whole_report();
    variants();
    recursion();
    the_end();
    slow_calls();
    counts();
}
