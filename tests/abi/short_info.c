/* short_info.c: a module whose description ends before `stopping`: shorter than that of the first ABI, so
 * that no module can rightly have it. */
#include <portico/portico.h>

#include <stddef.h>
#include <stdlib.h>

static portico_status PORTICO_CALL module_load(const portico_host *host, void *state) {
    (void)host;
    (void)state;
    abort();
}

static const portico_module_info info = {
    .struct_size = (uint32_t)offsetof(portico_module_info, stopping),
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "short_info",
    .version = "1",
    .load = module_load,
};

PORTICO_MODULE(info);
