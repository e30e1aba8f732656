/* duel.c: whole games, what is refused, time limits, spectators, players who return, scores that
 * are read again, and a swap in the middle. */
#include <portico_testing.h>

#include <portico/packet.h>

#include <stdio.h>

enum { HELLO = 1, PLAY, MOVE, WATCH, LEAVE, WELCOME = 100, BOARD, REFUSED };
enum { PLAYING = 0, DRAWN = 3 };

/* A client's knowledge of the packets: the lists of duel.c. */
#define SCORE(S, F)              \
    F(S, ARRAY, char, name, 16)  \
    F(S, FIELD, uint32_t, won)   \
    F(S, FIELD, uint32_t, drawn) \
    F(S, FIELD, uint32_t, lost)
PORTICO_PACKET(score, SCORE);
#define SIDE(S, F)              \
    F(S, ARRAY, char, name, 16) \
    F(S, FIELD, bool, here)     \
    F(S, FIELD, uint32_t, away_ms)
PORTICO_PACKET(side, SIDE);
#define BOARD(S, F)                \
    F(S, FIELD, uint8_t, outcome)  \
    F(S, FIELD, uint8_t, turn)     \
    F(S, FIELD, uint32_t, left_ms) \
    F(S, ARRAY, uint8_t, cells, 9) \
    F(S, STRUCTS, side, sides, 2)
PORTICO_PACKET(board, BOARD);

/* ---- clients --------------------------------------------------------------------------------- */

/* Two players, the first of whom begins, and the last board that both have seen. */
typedef struct pair {
    portico_client *side[2];
    board board;
} pair;

/* Takes the next packet, which is a board. */
static board take_board(portico_client *c) {
    board b;
    portico_client_expect_packet(c, BOARD, board, &b);
    return b;
}

/* Takes all boards, of which there is at least one. */
static board last_board(portico_client *c) {
    portico_packet packet;
    board b = take_board(c);
    while (portico_client_next(c, &packet)) {
        PORTICO_CHECK_INT(packet.opcode, BOARD);
        PORTICO_CHECK(board_decode(&b, packet.data, packet.size));
    }
    return b;
}

static void expect_refused(portico_client *c, const char *part) {
    portico_packet packet;
    PORTICO_CHECK(portico_client_next(c, &packet));
    PORTICO_CHECK_INT(packet.opcode, REFUSED);
    if (strstr((const char *)packet.data, part) == NULL) {
        portico_test_fail(__FILE__, __LINE__, "\"%.*s\" is not about \"%s\"", (int)packet.size,
                          (const char *)packet.data, part);
    }
}

static void expect_welcome(portico_client *c, const char *name, uint32_t won, uint32_t drawn,
                           uint32_t lost) {
    score s;
    portico_client_expect_packet(c, WELCOME, score, &s);
    PORTICO_CHECK_TEXT(s.name, name);
    PORTICO_CHECK_INT(s.won, won);
    PORTICO_CHECK_INT(s.drawn, drawn);
    PORTICO_CHECK_INT(s.lost, lost);
}

static portico_client *hello(portico_test *t, const char *name) {
    portico_client *c = portico_test_connect(t, "duel.player");
    portico_client_send_text(c, HELLO, name);
    return c;
}

static portico_client *newcomer(portico_test *t, const char *name) {
    portico_client *c = hello(t, name);
    expect_welcome(c, name, 0, 0, 0);
    return c;
}

static void mark(portico_client *c, uint8_t cell) {
    portico_client_send(c, MOVE, &cell, 1);
}

static void play(portico_client *c) {
    portico_client_send(c, PLAY, NULL, 0);
}

/* Lets two of whom neither is in a game begin one. Who waits longer is side 1. */
static pair begin(portico_client *a, portico_client *b) {
    pair p = {.side = {a, b}};
    play(a);
    portico_client_expect_nothing(a);
    play(b);
    p.board = last_board(a);
    (void)last_board(b);
    PORTICO_CHECK_INT(p.board.outcome, PLAYING);
    PORTICO_CHECK_INT(p.board.turn, 1);
    PORTICO_CHECK(p.board.sides[0].here && p.board.sides[1].here);
    return p;
}

static pair begin_new(portico_test *t) {
    return begin(newcomer(t, "ann"), newcomer(t, "bob"));
}

/* Each digit is the next move of whose turn it is. Both see the same boards. */
static void moves(pair *p, const char *cells) {
    for (; *cells != '\0'; cells++) {
        mark(p->side[p->board.turn - 1], (uint8_t)(*cells - '0'));
        p->board = last_board(p->side[0]);
        board other = last_board(p->side[1]);
        PORTICO_CHECK(memcmp(&other.cells, &p->board.cells, sizeof other.cells) == 0);
        PORTICO_CHECK_INT(other.outcome, p->board.outcome);
    }
}

static uint32_t games(void) {
    return portico->room_list("duel.game", NULL, 0);
}

static void load_again(portico_test *t) {
    PORTICO_CHECK(strncmp(portico_test_ctl(t, "unload duel"), "error", 5) != 0);
    PORTICO_CHECK(strncmp(portico_test_ctl(t, "load duel"), "error", 5) != 0);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void names(portico_test *t) {
    static const char *const wrong[] = {"", "a b", "a:b", "\xC3\xA4"};
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        portico_client_send_text(c, HELLO, wrong[i]);
        expect_refused(c, "letters");
    }
    play(c);
    expect_refused(c, "HELLO");
    portico_client_send_text(c, HELLO, "fifteen-letters");
    expect_welcome(c, "fifteen-letters", 0, 0, 0);
    portico_client_send_text(c, HELLO, "ann");
    expect_refused(c, "once");
    portico_client *other = hello(t, "fifteen-letters");
    expect_refused(other, "taken");
    portico_client_send_text(other, HELLO, "sixteen-letters-");
    PORTICO_CHECK(portico_client_is_closed(other)); /* more than the packet can have */
    portico_client_close(c);
    other = hello(t, "fifteen-letters"); /* free again */
    expect_welcome(other, "fifteen-letters", 0, 0, 0);
}

static void won(portico_test *t) {
    portico_test_start(t, NULL);
    pair p = begin_new(t);
    PORTICO_CHECK_TEXT(p.board.sides[0].name, "ann");
    PORTICO_CHECK_TEXT(p.board.sides[1].name, "bob");
    moves(&p, "04182");
    PORTICO_CHECK_INT(p.board.outcome, 1);
    PORTICO_CHECK(memcmp(p.board.cells, "\1\1\1\0\2\0\0\0\2", 9) == 0);
    PORTICO_CHECK_INT(games(), 0);
    mark(p.side[1], 3);
    expect_refused(p.side[1], "turn");
    p = begin(p.side[1], p.side[0]); /* again, and the other one begins */
    PORTICO_CHECK_TEXT(p.board.sides[0].name, "bob");
    moves(&p, "04138");
    PORTICO_CHECK_INT(p.board.outcome, PLAYING);
    moves(&p, "5");
    PORTICO_CHECK_INT(p.board.outcome, 2);
    portico_client_close(p.side[0]);
    expect_welcome(hello(t, "bob"), "bob", 0, 0, 2);
    portico_client_close(p.side[1]);
    expect_welcome(hello(t, "ann"), "ann", 2, 0, 0);
}

static void lines(portico_test *t) {
    static const char *const all[] = {"03142", "30415", "60718", "01326",
                                      "10427", "20538", "01428", "21406"};
    portico_test_start(t, NULL);
    portico_client *a = newcomer(t, "ann");
    portico_client *b = newcomer(t, "bob");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        pair p = begin(a, b);
        moves(&p, all[i]);
        PORTICO_CHECK_INT(p.board.outcome, 1);
    }
}

static void drawn(portico_test *t) {
    portico_test_start(t, NULL);
    pair p = begin_new(t);
    moves(&p, "041352687");
    PORTICO_CHECK_INT(p.board.outcome, DRAWN);
    portico_client_close(p.side[0]);
    expect_welcome(hello(t, "ann"), "ann", 0, 1, 0);
}

static void illegal_moves(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *stranger = newcomer(t, "eve");
    mark(stranger, 0);
    expect_refused(stranger, "turn");
    pair p = begin_new(t);
    mark(p.side[1], 0);
    expect_refused(p.side[1], "turn");
    mark(p.side[0], 9);
    expect_refused(p.side[0], "cell");
    moves(&p, "4");
    mark(p.side[1], 4);
    expect_refused(p.side[1], "cell");
    play(p.side[1]);
    expect_refused(p.side[1], "end your game");
    portico_client_send_text(stranger, WATCH, "ann");
    (void)take_board(stranger);
    mark(stranger, 0);
    expect_refused(stranger, "turn");
    portico_client_send(stranger, MOVE, "12", 2);
    PORTICO_CHECK(portico_client_is_closed(stranger));
    moves(&p, "0");
    PORTICO_CHECK(memcmp(p.board.cells, "\2\0\0\0\1\0\0\0\0", 9) == 0);
}

static void time_out(portico_test *t) {
    portico_test_start(t, "turn_time = 10s\n");
    pair p = begin_new(t);
    portico_test_advance(t, 9000);
    moves(&p, "4");
    PORTICO_CHECK_INT(p.board.left_ms, 10000);
    portico_test_advance(t, 9000);
    portico_client_expect_nothing(p.side[0]);
    portico_test_advance(t, 1500);
    PORTICO_CHECK_INT(take_board(p.side[0]).outcome, 1);
    PORTICO_CHECK_INT(take_board(p.side[1]).outcome, 1);
    PORTICO_CHECK_INT(games(), 0);
}

static void gives_up(portico_test *t) {
    portico_test_start(t, NULL);
    pair p = begin_new(t);
    portico_client_send(p.side[0], LEAVE, NULL, 0);
    PORTICO_CHECK_INT(last_board(p.side[1]).outcome, 2);
    p = begin(p.side[0], p.side[1]);
    PORTICO_CHECK_INT(p.board.cells[4], 0);
}

static void queue(portico_test *t) {
    portico_test_start(t, "max_games = 1\n");
    portico_client *early = newcomer(t, "early");
    portico_client *gone = newcomer(t, "gone");
    pair p = begin_new(t);
    play(early);
    portico_test_settle(t);
    play(gone);
    portico_test_settle(t);
    play(early); /* keeps its place */
    portico_client *tired = newcomer(t, "tired");
    play(tired);
    portico_client *late = newcomer(t, "late");
    play(late);
    portico_client_close(gone);
    portico_client_send(tired, LEAVE, NULL, 0);
    portico_client_expect_nothing(early);
    PORTICO_CHECK_INT(games(), 1);
    moves(&p, "04182");
    board b = last_board(early);
    PORTICO_CHECK_TEXT(b.sides[0].name, "early");
    PORTICO_CHECK_TEXT(b.sides[1].name, "late");
    PORTICO_CHECK(b.sides[0].here && b.sides[1].here);
    portico_client_expect_nothing(tired);
    PORTICO_CHECK_INT(games(), 1);
}

static void spectator(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *watcher = portico_test_connect(t, NULL);
    portico_client_send_text(watcher, WATCH, "ann");
    expect_refused(watcher, "HELLO");
    portico_client_send_text(watcher, HELLO, "eve");
    expect_welcome(watcher, "eve", 0, 0, 0);
    portico_client_send_text(watcher, WATCH, "ann");
    expect_refused(watcher, "plays");
    pair p = begin_new(t);
    portico_client_send_text(watcher, WATCH, "bob");
    PORTICO_CHECK_INT(take_board(watcher).outcome, PLAYING);
    (void)last_board(p.side[0]);
    (void)last_board(p.side[1]);
    moves(&p, "0");
    PORTICO_CHECK_INT(take_board(watcher).cells[0], 1);
    portico_client_send(watcher, LEAVE, NULL, 0);
    portico_test_settle(t);
    moves(&p, "4");
    portico_client_expect_nothing(watcher);
    portico_client_send_text(watcher, WATCH, "ann");
    PORTICO_CHECK_INT(take_board(watcher).cells[4], 2);
    (void)last_board(p.side[0]);
    (void)last_board(p.side[1]);
    moves(&p, "182");
    PORTICO_CHECK_INT(last_board(watcher).outcome, 1);
}

static void comes_back(portico_test *t) {
    portico_test_start(t, "turn_time = 10s\nreconnect_time = 1m\n");
    pair p = begin_new(t);
    moves(&p, "04");
    portico_client_drop(p.side[0]); /* whose turn it is */
    board b = last_board(p.side[1]);
    PORTICO_CHECK(!b.sides[0].here && b.sides[1].here);
    portico_test_advance(t, 50000); /* more than turn_time */
    portico_client_expect_nothing(p.side[1]);
    p.side[0] = hello(t, "ann");
    expect_welcome(p.side[0], "ann", 0, 0, 0);
    b = take_board(p.side[0]);
    PORTICO_CHECK(b.sides[0].here && b.cells[0] == 1 && b.cells[4] == 2);
    PORTICO_CHECK(b.sides[0].away_ms >= 9000 && b.sides[0].away_ms <= 11000);
    PORTICO_CHECK(b.left_ms <= 10000 && b.left_ms >= 9000);
    (void)last_board(p.side[1]);
    moves(&p, "182");
    PORTICO_CHECK_INT(p.board.outcome, 1);
}

static void stays_away(portico_test *t) {
    portico_test_start(t, "turn_time = 10s\nreconnect_time = 20s\n");
    pair p = begin_new(t);
    for (uint32_t i = 0; i < 2; i++) { /* what is left is less each time */
        portico_client_drop(p.side[0]);
        portico_test_advance(t, 9000);
        p.side[0] = hello(t, "ann");
        expect_welcome(p.side[0], "ann", 0, 0, 0);
        PORTICO_CHECK_INT(last_board(p.side[0]).outcome, PLAYING);
    }
    portico_client_drop(p.side[0]);
    PORTICO_CHECK_INT(last_board(p.side[1]).outcome, PLAYING);
    portico_test_advance(t, 3000);
    PORTICO_CHECK_INT(last_board(p.side[1]).outcome, 2);
    PORTICO_CHECK_INT(games(), 0);
    p.side[0] = hello(t, "ann"); /* too late */
    expect_welcome(p.side[0], "ann", 0, 0, 1);
    portico_client_expect_nothing(p.side[0]);
}

/* One of two disconnects while the lobby pairs them. The other one is not stuck. */
static void never_arrives(portico_test *t) {
    portico_test_start(t, "reconnect_time = 5s\n");
    portico_client *a = newcomer(t, "ann");
    portico_client *b = newcomer(t, "bob");
    play(a);
    portico_test_settle(t);
    play(b);
    portico_client_drop(a);
    portico_test_advance(t, 6000);
    PORTICO_CHECK_INT(games(), 0);
    portico_client_forget(b);
    portico_client *c = newcomer(t, "cid");
    play(b); /* it keeps its place if it waits already */
    portico_test_settle(t);
    play(c);
    PORTICO_CHECK_INT(last_board(b).outcome, PLAYING);
    PORTICO_CHECK_INT(last_board(c).outcome, PLAYING);
}

static void swapped(portico_test *t) {
    portico_test_start(t, "turn_time = 10s\n");
    portico_client *waiting = newcomer(t, "eve");
    pair p = begin_new(t);
    moves(&p, "04");
    play(waiting);
    portico_client_expect_nothing(waiting);
    portico_test_swap(t, NULL);
    moves(&p, "18");
    portico_client_drop(p.side[0]);
    portico_test_swap(t, NULL);
    p.side[0] = hello(t, "ann");
    expect_welcome(p.side[0], "ann", 0, 0, 0);
    (void)last_board(p.side[0]);
    (void)last_board(p.side[1]);
    moves(&p, "2");
    PORTICO_CHECK_INT(p.board.outcome, 1);
    play(p.side[1]);
    PORTICO_CHECK_TEXT(last_board(waiting).sides[1].name, "bob");
    PORTICO_CHECK_INT(last_board(p.side[1]).turn, 1);
    portico_test_advance(t, 10500); /* the clock ticks on */
    PORTICO_CHECK_INT(last_board(p.side[1]).outcome, 2);
}

/* To a build whose states have other fields. */
static void swapped_to_other_fields(portico_test *t) {
    portico_test_start(t, "max_games = 1\n");
    portico_client *waiting = newcomer(t, "eve");
    pair p = begin_new(t);
    play(waiting);
    moves(&p, "04");
    portico_test_swap(t, "duel_next");
    portico_client_send_text(p.side[0], HELLO, "other");
    expect_refused(p.side[0], "once"); /* it has its name */
    moves(&p, "18");
    portico_test_swap(t, "duel_next");
    moves(&p, "2");
    PORTICO_CHECK_INT(p.board.outcome, 1);
    play(p.side[1]);
    PORTICO_CHECK_TEXT(last_board(waiting).sides[0].name, "eve");
    PORTICO_CHECK_TEXT(last_board(p.side[1]).sides[1].name, "bob");
    load_again(t);
    expect_welcome(hello(t, "ann"), "ann", 1, 0, 0);
    expect_welcome(hello(t, "bob"), "bob", 0, 0, 1);
}

/* ---- the file -------------------------------------------------------------------------------- */

static void scores_last(portico_test *t) {
    portico_test_start(t, NULL);
    pair p = begin_new(t);
    moves(&p, "04182");
    load_again(t);
    expect_welcome(hello(t, "ann"), "ann", 1, 0, 0);
    expect_welcome(hello(t, "bob"), "bob", 0, 0, 1);
    PORTICO_CHECK_INT(portico_test_logged(t, "cannot write"), 0);
}

/* Four games end at once, while one job writes. */
static void saves_at_once(portico_test *t) {
    enum { GAMES = 4 };
    static const char *const names[2 * GAMES] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    pair p[GAMES];
    portico_test_start(t, NULL);
    for (uint32_t i = 0; i < GAMES; i++) {
        p[i] = begin(newcomer(t, names[2 * i]), newcomer(t, names[2 * i + 1]));
        moves(&p[i], "0418");
    }
    for (uint32_t i = 0; i < GAMES; i++) {
        mark(p[i].side[0], 2);
    }
    portico_test_settle(t);
    load_again(t);
    for (uint32_t i = 0; i < 2 * GAMES; i++) {
        expect_welcome(hello(t, names[i]), names[i], i % 2 == 0, 0, i % 2);
    }
}

/* Requests that a busy host refuses are made again. */
static void refused_by_host(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c[4] = {newcomer(t, "a"), newcomer(t, "b"), newcomer(t, "c"), newcomer(t, "d")};
    portico_test_refuse(t, "room_create", PORTICO_E_NO_MEMORY, 1);
    play(c[0]);
    portico_test_settle(t);
    play(c[1]);
    portico_client_expect_nothing(c[0]);
    play(c[2]); /* two of the three play */
    pair p = {.side = {c[0], c[1]}, .board = last_board(c[0])};
    (void)last_board(c[1]);
    portico_test_refuse(t, "request", PORTICO_E_NO_MEMORY, 1);
    PORTICO_CHECK(portico_client_is_closed(hello(t, "unlucky")));
    portico_test_refuse(t, "run_job", PORTICO_E_BACKLOG, 1);
    moves(&p, "04182");
    play(c[3]);
    p = (pair){.side = {c[2], c[3]}, .board = last_board(c[2])};
    (void)last_board(c[3]);
    moves(&p, "04182");
    load_again(t);
    expect_welcome(hello(t, "a"), "a", 1, 0, 0);
    expect_welcome(hello(t, "c"), "c", 1, 0, 0);
}

static void damaged_file(portico_test *t) {
    portico_test_start(t, NULL);
    pair p = begin_new(t);
    moves(&p, "04182");
    PORTICO_CHECK(strncmp(portico_test_ctl(t, "unload duel"), "error", 5) != 0);
    FILE *file = fopen(portico_test_path(t, "data/duel/scores"), "r+b");
    PORTICO_CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0 && fputc('x', file) == 'x');
    PORTICO_CHECK(file != NULL && fclose(file) == 0);
    PORTICO_CHECK(strncmp(portico_test_ctl(t, "load duel"), "error", 5) == 0);
    PORTICO_CHECK_INT(portico_test_logged(t, "is damaged"), 1);
}

static const portico_test_case tests[] = {PORTICO_TEST(names),
                                          PORTICO_TEST(won),
                                          PORTICO_TEST(lines),
                                          PORTICO_TEST(drawn),
                                          PORTICO_TEST(illegal_moves),
                                          PORTICO_TEST(time_out),
                                          PORTICO_TEST(gives_up),
                                          PORTICO_TEST(queue),
                                          PORTICO_TEST(spectator),
                                          PORTICO_TEST(comes_back),
                                          PORTICO_TEST(stays_away),
                                          PORTICO_TEST(never_arrives),
                                          PORTICO_TEST(swapped),
                                          PORTICO_TEST(swapped_to_other_fields),
                                          PORTICO_TEST(scores_last),
                                          PORTICO_TEST(saves_at_once),
                                          PORTICO_TEST(refused_by_host),
                                          PORTICO_TEST(damaged_file),
                                          {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}
