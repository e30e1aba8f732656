/* clings.c: joins the type sheds.goes in generation 1, and none in generation 2. See sheds.c. */
#include <portico/portico.h>

#include <stddef.h>

#if !defined GENERATION
#define GENERATION 1
#endif

static portico_status PORTICO_CALL load(const portico_host *host, void *state) {
    (void)state;
    portico_session_type goes = {.struct_size = sizeof goes, .name = "sheds.goes"};
    return GENERATION == 1 ? host->register_session_type(&goes) : PORTICO_OK;
}

static const char *const required[] = {"sheds", NULL};

static const portico_module_info info = {PORTICO_MODULE_HEAD, .name = "clings", .version = "1",
                                         .required = required, .load = load};
PORTICO_MODULE(info);
