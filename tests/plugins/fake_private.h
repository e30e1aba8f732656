/* fake_private.h: what the files of the fake host share. See fake_host.h. */
#ifndef TEST_FAKE_PRIVATE_H
#define TEST_FAKE_PRIVATE_H

#include "fake_host.h"

enum { SESSIONS_MAX = 128, CHANNELS_MAX = 256, HANDLERS_MAX = 32, PAIRS_MAX = 8, FIRST_ID = 1000 };
enum { ROOMS_MAX = 4096, TIMERS_MAX = 4096, FIRST_ROOM = 1000000 };

typedef struct message {
    struct message *next;
    uint32_t size;
    uint16_t opcode;
    uint8_t data[];
} message;

typedef struct fake_session {
    bool open;
    bool closing;
    char label[PORTICO_LABEL_MAX];
    void *state; /* NULL if the type has none */
    message *first;
    message *last;
    uint32_t room;     /* index in `rooms`; ROOMS_MAX: in none */
    uint32_t target;   /* the room it moves to */
    uint32_t moves;    /* queued */
    bool wants_result; /* of its move: by room_join_tell */
    uint32_t result_id;
} fake_session;

typedef struct fake_room {
    bool open;
    bool ended; /* on_close has returned */
    char name[PORTICO_LABEL_MAX];
    void *state;
    portico_session members[SESSIONS_MAX];
    uint32_t count;
} fake_room;

/* Queued work, oldest first: all turns of the host in one queue. */
typedef enum work_kind { WORK_OPEN, WORK_CLOSE, WORK_MOVE, WORK_MESSAGE } work_kind;
typedef struct work {
    struct work *next;
    work_kind kind;
    portico_entity entity;
    uint32_t id;
    uint32_t missed;
    uint32_t size;
    uint8_t data[];
} work;

typedef struct fake_timer {
    portico_entity entity; /* 0: ended */
    uint64_t due_ms;
    uint32_t period_ms; /* 0: once */
    uint32_t id;
    uint32_t size;
    uint8_t data[64];
} fake_timer;

typedef struct fake_channel {
    char name[PORTICO_LABEL_MAX];
    portico_session members[SESSIONS_MAX];
    uint32_t count; /* 0: the entry is free */
} fake_channel;

/* The whole host. */
typedef struct fake_state {
    const portico_module_info *module;
    portico_host table;
    bool loading; /* inside the module's `load` */
    struct {
        const char *key;
        const char *value;
    } pairs[PAIRS_MAX]; /* of the module's section */
    uint32_t pair_count;

    portico_session_type type;
    char type_name[PORTICO_LABEL_MAX];
    char full_type_name[2 * PORTICO_LABEL_MAX];
    struct {
        uint16_t opcode;
        portico_on_packet call;
    } handlers[HANDLERS_MAX];
    uint32_t handler_count;
    struct {
        bool to_room;
        uint32_t id;
        portico_on_message call;
    } message_handlers[HANDLERS_MAX];
    uint32_t message_handler_count;

    fake_session sessions[SESSIONS_MAX]; /* sessions[i] is FIRST_ID + i; ids are never reused */
    uint32_t session_count;
    fake_channel channels[CHANNELS_MAX];

    portico_room_type room_type;
    char full_room_name[2 * PORTICO_LABEL_MAX];
    fake_room rooms[ROOMS_MAX]; /* rooms[i] is FIRST_ROOM + i */
    uint32_t room_count;
    portico_room closing_on_arrival;

    fake_timer timers[TIMERS_MAX];
    uint32_t timer_count;
    uint64_t now_ms;
    work *first_work;
    work **last_work;
    uint32_t turn; /* the room whose turn is running */

    portico_status refusal;
    uint32_t refusals; /* calls that are still to be refused */
    bool (*watch)(uint16_t opcode, const void *data, uint32_t size);
} fake_state;
extern fake_state fake;

/* Zeroed memory. Ends the process if there is none. */
void *fake_allocate(size_t size);

/* NULL if the session is not open. */
fake_session *fake_find_session(portico_session id);

/* Whether it is an open session or room. */
bool fake_is_open(portico_entity entity);

/* Whether fake_refuse refuses this call. */
bool fake_is_refused(void);

/* Put the functions of their file into the host's table. */
void fake_offer_sessions(portico_host *table);
void fake_offer_rooms(portico_host *table);
void fake_offer_timers(portico_host *table);

/* Enters the turn of a room, or of none (ROOMS_MAX). Returns the turn before. */
uint32_t fake_enter_turn(uint32_t room);

/* Takes the session out of its room. */
void fake_leave_room(portico_session id, portico_status reason);

/* Does all queued work, and what it queues. */
void fake_settle(void);

#endif
