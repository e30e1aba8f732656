/* glutton.h: the packets of glutton.c. For the module and its tests. */
#ifndef TEST_GLUTTON_H
#define TEST_GLUTTON_H

#include <stdint.h>

/* Each takes a uint32, how many of them, and answers with a glutton_got, but for GLUTTON_LOOP. */
enum {
    GLUTTON_LOOP = 1,     /* this handler does not return for that many ms */
    GLUTTON_JOBS = 2,     /* jobs that each take 20 ms */
    GLUTTON_ROOMS = 3,    /* rooms */
    GLUTTON_TIMERS = 4,   /* timers of the session, due in half a second */
    GLUTTON_MESSAGES = 5, /* messages of 1,000 bytes to the session itself, in one call */
    GLUTTON_SENDS = 6,    /* packets of 1,000 bytes to the session itself, in one call */
    GLUTTON_CHANNELS = 7, /* channels that the session joins */
    GLUTTON_RELEASE = 8,  /* closes all rooms */
    GLUTTON_LAST = 8,
    GLUTTON_FILLER = 20
};

typedef struct glutton_got {
    uint32_t taken;  /* by the host */
    int32_t refused; /* the status of the first that was not; 0: none */
} glutton_got;

#endif
