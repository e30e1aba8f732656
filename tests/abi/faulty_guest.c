/* faulty_guest.c: joins the sessions of faulty.c and requires it. Faults as it is told, see
 * faulty.h: by FAULTY_GUEST_FAULT, FAULTY_GUEST_PLAN (packet, open, close) and the file that its
 * setting `plan` names (start, stopping, stop, dependency_swaps). GENERATION and NO_FAULTS as in
 * faulty.c. */
#include "faulty_kinds.h"
#include "faulty_plan.h"

#ifndef GENERATION
#define GENERATION 1
#endif
#ifndef VERSION
#define VERSION "1"
#endif
#ifndef NO_FAULTS
#define NO_FAULTS 0
#endif

#define GUEST(S, F) \
    F(S, FIELD, uint32_t, begun) F(S, FIELD, uint32_t, done) F(S, FIELD, uint32_t, sum)
PORTICO_STATE(guest, GUEST);

static const char *plan;

static void fault(uint32_t kind) {
    if (!NO_FAULTS && kind != FAULTY_NONE) {
        faulty_do(kind);
    }
}

static uint32_t figure_of(const portico_packet *packet) {
    uint32_t figure = 0;
    memcpy(&figure, packet->data, sizeof figure);
    return figure;
}

static void on_echo(portico_session session, void *state, const portico_packet *packet) {
    guest *g = state;
    g->begun++;
    fault(faulty_plan_take(FAULTY_IN_PACKET));
    g->sum += figure_of(packet);
    g->done++;
    faulty_echo echo = {figure_of(packet), GENERATION, g->begun, g->done, g->sum};
    (void)portico->session_send(session, packet->opcode, &echo, sizeof echo);
}

static void on_fault(portico_session session, void *state, const portico_packet *packet) {
    guest *g = state;
    atomic_store(&faulty_session, session.id);
    g->begun++;
    fault(figure_of(packet));
    g->done++;
}

static void on_plan(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    faulty_plan told;
    memcpy(&told, packet->data, sizeof told);
    faulty_plan_set(told.entry, told.kind, told.times);
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status on_open(portico_session session, void *state) {
    guest *g = state;
    (void)session;
    g->begun++;
    fault(faulty_plan_take(FAULTY_IN_OPEN));
    g->done++;
    return PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    char text[64];
    guest *g = state;
    (void)session;
    g->begun++;
    fault(faulty_plan_take(FAULTY_IN_CLOSE));
    g->done++;
    (void)snprintf(text, sizeof text, "guest closed %d, half changed %u", reason,
                   g->begun - g->done);
    portico->log(PORTICO_LOG_INFO, text);
}

/* The call waits while the module is frozen. */
static void on_watermark(portico_session session, void *state, uint32_t queued, uint32_t above) {
    (void)session, (void)state, (void)queued, (void)above;
}

static portico_status start(void *state, uint32_t why) {
    (void)state, (void)why;
    faulty_plans_read(plan, GENERATION);
    fault(faulty_plan_take(FAULTY_IN_START));
    return PORTICO_OK;
}

static void stopping(void *state) {
    (void)state;
    faulty_plans_read(plan, GENERATION);
    fault(faulty_plan_take(FAULTY_IN_STOPPING));
}

static void stop(void *state, uint32_t why) {
    (void)state, (void)why;
    faulty_plans_read(plan, GENERATION);
    fault(faulty_plan_take(FAULTY_IN_STOP));
}

static portico_status dependency_swaps(void *state, const char *name, const char *version) {
    (void)state, (void)name, (void)version;
    faulty_plans_read(plan, GENERATION);
    fault(faulty_plan_take(FAULTY_IN_DEPENDENCY_SWAPS));
    return PORTICO_OK;
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(FAULTY_GUEST_ECHO, 4, PORTICO_SIZE_ANY, on_echo),
    PORTICO_RAW(FAULTY_GUEST_FAULT, 4, PORTICO_SIZE_ANY, on_fault),
    PORTICO_RAW(FAULTY_GUEST_PLAN, sizeof(faulty_plan), sizeof(faulty_plan), on_plan),
};
static const portico_session_type session_types[] = {
    {.name = "faulty.session",
     .state = PORTICO_STATE_OF(guest, 1),
     .on_open = on_open,
     .on_close = on_close,
     .on_watermark = on_watermark,
     .opcodes = PORTICO_TABLE(opcodes)},
};
static const portico_setting settings[] = {
    PORTICO_TEXT(plan, "", 0, 500, "a file that says what faults"),
};
static const char *const required[] = {"faulty", NULL};

static const portico_module faulty_guest = {
    .name = "faulty_guest",
    .version = VERSION,
    .description = "Faults in the sessions of another module.",
    .required = required,
    .session_types = PORTICO_TABLE(session_types),
    .settings = PORTICO_TABLE(settings),
    .start = start,
    .stopping = stopping,
    .stop = stop,
    .dependency_swaps = dependency_swaps,
};

PORTICO_MODULE(faulty_guest);
