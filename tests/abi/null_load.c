/* null_load.c: a module that has no load function. */
#include <portico/portico.h>

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "null_load",
    .version = "1",
};

PORTICO_MODULE(info);
