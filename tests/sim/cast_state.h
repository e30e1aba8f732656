/* cast_state.h: the states of the cast's modules, in the shapes of their builds. Each handler
 * begins by checking that the state has the values of the last one, whatever swaps lie between, and
 * ends by writing new ones. */
#ifndef TEST_CAST_STATE_H
#define TEST_CAST_STATE_H

#include "sim/witness.h"

/* The state of a session; `build` is one of CAST_... Only some shapes need `migrate`. */
portico_state session_state(uint32_t build, portico_on_migrate migrate);

void state_begin(const witness_code *code, uint32_t build, witness_entity *e, const void *state);
void state_end(const witness_code *code, uint32_t build, witness_entity *e, void *state);

/* Fills `to` from a state of the build `from`. */
void state_migrate(const witness_code *code, uint32_t build, uint32_t from, const void *state,
                   void *to);

/* This build serves from now on. */
void state_swapped(const witness_code *code, uint32_t build);

/* The same of the module's own state. */
portico_state module_state(uint32_t build);
void module_state_begin(const witness_code *code, uint32_t build, witness_entity *e,
                        const void *state);
void module_state_end(const witness_code *code, uint32_t build, witness_entity *e, void *state);

/* In cast.c: handlers take no time from now on. */
void cast_hurry(void);

/* In cast.c: how many modules have a timer; once each has handled a packet. */
uint32_t cast_timers(void);

/* In cast.c: the id of a session of late, which may have closed; and world_library for every
 * build. */
uint64_t cast_any_session(void);
void cast_add_libraries(void);

#endif
