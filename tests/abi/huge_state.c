/* huge_state.c: a module that asks for more module state than there is for one (1 MiB). */
#include <portico/portico.h>

#include <stdlib.h>

static portico_status PORTICO_CALL module_load(const portico_host *host, void *state) {
    (void)host;
    (void)state;
    abort();
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "huge_state",
    .state_size = 2 * 1024 * 1024,
    .version = "1",
    .load = module_load,
};

PORTICO_MODULE(info);
