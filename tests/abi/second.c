/* second.c: joins counts.session with a state of its own.
 *
 *   opcode 20  answers how many packets with this opcode have arrived (uint64)
 *
 * Everything in the state is checked: zero at on_open, then untouched by the other module. `stop`
 * logs opened, closed and wrong. */
#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>

enum { MARK = 0x5EC0 };

typedef struct extra {
    uint64_t mark;
    uint64_t packets;
    uint64_t packets_again;
} extra;

static atomic_uint opened;
static atomic_uint closed;
static atomic_uint wrong;

static portico_status on_open(portico_session session, void *state) {
    (void)session;
    extra *e = state;
    if (e->mark != 0 || e->packets != 0 || e->packets_again != 0) {
        atomic_fetch_add(&wrong, 1);
    }
    e->mark = MARK;
    atomic_fetch_add(&opened, 1);
    return PORTICO_OK;
}

static void on_twenty(portico_session session, void *state, const portico_packet *packet) {
    extra *e = state;
    if (e->mark != MARK || packet->opcode != 20) {
        atomic_fetch_add(&wrong, 1);
    }
    e->packets++;
    e->packets_again++;
    (void)portico->session_send(session, 20, &e->packets, sizeof e->packets);
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)reason;
    extra *e = state;
    if (e->mark != MARK || e->packets != e->packets_again) {
        atomic_fetch_add(&wrong, 1);
    }
    e->mark = 0;
    atomic_fetch_add(&closed, 1);
}

static void second_stop(void *state, uint32_t why) {
    (void)state, (void)why;
    char text[120];
    (void)snprintf(text, sizeof text, "opened %u closed %u wrong %u", atomic_load(&opened),
                   atomic_load(&closed), atomic_load(&wrong));
    portico->log(PORTICO_LOG_INFO, text);
}

static const portico_opcode opcodes[] = {PORTICO_RAW(20, 0, PORTICO_SIZE_ANY, on_twenty)};
static const portico_session_type types[] = {
    {.name = "counts.session",
     .state = PORTICO_STATE_OPAQUE(extra, 1),
     .on_open = on_open,
     .on_close = on_close,
     .opcodes = PORTICO_TABLE(opcodes)},
};

static const char *const required[] = {"counts", NULL};

static const portico_module second = {
    .name = "second",
    .version = "1",
    .required = required,
    .session_types = PORTICO_TABLE(types),
    .stop = second_stop,
};

PORTICO_MODULE(second);
