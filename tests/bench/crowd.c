/* crowd.c: one of many modules beside grow.c. grow.py makes copies of this one, with another number
 * in each copy's name.
 *
 *   opcode  0, the default: does nothing. Else it joins grow's sessions and echoes that opcode
 */
#include <portico/portico.h>

static const portico_host *host;

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    int64_t opcode = 0;
    (void)state;
    host = from_host;
    const portico_session_type type = {.struct_size = sizeof type, .name = "grow.session"};
    portico_status status = host->config_integer("opcode", 0, 0, 65535, &opcode);
    if (status != PORTICO_OK || opcode == 0) {
        return status;
    }
    status = host->register_session_type(&type);
    return status == PORTICO_OK ? host->register_handler(type.name, (uint16_t)opcode, on_packet)
                                : status;
}

static const char *const required[] = {"grow", NULL};

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "crowd_000",
    .version = "1",
    .description = "One of many.",
    .required = required,
    .load = module_load,
};

PORTICO_MODULE(info);
