/* null_name.c: a module without a name. */
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
    .name = NULL,
    .version = "1",
    .load = module_load,
};

PORTICO_MODULE(info);
