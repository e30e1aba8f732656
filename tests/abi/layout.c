/* layout.c: the offset of every field of the ABI on 64-bit systems, checked by the compiler:
 * nothing here runs. A module built last year reads the fields there. A line changes only together
 * with PORTICO_ABI_MAJOR; new fields at the end get new lines. */
#include <portico/portico.h>

#include <stddef.h>

#define FIELD(type, field, expected)                    \
    _Static_assert(offsetof(type, field) == (expected), \
                   #type "." #field " has moved: modules know it at " #expected)
#define SIZE(type, expected) \
    _Static_assert(sizeof(type) == (expected), #type " has another size than modules know")
#define NUMBER(name, expected) \
    _Static_assert((name) == (expected), #name " has another value than modules know")

FIELD(portico_packet, struct_size, 0);
FIELD(portico_packet, size, 4);
FIELD(portico_packet, data, 8);
FIELD(portico_packet, opcode, 16);
FIELD(portico_packet, reserved, 18);
SIZE(portico_packet, 24);

FIELD(portico_session_type, struct_size, 0);
FIELD(portico_session_type, state_size, 4);
FIELD(portico_session_type, state_version, 8);
FIELD(portico_session_type, reserved, 12);
FIELD(portico_session_type, name, 16);
FIELD(portico_session_type, on_open, 24);
FIELD(portico_session_type, on_packet, 32);
FIELD(portico_session_type, on_close, 40);
FIELD(portico_session_type, on_watermark, 48);
FIELD(portico_session_type, state_fields, 56); /* 0.1 and 0.2 end here */
FIELD(portico_session_type, migrate, 64);
SIZE(portico_session_type, 72);

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

/* Since 0.2 */
FIELD(portico_message, struct_size, 0);
FIELD(portico_message, id, 4);
FIELD(portico_message, size, 8);
FIELD(portico_message, missed, 12);
FIELD(portico_message, data, 16);
SIZE(portico_message, 24);

FIELD(portico_room_type, struct_size, 0);
FIELD(portico_room_type, state_size, 4);
FIELD(portico_room_type, state_version, 8);
FIELD(portico_room_type, max_members, 12);
FIELD(portico_room_type, name, 16);
FIELD(portico_room_type, on_open, 24);
FIELD(portico_room_type, on_join, 32);
FIELD(portico_room_type, on_leave, 40);
FIELD(portico_room_type, on_close, 48);
FIELD(portico_room_type, state_fields, 56); /* 0.2 ends here */
FIELD(portico_room_type, migrate, 64);
SIZE(portico_room_type, 72);

SIZE(portico_session, 8);
SIZE(portico_room, 8);
SIZE(portico_entity, 8);
SIZE(portico_timer, 8);

/* Since 0.3 */
FIELD(portico_room_info, struct_size, 0);
FIELD(portico_room_info, members, 4);
FIELD(portico_room_info, max_members, 8);
FIELD(portico_room_info, closing, 12);
FIELD(portico_room_info, type, 16);
FIELD(portico_room_info, name, 144);
FIELD(portico_room_info, opened_ms, 208);
SIZE(portico_room_info, 216);

FIELD(portico_room_result, struct_size, 0);
FIELD(portico_room_result, status, 4);
FIELD(portico_room_result, room, 8);
SIZE(portico_room_result, 16);

FIELD(portico_field, name, 0);
FIELD(portico_field, kind, 8);
FIELD(portico_field, offset, 12);
FIELD(portico_field, size, 16);
FIELD(portico_field, count, 20);
SIZE(portico_field, 24);

FIELD(portico_state_fields, struct_size, 0);
FIELD(portico_state_fields, field_size, 4);
FIELD(portico_state_fields, field_count, 8);
FIELD(portico_state_fields, reserved, 12);
FIELD(portico_state_fields, fields, 16);
SIZE(portico_state_fields, 24);

FIELD(portico_migration, struct_size, 0);
FIELD(portico_migration, from_version, 4);
FIELD(portico_migration, from_size, 8);
FIELD(portico_migration, reserved, 12);
FIELD(portico_migration, from, 16);
FIELD(portico_migration, entity, 24);
SIZE(portico_migration, 32);

NUMBER(PORTICO_KIND_BYTES, 1);
NUMBER(PORTICO_KIND_SIGNED, 2);
NUMBER(PORTICO_KIND_UNSIGNED, 3);
NUMBER(PORTICO_KIND_FLOAT, 4);
NUMBER(PORTICO_KIND_BOOL, 5);
NUMBER(PORTICO_KIND_CHAR, 6);

FIELD(portico_host, struct_size, 0);
FIELD(portico_host, abi_major, 4);
FIELD(portico_host, abi_minor, 6);
FIELD(portico_host, log, 8);
FIELD(portico_host, config_text, 16);
FIELD(portico_host, config_integer, 24);
FIELD(portico_host, register_session_type, 32);
FIELD(portico_host, register_handler, 40);
FIELD(portico_host, session_send, 48);
FIELD(portico_host, session_close, 56);
FIELD(portico_host, session_info, 64);
FIELD(portico_host, session_set_label, 72);
FIELD(portico_host, session_by_label, 80);
FIELD(portico_host, channel_join, 88);
FIELD(portico_host, channel_leave, 96);
FIELD(portico_host, channel_send, 104);
FIELD(portico_host, channel_members, 112);
FIELD(portico_host, clock_ms, 120);
FIELD(portico_host, get_extension, 128);
FIELD(portico_host, register_room_type, 136);
FIELD(portico_host, register_message, 144);
FIELD(portico_host, register_blocking, 152);
FIELD(portico_host, self, 160);
FIELD(portico_host, room_create, 168);
FIELD(portico_host, room_find, 176);
FIELD(portico_host, room_close, 184);
FIELD(portico_host, room_join, 192);
FIELD(portico_host, room_leave, 200);
FIELD(portico_host, session_room, 208);
FIELD(portico_host, room_state, 216);
FIELD(portico_host, room_members, 224);
FIELD(portico_host, room_send, 232);
FIELD(portico_host, post, 240);
FIELD(portico_host, post_after, 248);
FIELD(portico_host, post_every, 256);
FIELD(portico_host, timer_cancel, 264);
FIELD(portico_host, run_blocking, 272);
FIELD(portico_host, room_info, 280);
FIELD(portico_host, room_join_tell, 288);
SIZE(portico_host, 296);

FIELD(portico_module_info, struct_size, 0);
FIELD(portico_module_info, abi_major, 4);
FIELD(portico_module_info, abi_minor, 6);
FIELD(portico_module_info, name, 8);
FIELD(portico_module_info, version, 16);
FIELD(portico_module_info, description, 24);
FIELD(portico_module_info, required, 32);
FIELD(portico_module_info, state_size, 40);
FIELD(portico_module_info, state_version, 44);
FIELD(portico_module_info, load, 48);
FIELD(portico_module_info, stopping, 56);
FIELD(portico_module_info, unload, 64);
FIELD(portico_module_info, state_fields, 72); /* 0.1 and 0.2 end here */
FIELD(portico_module_info, migrate, 80);
FIELD(portico_module_info, start, 88);
FIELD(portico_module_info, swap_out, 96);
FIELD(portico_module_info, swap_in, 104);
FIELD(portico_module_info, dependency_swaps, 112);
SIZE(portico_module_info, 120);

/* Numbers that modules have compiled in. Statuses count down from 0 without gaps. */
enum {
#define PORTICO_STATUS_INDEX(name, number, sentence) INDEX_##name,
    PORTICO_STATUS_LIST(PORTICO_STATUS_INDEX)
#undef PORTICO_STATUS_INDEX
        STATUS_COUNT
};

#define PORTICO_STATUS_NUMBER(name, number, sentence) NUMBER(PORTICO_##name, -(int)INDEX_##name);
PORTICO_STATUS_LIST(PORTICO_STATUS_NUMBER)
#undef PORTICO_STATUS_NUMBER

_Static_assert(STATUS_COUNT >= 33, "a status is missing");
NUMBER(PORTICO_E_GONE, -3);
NUMBER(PORTICO_E_KICKED, -22);
NUMBER(PORTICO_E_SYSTEM, -31);
NUMBER(PORTICO_E_ROOM_CLOSED, -32);
NUMBER(PORTICO_LOG_DEBUG, 4);
NUMBER(PORTICO_LABEL_MAX, 64);
NUMBER(PORTICO_ADDRESS_TEXT, 72);
NUMBER(PORTICO_ABI_MAJOR, 0);
