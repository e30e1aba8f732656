/* load_fails.c: its `start` fails, after it has created a room. Nothing may stay, and no more of
 * its code may run: neither `stop` nor a handler of the room. */
#include <portico/portico.h>

#include <stdlib.h>

static portico_status room_on_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    (void)room, (void)state, (void)data, (void)size;
    abort();
}

static void room_on_close(portico_room room, void *state, portico_status reason) {
    (void)room, (void)state, (void)reason;
    abort();
}

static portico_status start(void *state, uint32_t why) {
    (void)state;
    portico_room room = {0};
    if (why != PORTICO_START_LOADED ||
        portico->room_create("load_fails.room", "early", NULL, 0, &room) != PORTICO_OK) {
        abort();
    }
    portico->log(PORTICO_LOG_WARN, "load_fails: nothing can be done here");
    return PORTICO_E_LIMIT;
}

static void stop(void *state, uint32_t why) {
    (void)state, (void)why;
    abort();
}

static const portico_session_type session_types[] = {{.name = "session"}};
static const portico_room_type room_types[] = {
    {.name = "room", .on_open = room_on_open, .on_close = room_on_close}};

static const portico_module load_fails = {
    .name = "load_fails",
    .version = "1",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .start = start,
    .stop = stop,
};

PORTICO_MODULE(load_fails);
