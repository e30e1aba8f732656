/* crowd.c: one of many modules beside grow.c. grow.py makes copies of the library, with another
 * number in each copy's name.
 *
 * crowd.so does nothing. crowd_joined.so (JOINS) joins grow's sessions and echoes an opcode, of
 * which each copy gets another one.
 */
#include <portico/portico.h>

#if !defined JOINS
#define JOINS 0
#endif

enum { OPCODE_TO_REPLACE = 0xC0DE };

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(OPCODE_TO_REPLACE, 0, PORTICO_SIZE_ANY, on_packet)};
static const portico_session_type types[] = {
    {.name = "grow.session", .opcodes = PORTICO_TABLE(opcodes)}};

static const char *const required[] = {"grow", NULL};

static const portico_module crowd = {
    .name = "crowd_000",
    .version = "1",
    .description = "One of many.",
    .required = required,
    .session_types = {types, JOINS, sizeof types[0]},
};

PORTICO_MODULE(crowd);
