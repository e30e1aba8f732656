/* commander.h: a client that sends numbered commands, which make its module do something, and takes
 * what the module sends back. Embed it. One thread at a time. */
#ifndef TEST_COMMANDER_H
#define TEST_COMMANDER_H

#include "sim/client.h"

enum { COMMANDER_PATIENCE_MS = 3600000, COMMANDER_STEP_MS = 20 };

/* Takes a packet. */
typedef struct commander commander;
typedef void (*commander_take)(commander *by, uint16_t opcode, const uint64_t *data, int32_t size);

struct commander {
    client *c;
    commander_take take; /* packets have up to two numbers */
    uint32_t commands;   /* sent */
};

/* Receives a packet. False: none has come in time, or the stream has ended: *end says how. */
bool commander_receive(commander *by, uint32_t timeout_ms, int32_t *end);

/* Sends up to `most` commands and receives in between. */
void commander_play(commander *by, uint16_t opcode, uint32_t most);

/* Receives until *finish. */
void commander_stay(commander *by, const bool *finish, int32_t *end);

/* Ends the sending direction and receives to the end of the stream. Returns how it has ended. */
int32_t commander_part(commander *by);

#endif
