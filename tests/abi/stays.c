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

static void on_generation(portico_session session, void *state, const portico_packet *packet) {
    uint32_t mine = GENERATION;
    (void)state;
    (void)portico->session_send(session, packet->opcode, &mine, sizeof mine);
}

static portico_status stays_start(void *state, uint32_t why) {
    (void)state, (void)why;
    return stay();
}

static const portico_opcode opcodes[] = {PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_generation)};
static const portico_session_type types[] = {
    {.name = "session", .opcodes = PORTICO_TABLE(opcodes)}};

static const portico_module stays = {
    .name = "stays", .version = "1", .session_types = PORTICO_TABLE(types), .start = stays_start};

PORTICO_MODULE(stays);
