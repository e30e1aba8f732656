/* refused.c: modules that the host refuses for what their description says, before it runs any of
 * their code. The description below is right and has a row or two in every table; CMakeLists.txt
 * compiles it many times, each time with something else wrong. */
#include <portico/portico.h>

#include <stdlib.h>

/* ---- what a table may be --------------------------------------------------------------------- */

#define ROWS(array) (sizeof(array) / sizeof((array)[0]))
#define GOOD(array) PORTICO_TABLE(array)
#define NULL_ROWS(array) \
    { NULL, ROWS(array), sizeof((array)[0]) }
#define NO_ROW_SIZE(array) \
    { (array), ROWS(array), 0 }
#define SHORT_ROWS(array) \
    { (array), ROWS(array), sizeof((array)[0]) - 8 }
#define ODD_ROWS(array) \
    { (array), ROWS(array), sizeof((array)[0]) + 4 }
#define TOO_MANY(array) \
    { (array), 70000, sizeof((array)[0]) }

#ifndef SESSION_TYPES
#define SESSION_TYPES GOOD
#endif
#ifndef OPCODES
#define OPCODES GOOD
#endif
#ifndef SENDS
#define SENDS GOOD
#endif
#ifndef SESSION_MESSAGES
#define SESSION_MESSAGES GOOD
#endif
#ifndef ROOM_TYPES
#define ROOM_TYPES GOOD
#endif
#ifndef ROOM_MESSAGES
#define ROOM_MESSAGES GOOD
#endif
#ifndef MESSAGES
#define MESSAGES GOOD
#endif
#ifndef JOBS
#define JOBS GOOD
#endif
#ifndef SETTINGS
#define SETTINGS GOOD
#endif

/* ---- texts that are not allowed as a name ---------------------------------------------------- */

#define BLANKS "not allowed"
#define CONTROL "a\nb"
#define NOT_UTF_8 "\xFF\xFE"
#define LONG "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"

/* ---- the values ------------------------------------------------------------------------------ */

#ifndef ABI_MAJOR
#define ABI_MAJOR PORTICO_ABI_MAJOR
#endif
#ifndef ABI_MINOR
#define ABI_MINOR PORTICO_ABI_MINOR
#endif
#ifndef MODULE_SIZE
#define MODULE_SIZE sizeof(portico_module)
#endif
#ifndef DESCRIPTION
#define DESCRIPTION &refused
#endif
#ifndef HOST
#define HOST &portico
#endif

#ifndef NAME
#define NAME "refused"
#endif
#ifndef VERSION
#define VERSION "1"
#endif
#ifndef SENTENCE
#define SENTENCE NULL
#endif
#ifndef REQUIRES
#define REQUIRES NULL
#endif

/* Of the states' fields that are wrong, and which of the states has them. */
#ifndef FIELD_NAME
#define FIELD_NAME "score"
#endif
#ifndef FIELD_FIELDS
#define FIELD_FIELDS NULL
#endif
#ifndef FIELD_KIND
#define FIELD_KIND PORTICO_KIND_UNSIGNED
#endif
#ifndef FIELD_OFFSET
#define FIELD_OFFSET 4
#endif
#ifndef FIELD_SIZE
#define FIELD_SIZE 4
#endif
#ifndef FIELD_COUNT
#define FIELD_COUNT 1
#endif
#ifndef FIELDS_ROW_SIZE
#define FIELDS_ROW_SIZE sizeof(portico_field)
#endif
#ifndef STATE_SIZE
#define STATE_SIZE 8
#endif
#ifndef STATE_FIELDS
#define STATE_FIELDS &good_fields
#endif
#ifndef SESSION_STATE_SIZE
#define SESSION_STATE_SIZE 8
#endif
#ifndef SESSION_STATE_FIELDS
#define SESSION_STATE_FIELDS &good_fields
#endif
#ifndef ROOM_STATE_SIZE
#define ROOM_STATE_SIZE 8
#endif
#ifndef ROOM_STATE_FIELDS
#define ROOM_STATE_FIELDS &good_fields
#endif

/* Of the second row of each table. */
#ifndef TYPE
#define TYPE "second"
#endif
#ifndef ON_PACKET
#define ON_PACKET NULL
#endif
#ifndef OPCODE
#define OPCODE 2
#endif
#ifndef OPCODE_STATE
#define OPCODE_STATE 0
#endif
#ifndef OPCODE_NAME
#define OPCODE_NAME "TWO"
#endif
#ifndef OPCODE_CALL
#define OPCODE_CALL on_packet
#endif
#ifndef OPCODE_PACKET
#define OPCODE_PACKET NULL
#endif
#ifndef SIZE_MIN
#define SIZE_MIN 0
#endif
#ifndef SIZE_MAX_BYTES
#define SIZE_MAX_BYTES PORTICO_SIZE_ANY
#endif
#ifndef SENT
#define SENT 2
#endif
#ifndef SENT_NAME
#define SENT_NAME "TWO"
#endif
#ifndef SENT_PACKET
#define SENT_PACKET NULL
#endif
#ifndef SESSION_MESSAGE
#define SESSION_MESSAGE 2
#endif
#ifndef SESSION_MESSAGE_NAME
#define SESSION_MESSAGE_NAME "TWO"
#endif
#ifndef SESSION_MESSAGE_CALL
#define SESSION_MESSAGE_CALL on_session_message
#endif
#ifndef ROOM_TYPE
#define ROOM_TYPE "second_room"
#endif
#ifndef ROOM_MESSAGE
#define ROOM_MESSAGE 2
#endif
#ifndef ROOM_MESSAGE_NAME
#define ROOM_MESSAGE_NAME "TWO"
#endif
#ifndef ROOM_MESSAGE_CALL
#define ROOM_MESSAGE_CALL on_room_message
#endif
#ifndef MESSAGE
#define MESSAGE 2
#endif
#ifndef MESSAGE_NAME
#define MESSAGE_NAME "TWO"
#endif
#ifndef MESSAGE_CALL
#define MESSAGE_CALL on_message
#endif
#ifndef JOB
#define JOB 2
#endif
#ifndef JOB_NAME
#define JOB_NAME "TWO"
#endif
#ifndef JOB_CALL
#define JOB_CALL on_job
#endif
#ifndef KEY
#define KEY "second"
#endif
#ifndef FALLBACK
#define FALLBACK "5"
#endif
#ifndef HELP
#define HELP "a number"
#endif
#ifndef TARGET
#define TARGET &second_number
#endif
#ifndef CHOICES
#define CHOICES NULL
#endif
#ifndef KIND
#define KIND PORTICO_SETTING_U32
#endif
#ifndef LEAST
#define LEAST 0
#endif
#ifndef MOST
#define MOST 10
#endif

/* ---- the description ------------------------------------------------------------------------- */

PORTICO_UNUSED static void on_packet(portico_session session, void *state,
                                     const portico_packet *packet) {
    (void)session, (void)state, (void)packet;
    abort();
}

PORTICO_UNUSED static void on_session_message(portico_session session, void *state,
                                              const portico_message *message) {
    (void)session, (void)state, (void)message;
    abort();
}

PORTICO_UNUSED static void on_room_message(portico_room room, void *state,
                                           const portico_message *message) {
    (void)room, (void)state, (void)message;
    abort();
}

PORTICO_UNUSED static void on_message(portico_entity module, void *state,
                                      const portico_message *message) {
    (void)module, (void)state, (void)message;
    abort();
}

PORTICO_UNUSED static uint32_t on_job(uint32_t id, const void *data, uint32_t size, void *reply,
                                      uint32_t reply_capacity) {
    (void)id, (void)data, (void)size, (void)reply, (void)reply_capacity;
    abort();
}

static portico_status start(void *state, uint32_t why) {
    (void)state, (void)why;
    abort();
}

static const portico_field good_field[] = {
    {"score", NULL, PORTICO_KIND_UNSIGNED, 4, 4, 1, PORTICO_PART_FIXED, 0},
};
PORTICO_UNUSED static const portico_fields good_fields = {
    "good", good_field, 1, sizeof good_field[0], 8, 0};
static const portico_field bad_field[] = {
    {"first", NULL, PORTICO_KIND_UNSIGNED, 0, 4, 1, PORTICO_PART_FIXED, 0},
    {FIELD_NAME, FIELD_FIELDS, FIELD_KIND, FIELD_OFFSET, FIELD_SIZE, FIELD_COUNT,
     PORTICO_PART_FIXED, 0},
};
PORTICO_UNUSED static const portico_fields bad_fields = {"bad",           bad_field, 2,
                                                         FIELDS_ROW_SIZE, 8,         0};

PORTICO_UNUSED static const portico_opcode opcodes[] = {
    PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_packet),
    {OPCODE_CALL, OPCODE_PACKET, OPCODE_NAME, SIZE_MIN, SIZE_MAX_BYTES, OPCODE, 0, OPCODE_STATE},
};
PORTICO_UNUSED static const portico_opcode sends[] = {
    {NULL, NULL, "ONE", 0, PORTICO_SIZE_ANY, 1, 0, 0},
    {NULL, SENT_PACKET, SENT_NAME, 0, PORTICO_SIZE_ANY, SENT, 0, 0},
};
PORTICO_UNUSED static const portico_session_message session_messages[] = {
    PORTICO_MESSAGE(1, on_session_message),
    {SESSION_MESSAGE_CALL, SESSION_MESSAGE_NAME, SESSION_MESSAGE, 0},
};
PORTICO_UNUSED static const portico_session_type session_types[] = {
    {.name = "session"},
    {.name = TYPE,
     .state = {SESSION_STATE_SIZE, 1, SESSION_STATE_FIELDS, NULL},
     .on_packet = ON_PACKET,
     .opcodes = OPCODES(opcodes),
     .messages = SESSION_MESSAGES(session_messages),
     .sends = SENDS(sends)},
};

PORTICO_UNUSED static const portico_room_message room_messages[] = {
    PORTICO_MESSAGE(1, on_room_message),
    {ROOM_MESSAGE_CALL, ROOM_MESSAGE_NAME, ROOM_MESSAGE, 0},
};
PORTICO_UNUSED static const portico_room_type room_types[] = {
    {.name = "room"},
    {.name = ROOM_TYPE,
     .state = {ROOM_STATE_SIZE, 1, ROOM_STATE_FIELDS, NULL},
     .messages = ROOM_MESSAGES(room_messages)},
};

PORTICO_UNUSED static const portico_module_message messages[] = {
    PORTICO_MESSAGE(1, on_message),
    {MESSAGE_CALL, MESSAGE_NAME, MESSAGE, 0},
};
PORTICO_UNUSED static const portico_job jobs[] = {
    PORTICO_JOB(1, on_job),
    {JOB_CALL, JOB_NAME, JOB, 0},
};

static uint32_t number;
PORTICO_UNUSED static uint32_t second_number;
PORTICO_UNUSED static const char *const choices[] = {"easy", "hard", NULL};
PORTICO_UNUSED static const char *const no_choices[] = {NULL};
PORTICO_UNUSED static const char *const same_choices[] = {"easy", "easy", NULL};
PORTICO_UNUSED static const portico_setting settings[] = {
    PORTICO_U32(number, "1", 0, 10, "a number"),
    {KEY, FALLBACK, HELP, TARGET, CHOICES, LEAST, MOST, LEAST, MOST, KIND, 0},
};

static const char *const required[] = {REQUIRES, NULL};

PORTICO_UNUSED static const portico_module refused = {
    .name = NAME,
    .version = VERSION,
    .description = SENTENCE,
    .required = required,
    .state = {STATE_SIZE, 1, STATE_FIELDS, NULL},
    .session_types = SESSION_TYPES(session_types),
    .room_types = ROOM_TYPES(room_types),
    .messages = MESSAGES(messages),
    .jobs = JOBS(jobs),
    .settings = SETTINGS(settings),
    .start = start,
};

/* As PORTICO_MODULE makes it. */
const portico_host *portico = NULL;
PORTICO_EXPORT extern const portico_entry portico_module_entry;
const portico_entry portico_module_entry = {ABI_MAJOR, ABI_MINOR, MODULE_SIZE, DESCRIPTION, HOST};
