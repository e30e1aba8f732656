/* aside.h: background work of a test while the latency of a host is measured. It takes no processor
 * that the host or its honest clients want, as if it came from other machines.
 *
 * Without aside_measures it runs at normal priority: in a run of all tests it would get no
 * processor at all. */
#ifndef TEST_ASIDE_H
#define TEST_ASIDE_H

/* This run measures. Call it before the others. */
void aside_measures(void);

/* The calling thread gives way from now on, to the end of its life. On Windows its priority is the
 * lowest of its process. */
void aside_enter(void);

/* Calls `run`, in a thread that gives way if this run measures, and returns after it. */
void aside_run(void (*run)(void *arg), void *arg);

#endif
