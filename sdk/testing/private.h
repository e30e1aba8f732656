/* private.h: what the files of this folder share. A run is in one process and on one thread, except
 * for the host, which runs on threads of the simulation.
 *
 *   runner.c   the arguments, and which tests run for which seeds
 *   apart.c    a run in another process
 *   temper.c   what the seed makes of the simulated system
 *   modules.c  what the modules' libraries say of themselves
 *   host.c     the host's start, swaps and end
 *   ini.c      its configuration
 *   player.c   clients: bytes to and from the host
 *   client.c   clients: packets and expectations
 *   admin.c    the client that sends commands
 *   refuse.c   calls of the module that are refused
 *   files.c    the folder of the run
 *   check.c    what ends a run
 */
#ifndef PORTICO_TESTING_PRIVATE_H
#define PORTICO_TESTING_PRIVATE_H

#include "portico_testing.h"

#include "config/config.h"
#include "os/sim/sim.h"

enum {
    TESTING_PATH_BYTES = 1024,
    TESTING_MODULES_MAX = 16,
    TESTING_TYPES_MAX = 64,
    TESTING_TYPE_BYTES = 2 * PORTICO_LABEL_MAX,
    TESTING_INI_BYTES = 64 * 1024,
    TESTING_ADMIN_PORT = 7779,
    TESTING_FIRST_PORT = 7001
};

#define TESTING_TOKEN "token-of-the-simulation"

/* The library of a module. */
typedef struct testing_module {
    char path[TESTING_PATH_BYTES];
    char name[PORTICO_LABEL_MAX]; /* the module's own */
} testing_module;

/* The arguments. */
typedef struct testing_options {
    char modules[TESTING_MODULES_MAX][TESTING_PATH_BYTES]; /* the first is under test */
    uint32_t module_count;
    char builds[TESTING_MODULES_MAX][TESTING_PATH_BYTES];
    uint32_t build_count;
    uint64_t seed; /* 0: from 1 on */
    uint32_t seeds;
    bool faults;
    bool log;
    bool trace;
} testing_options;

struct portico_test {
    const testing_options *options;
    const portico_test_case *test;
    uint64_t seed;
    char folder[TESTING_PATH_BYTES];
    bool apart; /* this process is a child of the runner's */
    testing_module modules[TESTING_MODULES_MAX];
    uint32_t module_count;
    char types[TESTING_TYPES_MAX][TESTING_TYPE_BYTES]; /* session types, the module's own first */
    uint32_t type_count;
    const config *config; /* NULL: no host runs */
    os_thread *control;
    bool started; /* portico_test_start was called */
    bool ended;   /* the host has */
    int code;
    bool stopping;
    bool began;                         /* the simulation has */
    bool strict;                        /* a fault excuses nothing any more */
    bool expects_failure;               /* the host has refused to start */
    bool crashes;                       /* of modules are allowed */
    char again[4 * TESTING_PATH_BYTES]; /* the command that repeats the run */
    sim_figures before;
    os_port *port; /* of all clients */
    portico_client *clients;
};

/* The run of this process; NULL: none has begun. */
portico_test *testing_current(void);

/* Runs the test in this process and returns, or ends it as failed. */
void testing_run(portico_test *t);

/* Runs it in a process of its own. What remains of it is deleted. */
typedef enum testing_end {
    TESTING_PASSED,
    TESTING_FAILED,
    TESTING_FAULTED /* ended early, after a fault */
} testing_end;
testing_end testing_run_apart(portico_test *t);

/* Exit codes of such a process: any other is a crash, or a sanitizer's. */
enum { TESTING_EXIT_FAILED = 101, TESTING_EXIT_FAULTED = 102 };

/* Sets up the simulated system by the seed. Seed 1 is calm. */
void testing_temper(sim_options *options, uint64_t seed, bool faults);

/* The folder of a process's run. testing_folder_make creates it, empty. */
void testing_folder(char folder[TESTING_PATH_BYTES], uint32_t process);
void testing_folder_make(const char *folder);
void testing_folder_delete(const char *folder);

void testing_path(const portico_test *t, char path[2 * TESTING_PATH_BYTES], const char *name);
void testing_file_write(const portico_test *t, const char *name, const char *text);

/* Copies a file to `name` in the folder of the run. False: it cannot be read. */
bool testing_file_copy(const portico_test *t, const char *from, const char *name);

/* Calls `each` for every line of the host's log so far, without its end. */
void testing_log_each(const char *folder, void (*each)(void *arg, const char *line), void *arg);

/* Prints the last lines of the log and the command that repeats the run. */
void testing_print_log(const char *folder);
void testing_print_again(const portico_test *t);

/* Fails the run, on behalf of a line of this folder or of none. */
#define TESTING_FAIL(...) portico_test_fail(NULL, 0, __VA_ARGS__)

/* Whether a fault has struck that makes a call fail: not a stall or the like. */
bool testing_faulted(void);

/* Reads the modules' names and session types from their libraries. */
void testing_modules_read(portico_test *t);

/* From now on knows which generations are loaded. */
void testing_refuse_begin(void);

/* Completes the test's ini. */
void testing_ini(const portico_test *t, const char *ini, char text[TESTING_INI_BYTES]);

/* Stops the host if one runs. Faults have then ended. */
void testing_end_host(portico_test *t);

/* The same, then ends the clients and checks that nothing is left. */
void testing_finish(portico_test *t);

/* ---- clients ------------------------------------------------------------------------------- */

/* Reads what has arrived for all clients, and sends on what they have sent, until nothing more can
 * happen without time. */
void players_settle(portico_test *t);

/* Closes and frees all. */
void players_end(portico_test *t);

/* Sends a command. False: `answer` is an error. */
bool testing_admin(portico_test *t, const char *command, const char **answer);

#endif
