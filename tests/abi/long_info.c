/* long_info.c: a module made with a later header, whose structures have grown at their ends. It
 * needs none of the new fields, so this host accepts it and does not read what it does not know:
 * the rows of its tables are further apart, and its description is longer. */
#include <portico/portico.h>

#include <stdint.h>

/* Not pointers: calling or following one crashes. */
#define LATER \
    { 1, 1, 1, 1 }

typedef struct later_opcode {
    portico_opcode known;
    uintptr_t later[4];
} later_opcode;

typedef struct later_message {
    portico_room_message known;
    uintptr_t later[4];
} later_message;

typedef struct later_type {
    portico_session_type known;
    uintptr_t later[4];
} later_type;

typedef struct later_room_type {
    portico_room_type known;
    uintptr_t later[4];
} later_room_type;

typedef struct later_setting {
    portico_setting known;
    uintptr_t later[4];
} later_setting;

typedef struct later_module {
    portico_module known;
    uintptr_t later[4];
} later_module;

static uint32_t answers;
static uint32_t extra;

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    for (uint32_t i = 0; i < answers; i++) {
        (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
    }
}

static void on_message(portico_room room, void *state, const portico_message *message) {
    (void)room, (void)state, (void)message;
}

static const later_opcode opcodes[] = {
    {.known = PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_packet), .later = LATER},
    {.known = PORTICO_RAW(2, 0, PORTICO_SIZE_ANY, on_packet), .later = LATER},
};
static const later_type session_types[] = {
    {.known = {.name = "session", .on_packet = on_packet, .opcodes = PORTICO_TABLE(opcodes)},
     .later = LATER},
    {.known = {.name = "other"}, .later = LATER},
};
static const later_message messages[] = {
    {.known = PORTICO_MESSAGE(1, on_message), .later = LATER},
    {.known = PORTICO_MESSAGE(2, on_message), .later = LATER},
};
static const later_room_type room_types[] = {
    {.known = {.name = "room", .messages = PORTICO_TABLE(messages)}, .later = LATER},
    {.known = {.name = "other_room"}, .later = LATER},
};
static const later_setting settings[] = {
    {.known = PORTICO_U32(answers, "1", 1, 1, "how often a packet is echoed"), .later = LATER},
    {.known = PORTICO_U32(extra, "0", 0, 1, "nothing"), .later = LATER},
};

static const later_module long_info = {
    .known =
        {
            .name = "long_info",
            .version = "1",
            .session_types = PORTICO_TABLE(session_types),
            .room_types = PORTICO_TABLE(room_types),
            .settings = PORTICO_TABLE(settings),
        },
    .later = LATER,
};

/* As PORTICO_MODULE, but with the later size. */
const portico_host *portico;
PORTICO_EXPORT extern const portico_entry portico_module_entry;
const portico_entry portico_module_entry = {PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR, sizeof long_info,
                                            &long_info.known, &portico};
