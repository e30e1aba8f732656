/* opcode_taken.c: joins counts.session with a handler of opcode 7, which `counts` has. */
#include <portico/portico.h>

static void on_seven(portico_session session, void *state, const portico_packet *packet) {
    (void)session;
    (void)state;
    (void)packet;
}

static const portico_opcode opcodes[] = {PORTICO_RAW(7, 0, PORTICO_SIZE_ANY, on_seven)};
static const portico_session_type types[] = {
    {.name = "counts.session", .opcodes = PORTICO_TABLE(opcodes)}};

static const char *const required[] = {"counts", NULL};

static const portico_module opcode_taken = {.name = "opcode_taken",
                                            .version = "1",
                                            .required = required,
                                            .session_types = PORTICO_TABLE(types)};

PORTICO_MODULE(opcode_taken);
