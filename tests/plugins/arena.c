/* arena.c: the game's packets, byte by byte, and what modified clients cannot do. */
#include "fake_host.h"

#include "support/check.h"

#include <string.h>

enum { JOIN = 1, MOVE, HIT };
enum { WELCOME = 100, SNAPSHOT, SCORES, REFUSED };
enum { BAD_NAME = 1, FULL, THERE_NOW, NOT_NOW };
enum { TICK = 1, TICK_MS = 50, SIZE = 1000 };

/* The module's latest packets, as noted by note_packet. */
static struct {
    uint32_t tick;
    uint32_t count;
    uint32_t snapshots;
    uint32_t x[257]; /* by number */
    uint32_t y[257];
    uint32_t score[257];
} seen;

static uint32_t u16(const uint8_t *at) {
    return (uint32_t)(at[0] | at[1] << 8);
}

/* Notes what is sent. False if it is malformed. */
static bool note_packet(uint16_t opcode, const void *data, uint32_t size) {
    const uint8_t *bytes = data;
    if (opcode == SNAPSHOT) {
        seen.tick = u16(bytes) | u16(bytes + 2) << 16;
        seen.count = u16(bytes + 4);
        seen.snapshots++;
        bool fine = size == 6 + 6 * seen.count;
        for (uint32_t i = 0; fine && i < seen.count; i++) {
            const uint8_t *at = bytes + 6 + i * 6;
            uint32_t number = u16(at);
            fine = number >= 1 && number <= 256 && u16(at + 2) < SIZE && u16(at + 4) < SIZE;
            seen.x[fine ? number : 0] = u16(at + 2);
            seen.y[fine ? number : 0] = u16(at + 4);
        }
        return fine;
    }
    if (opcode == SCORES) {
        for (uint32_t i = 0; i < u16(bytes); i++) {
            const uint8_t *at = bytes + 2 + i * 6;
            seen.score[u16(at)] = u16(at + 2) | u16(at + 4) << 16;
        }
        return size == 2 + 6 * u16(bytes);
    }
    return (opcode == WELCOME && size == 8) || (opcode == REFUSED && size == 2);
}

static void load(void) {
    fake_check(fake_load() == PORTICO_OK, "arena loads");
}

static void move(portico_session session, int dx, int dy) {
    const uint8_t bytes[4] = {(uint8_t)dx, (uint8_t)((uint16_t)dx >> 8), (uint8_t)dy,
                              (uint8_t)((uint16_t)dy >> 8)};
    fake_packet(session, MOVE, bytes, sizeof bytes);
}

static void tick(void) {
    fake_advance(TICK_MS);
}

static void expect_welcome(portico_session session, uint8_t number) {
    const uint8_t bytes[8] = {number, 0, TICK_MS, 0, SIZE & 0xFF, SIZE >> 8, 50, 0};
    fake_expect(session, WELCOME, bytes, sizeof bytes);
}

static void expect_refused(portico_session session, uint8_t why) {
    const uint8_t bytes[2] = {why, 0};
    fake_expect(session, REFUSED, bytes, sizeof bytes);
    fake_expect_nothing(session);
}

static portico_session guest(const char *field, uint8_t number) {
    portico_session session = fake_open(PORTICO_OK);
    fake_text(session, JOIN, field);
    expect_welcome(session, number);
    fake_expect_nothing(session);
    return session;
}

static void test_configuration(void) {
    fake_config("tick_ms", "9");
    fake_check(fake_load() == PORTICO_E_INVALID, "9 ms are refused");
    fake_config("max_players", "257");
    fake_check(fake_load() == PORTICO_E_INVALID, "257 players are refused");
}

static void test_game(void) {
    portico_session ann = guest("meadow", 1);
    portico_session bob = guest("meadow", 2);
    portico_session far = guest("desert", 1);
    tick();
    fake_check(seen.snapshots == 3, "each player gets one snapshot, of their own field");
    fake_forget(far);
    fake_close(far, PORTICO_E_EOF);
    move(ann, -32768, -32768);
    move(bob, -32768, -32768);
    move(bob, 30, 40);
    tick();
    fake_check(seen.count == 2 && seen.x[1] == 0 && seen.y[1] == 0, "ann is in the corner");
    fake_check(seen.x[2] == 30 && seen.y[2] == 40, "bob is 50 away from her");
    fake_packet(ann, HIT, "", 0);
    move(bob, 0, 1);
    fake_packet(ann, HIT, "", 0); /* too far */
    move(bob, 32767, 32767);
    fake_advance(1000);
    fake_check(seen.x[2] == SIZE - 1 && seen.y[2] == SIZE - 1, "bob is in the other corner");
    fake_check(seen.score[1] == 1 && seen.score[2] == 0, "ann has tagged bob once");
    uint32_t before = seen.tick;
    fake_post(fake_room_of("meadow"), TICK, 7);
    fake_check(seen.tick == before + 8, "skipped ticks are counted");
    fake_close(ann, PORTICO_E_RESET);
    tick();
    fake_check(seen.count == 1, "ann has left");
    (void)guest("meadow", 1); /* her number is free again */
    fake_close(bob, PORTICO_E_EOF);
}

static void test_too_fast(void) {
    portico_session eve = guest("speed", 1);
    move(eve, -32768, -32768);
    fake_advance(1000);
    for (int i = 0; i < 100; i++) {
        move(eve, 1, 0);
    }
    tick();
    fake_check(seen.x[1] == 4, "a burst of four moves is accepted");
    for (int i = 0; i < 20; i++) {
        move(eve, 1, 0);
        move(eve, 1, 0);
        tick();
    }
    fake_check(seen.x[1] >= 4 + 20 && seen.x[1] <= 4 + 24, "20 moves a second are accepted");
    fake_close(eve, PORTICO_E_FLOOD);
}

static void test_refusals(void) {
    static const char long_name[64] =
        "123456789012345678901234567890123456789012345678901234567890123";
    portico_session ann = fake_open(PORTICO_OK);
    move(ann, 1, 1); /* in no field: ignored */
    fake_packet(ann, HIT, "", 0);
    fake_text(ann, JOIN, "");
    expect_refused(ann, BAD_NAME);
    fake_packet(ann, JOIN, "a\0b", 3);
    expect_refused(ann, BAD_NAME);
    fake_packet(ann, JOIN, long_name, 64);
    expect_refused(ann, BAD_NAME);
    fake_refuse(PORTICO_E_NO_MEMORY, 1);
    fake_text(ann, JOIN, "here");
    expect_refused(ann, NOT_NOW);
    fake_packet(ann, JOIN, long_name, 63);
    expect_welcome(ann, 1);
    fake_packet(ann, JOIN, long_name, 63);
    expect_refused(ann, THERE_NOW);
    fake_text(ann, JOIN, "there");
    expect_welcome(ann, 1);
    fake_packet(ann, MOVE, "abc", 3);
    fake_check(fake_is_closing(ann), "a move of 3 bytes closes the session");
    fake_close(ann, PORTICO_E_CLOSED);
}

/* A field closes once it has been empty for a second. A player who is on the way to it then gets a
 * new one. */
static void test_life(void) {
    portico_session ann = guest("life", 1);
    portico_room room = fake_room_of("life");
    fake_close(ann, PORTICO_E_EOF);
    fake_advance(900);
    fake_check(fake_room_of("life") == room, "the field stays for a second");
    ann = guest("life", 1);
    fake_advance(2000);
    fake_check(fake_room_of("life") == room, "the field is in use");
    fake_close(ann, PORTICO_E_EOF);
    fake_advance(1100);
    fake_check(fake_room_of("life") == 0, "the empty field has closed");

    ann = guest("race", 1);
    room = fake_room_of("race");
    fake_close_room_on_arrival(room);
    portico_session bob = guest("race", 1);
    fake_check(fake_room_of("race") != 0 && fake_room_of("race") != room, "bob has a new field");
    fake_forget(ann);
    fake_text(ann, JOIN, "race");
    expect_welcome(ann, 2);
    fake_close(ann, PORTICO_E_EOF);
    fake_close(bob, PORTICO_E_EOF);
}

static void test_full(void) {
    fake_config("max_players", "3");
    load();
    portico_session all[3];
    for (uint8_t i = 0; i < 3; i++) {
        all[i] = guest("small", (uint8_t)(i + 1));
    }
    portico_session late = fake_open(PORTICO_OK);
    fake_text(late, JOIN, "small");
    expect_refused(late, FULL);
    fake_close(all[1], PORTICO_E_EOF);
    fake_text(late, JOIN, "small");
    expect_welcome(late, 2);
    fake_close_room(fake_room_of("small"));
    move(late, 1, 1); /* no longer in a field */
    fake_expect_nothing(late);
    fake_close(late, PORTICO_E_SHUTDOWN);
    fake_close(all[0], PORTICO_E_SHUTDOWN);
    fake_close(all[2], PORTICO_E_SHUTDOWN);
}

SCENARIO(arena) {
    fake_open_module("arena");
    fake_watch(note_packet);
    test_configuration();
    load();
    test_game();
    test_too_fast();
    test_refusals();
    test_life();
    test_full();
}
