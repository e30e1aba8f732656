/* stays.c: an image that the system never unloads, like one with a unique symbol or a thread's
 * destructor. Compiled for several generations.
 *
 *   opcode 1  answers uint32 GENERATION */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include <portico/portico.h>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#ifndef GENERATION
#define GENERATION 1
#endif

static const portico_host *host;
static const char here[] = "an address in this image";

#if defined(_WIN32)
static portico_status stay(void) {
    HMODULE image = NULL;
    DWORD how = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    return GetModuleHandleExA(how, here, &image) ? PORTICO_OK : PORTICO_E_SYSTEM;
}
#else
static portico_status stay(void) {
    Dl_info image;
    if (dladdr(here, &image) == 0) {
        return PORTICO_E_SYSTEM;
    }
    void *handle = dlopen(image.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    return handle != NULL && dlclose(handle) == 0 ? PORTICO_OK : PORTICO_E_SYSTEM;
}
#endif

static void PORTICO_CALL on_generation(portico_session session, void *state,
                                       const portico_packet *packet) {
    uint32_t mine = GENERATION;
    (void)state;
    (void)host->session_send(session, packet->opcode, &mine, sizeof mine);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {.struct_size = sizeof type, .name = "session"};
    portico_status status = stay();
    status = status == PORTICO_OK ? host->register_session_type(&type) : status;
    return status == PORTICO_OK ? host->register_handler("session", 1, on_generation) : status;
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "stays",
    .version = "1",
    .load = module_load,
};

PORTICO_MODULE(info);
