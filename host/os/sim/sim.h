/* sim.h: the simulated system: a third implementation of os.h, for tests, in which a seed decides
 * everything that a real system leaves open.
 *
 *   Threads   are real, so thread-locals, debuggers and sanitizers work, but only the thread that
 *             holds the token runs. Any call of the seam may hand the token to another thread, and
 *             so may any atomic operation of code that is compiled with step.h.
 *   The clock is virtual. It advances when every thread waits, and by CALL_NS with each call of the
 *             seam, so that a loop that watches the clock ends.
 *   Sockets   are in memory. They have latency, short reads and writes, small windows, resets.
 *   Files     are the real system's. A file that begins with SIM_LIBRARY_MAGIC is a library whose
 *             symbols are in this executable: see sim_library_add.
 *   Faults    strike at calls of the seam that can fail, at any allocation, and where a file is
 *             used (step.h). tests/faults lists how.
 *
 * A run is a pure function of the options, the scenario, the build and the lengths of the paths
 * that the host sees: sim_figures.hash tells two runs apart. A module's own threads are unknown to
 * the simulation and must not call the host.
 *
 * The process begins the simulation once, in sim_begin or in os_init, on its only thread.
 */
#ifndef PORTICO_SIM_H
#define PORTICO_SIM_H

#include "os/os.h"

/* Each has a sequence of random numbers of its own, all from one seed: without the faults, the same
 * seed still has the same world. */
typedef enum sim_source {
    SIM_SCHEDULE,
    SIM_NETWORK,
    SIM_FAULTS,
    SIM_WORLD,
    SIM_SOURCES
} sim_source;

typedef enum sim_fault_kind {
    SIM_FAULT_MEMORY,  /* an allocation, or a call that reports PORTICO_E_NO_MEMORY */
    SIM_FAULT_HANDLES, /* a call that reports PORTICO_E_NO_HANDLES */
    SIM_FAULT_NETWORK, /* a connection breaks, a connect or accept fails, an option is refused */
    SIM_FAULT_FILES,   /* a file or folder cannot be opened, read, written, renamed, removed */
    SIM_FAULT_LIBRARY, /* a library cannot be opened, or stays in memory when it is closed */
    SIM_FAULT_STALL,   /* a thread gets no processor for a while */
    SIM_FAULT_WAKE,    /* a wait returns for no reason */
    SIM_FAULT_CLOCK,   /* somebody sets the clock: os_wall_ms jumps */
    SIM_FAULT_KINDS
} sim_fault_kind;

/* "memory", "handles", ... */
extern const char *const sim_fault_names[SIM_FAULT_KINDS];

typedef enum sim_policy {
    SIM_POLICY_RANDOM,  /* any thread that can run is next */
    SIM_POLICY_PRIORITY /* the one with the highest priority; priorities change a few times
                           (Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees
                           of Finding Bugs", 2010) */
} sim_policy;

typedef struct sim_options {
    uint64_t seed;
    sim_policy policy;
    uint32_t call_switch;   /* one in this many calls hands the token on; 0: none */
    uint32_t atomic_switch; /* the same of atomic operations */
    uint32_t latency_us;    /* the most that bytes, connects and resets take; 0: none */
    uint32_t short_io;      /* one in this many reads, writes and waits moves less than it could */
    uint32_t window_bytes;  /* the most bytes of a connection that are sent and not yet read;
                               0: 64 KiB. Wild: each connection chooses its own up to this. */
    bool wild;              /* everything that the contract allows, not only the usual: completions
                               in any order, windows of a few bytes, resets that overtake bytes */
    uint32_t clock_tick_us; /* the clock moves in such steps, and waits end at them; 0: exact */
    uint64_t wall_ms;       /* os_wall_ms at the start; 0: 2026-01-01 */
    uint32_t handles;       /* the most sockets, ports, threads and files; 0: 1,000,000 */
    uint64_t faults_from;   /* no fault strikes at fault points before this one, counted from 1 */
    uint64_t faults_to;     /* nor after this one */
    uint32_t faults[SIM_FAULT_KINDS]; /* one in this many fault points of the kind fails; 1: each;
                                         0: none */
    uint64_t calls_max; /* more calls of the seam: the run fails as endless; 0: 20 million */
    FILE *trace;        /* receives a line for each call; NULL: none */
} sim_options;

/* Begins the simulation with the calling thread as its first. Does what os_init does, too. */
void sim_begin(const sim_options *options);

/* ---- what a scenario does ---------------------------------------------------------------- */

/* A number below `below`, which is not 0. */
uint64_t sim_random(sim_source source, uint64_t below);

/* True once in `times`, on average; never with 0. */
bool sim_chance(sim_source source, uint32_t times);

/* Acts like Ctrl+C or SIGTERM, and like SIGHUP. They call what os_on_signals registered. False:
 * nothing yet; a real process would end. */
bool sim_stop_signal(void);
void sim_hang_up_signal(void);

/* From now on os_exit calls `fn`, which does not return, instead of ending the process. */
void sim_on_exit(void (*fn)(int code));

/* Faults strike no call of the calling thread from now on. For threads that check or act as
 * clients. */
void sim_spare_this_thread(bool spare);

/* Changes how often faults of a kind strike from now on: sim_options.faults. */
void sim_fault_rate(sim_fault_kind kind, uint32_t one_in);

/* The same for all kinds by which calls fail: from now on only threads stall, waits return for no
 * reason, and the clock jumps. */
void sim_calls_succeed(void);

/* No fault strikes while it is set. */
void sim_faults_pause(bool pause);

/* From now on the answer about a name takes that long: a silent name server. 0: as in the options.
 */
void sim_resolve_takes(uint32_t ms);

/* Changes how often an atomic operation hands the token on: sim_options.atomic_switch. */
void sim_atomic_rate(uint32_t one_in);

/* Changes sim_options.handles. The limit does not apply to the calls of spared threads. */
void sim_handles_limit(uint32_t handles);

/* Stops all faults and lifts the limit of handles: the scenario now expects everything to recover.
 */
void sim_faults_end(void);

/* Advances nothing and fails nothing; it only lets other threads run. */
void sim_yield(void);

/* The clock advances while no thread runs, as when the machine sleeps. */
void sim_stall(uint32_t ms);

/* Waits until nothing more can happen without time: every other thread waits for a later time or
 * for ever, and no bytes are on their way. One thread at a time. */
void sim_settle(void);

/* Waits until the process has made `call` calls of the seam; the next thread to run is then this
 * one. False: `timeout_ms` were over first. One thread at a time. */
bool sim_await_call(uint64_t call, uint32_t timeout_ms);

/* Ends the process by abort(), after it has printed the words, the seed and what every thread
 * does. */
_Noreturn void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- libraries in this executable -------------------------------------------------------- */

#define SIM_LIBRARY_MAGIC "portico simulated library "

/* From now on a file with the text SIM_LIBRARY_MAGIC NAME is a library that exports `symbol`. The
 * table has room for 64. `name` and `symbol` must stay valid. */
void sim_library_add(const char *name, const char *symbol, const void *address);

/* How often the library is open now. Code of a library that is not open must not run. */
uint32_t sim_library_open_count(const char *name);

/* Calls `fn` with each symbol that is found in a library of the real system's, and with NULL before
 * a library is closed. For tests that change what a module sees of its host. */
void sim_library_watch(void (*fn)(const void *library, void *symbol));

/* ---- figures ----------------------------------------------------------------------------- */

/* The traffic of the host's first port, its workers': its counters should agree. The host is what
 * runs on threads that are not spared from faults. */
typedef struct sim_traffic {
    uint64_t completions; /* handed out */
    uint64_t bytes_in;    /* into buffers of os_recv and os_recv_now */
    uint64_t bytes_out;   /* taken by os_send and os_send_now */
    uint64_t recv_calls;  /* of os_recv, without recv-ready; of os_recv_now that brought bytes */
    uint64_t send_calls;  /* of os_send_now */
    uint64_t accepted;
    uint64_t accept_failures; /* submits and completions, without cancelled ones */
} sim_traffic;

typedef struct sim_figures {
    uint64_t hash;         /* of every call, its thread, its time and its result */
    uint64_t calls;        /* of the seam */
    uint64_t switches;     /* of the token */
    uint64_t now_ns;       /* simulated time */
    uint64_t used_ns;      /* of it, by all threads' calls */
    uint64_t fault_points; /* calls that could have failed */
    uint64_t faults;       /* those that did */
    uint64_t faults_of[SIM_FAULT_KINDS];
    int64_t allocations; /* made through step.h and not freed */
    int64_t handles;     /* sockets, ports, threads, alarms, files and libraries that exist */
    sim_traffic traffic;
} sim_figures;

void sim_look(sim_figures *figures);

#endif
