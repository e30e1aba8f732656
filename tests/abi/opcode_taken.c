/* opcode_taken.c: joins counts.session and asks for opcode 7, which `counts` has. It must get
 * PORTICO_E_EXISTS, with which it fails its load. */
#include <portico/portico.h>

static void PORTICO_CALL on_seven(portico_session session, void *state,
                                  const portico_packet *packet) {
    (void)session;
    (void)state;
    (void)packet;
}

static portico_status PORTICO_CALL module_load(const portico_host *host, void *state) {
    (void)state;
    const portico_session_type type = {.struct_size = sizeof type, .name = "counts.session"};
    portico_status status = host->register_session_type(&type);
    return status == PORTICO_OK ? host->register_handler("counts.session", 7, on_seven)
                                : PORTICO_E_SYSTEM;
}

static const char *const required[] = {"counts", NULL};

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "opcode_taken",
    .version = "1",
    .required = required,
    .load = module_load,
};

PORTICO_MODULE(info);
