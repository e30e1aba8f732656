/* clings.c: joins the type sheds.goes in generation 1, and none in generation 2. See sheds.c. */
#include <portico/portico.h>

#if !defined GENERATION
#define GENERATION 1
#endif

#if GENERATION == 1
static const portico_session_type types[] = {{.name = "sheds.goes"}};
#define TYPES PORTICO_TABLE(types)
#else
#define TYPES \
    { NULL, 0, 0 }
#endif

static const char *const required[] = {"sheds", NULL};

static const portico_module clings = {
    .name = "clings", .version = "1", .required = required, .session_types = TYPES};

PORTICO_MODULE(clings);
