/* old_abi.c: a module as the headers of ABI 0.3 made it: it exports a function, which returns its
 * description. The host refuses it without calling anything. */
#include <stdint.h>
#include <stdlib.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

typedef struct portico_module_info {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;
    const char *name;
    const char *version;
    const char *description;
    const char *const *required;
    uint32_t state_size;
    uint32_t state_version;
    int32_t (*load)(const void *host, void *state);
    void (*stopping)(void *state);
    void (*unload)(void *state);
    const void *state_fields;
    int32_t (*migrate)(const void *migration, void *to);
    int32_t (*start)(void *state);
    void (*swap_out)(void *state);
    int32_t (*swap_in)(void *state);
    int32_t (*dependency_swaps)(void *state, const char *name, const char *version);
} portico_module_info;

static int32_t load(const void *host, void *state) {
    (void)host, (void)state;
    abort();
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = 0,
    .abi_minor = 3,
    .name = "old_abi",
    .version = "1",
    .load = load,
};

EXPORT const portico_module_info *portico_module(void);

EXPORT const portico_module_info *portico_module(void) {
    return &info;
}
