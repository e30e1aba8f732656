/* sticks.c: a module that never returns from where it is told, for tests of stopping a host.
 *
 *   opcode 1  sticks in this handler      opcode 3  in a message of the module
 *   opcode 2  in a message of a room      opcode 4  in a job
 *   others    echo
 *
 * The setting `at` names a call of the module's or a session's life in which it sticks; with
 * `asleep` it sleeps instead of looping. Where it sticks is logged just before. Compiled with
 * LOADING it sticks when it is loaded, where nothing contains it, if the working folder has a file
 * sticks_loading.txt: other tests load all modules. */
#include "system.h"

#include <portico/portico.h>

#include <stdio.h>

enum { STICK = 1, STEP_MS = 1000 };

enum { AT_NOTHING, AT_START, AT_STOPPING, AT_STOP, AT_CLOSE };
static const char *const places[] = {"nothing", "start", "stopping", "stop", "close", NULL};

static uint32_t at;
static bool asleep;

static void stick(const char *where) {
    volatile uint32_t turns = 0;
    char text[64];
    (void)snprintf(text, sizeof text, "sticks in %s", where);
    portico->log(PORTICO_LOG_INFO, text);
    for (;;) {
        turns = turns + 1;
        if (asleep) {
            system_sleep_ms(STEP_MS);
        }
    }
}

#if defined(LOADING) && defined(__GNUC__)
__attribute__((constructor)) static void on_load(void) {
    FILE *file = fopen("sticks_loading.txt", "rb");
    if (file == NULL) {
        return;
    }
    (void)fclose(file);
    (void)fprintf(stderr, "sticks in its constructor\n");
    for (volatile uint32_t turns = 0;; turns = turns + 1) {
    }
}
#endif

static void stick_if(uint32_t place) {
    if (at == place) {
        stick(places[place]);
    }
}

/* ---- handlers ------------------------------------------------------------------------------- */

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static void on_stick(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state, (void)packet;
    stick("a packet");
}

static void on_stick_room(portico_session session, void *state, const portico_packet *packet) {
    portico_room room = {0};
    (void)session, (void)state, (void)packet;
    (void)portico->room_create("sticks.room", "one", NULL, 0, &room);
    (void)portico->post(portico_room_entity(room), STICK, NULL, 0);
}

static void on_stick_module(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state, (void)packet;
    (void)portico->post(portico->self(), STICK, NULL, 0);
}

static void on_stick_job(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state, (void)packet;
    (void)portico->run_job(STICK, NULL, 0, portico->self());
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session, (void)state, (void)reason;
    stick_if(AT_CLOSE);
}

static void room_message(portico_room room, void *state, const portico_message *message) {
    (void)room, (void)state, (void)message;
    stick("a message of a room");
}

static void module_message(portico_entity self, void *state, const portico_message *message) {
    (void)self, (void)state, (void)message;
    stick("a message of the module");
}

static uint32_t job(uint32_t id, const void *data, uint32_t size, void *reply, uint32_t capacity) {
    (void)id, (void)data, (void)size, (void)reply, (void)capacity;
    stick("a job");
    return 0;
}

/* ---- the module's life ----------------------------------------------------------------------- */

static portico_status start(void *state, uint32_t why) {
    (void)state, (void)why;
    stick_if(AT_START);
    return PORTICO_OK;
}

static void stopping(void *state) {
    (void)state;
    stick_if(AT_STOPPING);
}

static void stop(void *state, uint32_t why) {
    (void)state, (void)why;
    stick_if(AT_STOP);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(1, 0, 0, on_stick),
    PORTICO_RAW(2, 0, 0, on_stick_room),
    PORTICO_RAW(3, 0, 0, on_stick_module),
    PORTICO_RAW(4, 0, 0, on_stick_job),
};
static const portico_session_type session_types[] = {{.name = "session",
                                                      .on_packet = on_packet,
                                                      .on_close = on_close,
                                                      .opcodes = PORTICO_TABLE(opcodes)}};
static const portico_room_message room_messages[] = {PORTICO_MESSAGE(STICK, room_message)};
static const portico_room_type room_types[] = {
    {.name = "room", .messages = PORTICO_TABLE(room_messages)}};
static const portico_module_message messages[] = {PORTICO_MESSAGE(STICK, module_message)};
static const portico_job jobs[] = {PORTICO_JOB(STICK, job)};
static const portico_setting settings[] = {
    PORTICO_CHOICE(at, "nothing", places, "the call in which it sticks"),
    PORTICO_BOOL(asleep, "no", "it sleeps there, and does not loop"),
};

static const portico_module sticks = {
    .name = "sticks",
    .version = "1",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .messages = PORTICO_TABLE(messages),
    .jobs = PORTICO_TABLE(jobs),
    .settings = PORTICO_TABLE(settings),
    .start = start,
    .stopping = stopping,
    .stop = stop,
};

PORTICO_MODULE(sticks);
