/* empty_table.c: creates a table of the guide's module `poker` that nobody ever joins. */
#include <portico/portico.h>

static portico_status start(void *state, uint32_t why) {
    (void)state, (void)why;
    return portico->room_create("poker.table", "empty", NULL, 0, NULL);
}

static const char *const required[] = {"poker", NULL};

static const portico_module empty_table = {
    .name = "empty_table", .version = "1", .required = required, .start = start};

PORTICO_MODULE(empty_table);
