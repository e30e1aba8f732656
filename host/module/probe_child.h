/* probe_child.h: the child of probe.h, and what it and the host write to each other. [main thread
 * of the child] */
#ifndef PORTICO_PROBE_CHILD_H
#define PORTICO_PROBE_CHILD_H

#include <stdbool.h>
#include <stdint.h>

enum { PROBE_PATH_MAX = 8 * 1024 };

/* From the host, followed by both texts without their zeros. */
typedef struct probe_request {
    uint32_t number;
    uint32_t path_size; /* up to PROBE_PATH_MAX */
    uint32_t file_size;
} probe_request;

/* How far the child has come: its note (os_parent_note) says it as it goes, without waking the
 * host, which only asks when a file has failed. */
typedef enum probe_step {
    PROBE_NONE,
    PROBE_BEGUN,
    PROBE_LOADED,
    PROBE_READ, /* its tables */
    PROBE_STEPS
} probe_step;

/* The note of a step with the request of that number, and the step of such a note: PROBE_NONE if it
 * is of another request. */
static inline uint8_t probe_note(uint32_t number, probe_step step) {
    return (uint8_t)(number << 2 | (uint32_t)step);
}

static inline probe_step probe_step_of(uint8_t note, uint32_t number) {
    bool same = note >> 2 == (number & 63);
    return same ? (probe_step)(note & 3) : PROBE_NONE;
}

/* To the host: the file is unloaded, or refused. Followed by `why` without its zero. */
typedef struct probe_answer {
    uint32_t number; /* of the request */
    int32_t status;
    uint32_t why_size;
} probe_answer;

/* Serves requests until the host has ended. Returns the exit code. */
int probe_main(void);

#endif
