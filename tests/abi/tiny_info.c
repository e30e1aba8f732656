/* tiny_info.c: says of its description that it ends before everything that a module must have. */
#include <portico/portico.h>

static const portico_module_info info = {
    .struct_size = 8,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "tiny_info",
    .version = "1",
};

PORTICO_MODULE(info);
