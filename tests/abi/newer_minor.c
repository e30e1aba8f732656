/* newer_minor.c: a module that needs a newer minor version of the ABI than this host has. */
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
    .abi_minor = PORTICO_ABI_MINOR + 1,
    .name = "newer_minor",
    .version = "1",
    .load = module_load,
};

PORTICO_MODULE(info);
