/* description_layout.c: see description_layout.h. A member that is missing here would point into
 * the file's own addresses: tests/unit/description_file.c compares a copy with the original. */
#include "module/description_layout.h"

enum { ROWS_MAX = 65536 };

#define MEMBER(S, member, kind) \
    { offsetof(S, member), (kind), NULL }
#define TABLE(S, member, layout) \
    { offsetof(S, member), POINTER_TABLE, &(layout) }
#define END \
    { 0, POINTER_END, NULL }

static const pointer_member fields_members[] = {MEMBER(portico_fields, name, POINTER_TEXT), END};
const struct_layout fields_layout = {sizeof(portico_fields), sizeof(portico_fields),
                                     fields_members};

static const pointer_member field_members[] = {MEMBER(portico_field, name, POINTER_TEXT),
                                               MEMBER(portico_field, fields, POINTER_FIELDS), END};
const struct_layout field_layout = {sizeof(portico_field), PORTICO_FIELD_SIZE_0_4, field_members};

static const pointer_member opcode_members[] = {MEMBER(portico_opcode, call, POINTER_CODE),
                                                MEMBER(portico_opcode, packet, POINTER_FIELDS),
                                                MEMBER(portico_opcode, name, POINTER_TEXT), END};
static const struct_layout opcode_layout = {sizeof(portico_opcode), PORTICO_OPCODE_SIZE_0_4,
                                            opcode_members};

/* The rows of all messages and of jobs have one form. */
static const pointer_member message_members[] = {MEMBER(portico_job, call, POINTER_CODE),
                                                 MEMBER(portico_job, name, POINTER_TEXT), END};
static const struct_layout message_layout = {sizeof(portico_job), PORTICO_JOB_SIZE_0_4,
                                             message_members};
_Static_assert(sizeof(portico_job) == sizeof(portico_session_message) &&
                   sizeof(portico_job) == sizeof(portico_room_message) &&
                   sizeof(portico_job) == sizeof(portico_module_message),
               "one layout");

static const pointer_member setting_members[] = {MEMBER(portico_setting, key, POINTER_TEXT),
                                                 MEMBER(portico_setting, fallback, POINTER_TEXT),
                                                 MEMBER(portico_setting, help, POINTER_TEXT),
                                                 MEMBER(portico_setting, target, POINTER_CODE),
                                                 MEMBER(portico_setting, choices, POINTER_TEXTS),
                                                 END};
static const struct_layout setting_layout = {sizeof(portico_setting), PORTICO_SETTING_SIZE_0_4,
                                             setting_members};

#define STATE_MEMBERS(S) \
    MEMBER(S, state.fields, POINTER_FIELDS), MEMBER(S, state.migrate, POINTER_CODE)

static const pointer_member session_members[] = {
    MEMBER(portico_session_type, name, POINTER_TEXT),
    STATE_MEMBERS(portico_session_type),
    MEMBER(portico_session_type, on_open, POINTER_CODE),
    MEMBER(portico_session_type, on_packet, POINTER_CODE),
    MEMBER(portico_session_type, on_close, POINTER_CODE),
    MEMBER(portico_session_type, on_watermark, POINTER_CODE),
    TABLE(portico_session_type, opcodes, opcode_layout),
    TABLE(portico_session_type, messages, message_layout),
    TABLE(portico_session_type, sends, opcode_layout),
    END};
static const struct_layout session_layout = {sizeof(portico_session_type),
                                             PORTICO_SESSION_TYPE_SIZE_0_4, session_members};

static const pointer_member room_members[] = {MEMBER(portico_room_type, name, POINTER_TEXT),
                                              STATE_MEMBERS(portico_room_type),
                                              MEMBER(portico_room_type, on_open, POINTER_CODE),
                                              MEMBER(portico_room_type, on_join, POINTER_CODE),
                                              MEMBER(portico_room_type, on_leave, POINTER_CODE),
                                              MEMBER(portico_room_type, on_close, POINTER_CODE),
                                              TABLE(portico_room_type, messages, message_layout),
                                              END};
static const struct_layout room_layout = {sizeof(portico_room_type), PORTICO_ROOM_TYPE_SIZE_0_4,
                                          room_members};

static const pointer_member module_members[] = {
    MEMBER(portico_module, name, POINTER_TEXT),
    MEMBER(portico_module, version, POINTER_TEXT),
    MEMBER(portico_module, description, POINTER_TEXT),
    MEMBER(portico_module, required, POINTER_TEXTS),
    STATE_MEMBERS(portico_module),
    TABLE(portico_module, session_types, session_layout),
    TABLE(portico_module, room_types, room_layout),
    TABLE(portico_module, messages, message_layout),
    TABLE(portico_module, jobs, message_layout),
    TABLE(portico_module, settings, setting_layout),
    MEMBER(portico_module, start, POINTER_CODE),
    MEMBER(portico_module, stopping, POINTER_CODE),
    MEMBER(portico_module, stop, POINTER_CODE),
    MEMBER(portico_module, dependency_swaps, POINTER_CODE),
    END};
const struct_layout module_layout = {sizeof(portico_module), PORTICO_MODULE_SIZE_0_4,
                                     module_members};

bool layout_refuses(const struct_layout *layout, uint32_t count, uint32_t row_size) {
    bool in_steps = layout == &field_layout || row_size % sizeof(void *) == 0;
    return count > ROWS_MAX || row_size < layout->least || row_size > ABI_ROW_BYTES_MAX ||
           !in_steps;
}
