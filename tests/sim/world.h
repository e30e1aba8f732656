/* world.h: what the scenarios share: a host in a thread of this process, on the simulated system,
 * and its administrator.
 *
 * A scenario runs on the main thread. It starts the host, starts threads that act as clients, and
 * checks what it sees; the modules are parts of this executable (world_library). Only one
 * thread runs at a time, so the scenario, the clients and the modules share plain variables.
 *
 * Ports are the scenario's to choose: the network is this process's own. */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include "os/sim/sim.h"

#include <portico/portico.h>

#define WORLD_TOKEN "token-of-the-simulation"

enum { WORLD_ADMIN_PORT = 7779, WORLD_ANSWER_BYTES = 64 * 1024 };

#define CHECK(condition) \
    ((condition) ? (void)0 : sim_fail("%s:%d: does not hold: %s", __FILE__, __LINE__, #condition))

/* A number below `below`, which is not 0, that the scenario may do with as it likes. */
static inline uint32_t world_random(uint64_t below) {
    return (uint32_t)sim_random(SIM_WORLD, below);
}

/* How many of something the scenario's world has, such as clients, steps or rooms: `usual`, or
 * less. The seed chooses, and never chooses 0; count.WHAT=N sets another limit, which may be 0.
 * Small worlds run faster and find most of what large ones find, and the shrinker looks for the
 * smallest that still fails: so every loop whose length does not matter to the scenario asks here.
 */
uint32_t world_count(const char *what, uint32_t usual);

/* The functions that the host offers to modules. All of a scenario's libraries share the pointer,
 * which is NULL before the first is loaded. Most modules use `host` of ledger.h instead. */
extern const portico_host *world_host;

/* From now on there is a simulated library of that name with the module. Both must stay valid.
 * Returns the library's entry, for a scenario that wants a wrong one. */
portico_entry *world_library(const char *library, const portico_module *module);

/* Writes MODULE.so (or .dll) in the folder of the modules: a library of world_library. Overwrites:
 * a build. */
void world_build(const char *module, const char *library);

/* The path of a file in the folder of this run. */
void world_path(char *path, size_t size, const char *name);

/* More lines for the section [log] of the next world_start; they must stay valid. */
void world_log(const char *log_keys);

/* Writes the ini and starts the host. In it, {dir} expands to the folder of this run. Sections
 * [host], [log], [admin] and [modules] exist already: `host_keys` are more lines for [host], and
 * `ini` may begin with some for [modules]. Returns when the host serves or has ended. False: it has
 * ended. */
bool world_start(const char *host_keys, const char *ini);

/* Whether the host has not ended. */
bool world_runs(void);

/* Whether the host may give up and end the process at once (os_exit): then the run ends there and
 * has passed. Otherwise, as at first, it has failed. */
void world_may_exit(bool may);

/* Sends the stop signal. False: the host has ended, or has not begun to listen to signals. */
bool world_signal_stop(void);

/* Sends the stop signal unless world_signal_stop has, waits for its end, and checks that nothing is
 * left: no allocation, no socket, no library. Returns the exit code. Threads of clients must have
 * ended. */
int world_stop(void);

/* Sends a command as ctl does and waits for the answer's last line. True: `ok`. False: an error, or
 * there is no host; `answer` (may be NULL, else WORLD_ANSWER_BYTES) then has the reason. */
bool world_ctl(const char *command, char *answer);

/* Whether an answer that is an error leaves open whether the command has done its work. */
bool world_answer_is_lost(const char *answer);

/* Sends the stop signal at some call of the seam, one of the next `calls`, from a thread of its
 * own, which world_stop_now ends. That sends the signal if it has not been sent. */
void world_stop_within(uint32_t calls);
void world_stop_now(void);

/* Asks `ctl` for the first session or room that a list has: "sessions 3 -age", "session". */
void world_look(const char *list, const char *what);

/* A figure of `ctl status`; -1: there is none. */
int64_t world_figure(const char *name);

/* Prints the figures of the run, which has passed. In run.c. */
void world_passed(void);

/* Starts a thread that no fault strikes, such as a client's. */
os_thread *world_thread(const char *name, void (*fn)(void *arg), void *arg);

enum { WORLD_CLIENTS_MAX = 16 };

/* Runs `play` on that many such threads, and on the calling one `other` again and again, until all
 * clients have returned. */
void world_play(uint32_t clients, void (*play)(void), void (*other)(void));

#endif
