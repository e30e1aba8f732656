/* missing_dependency.c: requires a module that is not there. */
#include <portico/portico.h>

#include <stdlib.h>

static portico_status PORTICO_CALL module_load(const portico_host *host, void *state) {
    (void)host;
    (void)state;
    abort();
}

static const char *const required[] = {"nowhere_to_be_found", NULL};

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "missing_dependency",
    .version = "1",
    .required = required,
    .load = module_load,
};

PORTICO_MODULE(info);
