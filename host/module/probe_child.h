/* probe_child.h: the child of probe.h, and what it and the host write to each other. [main thread
 * of the child] */
#ifndef PORTICO_PROBE_CHILD_H
#define PORTICO_PROBE_CHILD_H

#include <stdint.h>

enum { PROBE_PATH_MAX = 8 * 1024 };

/* From the host, followed by both texts without their zeros. */
typedef struct probe_request {
    uint32_t number;
    uint32_t path_size; /* up to PROBE_PATH_MAX */
    uint32_t file_size;
} probe_request;

/* How far the child has come. */
typedef enum probe_step {
    PROBE_BEGUN,
    PROBE_LOADED,
    PROBE_READ, /* its tables */
    PROBE_DONE  /* it is unloaded */
} probe_step;

/* To the host: one for each step, or an early PROBE_DONE. Followed by `why` without its zero. */
typedef struct probe_answer {
    uint32_t number; /* of the request */
    uint32_t step;
    int32_t status; /* with PROBE_DONE */
    uint32_t why_size;
} probe_answer;

/* Serves requests until the host has ended. Returns the exit code. */
int probe_main(void);

#endif
