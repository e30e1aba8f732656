/* portico_testing.h: runs a module in the real host on a simulated system, for tests. Plain C11,
 * also valid C++11. The guide is sdk/testing/README.md.
 *
 *     #include <portico_testing.h>
 *
 *     static void comes_back(portico_test *t) {
 *         portico_test_start(t, NULL);
 *         portico_client *c = portico_test_connect(t, "echo.session");
 *         portico_client_send_text(c, 7, "hello");
 *         portico_client_expect_text(c, 7, "hello");
 *         portico_test_swap(t, NULL);
 *         portico_client_send_text(c, 8, "still there?");
 *         portico_client_expect_text(c, 8, "still there?");
 *     }
 *
 *     static const portico_test_case tests[] = {PORTICO_TEST(comes_back), {NULL, NULL}};
 *
 *     int main(int argc, char **argv) {
 *         return portico_test_main(argc, argv, tests);
 *     }
 *
 * The host is the one that serves players, and the module is the library that it would load there.
 * Only the system below them is simulated: its clock, its network, and which thread runs next. A
 * seed decides all of that, and the same seed repeats it. No test binds a port or sleeps.
 *
 * RUNS     Each test runs in a process of its own, once for each seed. So statics begin anew, and a
 *          crash ends one run.
 * TIME     stands still except in portico_test_advance, and for what the simulated system takes:
 *          0.1 us for each call, up to 1 ms for bytes on their way (none with seed 1).
 * WAITING  A function marked [waits] returns when nothing more can happen without time: all that
 *          clients have sent has been handled, and all that was sent to them has arrived. Between
 *          two such functions everything that the test does races with everything else.
 * FAILURE  An expectation that does not hold prints where, the seed, the end of the host's log and
 *          the command that repeats the run, and ends it. The same happens if the host deadlocks,
 *          aborts, cannot stop, or has ended and leaves memory or a socket behind.
 * FAULTS   With --faults, allocations, files and connections fail as well, by the seed. When one
 *          has failed, an expectation that does not hold ends the run without failing it. What is
 *          left to find are crashes, deadlocks and leaks.
 *
 * INSIDE   A test may call the host's functions that have no tag in portico.h, as a thread of the
 *          module's own may: portico->room_find("chat.room", "lobby"), portico->session_list(...).
 *
 * All functions are called in a test, on its thread. A module's own threads must not call the host:
 * the simulation does not know them, and ends the run.
 */
#ifndef PORTICO_TESTING_H
#define PORTICO_TESTING_H

#include <portico/portico.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One run of one test: a seed, and a host once it has been started. */
typedef struct portico_test portico_test;

/* A player: one connection to the host. It lives until the test ends. */
typedef struct portico_client portico_client;

/* A test of the table for portico_test_main, which {NULL, NULL} ends. */
typedef struct portico_test_case {
    const char *name;
    void (*run)(portico_test *t);
} portico_test_case;
#define PORTICO_TEST(function) \
    { #function, function }

/* Runs the tests; main() returns what it returns: 0 if all have passed. Arguments:
 *     NAME ...         only these tests
 *     --seeds N        each for the seeds 1 to N; default 1
 *     --seed S         for this seed. With one NAME in this very process, for a debugger
 *     --faults         calls of the system fail, by the seed
 *     --log            prints the host's log
 *     --trace          prints each call of the simulated system
 *     --list           prints the names of the tests
 *     --module FILE    the module's library, instead of the one that CMake has named
 *     --with FILE      another module's library to load
 *     --build FILE     another build for portico_test_swap
 */
static inline int portico_test_main(int argc, char **argv, const portico_test_case *tests);

/* ---- the host ------------------------------------------------------------------------------ */

/* Starts the host with the module. `ini` may be NULL. It begins with keys of the module's section,
 * sections may follow:
 *     "tick_ms = 20\n"
 *     "[listener lines]\n"
 *     "type = chat.user\n"
 *     "framing = line\n"
 * What it leaves out is supplied: an address and a port for each listener, a listener with the
 * framing u16 for each session type of the modules that has none, and the sections of the modules.
 * {dir} expands to the folder of the run, which is empty at first. [waits] */
void portico_test_start(portico_test *t, const char *ini);

/* The same where it may fail. False: the host does not start, or does not load the module. The log
 * says why, and the host has ended: only the end of the test is left. */
bool portico_test_try_start(portico_test *t, const char *ini);

/* Stops the host as Ctrl+C does, and checks that nothing is left of it. Clients can still receive
 * what was sent to them. The end of a test does the same. A run has one host: to see what a module
 * reads back from its files, unload and load it (portico_test_ctl). [waits] */
void portico_test_stop(portico_test *t);

/* Replaces the module by another build: the base name of a library that CMake has named after
 * BUILDS, or a path; NULL: the same build again, as another generation. [waits] */
void portico_test_swap(portico_test *t, const char *build);

/* The same where it may be refused. False: the log says why. */
bool portico_test_try_swap(portico_test *t, const char *build);

/* Sends a command as `portico ctl` does, such as "sessions" or "unload chat", and returns its
 * answer: lines, or "error ..." in one line. Valid until the next call. [waits] */
const char *portico_test_ctl(portico_test *t, const char *command);

/* How many lines of the host's log contain `text`. The log has all levels. [waits] */
uint32_t portico_test_logged(portico_test *t, const char *text);

/* Returns the path of a file in the folder of the run. Valid until the next call. */
const char *portico_test_path(portico_test *t, const char *file);

/* The module's next `count` calls of a host function, such as "session_send", do nothing and return
 * `status`. Works for functions that return a portico_status, in generations that are loaded when
 * this is called. */
void portico_test_refuse(portico_test *t, const char *function, portico_status status,
                         uint32_t count);

/* ---- time and chance ----------------------------------------------------------------------- */

/* Does nothing but wait. [waits] */
void portico_test_settle(portico_test *t);

/* Waits, advances the clock, and waits again: timers are due, time limits pass. An hour of an idle
 * host takes about a second. [waits] */
void portico_test_advance(portico_test *t, uint32_t ms);

/* The clock advances while no thread of the host runs, as when the machine sleeps: timers are late,
 * and post_every has missed periods. [waits] */
void portico_test_stall(portico_test *t, uint32_t ms);

/* A number below `below`, which is not 0. The seed decides. */
uint32_t portico_test_random(portico_test *t, uint32_t below);

/* Whether a fault has struck in this run. Never without --faults. */
bool portico_test_has_faults(const portico_test *t);

/* From now on no fault strikes: everything is expected to recover. */
void portico_test_end_faults(portico_test *t);

/* How often code of the modules has crashed so far and the host has contained that, as it does for
 * players. A run in which it has is failed at its end, unless the test allows it: for tests of what
 * players notice. (On Linux an abort or exit of a module ends the run at once here.) */
uint64_t portico_test_crashes(const portico_test *t);
void portico_test_allow_crashes(portico_test *t);

/* ---- clients ------------------------------------------------------------------------------- */

/* Connects a client. `where` is a session type ("chat.user"), or the name of a listener in the ini;
 * NULL: the module's first session type. on_open has returned when this returns. A session that it
 * refuses is a client that is closed. [waits] */
portico_client *portico_test_connect(portico_test *t, const char *where);

/* Sends one packet, framed as the listener says: line and raw have no opcode. The client may be
 * closed: a packet for nobody. portico_client_send_bytes sends bytes as they are, to break a
 * framing. */
void portico_client_send(portico_client *c, uint16_t opcode, const void *data, uint32_t size);
void portico_client_send_text(portico_client *c, uint16_t opcode, const char *text);
void portico_client_send_bytes(portico_client *c, const void *data, uint32_t size);

/* Takes the next packet that has been sent to the client. False: there is none. `packet->data` is
 * valid until the next call for this client. [waits] */
bool portico_client_next(portico_client *c, portico_packet *packet);

/* Takes the next packet and expects that it is exactly this. [waits] */
#define portico_client_expect(c, opcode, data, size) \
    portico_client_expect_at((c), (opcode), (data), (size), __FILE__, __LINE__)
#define portico_client_expect_text(c, opcode, text) \
    portico_client_expect_at((c), (opcode), (text), (uint32_t)strlen(text), __FILE__, __LINE__)

/* The same of packets that PORTICO_PACKET has declared, which the test includes as well:
 *     move m = {.dx = 5};
 *     portico_client_send_packet(c, MOVE, move, &m);
 *     place p;
 *     portico_client_expect_packet(c, PLACE, place, &p);
 * The second takes the next packet, expects its opcode, and decodes it. Texts and bytes in `p` are
 * valid until the next call for this client. [waits] */
#define portico_client_send_packet(c, number, P, packet)                                           \
    do {                                                                                           \
        uint8_t portico_bytes_[P##_size_max];                                                      \
        uint32_t portico_size_ = 0;                                                                \
        PORTICO_CHECK_INT(                                                                         \
            P##_encode((packet), portico_bytes_, (uint32_t)sizeof portico_bytes_, &portico_size_), \
            PORTICO_OK);                                                                           \
        portico_client_send((c), (number), portico_bytes_, portico_size_);                         \
    } while (0)
#define portico_client_expect_packet(c, number, P, packet)                            \
    do {                                                                              \
        portico_packet portico_taken_;                                                \
        portico_client_take_at((c), (number), &portico_taken_, __FILE__, __LINE__);   \
        if (!P##_decode((packet), portico_taken_.data, portico_taken_.size)) {        \
            portico_test_fail(__FILE__, __LINE__, "the packet of opcode %u is no %s", \
                              (unsigned)portico_taken_.opcode, #P);                   \
        }                                                                             \
    } while (0)

/* Expects that nothing more was sent to the client. [waits] */
#define portico_client_expect_nothing(c) portico_client_expect_nothing_at((c), __FILE__, __LINE__)

/* Drops what was sent to the client and not taken. [waits] */
void portico_client_forget(portico_client *c);

/* Whether the host has ended the connection, or cannot read it any more. Packets may still be there
 * to take. [waits] */
bool portico_client_is_closed(portico_client *c);

/* The client stops reading, or reads again: what is sent to it stays in the host, up to the
 * listener's send_limit_bytes. Some 64 KiB are on the way before that. */
void portico_client_pause(portico_client *c, bool pause);

/* Hangs up in order, after what was sent: on_close receives PORTICO_E_EOF. [waits] */
void portico_client_close(portico_client *c);

/* Breaks the connection as a cut line does: on_close receives PORTICO_E_RESET, and what was sent
 * just before may be lost. [waits] */
void portico_client_drop(portico_client *c);

/* ---- expectations -------------------------------------------------------------------------- */

#define PORTICO_CHECK(condition) \
    ((condition) ? (void)0 : portico_test_fail(__FILE__, __LINE__, "does not hold: %s", #condition))

/* Integers: the value found, the right value. */
#define PORTICO_CHECK_INT(found, right) \
    portico_test_check_int((int64_t)(found), (int64_t)(right), #found, __FILE__, __LINE__)

/* Zero-terminated text; NULL equals only NULL. */
#define PORTICO_CHECK_TEXT(found, right) \
    portico_test_check_text((found), (right), #found, __FILE__, __LINE__)

/* Ends the run as failed. */
void portico_test_fail(const char *file, int line, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((noreturn, format(printf, 3, 4)))
#endif
    ;

/* ---- what the macros call ------------------------------------------------------------------ */

void portico_client_expect_at(portico_client *c, uint16_t opcode, const void *data, uint32_t size,
                              const char *file, int line);
void portico_client_take_at(portico_client *c, uint16_t opcode, portico_packet *packet,
                            const char *file, int line);
void portico_client_expect_nothing_at(portico_client *c, const char *file, int line);
void portico_test_check_int(int64_t found, int64_t right, const char *what, const char *file,
                            int line);
void portico_test_check_text(const char *found, const char *right, const char *what,
                             const char *file, int line);

/* `modules` are paths with '|' between them: the module, others to load, then, after "||", builds
 * to swap to. portico_add_module_test() defines the macro. */
int portico_test_run(int argc, char **argv, const portico_test_case *tests, const char *modules);

#ifndef PORTICO_TEST_MODULES
#define PORTICO_TEST_MODULES ""
#endif
static inline int portico_test_main(int argc, char **argv, const portico_test_case *tests) {
    return portico_test_run(argc, argv, tests, PORTICO_TEST_MODULES);
}

#ifdef __cplusplus
}
#endif
#endif
