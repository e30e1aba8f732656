/* run.h: one run of the simulation: what all files here share. The holder of the token owns it. */
#ifndef PORTICO_SIM_RUN_H
#define PORTICO_SIM_RUN_H

#include "os/sim/sim.h"

/* A thread as the whole simulation sees it; token.c has the rest. */
typedef struct run_thread {
    uint32_t number; /* from 1, in the order in which the threads were started */
    bool spared;     /* by sim_spare_this_thread */
    uint64_t used_ns;
    const char *last_call;
    uint32_t repeats; /* of that call, without another one between */
    char name[16];
} run_thread;

typedef struct run_state {
    sim_options options;
    sim_figures figures; /* without now_ns */
    uint64_t now_ns;
    run_thread *thread; /* that holds the token */
    bool faults_ended;  /* by sim_faults_end */
    bool in_event;      /* an event runs, and not a call of that thread's */
} run_state;

extern run_state run;

void run_begin(const sim_options *options);

/* Adds to the hash and to the trace what the running thread does. `mark` is only traced. */
void run_note(const char *mark, const char *name, uint64_t value);

/* A memory block of the simulation's own, zeroed. Ends the process if there is none. */
void *run_alloc(size_t size);

/* A fault point: whether the call fails now. */
bool fault_strikes(sim_fault_kind kind);

/* The same of a call that may fail in several ways: one of the list, which ends with PORTICO_OK.
 * PORTICO_OK: it does not fail. */
portico_status fault_status(sim_fault_kind kind, const portico_status *failures);

/* Whether a submit fails for lack of memory, which Windows may report as a lack of handles. */
portico_status shortage(void);

/* Counts a handle. False: the process may have no more. */
bool handle_take(void);
void handle_give_back(void);

/* Whether a call that opens something fails by chance: PORTICO_E_NO_MEMORY, PORTICO_E_NO_HANDLES.
 */
portico_status handle_fault(void);

/* The same, and counts the handle if it does not fail. handle_for_now gives it back at once. */
portico_status handle_new(void);
portico_status handle_for_now(void);

#endif
