/* echoes.c: see echoes.h. */
#include "sim/echoes.h"

portico_status echoes_load(const witness_code *code, const portico_host *host,
                           const portico_session_type *type, uint16_t opcode,
                           portico_on_packet on_echo) {
    witness_load(code);
    portico_status status = host->register_session_type(type);
    if (status == PORTICO_OK) {
        status = host->register_handler(type->name, opcode, on_echo);
    }
    if (status != PORTICO_OK) {
        witness_unload(code);
    }
    return status;
}

void echoes_answer(const witness_code *code, const portico_host *host, portico_session session,
                   const portico_packet *packet) {
    witness_entity *e = witness_enter(code, session, "an opcode");
    witness_packet(e, packet);
    (void)witness_send(host, e, session, packet->opcode, packet->size);
    witness_leave(e);
}
