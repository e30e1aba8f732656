/* sheds.c: owns two session types, in generation 2 only the first. clings.c joins the other one. */
#include <portico/portico.h>

#if !defined GENERATION
#define GENERATION 1
#endif

static portico_status PORTICO_CALL load(const portico_host *host, void *state) {
    (void)state;
    portico_session_type stays = {.struct_size = sizeof stays, .name = "stays"};
    portico_session_type goes = {.struct_size = sizeof goes, .name = "goes"};
    portico_status status = host->register_session_type(&stays);
    return status == PORTICO_OK && GENERATION == 1 ? host->register_session_type(&goes) : status;
}

static const portico_module_info info = {PORTICO_MODULE_HEAD, .name = "sheds", .version = "1",
                                         .load = load};
PORTICO_MODULE(info);
