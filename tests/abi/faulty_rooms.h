/* faulty_rooms.h: the second half of faulty.c: its rooms, its life and its tables. */
#ifndef TEST_FAULTY_ROOMS_H
#define TEST_FAULTY_ROOMS_H

/* ---- rooms ----------------------------------------------------------------------------------- */

static portico_status hall_open(portico_room room, void *state, const void *data, uint32_t size) {
    (void)room, (void)data, (void)size;
    begin(state);
    fault_by_plan(FAULTY_IN_ROOM_OPEN, state);
    end(state);
    return PORTICO_OK;
}

static portico_status hall_join(portico_room room, void *state, portico_session session) {
    (void)room, (void)session;
    begin(state);
    fault_by_plan(FAULTY_IN_JOIN, state);
    end(state);
    return PORTICO_OK;
}

static void hall_leave(portico_room room, void *state, portico_session session,
                       portico_status reason) {
    (void)room, (void)session, (void)reason;
    begin(state);
    fault_by_plan(FAULTY_IN_LEAVE, state);
    end(state);
}

static void hall_close(portico_room room, void *state, portico_status reason) {
    char text[64];
    const mark *m = state;
    (void)room;
    begin(state);
    fault_by_plan(FAULTY_IN_ROOM_CLOSE, state);
    end(state);
    (void)snprintf(text, sizeof text, "hall closed %d, half changed %u", reason,
                   m->begun - m->done);
    portico->log(PORTICO_LOG_INFO, text);
}

static void hall_message(portico_room room, void *state, const portico_message *message) {
    (void)room;
    act(message, state);
}

static void hall_tick(portico_room room, void *state, const portico_message *message) {
    static const portico_session nobody = {0};
    mark *m = state;
    begin(m);
    m->ticks++;
    fault_by_plan(FAULTY_IN_TICK, m);
    end(m);
    faulty_ticked ticked = {m->ticks, GENERATION, message->missed};
    (void)portico->room_send(room, FAULTY_TICKED, &ticked, sizeof ticked, nobody);
}

/* ---- the module ------------------------------------------------------------------------------ */

static void module_message(portico_entity entity, void *state, const portico_message *message) {
    (void)entity;
    act(message, state);
}

static void life(const char *what) {
    char text[64];
    (void)snprintf(text, sizeof text, "life %d %s.", GENERATION, what);
    portico->log(PORTICO_LOG_INFO, text);
}

/* Faults if that is planned, after it has begun a timer, of which nothing is to be left. */
static void start_by_plan(mark *m) {
    enum { PERIOD_MS = 1000 };
    uint32_t kind = faulty_plan_take(FAULTY_IN_START);
    if (kind != FAULTY_NONE) {
        (void)portico->post_every(portico->self(), MESSAGE_FAULT, NULL, 0, PERIOD_MS, NULL);
    }
    fault(kind, m, NULL);
}

static portico_status module_start(void *state, uint32_t why) {
    mark *m = state;
    faulty_plans_read(plan, GENERATION);
    begin(m);
    start_by_plan(m);
    m->sum++; /* starts */
    end(m);
    life(why == PORTICO_START_LOADED    ? "start loaded"
         : why == PORTICO_START_SWAPPED ? "start swapped"
                                        : "start returned");
    return PORTICO_OK;
}

static void module_stop(void *state, uint32_t why) {
    mark *m = state;
    faulty_plans_read(plan, GENERATION);
    begin(m);
    fault_by_plan(FAULTY_IN_STOP, m);
    end(m);
    life(why == PORTICO_STOP_REPLACED   ? "stop replaced"
         : why == PORTICO_STOP_UNLOADED ? "stop unloaded"
                                        : "stop shutdown");
}

/* May run at the same time as handlers, so it leaves the state alone. */
static void module_stopping(void *state) {
    (void)state;
    faulty_plans_read(plan, GENERATION);
    fault_by_plan(FAULTY_IN_STOPPING, NULL);
    life("stopping");
}

#if SHAPE > 1
static portico_status migrate_mark(uint32_t entry, const portico_migration *migration, void *to) {
    mark *m = to;
    if (entry == FAULTY_IN_MIGRATE_MODULE || migration->from == NULL) {
        faulty_plans_read(plan, GENERATION);
    }
    if (migration->from == NULL) {
        fault_by_plan(FAULTY_IN_MIGRATE_QUERY, NULL);
        return PORTICO_OK;
    }
    begin(m);
    fault_by_plan(entry, m);
    m->of_shape_2 = m->sum;
    end(m);
    return PORTICO_OK;
}

static portico_status migrate_session(const portico_migration *migration, void *to) {
    return migrate_mark(FAULTY_IN_MIGRATE_SESSION, migration, to);
}

static portico_status migrate_room(const portico_migration *migration, void *to) {
    return migrate_mark(FAULTY_IN_MIGRATE_ROOM, migration, to);
}

static portico_status migrate_module(const portico_migration *migration, void *to) {
    return migrate_mark(FAULTY_IN_MIGRATE_MODULE, migration, to);
}

#define STATE(what) PORTICO_STATE_MIGRATED(mark, 1, migrate_##what)
#else
#define STATE(what) PORTICO_STATE_OF(mark, 1)
#endif

/* ---- tables ---------------------------------------------------------------------------------- */

static const portico_opcode opcodes[] = {
    PORTICO_RAW(FAULTY_ECHO, 4, PORTICO_SIZE_ANY, on_echo),
    PORTICO_RAW(FAULTY_FAULT, 4, PORTICO_SIZE_ANY, on_fault),
    PORTICO_RAW(FAULTY_PLAN, sizeof(faulty_plan), sizeof(faulty_plan), on_plan),
    PORTICO_RAW(FAULTY_SHOW, 4, 4, on_show),
    PORTICO_RAW(FAULTY_JOIN, 1, PORTICO_LABEL_MAX - 1, on_join),
    PORTICO_RAW(FAULTY_LEAVE, 0, 0, on_leave),
    PORTICO_RAW(FAULTY_CLOSE, 0, 0, on_close_room),
    PORTICO_RAW(FAULTY_POST, sizeof(faulty_post), sizeof(faulty_post), on_post),
    PORTICO_RAW(FAULTY_REQUEST, sizeof(faulty_post), sizeof(faulty_post), on_request),
    PORTICO_RAW(FAULTY_RUN, 4, 4, on_run),
    PORTICO_RAW(FAULTY_FLOOD, 4, 4, on_flood),
    PORTICO_RAW(FAULTY_TICKS, 4, 4, on_ticks),
    PORTICO_RAW(FAULTY_QUIT, 0, 0, on_quit),
};
static const portico_session_message session_messages[] = {
    PORTICO_MESSAGE(MESSAGE_FAULT, on_session_message),
    PORTICO_MESSAGE(MESSAGE_JOINED, on_joined),
    PORTICO_MESSAGE(MESSAGE_REPLIED, on_replied),
    PORTICO_MESSAGE(JOB_FAULT, on_job_done),
};
/* NOLINTBEGIN(bugprone-macro-parentheses): its_state is an initialiser. */
#define SESSION_TYPE(type, its_state)                                                          \
    {                                                                                          \
        .name = (type), .state = its_state, .on_open = on_open, .on_packet = on_odd,           \
        .on_close = on_close, .on_watermark = on_watermark, .opcodes = PORTICO_TABLE(opcodes), \
        .messages = PORTICO_TABLE(session_messages)                                            \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
static const portico_session_type session_types[] = {
    SESSION_TYPE("session", STATE(session)),
    SESSION_TYPE("large", PORTICO_STATE_OPAQUE(large, 1)),
};

static const portico_room_message hall_messages[] = {
    PORTICO_MESSAGE(MESSAGE_FAULT, hall_message),
    PORTICO_MESSAGE(MESSAGE_TICK, hall_tick),
};
/* NOLINTBEGIN(bugprone-macro-parentheses): its_state is an initialiser. */
#define ROOM_TYPE(type, its_state)                                                               \
    {                                                                                            \
        .name = (type), .state = its_state, .on_open = hall_open, .on_join = hall_join,          \
        .on_leave = hall_leave, .on_close = hall_close, .messages = PORTICO_TABLE(hall_messages) \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
static const portico_room_type room_types[] = {
    ROOM_TYPE("hall", STATE(room)),
    ROOM_TYPE("large_hall", PORTICO_STATE_OPAQUE(large, 1)),
};

static const portico_module_message messages[] = {PORTICO_MESSAGE(MESSAGE_FAULT, module_message)};
static const portico_job jobs[] = {PORTICO_MESSAGE(JOB_FAULT, job)};
static const portico_setting settings[] = {
    PORTICO_TEXT(plan, "", 0, 500, "a file that says what faults"),
};

static const portico_module faulty = {
    .name = "faulty",
    .version = VERSION,
    .description = "Faults where and how it is told to.",
    .state = STATE(module),
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .messages = PORTICO_TABLE(messages),
    .jobs = PORTICO_TABLE(jobs),
    .settings = PORTICO_TABLE(settings),
    .start = module_start,
    .stopping = module_stopping,
    .stop = module_stop,
};

#endif
