/* sheds.c: owns two session types, in generation 2 only the first. clings.c joins the other one. */
#include <portico/portico.h>

#if !defined GENERATION
#define GENERATION 1
#endif

static const portico_session_type types[] = {
    {.name = "stays"},
#if GENERATION == 1
    {.name = "goes"},
#endif
};

static const portico_module sheds = {
    .name = "sheds", .version = "1", .session_types = PORTICO_TABLE(types)};

PORTICO_MODULE(sheds);
