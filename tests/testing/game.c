/* game.c: a module for the tests of sdk/testing, in two builds. A player has a sum; BUILD 2 also
 * counts how often it was added to. */
#include <portico/portico.h>

#include <stdlib.h>
#include <string.h>

#ifndef BUILD
#define BUILD 1
#endif

enum { ADD = 1, BUILDS = 2, CRASH = 3, LATER = 4, COUNT = 5, WRITE_BAD = 6 };

#if BUILD == 1
#define PLAYER(S, F) F(S, FIELD, uint32_t, sum)
#else
#define PLAYER(S, F) F(S, FIELD, uint32_t, count) F(S, FIELD, uint32_t, sum)
#endif
PORTICO_STATE(player, PLAYER);

static uint32_t limit;

static void player_on_add(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    uint32_t number = 0;
    memcpy(&number, packet->data, sizeof number);
    p->sum += number;
#if BUILD == 2
    p->count++;
#endif
    (void)portico->session_send(session, ADD, &p->sum, sizeof p->sum);
    if (p->sum > limit) {
        (void)portico->session_close(session, PORTICO_E_LIMIT);
    }
}

static void player_on_builds(portico_session session, void *state, const portico_packet *packet) {
    static const uint32_t build = BUILD;
    (void)state, (void)packet;
    (void)portico->session_send(session, BUILDS, &build, sizeof build);
}

static void player_on_crash(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state, (void)packet;
    abort();
}

static void player_on_write_bad(portico_session session, void *state,
                                const portico_packet *packet) {
    volatile uintptr_t nobody = 64; /* at 0 a sanitizer would look first */
    (void)session, (void)packet;
    ((player *)state)->sum = 0;
    *(volatile uint32_t *)nobody = 1;
}

static void player_on_later(portico_session session, void *state, const portico_packet *packet) {
    uint32_t ms = 0;
    (void)state;
    memcpy(&ms, packet->data, sizeof ms);
    (void)portico->post_after(portico_session_entity(session), LATER, NULL, 0, ms, NULL);
}

static void player_on_due(portico_session session, void *state, const portico_message *message) {
    (void)state, (void)message;
    (void)portico->session_send(session, LATER, NULL, 0);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(ADD, 4, 4, player_on_add),
    PORTICO_RAW(BUILDS, 0, 0, player_on_builds),
    PORTICO_RAW(CRASH, 0, 0, player_on_crash),
    PORTICO_RAW(LATER, 4, 4, player_on_later),
    PORTICO_RAW(WRITE_BAD, 0, 0, player_on_write_bad),
};
static const portico_session_message messages[] = {PORTICO_MESSAGE(LATER, player_on_due)};
static const portico_session_type session_types[] = {{.name = "player",
                                                      .state = PORTICO_STATE_OF(player, 1),
                                                      .opcodes = PORTICO_TABLE(opcodes),
                                                      .messages = PORTICO_TABLE(messages)}};
static const portico_setting settings[] = {PORTICO_U32(limit, "1000", 1, 100000, "of the sum")};

static const portico_module game = {.name = "game",
                                    .version = BUILD == 1 ? "1" : "2",
                                    .session_types = PORTICO_TABLE(session_types),
                                    .settings = PORTICO_TABLE(settings)};
PORTICO_MODULE(game);
