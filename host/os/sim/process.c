/* process.c: the clock, random bytes, signals and errors of the simulated process. Any simulated
 * thread. */
#include "os/hurry.h"
#include "real.h"
#include "token.h"

#include <stdlib.h>
#include <string.h>

enum { ERROR_BASE = 100000, CPUS = 4, PROCESS_ID = 1234, CLOCK_JUMP_BITS = 28 /* three days */ };

static const uint64_t wall_start_ms = 1767225600000; /* 2026-01-01 UTC */

static struct {
    void (*stop)(void);
    void (*hang_up)(void);
} signals;

static void (*on_exit_call)(int code);

static int64_t wall_jumps_ms;

static _Thread_local int32_t simulated_error;

/* ---- errors ------------------------------------------------------------------------------ */

int32_t error_code(portico_status status) {
    return status == PORTICO_OK ? 0 : ERROR_BASE - status;
}

portico_status error_simulated(portico_status status) {
    if (status == PORTICO_OK) {
        return status;
    }
    simulated_error = error_code(status);
    run_note("= ", "refused", (uint32_t)simulated_error);
    return status;
}

void error_is_real(void) {
    simulated_error = 0;
}

int32_t os_error(void) {
    return simulated_error != 0 ? simulated_error : real_error();
}

portico_status os_error_status(void) {
    return simulated_error != 0 ? (portico_status)(ERROR_BASE - simulated_error)
                                : real_error_status();
}

void os_error_text(int32_t system_error, char *text, size_t size) {
    switch (ERROR_BASE - system_error) {
#define SENTENCE(name, number, sentence) \
    case (number): snprintf(text, size, "simulated: %s", sentence); return;
        PORTICO_STATUS_LIST(SENTENCE)
#undef SENTENCE
    default: real_error_text(system_error, text, size);
    }
}

/* ---- the process ------------------------------------------------------------------------- */

portico_status os_init(int *argc, char ***argv) {
    if (run.thread == NULL) {
        const char *seed = getenv("PORTICO_SIM_SEED");
        const char *handles = getenv("PORTICO_SIM_HANDLES");
        sim_options options = {.seed = seed != NULL ? strtoull(seed, NULL, 10) : 1,
                               .call_switch = 8,
                               .atomic_switch = 64,
                               .latency_us = 200,
                               .wall_ms = real_wall_ms(), /* files have real times */
                               .handles =
                                   handles != NULL ? (uint32_t)strtoul(handles, NULL, 10) : 0};
        sim_begin(&options);
    }
    return real_init(argc, argv);
}

void os_exit(int code) {
    token_call("exit", (uint32_t)code);
    if (on_exit_call != NULL) {
        on_exit_call(code);
    }
    real_exit(code);
}

void sim_on_exit(void (*fn)(int code)) {
    on_exit_call = fn;
}

/* No effect: the seed decides which thread is next. */
void os_thread_hurry(void) {
}

/* The same. */
bool os_thread_pace(os_thread *thread, os_pace pace) {
    (void)thread;
    token_call("thread_pace", pace);
    return true;
}

void os_yield(void) {
    token_call("yield", 0);
}

uint32_t os_cpu_count(void) {
    return CPUS;
}

uint32_t os_process_id(void) {
    return PROCESS_ID;
}

/* The memory is not a function of the seed. */
void os_process_usage(os_usage *usage) {
    sim_figures figures;
    sim_look(&figures);
    *usage = (os_usage){.cpu_ns = figures.used_ns, .handles = (uint32_t)figures.handles + 3};
}

void os_heap_look(os_heap *heap) { /* neither is this */
    *heap = (os_heap){0};
}

portico_status os_on_signals(void (*stop)(void), void (*hang_up)(void)) {
    token_call("on_signals", 0);
    portico_status status = handle_fault(); /* it takes a thread */
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    signals.stop = stop;
    signals.hang_up = hang_up;
    return PORTICO_OK;
}

bool sim_stop_signal(void) {
    token_call("stop signal", 0);
    if (signals.stop != NULL) {
        signals.stop();
    }
    return signals.stop != NULL;
}

void sim_hang_up_signal(void) {
    token_call("hang-up signal", 0);
    if (signals.hang_up != NULL) {
        signals.hang_up();
    }
}

portico_status os_random(void *data, size_t size) {
    token_call("random", size);
    if (fault_strikes(SIM_FAULT_FILES)) {
        return error_simulated(PORTICO_E_SYSTEM);
    }
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)data)[i] = (uint8_t)sim_random(SIM_WORLD, 256);
    }
    return PORTICO_OK;
}

uint64_t os_monotonic_ns(void) {
    token_call("monotonic_ns", 0);
    token_spin();
    uint64_t tick_ns = (uint64_t)run.options.clock_tick_us * 1000;
    uint64_t now_ns = run.now_ns;
    return tick_ns != 0 ? now_ns - now_ns % tick_ns : now_ns;
}

uint64_t os_wall_ms(void) {
    token_call("wall_ms", 0);
    uint64_t start_ms = run.options.wall_ms;
    if (fault_strikes(SIM_FAULT_CLOCK)) {
        int64_t most_ms = (int64_t)1 << sim_random(SIM_FAULTS, CLOCK_JUMP_BITS);
        wall_jumps_ms += sim_random(SIM_FAULTS, 2) == 0 ? most_ms : -most_ms;
    }
    return (start_ms != 0 ? start_ms : wall_start_ms) + run.now_ns / 1000000 +
           (uint64_t)wall_jumps_ms;
}
