/* other_major.c: a module for an ABI of another major version. Nothing in it may be called. */
#include <portico/portico.h>

#include <stdlib.h>

static portico_status PORTICO_CALL module_load(const portico_host *host, void *state) {
    (void)host;
    (void)state;
    abort();
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR + 1,
    .abi_minor = 0,
    .name = "other_major",
    .version = "1",
    .load = module_load,
};

PORTICO_MODULE(info);
