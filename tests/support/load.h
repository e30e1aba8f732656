/* load.h: many clients in one thread that keep frames in flight and check what comes back.
 *
 * Every frame's size, opcode and bytes follow from the seed, the connection and the frame's number, so
 * the echo of frame N can be told from that of any other: a wrong byte, a lost, doubled or overtaken
 * frame fails. */
#ifndef TEST_LOAD_H
#define TEST_LOAD_H

#include "support/wire.h"

typedef struct load_options {
    uint16_t port;
    wire_kind kind;
    int connections;
    int in_flight;   /* frames sent and not yet answered, per connection, at the most */
    uint32_t rate;   /* frames a second, per connection; 0: as fast as they are answered */
    uint64_t frames; /* per connection; 0: until load_stop */
    uint32_t payload_min;
    uint32_t payload_max;
    uint64_t seed;
    bool may_end;   /* the host may close connections: what came before must still be right */
    int32_t opcode; /* of every frame; -1: a different one each time */
    bool numbered;  /* payloads, of 8 bytes or more, begin with the frame's number (uint64) */
} load_options;

typedef struct load load;

typedef enum load_state { LOAD_RUNNING, LOAD_DONE, LOAD_FAILED } load_state;

/* Connects all. */
load *load_create(const load_options *options);

/* Sends and receives what is possible, waiting at most `timeout_ms`. LOAD_DONE: every frame was answered,
 * or every connection has ended. LOAD_FAILED: stderr says what was wrong. */
load_state load_step(load *l, uint32_t timeout_ms);

/* Steps for `duration_ms` and expects that nothing fails. */
void load_run_for(load *l, uint32_t duration_ms);

/* Steps until all is done; false when it failed or took longer than `timeout_ms`. */
bool load_finish(load *l, uint32_t timeout_ms);

/* No new frames from now on: load_finish then waits for the answers. */
void load_stop(load *l);

uint64_t load_answered(const load *l);
int load_ended(const load *l);

/* Closes all and frees. */
void load_destroy(load *l);

#endif
