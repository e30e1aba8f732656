/* refused.c: modules that the host refuses for what their description says, and never loads. Each
 * variant has one thing wrong: CMakeLists.txt lists them. */
#include <portico/portico.h>

#include <stddef.h>
#include <stdlib.h>

#if !defined ABI_MAJOR
#define ABI_MAJOR PORTICO_ABI_MAJOR
#endif
#if !defined ABI_MINOR
#define ABI_MINOR PORTICO_ABI_MINOR
#endif
#if !defined STATE_SIZE
#define STATE_SIZE 0
#endif
#if defined ENDS_BEFORE
#define SIZE (uint32_t) offsetof(portico_module_info, ENDS_BEFORE)
#elif !defined SIZE
#define SIZE sizeof(portico_module_info)
#endif

#if defined REQUIRES
static const char *const required[] = {REQUIRES, NULL};
#define REQUIRED required
#else
#define REQUIRED NULL
#endif

#if !defined LOAD
#define LOAD module_load
static portico_status PORTICO_CALL module_load(const portico_host *host, void *state) {
    (void)host;
    (void)state;
    abort();
}
#endif

static const portico_module_info info = {
    .struct_size = SIZE,
    .abi_major = ABI_MAJOR,
    .abi_minor = ABI_MINOR,
    .name = NAME,
    .version = "1",
    .required = REQUIRED,
    .state_size = STATE_SIZE,
    .load = LOAD,
};

PORTICO_MODULE(info);
