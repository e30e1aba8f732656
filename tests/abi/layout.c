/* layout.c: the layout of the ABI on 64-bit systems, checked by the compiler: nothing here runs. A
 * module built last year reads the fields there. A line changes only together with
 * PORTICO_ABI_MAJOR; new fields at the end get new lines. No struct has hidden padding: a field
 * that took its place would not change the size, from which host and module tell what the other
 * knows. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#endif
#include <portico/portico.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#define FIELD(type, field, expected)                    \
    _Static_assert(offsetof(type, field) == (expected), \
                   #type "." #field " has moved: modules know it at " #expected)
#define SIZE(type, expected) \
    _Static_assert(sizeof(type) == (expected), #type " has another size than modules know")
#define NUMBER(name, expected) \
    _Static_assert((name) == (expected), #name " has another value than modules know")

/* ---- portico.h ------------------------------------------------------------------------------- */

SIZE(portico_session, 8);
SIZE(portico_room, 8);
SIZE(portico_entity, 8);
SIZE(portico_timer, 8);

FIELD(portico_table, rows, 0);
FIELD(portico_table, count, 8);
FIELD(portico_table, row_size, 12);
SIZE(portico_table, 16);

FIELD(portico_packet, data, 0);
FIELD(portico_packet, size, 8);
FIELD(portico_packet, opcode, 12);
FIELD(portico_packet, reserved, 14);
SIZE(portico_packet, 16);

FIELD(portico_message, data, 0);
FIELD(portico_message, size, 8);
FIELD(portico_message, id, 12);
FIELD(portico_message, missed, 16);
FIELD(portico_message, status, 20);
FIELD(portico_message, from, 24);
FIELD(portico_message, request, 32);
SIZE(portico_message, 40);

FIELD(portico_migration, from_version, 0);
FIELD(portico_migration, from_size, 4);
FIELD(portico_migration, from, 8);
FIELD(portico_migration, entity, 16);
SIZE(portico_migration, 24);

FIELD(portico_state, size, 0);
FIELD(portico_state, version, 4);
FIELD(portico_state, fields, 8);
FIELD(portico_state, migrate, 16);
SIZE(portico_state, 24);

FIELD(portico_opcode, call, 0);
FIELD(portico_opcode, packet, 8);
FIELD(portico_opcode, name, 16);
FIELD(portico_opcode, size_min, 24);
FIELD(portico_opcode, size_max, 28);
FIELD(portico_opcode, opcode, 32);
FIELD(portico_opcode, reserved, 34);
FIELD(portico_opcode, state_size, 36);
SIZE(portico_opcode, 40);

FIELD(portico_session_message, call, 0);
FIELD(portico_session_message, name, 8);
FIELD(portico_session_message, id, 16);
FIELD(portico_session_message, reserved, 20);
SIZE(portico_session_message, 24);

FIELD(portico_room_message, call, 0);
FIELD(portico_room_message, name, 8);
FIELD(portico_room_message, id, 16);
FIELD(portico_room_message, reserved, 20);
SIZE(portico_room_message, 24);

FIELD(portico_module_message, call, 0);
FIELD(portico_module_message, name, 8);
FIELD(portico_module_message, id, 16);
FIELD(portico_module_message, reserved, 20);
SIZE(portico_module_message, 24);

FIELD(portico_job, call, 0);
FIELD(portico_job, name, 8);
FIELD(portico_job, id, 16);
FIELD(portico_job, reserved, 20);
SIZE(portico_job, 24);

FIELD(portico_setting, key, 0);
FIELD(portico_setting, fallback, 8);
FIELD(portico_setting, help, 16);
FIELD(portico_setting, target, 24);
FIELD(portico_setting, choices, 32);
FIELD(portico_setting, min, 40);
FIELD(portico_setting, max, 48);
FIELD(portico_setting, real_min, 56);
FIELD(portico_setting, real_max, 64);
FIELD(portico_setting, kind, 72);
FIELD(portico_setting, reserved, 76);
SIZE(portico_setting, 80);

FIELD(portico_session_type, name, 0);
FIELD(portico_session_type, state, 8);
FIELD(portico_session_type, on_open, 32);
FIELD(portico_session_type, on_packet, 40);
FIELD(portico_session_type, on_close, 48);
FIELD(portico_session_type, on_watermark, 56);
FIELD(portico_session_type, opcodes, 64);
FIELD(portico_session_type, messages, 80);
FIELD(portico_session_type, sends, 96);
SIZE(portico_session_type, 112);

FIELD(portico_room_type, name, 0);
FIELD(portico_room_type, state, 8);
FIELD(portico_room_type, on_open, 32);
FIELD(portico_room_type, on_join, 40);
FIELD(portico_room_type, on_leave, 48);
FIELD(portico_room_type, on_close, 56);
FIELD(portico_room_type, messages, 64);
FIELD(portico_room_type, max_members, 80);
FIELD(portico_room_type, reserved, 84);
SIZE(portico_room_type, 88);

FIELD(portico_session_info, struct_size, 0);
FIELD(portico_session_info, outgoing, 4);
FIELD(portico_session_info, service, 8);
FIELD(portico_session_info, type, 72);
FIELD(portico_session_info, peer, 200);
FIELD(portico_session_info, label, 272);
FIELD(portico_session_info, opened_ms, 336);
FIELD(portico_session_info, queued_bytes, 344);
FIELD(portico_session_info, reserved, 348);
SIZE(portico_session_info, 352);

FIELD(portico_room_info, struct_size, 0);
FIELD(portico_room_info, members, 4);
FIELD(portico_room_info, max_members, 8);
FIELD(portico_room_info, closing, 12);
FIELD(portico_room_info, type, 16);
FIELD(portico_room_info, name, 144);
FIELD(portico_room_info, opened_ms, 208);
SIZE(portico_room_info, 216);

FIELD(portico_room_result, room, 0);
FIELD(portico_room_result, status, 8);
FIELD(portico_room_result, reserved, 12);
SIZE(portico_room_result, 16);

FIELD(portico_host, struct_size, 0);
FIELD(portico_host, abi_major, 4);
FIELD(portico_host, abi_minor, 6);
FIELD(portico_host, log, 8);
FIELD(portico_host, clock_ms, 16);
FIELD(portico_host, wall_ms, 24);
FIELD(portico_host, random, 32);
FIELD(portico_host, data_path, 40);
FIELD(portico_host, get_extension, 48);
FIELD(portico_host, self, 56);
FIELD(portico_host, module_find, 64);
FIELD(portico_host, session_send, 72);
FIELD(portico_host, session_close, 80);
FIELD(portico_host, session_info, 88);
FIELD(portico_host, session_set_label, 96);
FIELD(portico_host, session_label, 104);
FIELD(portico_host, session_find, 112);
FIELD(portico_host, session_list, 120);
FIELD(portico_host, session_join, 128);
FIELD(portico_host, session_leave, 136);
FIELD(portico_host, session_room, 144);
FIELD(portico_host, channel_join, 152);
FIELD(portico_host, channel_leave, 160);
FIELD(portico_host, channel_send, 168);
FIELD(portico_host, channel_members, 176);
FIELD(portico_host, channel_close, 184);
FIELD(portico_host, room_create, 192);
FIELD(portico_host, room_find, 200);
FIELD(portico_host, room_list, 208);
FIELD(portico_host, room_close, 216);
FIELD(portico_host, room_info, 224);
FIELD(portico_host, room_state, 232);
FIELD(portico_host, room_members, 240);
FIELD(portico_host, room_send, 248);
FIELD(portico_host, post, 256);
FIELD(portico_host, post_after, 264);
FIELD(portico_host, post_every, 272);
FIELD(portico_host, timer_cancel, 280);
FIELD(portico_host, request, 288);
FIELD(portico_host, reply, 296);
FIELD(portico_host, run_job, 304);
SIZE(portico_host, 312);

FIELD(portico_module, name, 0);
FIELD(portico_module, version, 8);
FIELD(portico_module, description, 16);
FIELD(portico_module, required, 24);
FIELD(portico_module, state, 32);
FIELD(portico_module, session_types, 56);
FIELD(portico_module, room_types, 72);
FIELD(portico_module, messages, 88);
FIELD(portico_module, jobs, 104);
FIELD(portico_module, settings, 120);
FIELD(portico_module, start, 136);
FIELD(portico_module, stopping, 144);
FIELD(portico_module, stop, 152);
FIELD(portico_module, dependency_swaps, 160);
SIZE(portico_module, 168);

FIELD(portico_entry, abi_major, 0);
FIELD(portico_entry, abi_minor, 2);
FIELD(portico_entry, module_size, 4);
FIELD(portico_entry, module, 8);
FIELD(portico_entry, host, 16);
SIZE(portico_entry, 24);

/* ---- state.h --------------------------------------------------------------------------------- */

FIELD(portico_field, name, 0);
FIELD(portico_field, fields, 8);
FIELD(portico_field, kind, 16);
FIELD(portico_field, offset, 20);
FIELD(portico_field, size, 24);
FIELD(portico_field, count, 28);
FIELD(portico_field, part, 32);
FIELD(portico_field, reserved, 36);
SIZE(portico_field, 40);

FIELD(portico_fields, name, 0);
FIELD(portico_fields, fields, 8);
FIELD(portico_fields, field_count, 16);
FIELD(portico_fields, field_size, 20);
FIELD(portico_fields, size, 24);
FIELD(portico_fields, reserved, 28);
SIZE(portico_fields, 32);

/* ---- numbers that modules have compiled in --------------------------------------------------- */

NUMBER(PORTICO_KIND_BYTES, 1);
NUMBER(PORTICO_KIND_SIGNED, 2);
NUMBER(PORTICO_KIND_UNSIGNED, 3);
NUMBER(PORTICO_KIND_FLOAT, 4);
NUMBER(PORTICO_KIND_BOOL, 5);
NUMBER(PORTICO_KIND_CHAR, 6);
NUMBER(PORTICO_KIND_STRUCT, 7);

NUMBER(PORTICO_PART_FIXED, 0);
NUMBER(PORTICO_PART_TEXT, 1);
NUMBER(PORTICO_PART_BYTES, 2);
NUMBER(PORTICO_PART_NUMBERS, 3);
NUMBER(PORTICO_PART_ROWS, 4);

NUMBER(PORTICO_SETTING_U32, 1);
NUMBER(PORTICO_SETTING_I64, 2);
NUMBER(PORTICO_SETTING_REAL, 3);
NUMBER(PORTICO_SETTING_BOOL, 4);
NUMBER(PORTICO_SETTING_TEXT, 5);
NUMBER(PORTICO_SETTING_DURATION, 6);
NUMBER(PORTICO_SETTING_BYTES, 7);
NUMBER(PORTICO_SETTING_CHOICE, 8);

NUMBER(PORTICO_START_LOADED, 1);
NUMBER(PORTICO_START_SWAPPED, 2);
NUMBER(PORTICO_START_RETURNED, 3);
NUMBER(PORTICO_STOP_REPLACED, 1);
NUMBER(PORTICO_STOP_UNLOADED, 2);
NUMBER(PORTICO_STOP_SHUTDOWN, 3);

NUMBER(PORTICO_SIZE_ANY, 0xFFFFFFFFu);
NUMBER(PORTICO_LOG_DEBUG, 4);
NUMBER(PORTICO_LABEL_MAX, 64);
NUMBER(PORTICO_ADDRESS_TEXT, 72);
NUMBER(PORTICO_ABI_MAJOR, 0);

/* Statuses count down from 0 without gaps. */
enum {
#define PORTICO_STATUS_INDEX(name, number, sentence) INDEX_##name,
    PORTICO_STATUS_LIST(PORTICO_STATUS_INDEX)
#undef PORTICO_STATUS_INDEX
        STATUS_COUNT
};

#define PORTICO_STATUS_NUMBER(name, number, sentence) NUMBER(PORTICO_##name, -(int)INDEX_##name);
PORTICO_STATUS_LIST(PORTICO_STATUS_NUMBER)
#undef PORTICO_STATUS_NUMBER

_Static_assert(STATUS_COUNT >= 34, "a status is missing");
NUMBER(PORTICO_E_GONE, -3);
NUMBER(PORTICO_E_KICKED, -22);
NUMBER(PORTICO_E_SYSTEM, -31);
NUMBER(PORTICO_E_ROOM_CLOSED, -32);
NUMBER(PORTICO_E_FAULT, -33);
