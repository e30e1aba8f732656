/* load_fails.c: registers a type and then fails. Nothing may stay registered, and `unload` is not
 * called. */
#include <portico/portico.h>

#include <stdlib.h>

static portico_status PORTICO_CALL module_load(const portico_host *host, void *state) {
    (void)state;
    const portico_session_type type = {.struct_size = sizeof type, .name = "session"};
    if (host->register_session_type(&type) != PORTICO_OK) {
        abort();
    }
    host->log(PORTICO_LOG_WARN, "load_fails: nothing can be done here");
    return PORTICO_E_LIMIT;
}

static void PORTICO_CALL module_unload(void *state) {
    (void)state;
    abort();
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "load_fails",
    .version = "1",
    .load = module_load,
    .unload = module_unload,
};

PORTICO_MODULE(info);
