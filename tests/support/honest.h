/* honest.h: honest clients of tests/abi/faulty.c in a thread of their own, while others make it
 * fault. Each sends numbered packets, one after the answer to the other, and checks the answers:
 * none is lost, doubled, out of order or of another client, and no state is half changed. */
#ifndef TEST_HONEST_H
#define TEST_HONEST_H

#include <stdbool.h>
#include <stdint.h>

typedef struct honest honest;

typedef struct honest_options {
    uint16_t port;
    int clients;
    uint32_t rate; /* packets a second of each client, at most */
} honest_options;

typedef struct honest_figures {
    uint64_t answers;
    uint64_t wrong;      /* answers that are not as expected */
    int dropped;         /* clients whose connection has ended */
    uint64_t unanswered; /* packets whose answer never came, though the connection lasted */
    /* From sending a packet until its answer arrived at this machine; on Windows, until the client
     * has read it. So what keeps the client itself from a processor does not count. */
    uint64_t p50_us;
    uint64_t p99_us;
    uint64_t worst_us;
    char first[160]; /* what was wrong first; "": nothing */
} honest_figures;

/* Connects all clients and waits until each has had an answer; then they continue in a thread of
 * their own. */
honest *honest_start(const honest_options *options);

/* How many answers there have been. [any thread] */
uint64_t honest_answers(const honest *h);

/* How many answers were wrong and how many clients were dropped so far. [any thread] */
uint64_t honest_lost(const honest *h);

/* Forgets the latencies so far. [any thread] */
void honest_forget(honest *h);

/* The latency that this share of the answers since then did not exceed; 0.99: p99. [any thread] */
uint64_t honest_latency_us(const honest *h, double share);

/* Waits for the last answers, disconnects all clients and frees. */
honest_figures honest_stop(honest *h);

/* The same, expected to have seen nothing. */
void honest_stop_well(honest *h);

#endif
