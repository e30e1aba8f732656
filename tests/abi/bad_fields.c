/* bad_fields.c: a module whose table of fields exceeds its state. */
#include <portico/portico.h>

static const portico_field fields[] = {
    {"score", NULL, PORTICO_KIND_UNSIGNED, 2, 4, 1, PORTICO_PART_FIXED, 0}};
static const portico_fields session_fields = {"session", fields, 1, sizeof fields[0], 4, 0};

static const portico_session_type types[] = {
    {.name = "session", .state = {.size = 4, .fields = &session_fields}},
};

static const portico_module bad_fields = {
    .name = "bad_fields", .version = "1", .session_types = PORTICO_TABLE(types)};

PORTICO_MODULE(bad_fields);
