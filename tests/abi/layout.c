/* layout.c: where every field of the ABI stands on 64-bit systems. A module that was built last year
 * reads them there: a line here changes only together with PORTICO_ABI_MAJOR; new fields at the end get
 * new lines. */
#include "support/check.h"

#include <portico/portico.h>

#include <stdio.h>
#include <string.h>

#define FIELD(type, field, expected) check_figure(#type "." #field, offsetof(type, field), expected)
#define SIZE(type, expected) check_figure("sizeof " #type, sizeof(type), expected)

static int differences;

static void check_figure(const char *name, size_t found, size_t expected) {
    if (found != expected) {
        fprintf(stderr, "%s is %zu, modules know it as %zu\n", name, found, expected);
        differences++;
    }
}

static void check_packet_and_type(void) {
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
}

static void check_session_info(void) {
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
}

/* Since 0.2 */
static void check_rooms_and_messages(void) {
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
}

/* Since 0.3 */
static void check_room_info_and_result(void) {
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
}

static void check_state(void) {
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

    check_figure("PORTICO_KIND_BYTES", PORTICO_KIND_BYTES, 1);
    check_figure("PORTICO_KIND_SIGNED", PORTICO_KIND_SIGNED, 2);
    check_figure("PORTICO_KIND_UNSIGNED", PORTICO_KIND_UNSIGNED, 3);
    check_figure("PORTICO_KIND_FLOAT", PORTICO_KIND_FLOAT, 4);
    check_figure("PORTICO_KIND_BOOL", PORTICO_KIND_BOOL, 5);
    check_figure("PORTICO_KIND_CHAR", PORTICO_KIND_CHAR, 6);
}

static void check_host(void) {
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
}

static void check_module_info(void) {
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
}

/* Numbers that modules have compiled in. */
static void check_numbers(void) {
    static const int statuses[] = {
#define PORTICO_STATUS_NUMBER(name, number, sentence) PORTICO_##name,
        PORTICO_STATUS_LIST(PORTICO_STATUS_NUMBER)
#undef PORTICO_STATUS_NUMBER
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        check_figure("a status", (size_t)-statuses[i], i); /* counted down from 0 without gaps */
    }
    check_figure("the last status of 0.1", sizeof statuses / sizeof statuses[0] >= 32, 1);
    check_figure("PORTICO_E_GONE", (size_t)-PORTICO_E_GONE, 3);
    check_figure("PORTICO_E_KICKED", (size_t)-PORTICO_E_KICKED, 22);
    check_figure("PORTICO_E_SYSTEM", (size_t)-PORTICO_E_SYSTEM, 31);
    check_figure("PORTICO_E_ROOM_CLOSED", (size_t)-PORTICO_E_ROOM_CLOSED, 32);
    check_figure("PORTICO_LOG_DEBUG", PORTICO_LOG_DEBUG, 4);
    check_figure("PORTICO_LABEL_MAX", PORTICO_LABEL_MAX, 64);
    check_figure("PORTICO_ADDRESS_TEXT", PORTICO_ADDRESS_TEXT, 72);
    check_figure("the ABI's major version", PORTICO_ABI_MAJOR, 0);
    check_figure("the symbol", (size_t)strcmp(PORTICO_MODULE_SYMBOL, "portico_module"), 0);
}

int main(void) {
    check_packet_and_type();
    check_session_info();
    check_rooms_and_messages();
    check_room_info_and_result();
    check_state();
    check_host();
    check_module_info();
    check_numbers();
    CHECK(differences == 0);
    return 0;
}
