/* echoes.c: see echoes.h. */
#include "sim/echoes.h"

portico_status echoes_start(const witness_code *code, uint32_t why) {
    witness_start(code, why);
    witness_started(code, why, PORTICO_OK);
    return PORTICO_OK;
}

void echoes_answer(const witness_code *code, portico_session session,
                   const portico_packet *packet) {
    witness_entity *e = witness_enter(code, session.id, "an opcode");
    witness_packet(e, packet);
    (void)witness_send(e, session.id, packet->opcode, packet->size);
    witness_leave(e);
}
