/* wrong.c: mistakes that the compiler must refuse, in C. For cmake/CheckHeaders.cmake, which
 * compiles the file once with WRONG for each line of the form "WRONG == n: words": the compiler's
 * message must contain the words. With WRONG 0 it compiles. */
#include <portico/packet.h>

#define PLAYER(S, F) F(S, FIELD, uint32_t, score)
PORTICO_STATE(player, PLAYER);

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state, (void)packet;
#if WRONG == 1 /* WRONG == 1: incompatible type */
    portico_room room = portico->session_room(session);
    (void)portico->session_join(room, session, 0);
#elif WRONG == 2 /* WRONG == 2: incompatible type */
    (void)portico->post(session, 1, NULL, 0);
#elif WRONG == 3 /* WRONG == 3: invalid operands to binary */
    if (session == portico->session_find("a.b", "c")) {
        return;
    }
#else
    (void)session;
#endif
}

static uint16_t small;
#if WRONG == 4 /* WRONG == 4: pointer type mismatch */
static const portico_setting settings[] = {PORTICO_U32(small, "1", 0, 2, "not 32 bits")};
#else
static const uint16_t *settings = &small;
#endif

#if WRONG == 5 /* WRONG == 5: only the last part may have a variable size */
#define LATE(P, F) F(P, TEXT, text, 20) F(P, FIELD, uint32_t, late)
PORTICO_PACKET(late, LATE);
#elif WRONG == 6 /* WRONG == 6: FIELD is a number, an enum or a bool */
#define POINTS(P, F) F(P, FIELD, const char *, text)
PORTICO_PACKET(points, POINTS);
#elif WRONG == 7 /* WRONG == 7: more than PORTICO_PACKET_MAX bytes */
#define HUGE_ONE(P, F) F(P, BYTES, bytes, 65537)
PORTICO_PACKET(huge_one, HUGE_ONE);
#endif

extern const void *const used[];
const void *const used[] = {(const void *)&settings, (const void *)&player_fields};
static const portico_opcode opcodes[] = {PORTICO_RAW(1, 0, 0, on_packet)};
extern const portico_opcode *const used_opcodes;
const portico_opcode *const used_opcodes = opcodes;
