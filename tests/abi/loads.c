/* loads.c: a module that only answers, and its variants loads_NAME, which go wrong while they are
 * loaded, or unloaded, before the host calls anything of theirs: WAY says how. */
#include <portico/portico.h>

#include "system.h"

#include <stdio.h>
#include <stdlib.h>

#if !defined(_WIN32)
#include <unistd.h>
#endif

#define GOOD 0
#define LOOPS 1
#define SLEEPS 2
#define CRASHES 3
#define EXITS 4
#define ABORTS 5
#define FORKS 6
#define CRASHES_LATE 7 /* when it is unloaded */
#define TALKS 8
#define CLOSES 9 /* every descriptor: those of the child's pipes, too */
#define WILD_NAME 10
#define WILD_HOST 11

#if !defined(WAY)
#define WAY GOOD
#endif

static int *volatile nowhere; /* unknown to the compiler */

__attribute__((constructor)) static void begin(void) {
    volatile uint32_t rounds = WAY;
    while (rounds == LOOPS) {
    }
    if (rounds == SLEEPS) {
        system_sleep_ms(120 * 1000);
    } else if (rounds == CRASHES) {
        *nowhere = 1;
    } else if (rounds == EXITS) {
        exit(0);
    } else if (rounds == ABORTS) {
        abort();
    } else if (rounds == TALKS) {
        char line[64];
        (void)printf("A module that says hello from its constructor.\n");
        (void)fflush(stdout);
        (void)!fgets(line, sizeof line, stdin);
    }
#if !defined(_WIN32)
    if (rounds == FORKS) {
        (void)!fork();
    }
    for (int i = 0; rounds == CLOSES && i < 100; i++) {
        (void)close(i);
    }
#endif
}

__attribute__((destructor)) static void end(void) {
    volatile uint32_t rounds = WAY;
    if (rounds == CRASHES_LATE) {
        *nowhere = 1;
    }
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static uint32_t answers;

static const portico_opcode opcodes[] = {PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_packet)};
static const portico_session_type session_types[] = {
    {.name = "session", .opcodes = PORTICO_TABLE(opcodes)}};
static const portico_room_type room_types[] = {{.name = "room", .max_members = 8}};
static const portico_setting settings[] = {
    PORTICO_U32(answers, "1", 1, 9, "how often a packet is echoed")};

static const portico_module loads = {
#if WAY == WILD_NAME
    .name = (const char *)16,
#else
    .name = "loads",
#endif
    .version = "1",
    .description = "goes wrong while it is loaded",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .settings = PORTICO_TABLE(settings),
};

#if WAY == WILD_HOST
const portico_host *portico;
PORTICO_EXPORT extern const portico_entry portico_module_entry;
const portico_entry portico_module_entry = {PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR, sizeof loads,
                                            &loads, (const portico_host **)16};
#else
PORTICO_MODULE(loads);
#endif
