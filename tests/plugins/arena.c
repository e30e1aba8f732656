/* arena.c: the game's packets, byte by byte, and what modified clients cannot do. Also tests
 * arena_cpp, with GAME "arena_cpp". */
#include <portico_testing.h>

#ifndef GAME
#define GAME "arena"
#endif

enum { JOIN = 1, MOVE, HIT, ASK };
enum { WELCOME = 100, SNAPSHOT, SCORES, REFUSED, ABOUT };
enum { BAD_NAME = 1, FULL, THERE_NOW, NOT_NOW };
enum { TICK_MS = 50, SIZE = 1000, PLAYERS_MAX = 256 };

/* The last packets that one client has seen. */
typedef struct view {
    uint32_t tick;
    uint32_t count;
    uint32_t snapshots;
    uint32_t x[PLAYERS_MAX + 1]; /* by number */
    uint32_t y[PLAYERS_MAX + 1];
    uint32_t score[PLAYERS_MAX + 1];
} view;

static uint32_t u16(const uint8_t *at) {
    return (uint32_t)(at[0] | at[1] << 8);
}

static uint32_t u32(const uint8_t *at) {
    return u16(at) | u16(at + 2) << 16;
}

static void see_snapshot(view *v, const portico_packet *packet) {
    const uint8_t *at = packet->data + 6;
    PORTICO_CHECK(packet->size >= 6 && packet->size == 6 + 6 * u16(packet->data + 4));
    v->tick = u32(packet->data);
    v->count = u16(packet->data + 4);
    v->snapshots++;
    for (uint32_t i = 0; i < v->count; i++, at += 6) {
        uint32_t number = u16(at);
        PORTICO_CHECK(number >= 1 && number <= PLAYERS_MAX);
        PORTICO_CHECK(u16(at + 2) < SIZE && u16(at + 4) < SIZE);
        v->x[number] = u16(at + 2);
        v->y[number] = u16(at + 4);
    }
}

static void see_scores(view *v, const portico_packet *packet) {
    const uint8_t *at = packet->data + 2;
    PORTICO_CHECK(packet->size >= 2 && packet->size == 2 + 6 * u16(packet->data));
    for (uint32_t left = u16(packet->data); left > 0; left--, at += 6) {
        PORTICO_CHECK(u16(at) >= 1 && u16(at) <= PLAYERS_MAX);
        v->score[u16(at)] = u32(at + 2);
    }
}

/* Takes all snapshots and scores; nothing else may be there. */
static void look(portico_client *c, view *v) {
    portico_packet packet;
    while (portico_client_next(c, &packet)) {
        PORTICO_CHECK(packet.opcode == SNAPSHOT || packet.opcode == SCORES);
        if (packet.opcode == SNAPSHOT) {
            see_snapshot(v, &packet);
        } else {
            see_scores(v, &packet);
        }
    }
}

static void join(portico_client *c, const char *field) {
    portico_client_send_text(c, JOIN, field);
}

static void move(portico_client *c, int dx, int dy) {
    const uint8_t bytes[4] = {(uint8_t)dx, (uint8_t)((uint16_t)dx >> 8), (uint8_t)dy,
                              (uint8_t)((uint16_t)dy >> 8)};
    portico_client_send(c, MOVE, bytes, sizeof bytes);
}

static void hit(portico_client *c) {
    portico_client_send(c, HIT, NULL, 0);
}

static void expect_welcome(portico_client *c, uint8_t number) {
    const uint8_t bytes[8] = {number, 0, TICK_MS, 0, SIZE & 0xFF, SIZE >> 8, 50, 0};
    portico_client_expect(c, WELCOME, bytes, sizeof bytes);
}

static void expect_refused(portico_client *c, uint8_t why) {
    const uint8_t bytes[2] = {why, 0};
    portico_client_expect(c, REFUSED, bytes, sizeof bytes);
}

/* A client that is in a field and has received nothing else. */
static portico_client *guest(portico_test *t, const char *field, uint8_t number) {
    portico_client *c = portico_test_connect(t, GAME ".player");
    join(c, field);
    expect_welcome(c, number);
    return c;
}

static portico_room field_of(const char *name) {
    return portico->room_find(GAME ".field", name);
}

/* ---- tests ------------------------------------------------------------------------------- */

static void fast_ticks(portico_test *t) {
    PORTICO_CHECK(!portico_test_try_start(t, "tick_ms = 9\n"));
    PORTICO_CHECK(portico_test_logged(t, "tick_ms") > 0);
}

static void many_players(portico_test *t) {
    PORTICO_CHECK(!portico_test_try_start(t, "max_players = 257\n"));
    PORTICO_CHECK(portico_test_logged(t, "max_players") > 0);
}

static void game(portico_test *t) {
    static view seen;
    portico_test_start(t, NULL);
    portico_client *ann = guest(t, "meadow", 1);
    portico_client *bob = guest(t, "meadow", 2);
    portico_client *far = guest(t, "desert", 1);
    portico_test_advance(t, TICK_MS);
    look(far, &seen);
    PORTICO_CHECK(seen.snapshots > 0 && seen.count == 1);
    portico_client_close(far);
    move(ann, -32768, -32768);
    move(bob, -32768, -32768);
    move(bob, 30, 40);
    portico_test_advance(t, TICK_MS);
    look(ann, &seen);
    PORTICO_CHECK(seen.count == 2 && seen.x[1] == 0 && seen.y[1] == 0);
    PORTICO_CHECK(seen.x[2] == 30 && seen.y[2] == 40); /* 50 away from her */
    hit(ann);
    portico_test_settle(t);
    move(bob, 0, 1);
    portico_test_settle(t);
    hit(ann); /* too far */
    move(bob, 32767, 32767);
    portico_test_advance(t, 1100);
    look(ann, &seen);
    PORTICO_CHECK(seen.x[2] == SIZE - 1 && seen.y[2] == SIZE - 1);
    PORTICO_CHECK(seen.score[1] == 1 && seen.score[2] == 0);
    portico_client_drop(ann);
    portico_test_advance(t, TICK_MS);
    look(bob, &seen);
    PORTICO_CHECK(seen.count == 1);
    (void)guest(t, "meadow", 1); /* her number is free again */
}

/* Ticks that could not run in time count. */
static void stalls(portico_test *t) {
    static view seen;
    portico_test_start(t, NULL);
    portico_client *ann = guest(t, "meadow", 1);
    portico_test_advance(t, TICK_MS);
    look(ann, &seen);
    uint32_t before = seen.tick;
    uint32_t snapshots = seen.snapshots;
    portico_test_stall(t, 8 * TICK_MS);
    portico_test_advance(t, TICK_MS / 2);
    look(ann, &seen);
    PORTICO_CHECK(seen.tick >= before + 8 && seen.tick <= before + 9);
    PORTICO_CHECK(seen.snapshots < snapshots + 8);
}

static void too_fast(portico_test *t) {
    static view seen;
    portico_test_start(t, NULL);
    portico_client *eve = guest(t, "speed", 1);
    move(eve, -32768, -32768);
    portico_test_advance(t, 1000);
    for (int i = 0; i < 100; i++) {
        move(eve, 1, 0);
    }
    portico_test_advance(t, TICK_MS);
    look(eve, &seen);
    PORTICO_CHECK(seen.x[1] >= 4 && seen.x[1] <= 5); /* a burst of four, and what its time allows */
    uint32_t before = seen.x[1];
    for (int i = 0; i < 20; i++) {
        move(eve, 1, 0);
        move(eve, 1, 0);
        portico_test_advance(t, TICK_MS);
    }
    look(eve, &seen);
    PORTICO_CHECK(seen.x[1] >= before + 20 && seen.x[1] <= before + 24); /* 20 a second */
}

static void refusals(portico_test *t) {
    static const char long_name[] =
        "1234567890123456789012345678901234567890123456789012345678901234";
    portico_test_start(t, NULL);
    portico_client *ann = portico_test_connect(t, NULL);
    move(ann, 1, 1); /* in no field: ignored */
    hit(ann);
    join(ann, "");
    expect_refused(ann, BAD_NAME);
    join(ann, "two\nlines");
    expect_refused(ann, BAD_NAME);
    portico_test_refuse(t, "session_join", PORTICO_E_NO_MEMORY, 1);
    join(ann, "here");
    expect_refused(ann, NOT_NOW);
    portico_client_send(ann, JOIN, long_name, 63);
    expect_welcome(ann, 1);
    portico_client_send(ann, JOIN, long_name, 63);
    expect_refused(ann, THERE_NOW);
    join(ann, "there");
    expect_welcome(ann, 1);
    portico_client_send(ann, MOVE, "abc", 3);
    PORTICO_CHECK(portico_client_is_closed(ann)); /* a move of 3 bytes */
    portico_client *bob = portico_test_connect(t, NULL);
    portico_client_send(bob, HIT, "?", 1);
    PORTICO_CHECK(portico_client_is_closed(bob));
    portico_client *eve = portico_test_connect(t, NULL);
    portico_client_send(eve, JOIN, long_name, 64);
    PORTICO_CHECK(portico_client_is_closed(eve));
}

/* A field closes once it has been empty for a second. A player who is on the way to it then gets a
 * new one. */
static void life(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *ann = guest(t, "life", 1);
    portico_room field = field_of("life");
    portico_client_close(ann);
    portico_test_advance(t, 900);
    PORTICO_CHECK(field_of("life").id == field.id); /* it stays for a second */
    ann = guest(t, "life", 1);
    portico_test_advance(t, 2000);
    PORTICO_CHECK(field_of("life").id == field.id); /* it is in use */
    portico_client_close(ann);
    portico_test_advance(t, 1200);
    PORTICO_CHECK(field_of("life").id == 0);
}

/* Whether the client has been welcomed. */
static bool is_welcome(portico_client *c) {
    portico_packet packet;
    bool found = false;
    while (portico_client_next(c, &packet)) {
        found = found || packet.opcode == WELCOME;
    }
    return found;
}

/* The field closes before eve has asked to enter it, while she is on her way, or when she is there:
 * the seed decides. She is always welcomed, to the old field or to a new one. */
static void closes_on_arrival(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *eve = portico_test_connect(t, NULL);
    for (int i = 0; i < 20; i++) {
        portico_client *bob = guest(t, "race", 1);
        portico_room race = field_of("race");
        join(eve, "race");
        for (uint32_t left = portico_test_random(t, 200); left > 0; left--) {
            (void)field_of("race"); /* takes time */
        }
        PORTICO_CHECK_INT(portico->room_close(race, PORTICO_E_CLOSED), PORTICO_OK);
        PORTICO_CHECK(is_welcome(eve));
        join(eve, "elsewhere");
        PORTICO_CHECK(is_welcome(eve));
        portico_client_close(bob);
        portico_test_advance(t, 2000); /* a new field closes */
        portico_client_forget(eve);
    }
}

static void full(portico_test *t) {
    portico_client *all[3];
    portico_test_start(t, "max_players = 3\n"
                          "tick_ms = 50\n");
    for (uint8_t i = 0; i < 3; i++) {
        all[i] = guest(t, "small", (uint8_t)(i + 1));
    }
    portico_client *late = portico_test_connect(t, NULL);
    join(late, "small");
    expect_refused(late, FULL);
    portico_client_close(all[1]);
    join(late, "small");
    expect_welcome(late, 2);
    PORTICO_CHECK_INT(portico->room_close(field_of("small"), PORTICO_E_CLOSED), PORTICO_OK);
    portico_client_forget(late);
    move(late, 1, 1); /* no longer in a field */
    portico_client_expect_nothing(late);
}

/* Everybody stays where they are, with their points, and no tick is lost. */
static void swaps(portico_test *t) {
    static view before;
    static view after;
    portico_test_start(t, NULL);
    portico_client *ann = guest(t, "meadow", 1);
    portico_client *bob = guest(t, "meadow", 2);
    move(ann, -32768, -32768);
    move(bob, -32768, -32768);
    portico_test_settle(t);
    hit(bob);
    portico_test_advance(t, 1100);
    look(ann, &before);
    PORTICO_CHECK_INT(before.score[2], 1);
    for (int i = 0; i < 3; i++) {
        portico_test_swap(t, NULL);
        portico_test_advance(t, 1000);
    }
    look(ann, &after);
    PORTICO_CHECK(after.tick >= before.tick + 60 && after.tick <= before.tick + 65);
    PORTICO_CHECK_INT(after.snapshots, after.tick - before.tick);
    PORTICO_CHECK(after.count == 2 && after.x[1] == 0 && after.y[2] == 0 && after.score[2] == 1);
}

static void expect_about(portico_client *c, uint8_t starts) {
    const uint8_t bytes[15] = {starts, 0, 0,   0,   TICK_MS, 0,   SIZE & 0xFF, SIZE >> 8,
                               50,     0, '0', '.', '1',     '.', '0'};
    portico_client_send(c, ASK, NULL, 0);
    portico_client_expect(c, ABOUT, bytes, sizeof bytes);
}

/* Which build serves, and by which rules: also for somebody in no field. */
static void builds(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *ann = portico_test_connect(t, GAME ".player");
    expect_about(ann, 1);
    portico_test_swap(t, NULL);
    expect_about(ann, 2);
    portico_test_swap(t, NULL);
    expect_about(ann, 3);
    expect_about(portico_test_connect(t, GAME ".player"), 3);
}

int main(int argc, char **argv) {
    static const portico_test_case tests[] = {
        PORTICO_TEST(fast_ticks), PORTICO_TEST(many_players),
        PORTICO_TEST(game),       PORTICO_TEST(stalls),
        PORTICO_TEST(too_fast),   PORTICO_TEST(refusals),
        PORTICO_TEST(life),       PORTICO_TEST(closes_on_arrival),
        PORTICO_TEST(full),       PORTICO_TEST(swaps),
        PORTICO_TEST(builds),     {NULL, NULL}};
    return portico_test_main(argc, argv, tests);
}
