/* metronome.c: `rooms` rooms (ini) that tick at 20 Hz and measure how late each tick comes: for timer_accuracy. Any
 * packet is answered with uint64 figures: ticks, missed, those within 2 ms, those early, the worst in microseconds;
 * opcode 2 forgets them. */
#include "system.h"

#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>

enum { PERIOD_MS = 50, START = 1, TICK = 2 };

typedef struct beat {
    uint64_t started_ns;
    uint64_t position; /* of the last tick: the n-th is due at started + n periods */
} beat;

static const portico_host *host;
static int64_t room_count;
static _Atomic uint64_t ticks;
static _Atomic uint64_t missed;
static _Atomic uint64_t in_time;
static _Atomic uint64_t early;
static _Atomic uint64_t worst_us;

static void note(int64_t late_us) {
    uint64_t worst = atomic_load(&worst_us);
    atomic_fetch_add(&ticks, 1);
    atomic_fetch_add(&in_time, late_us <= 2000);
    atomic_fetch_add(&early, late_us < 0);
    while (late_us > (int64_t)worst && !atomic_compare_exchange_weak(&worst_us, &worst, (uint64_t)late_us)) {
    }
}

static void PORTICO_CALL on_tick(portico_entity entity, void *state, const portico_message *message) {
    beat *b = state;
    uint64_t now_ns = system_now_ns();
    (void)entity;
    b->position += 1 + message->missed;
    atomic_fetch_add(&missed, message->missed);
    note(((int64_t)(now_ns - b->started_ns) - (int64_t)b->position * PERIOD_MS * 1000000) / 1000);
}

static portico_status PORTICO_CALL on_room_open(portico_room room, void *state) {
    beat *b = state;
    b->started_ns = system_now_ns();
    return host->post_every(room, TICK, NULL, 0, PERIOD_MS, NULL);
}

static void PORTICO_CALL on_start(portico_entity entity, void *state, const portico_message *message) {
    (void)entity;
    (void)state;
    (void)message;
    for (int64_t i = 0; i < room_count; i++) {
        char name[32];
        portico_room room = 0;
        (void)snprintf(name, sizeof name, "%d", (int)i);
        (void)host->room_create("metronome.room", name, &room);
    }
}

static void PORTICO_CALL on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    const uint64_t figures[5] = {atomic_load(&ticks), atomic_load(&missed), atomic_load(&in_time),
                                 atomic_load(&early), atomic_load(&worst_us)};
    if (packet->opcode == 2) {
        atomic_store(&ticks, 0);
        atomic_store(&missed, 0);
        atomic_store(&in_time, 0);
        atomic_store(&early, 0);
        atomic_store(&worst_us, 0);
    }
    (void)host->session_send(session, packet->opcode, figures, sizeof figures);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    portico_status status = host->config_integer("rooms", 1000, 1, 100000, &room_count);
    const portico_session_type type = {.struct_size = sizeof type, .name = "session", .on_packet = on_packet};
    const portico_room_type room = {
        .struct_size = sizeof room, .state_size = sizeof(beat), .name = "room", .on_open = on_room_open};
    status = status == PORTICO_OK ? host->register_session_type(&type) : status;
    status = status == PORTICO_OK ? host->register_room_type(&room) : status;
    status = status == PORTICO_OK ? host->register_message("room", TICK, on_tick) : status;
    status = status == PORTICO_OK ? host->register_message(NULL, START, on_start) : status;
    return status == PORTICO_OK ? host->post_after(host->self(), START, NULL, 0, 50, NULL) : status;
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "metronome",
    .version = "1",
    .load = module_load,
};

PORTICO_MODULE(info);
