/* load.h: many clients in one thread that keep frames in flight and check the replies.
 *
 * The seed, the connection and the frame's number determine a frame's size, opcode and bytes, so
 * the echo of frame N differs from any other: a wrong byte or a lost, duplicated or reordered frame
 * fails. */
#ifndef TEST_LOAD_H
#define TEST_LOAD_H

#include "support/wire.h"

typedef struct load_options {
    uint16_t port;
    wire_kind kind;
    int connections;
    int in_flight;   /* frames sent and not yet answered, per connection, at most */
    uint32_t rate;   /* frames a second, per connection; 0: as fast as they are answered */
    uint64_t frames; /* per connection; 0: until load_stop */
    uint32_t payload_min;
    uint32_t payload_max;
    uint64_t seed;
    bool may_end;   /* the host may close connections: what came before must still be right */
    int32_t opcode; /* of every frame; -1: a different one each time */
    bool numbered;  /* payloads are at least 8 bytes and begin with the frame's number (uint64) */
} load_options;

typedef struct load load;

typedef enum load_state { LOAD_RUNNING, LOAD_DONE, LOAD_FAILED } load_state;

/* Opens all connections. */
load *load_create(const load_options *options);

/* Sends and receives what is possible, waiting at most `timeout_ms`. LOAD_DONE: every frame has
 * been answered, or every connection has ended. LOAD_FAILED: stderr says why. */
load_state load_step(load *l, uint32_t timeout_ms);

/* Steps for `duration_ms` and expects no failure. */
void load_run_for(load *l, uint32_t duration_ms);

/* Steps until done. False: it failed or took longer than `timeout_ms`. */
bool load_finish(load *l, uint32_t timeout_ms);

/* Sends no new frames from now on; load_finish then waits for the answers. */
void load_stop(load *l);

uint64_t load_answered(const load *l);

/* From making a frame to its answer, where one is in flight: what this share of them did not exceed
 * since the latencies were last forgotten. */
uint64_t load_latency_us(const load *l, double share);
void load_forget_latencies(load *l);

int load_ended(const load *l);

/* Closes all connections and frees. */
void load_destroy(load *l);

#endif
