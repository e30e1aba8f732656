/* empty_table.c: creates a table of the guide's module `poker` that nobody ever joins. */
#include <portico/portico.h>

static const portico_host *host;

static portico_status PORTICO_CALL load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    return PORTICO_OK;
}

static portico_status PORTICO_CALL start(void *state) {
    (void)state;
    return host->room_create("poker.table", "empty", NULL);
}

static const char *const required[] = {"poker", NULL};
static const portico_module_info info = {PORTICO_MODULE_HEAD, .name = "empty_table",
                                         .version = "1",      .required = required,
                                         .load = load,        .start = start};

PORTICO_MODULE(info);
