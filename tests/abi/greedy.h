/* greedy.h: the packets of greedy.c. For the module and its tests. */
#ifndef TEST_GREEDY_H
#define TEST_GREEDY_H

#include <stdint.h>

/* Each takes a uint32, how many of them, and answers with a greedy_got, but for GREEDY_LOOP. */
enum {
    GREEDY_LOOP = 1,     /* this handler does not return for that many ms */
    GREEDY_JOBS = 2,     /* jobs that each take 20 ms */
    GREEDY_ROOMS = 3,    /* rooms */
    GREEDY_TIMERS = 4,   /* timers of the session, due in half a second */
    GREEDY_MESSAGES = 5, /* messages of 1,000 bytes to the session itself, in one call */
    GREEDY_SENDS = 6,    /* packets of 1,000 bytes to the session itself, in one call */
    GREEDY_CHANNELS = 7, /* channels that the session joins */
    GREEDY_RELEASE = 8,  /* closes all rooms */
    GREEDY_LAST = 8,
    GREEDY_FILLER = 20
};

typedef struct greedy_got {
    uint32_t taken;  /* by the host */
    int32_t refused; /* the status of the first that was not; 0: none */
} greedy_got;

#endif
