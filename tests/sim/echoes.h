/* echoes.h: what the modules have in common that answer each packet of their sessions with one, and
 * report to the witness. */
#ifndef TEST_ECHOES_H
#define TEST_ECHOES_H

#include "sim/witness.h"

/* A `load`: registers the session type and its handler for `opcode`. */
portico_status echoes_load(const witness_code *code, const portico_host *host,
                           const portico_session_type *type, uint16_t opcode,
                           portico_on_packet on_echo);

/* That handler. */
void echoes_answer(const witness_code *code, const portico_host *host, portico_session session,
                   const portico_packet *packet);

#endif
