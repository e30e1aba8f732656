/* echoes.h: what the modules have in common that answer each packet of their sessions with one, and
 * report to the witness. */
#ifndef TEST_ECHOES_H
#define TEST_ECHOES_H

#include "sim/witness.h"

/* A `start`. */
portico_status echoes_start(const witness_code *code, uint32_t why);

/* A handler of an opcode. */
void echoes_answer(const witness_code *code, portico_session session, const portico_packet *packet);

#endif
