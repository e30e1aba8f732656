/* library.c: what sdk/testing promises to tests: time, clients, swaps to other builds, other
 * modules, refused calls, names of the tests' own. */
#include <portico_testing.h>

#include <portico/packet.h>

enum { ADD = 1, BUILD = 2, LATER = 4, WRITE_BAD = 6, KNOCK = 50 };

/* Names that the host uses, too. */
int run(int number);
int session_find;

int run(int number) {
    return number + session_find;
}

static void names(portico_test *t) {
    portico_test_start(t, NULL);
    (void)portico_test_connect(t, NULL);
    session_find = 2;
    PORTICO_CHECK_INT(run(3), 5);
    portico_session list[4];
    PORTICO_CHECK_INT(portico->session_list("game.player", list, 4), 1);
}

static void send_number(portico_client *c, uint16_t opcode, uint32_t number) {
    portico_client_send(c, opcode, &number, sizeof number);
}

static void expect_number(portico_client *c, uint16_t opcode, uint32_t number) {
    portico_client_expect(c, opcode, &number, sizeof number);
}

#define SUM(S, F) F(S, FIELD, uint32_t, number)
PORTICO_PACKET(sum, SUM);

static void declared_packets(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, NULL);
    const sum sent = {.number = 70000};
    sum found = {0};
    portico_client_send_packet(c, ADD, sum, &sent);
    portico_client_expect_packet(c, ADD, sum, &found);
    PORTICO_CHECK_INT(found.number, 70000);
}

/* Time passes only when the test says so. */
static void time_passes(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, NULL);
    send_number(c, LATER, 60000);
    portico_client_expect_nothing(c);
    portico_test_advance(t, 59000);
    portico_client_expect_nothing(c);
    portico_test_advance(t, 1010);
    portico_client_expect(c, LATER, NULL, 0);
    portico_client_expect_nothing(c);
}

/* The host closes a session that is silent for too long: minutes cost nothing. */
static void idle(portico_test *t) {
    portico_test_start(t, "[listener main]\ntype = game.player\nidle_timeout_s = 600\n");
    portico_client *c = portico_test_connect(t, "main");
    portico_test_advance(t, 590 * 1000);
    PORTICO_CHECK(!portico_client_is_closed(c));
    portico_test_advance(t, 20 * 1000);
    PORTICO_CHECK(portico_client_is_closed(c));
    PORTICO_CHECK_INT(portico_test_logged(t, "no packet for 600 s"), 1);
}

static void ends(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *closes = portico_test_connect(t, NULL);
    portico_client *drops = portico_test_connect(t, NULL);
    portico_client *breaks = portico_test_connect(t, NULL);
    portico_client *wins = portico_test_connect(t, NULL);
    PORTICO_CHECK(!portico_client_is_closed(closes));
    portico_client_close(closes);
    PORTICO_CHECK(portico_client_is_closed(closes));
    PORTICO_CHECK_INT(portico_test_logged(t, "closes: the peer closed the connection"), 1);
    portico_client_drop(drops);
    portico_client_send_bytes(breaks, "\1\0\1\0", 4); /* a frame of one byte */
    PORTICO_CHECK(portico_client_is_closed(breaks));
    send_number(wins, ADD, 1001); /* closes, after the answer */
    expect_number(wins, ADD, 1001);
    PORTICO_CHECK(portico_client_is_closed(wins));
    send_number(wins, ADD, 1); /* for nobody */
    portico_client_expect_nothing(wins);
    PORTICO_CHECK(strstr(portico_test_ctl(t, "sessions"), "game") == NULL);
    PORTICO_CHECK(strncmp(portico_test_ctl(t, "nonsense"), "error ", 6) == 0);
}

/* The state moves into a build that has another one, and back. */
static void builds(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, NULL);
    for (uint32_t i = 1; i <= 4; i++) {
        send_number(c, ADD, 10);
        expect_number(c, ADD, 10 * i);
        portico_test_swap(t, i % 2 == 1 ? "game_2" : "game");
        portico_client_send(c, BUILD, NULL, 0);
        expect_number(c, BUILD, 1 + i % 2);
    }
    PORTICO_CHECK(!portico_test_try_swap(t, "no_such_file.so"));
    PORTICO_CHECK(!portico_test_try_swap(t, "guest")); /* another module */
    send_number(c, ADD, 1);
    expect_number(c, ADD, 41);
}

static void settings(portico_test *t) {
    portico_test_start(t, "limit = 5\n");
    portico_client *c = portico_test_connect(t, NULL);
    send_number(c, ADD, 6);
    expect_number(c, ADD, 6);
    PORTICO_CHECK(portico_client_is_closed(c));
}

static void refused_setting(portico_test *t) {
    PORTICO_CHECK(!portico_test_try_start(t, "limit = 0\n"));
    PORTICO_CHECK(portico_test_logged(t, "limit") > 0);
}

static void refused_ini(portico_test *t) {
    PORTICO_CHECK(!portico_test_try_start(t, "[listener main]\nnonsense = 1\n"));
    PORTICO_CHECK(portico_test_logged(t, "nonsense") > 0);
}

static void other_modules(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, "game.player");
    portico_client_send(c, KNOCK, NULL, 0);
    portico_client_expect_text(c, KNOCK, "guest");
    PORTICO_CHECK_TEXT(portico_test_ctl(t, "unload guest"), "");
    portico_client_send(c, KNOCK, NULL, 0);
    portico_client_expect_nothing(c);
}

static void refusals(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, NULL);
    portico_test_refuse(t, "session_send", PORTICO_E_BACKLOG, 2);
    for (uint32_t i = 0; i < 3; i++) {
        send_number(c, ADD, 1);
    }
    expect_number(c, ADD, 3);
    portico_client_expect_nothing(c);
    portico_test_swap(t, NULL);
    portico_test_refuse(t, "post_after", PORTICO_E_NO_MEMORY, 1);
    send_number(c, LATER, 10);
    send_number(c, LATER, 20);
    portico_test_advance(t, 15);
    portico_client_expect_nothing(c);
    portico_test_advance(t, 15);
    portico_client_expect(c, LATER, NULL, 0);
}

/* Many clients, whose packets arrive in any order, and each client's in its own. */
static void crowd(portico_test *t) {
    enum { CLIENTS = 20, ROUNDS = 5 };
    portico_client *all[CLIENTS];
    portico_test_start(t, NULL);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        all[i] = portico_test_connect(t, NULL);
    }
    for (uint32_t k = 0; k < ROUNDS; k++) {
        for (uint32_t i = 0; i < CLIENTS; i++) {
            send_number(all[i], ADD, i);
        }
    }
    portico_test_swap(t, "game_2");
    for (uint32_t i = 0; i < CLIENTS; i++) {
        for (uint32_t k = 1; k <= ROUNDS; k++) {
            expect_number(all[i], ADD, i * k);
        }
    }
}

/* A build crashes, and the next one goes on with the state from before the call. */
static void crash(portico_test *t) {
    portico_test_allow_crashes(t);
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, NULL);
    send_number(c, ADD, 5);
    expect_number(c, ADD, 5);
    portico_client_send(c, WRITE_BAD, NULL, 0);
    send_number(c, ADD, 1);
    portico_client_expect_nothing(c);
    PORTICO_CHECK_INT(portico_test_crashes(t), 1);
    portico_test_swap(t, "game_2");
    expect_number(c, ADD, 6);
}

int main(int argc, char **argv) {
    static const portico_test_case tests[] = {
        PORTICO_TEST(names),       PORTICO_TEST(declared_packets),
        PORTICO_TEST(time_passes), PORTICO_TEST(idle),
        PORTICO_TEST(ends),        PORTICO_TEST(builds),
        PORTICO_TEST(settings),    PORTICO_TEST(refused_setting),
        PORTICO_TEST(refused_ini), PORTICO_TEST(other_modules),
        PORTICO_TEST(refusals),    PORTICO_TEST(crowd),
        PORTICO_TEST(crash),       {NULL, NULL}};
    return portico_test_main(argc, argv, tests);
}
