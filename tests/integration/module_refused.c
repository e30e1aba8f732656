/* module_refused.c: for every way in which a module can be refused, the host names the reason, with
 * what was expected and what was found, and keeps running: at the start and on `load` while it
 * serves. tests/abi/refused.c makes the modules whose description is wrong. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 3 };

typedef struct refusal {
    const char *name;         /* of the file, without its suffix */
    const char *words[WORDS]; /* that the answer must contain */
} refusal;

static const refusal refusals[] = {
    {"no_symbol", {"portico_module_entry", "PORTICO_MODULE"}},
    {"old_abi", {"0.3", "0.4", "tables"}},
    {"load_fails", {"start failed", "limit"}},
    {"opcode_taken", {"counts.session", "opcode 7", "counts"}},
    {"bad_fields", {"bad_fields.session", "field score with offset 2, size 4, count 1"}},
    {"garbage", {NULL}},
    {"empty", {NULL}},
    {"cut_at_20", {NULL}},
    {"cut_at_1000", {NULL}},
    {"cut_in_half", {NULL}},
    {"cut_near_end", {NULL}},
    {"not_there", {NULL}},
};
enum { REFUSALS = sizeof refusals / sizeof refusals[0] };

/* Variants of refused.c: refused_NAME. */
static const refusal variants[] = {
    {"newer_minor", {"0.5", "0.4", "newer host"}},
    {"older_minor", {"0.3", "0.4"}},
    {"other_major", {"1.0", "0.4"}},
    {"short_module", {"160", "168"}},
    {"no_module_size", {"module_size is 0", "168"}},
    {"null_module", {"NULL", "PORTICO_MODULE"}},
    {"null_host", {"NULL", "PORTICO_MODULE"}},
    {"name_bad", {"Bad-Name"}},
    {"name_long", {"its name"}},
    {"name_null", {"its name", "NULL"}},
    {"name_taken", {"echo"}},
    {"version_null", {"its version", "NULL"}},
    {"version_control", {"its version"}},
    {"description_control", {"its description"}},
    {"required_bad", {"required, row 0", "Bad-Name"}},
    {"required_missing", {"nowhere_to_be_found"}},
    {"required_itself", {"requires", "refused"}},
    {"state_large", {"its state", "1048577", "1048576"}},
    {"session_state_large", {"refused.second: its state", "1048577", "1048576"}},
    {"room_state_large", {"refused.second_room: its state", "16777217", "16777216"}},
    {"state_fields", {"its state", "score", "8 bytes"}},
    {"session_state_fields", {"refused.second: its state", "score", "8 bytes"}},
    {"room_state_fields", {"refused.second_room: its state", "score", "8 bytes"}},
    {"field_name_null", {"its state", "field 1", "NULL"}},
    {"field_name_bad", {"its state", "field 1"}},
    {"field_name_twice", {"its state", "first"}},
    {"field_kind", {"its state", "score", "99"}},
    {"field_size", {"its state", "score", "3"}},
    {"field_count", {"its state", "score", "0"}},
    {"field_overlaps", {"its state", "score", "first"}},
    {"field_without_fields", {"its state", "score"}},
    {"fields_row_size", {"its state", "24"}},
    {"type_null", {"session_types, row 1", "NULL"}},
    {"type_bad", {"session_types, row 1", "not allowed"}},
    {"type_long", {"session_types, row 1"}},
    {"type_twice", {"session_types, row 1", "refused.session"}},
    {"type_not_required", {"echo.session", "`required`"}},
    {"type_not_there", {"echo.nothing"}},
    {"type_on_packet", {"echo.session", "on_packet", "owner"}},
    {"type_too_deep", {"session_types, row 1", "echo.session.more"}},
    {"opcode_twice", {"refused.second: opcodes, row 1", "opcode 1"}},
    {"opcode_call", {"refused.second: opcodes, row 1", "call is NULL"}},
    {"opcode_state", {"refused.second: opcodes, row 1", "12345", "set .state"}},
    {"opcode_name", {"refused.second: opcodes, row 1", "name"}},
    {"opcode_name_long", {"refused.second: opcodes, row 1", "name", "63"}},
    {"opcode_sizes", {"refused.second: opcodes, row 1", "size_min 9", "size_max 8"}},
    {"opcode_packet", {"refused.second: opcodes, row 1", "score"}},
    {"sent_twice", {"refused.second: sends, row 1", "opcode 1"}},
    {"sent_name", {"refused.second: sends, row 1", "name"}},
    {"sent_packet", {"refused.second: sends, row 1", "score"}},
    {"session_message_twice", {"refused.second: messages, row 1", "id 1"}},
    {"session_message_call", {"refused.second: messages, row 1", "call is NULL"}},
    {"session_message_name", {"refused.second: messages, row 1", "name"}},
    {"room_type_null", {"room_types, row 1", "NULL"}},
    {"room_type_bad", {"room_types, row 1", "not allowed"}},
    {"room_type_twice", {"room_types, row 1", "refused.room"}},
    {"room_type_of_sessions", {"room_types, row 1", "refused.session"}},
    {"room_type_joined", {"room_types, row 1", "echo.room"}},
    {"room_message_twice", {"refused.second_room: messages, row 1", "id 1"}},
    {"room_message_call", {"refused.second_room: messages, row 1", "call is NULL"}},
    {"room_message_name", {"refused.second_room: messages, row 1", "name"}},
    {"message_twice", {"its messages, row 1", "id 1"}},
    {"message_call", {"its messages, row 1", "call is NULL"}},
    {"message_name", {"its messages, row 1", "name"}},
    {"job_twice", {"its jobs, row 1", "id 1"}},
    {"job_call", {"its jobs, row 1", "call is NULL"}},
    {"job_name", {"its jobs, row 1", "name"}},
    {"setting_key_null", {"setting 1", "key"}},
    {"setting_key_bad", {"setting 1", "key"}},
    {"setting_key_long", {"setting 1", "key"}},
    {"setting_key_twice", {"setting 1", "number"}},
    {"setting_target", {"setting 1 (second)", "target"}},
    {"setting_kind", {"setting 1 (second)", "99"}},
    {"setting_range", {"setting 1 (second)", "11", "10"}},
    {"setting_fallback_null", {"setting 1 (second)", "fallback"}},
    {"setting_fallback_range", {"setting 1 (second)", "fallback", "11"}},
    {"setting_fallback_word", {"setting 1 (second)", "fallback", "many"}},
    {"setting_help", {"setting 1 (second)", "help"}},
    {"setting_choices", {"setting 1 (second)", "choices"}},
    {"setting_choices_none", {"setting 1 (second)", "choices"}},
    {"setting_choices_twice", {"setting 1 (second)", "easy"}},
    {"setting_choices_other", {"setting 1 (second)", "easy or hard"}},
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

/* Each table is wrong in each way: refused_TABLE_WAY. */
static const refusal tables[] = {
    {"session_types", {"its session_types"}},
    {"opcodes", {"refused.second: opcodes"}},
    {"sends", {"refused.second: sends"}},
    {"session_messages", {"refused.second: messages"}},
    {"room_types", {"its room_types"}},
    {"room_messages", {"refused.second_room: messages"}},
    {"messages", {"its messages"}},
    {"jobs", {"its jobs"}},
    {"settings", {"settings"}},
};
enum { TABLES = sizeof tables / sizeof tables[0] };
static const refusal ways[] = {
    {"null_rows", {"2", "PORTICO_TABLE"}},
    {"no_row_size", {" 0", "PORTICO_TABLE"}},
    {"short_rows", {"PORTICO_TABLE"}},
    {"odd_rows", {"PORTICO_TABLE"}},
    {"too_many", {"70000", "allowed are up to"}},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

/* The test writes its own bad files to its folder; the others are built. */
static void refusal_path(const char *folder, const refusal *r, char *path, size_t size) {
    host_module_path(r->name, path, size);
    if (!file_exists(path)) {
        CHECK(snprintf(path, size, "%s/%s%s", folder, r->name, host_library_suffix) < (int)size);
    }
}

static void write_bad_file(const char *folder, const char *name, const void *data, size_t size) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, host_library_suffix);
    file_write(path, data, size);
}

static void write_bad_files(const char *folder) {
    char path[1024];
    size_t size = 0;
    host_module_path("counts", path, sizeof path);
    char *good = file_read(path, &size);
    CHECK(good != NULL && size > 4096);
    write_bad_file(folder, "garbage", "This is no library, however long one looks at it.\n", 50);
    write_bad_file(folder, "empty", "", 0);
    write_bad_file(folder, "cut_at_20", good, 20);
    write_bad_file(folder, "cut_at_1000", good, 1000);
    write_bad_file(folder, "cut_in_half", good, size / 2);
    write_bad_file(folder, "cut_near_end", good, size - 200);
    free(good);
}

static void expect_refused(host *h, const refusal *r, net_socket client) {
    char path[1024];
    char command[1200];
    char answer[4096];
    refusal_path(host_folder(h), r, path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    if (host_try_admin(h, command, answer, sizeof answer)) {
        fprintf(stderr, "%s was loaded\n", path);
        exit(1);
    }
    for (size_t i = 0; i < WORDS && r->words[i] != NULL; i++) {
        if (strstr(answer, r->words[i]) == NULL) {
            fprintf(stderr, "%s: the answer does not say \"%s\": %s\n", r->name, r->words[i],
                    answer);
            exit(1);
        }
    }
    printf("%s: %s\n", r->name, answer);
    host_wait_log_some(h, r->name, 1);
    wire_expect_echo(client, WIRE_U16, 1, "what happened?");
}

static void expect_variant(host *h, const refusal *variant, net_socket client) {
    char name[100];
    refusal r = *variant;
    snprintf(name, sizeof name, "refused_%s", variant->name);
    r.name = name;
    expect_refused(h, &r, client);
}

static void expect_all_refused(host *h, net_socket client) {
    for (size_t i = 0; i < REFUSALS; i++) {
        expect_refused(h, &refusals[i], client);
    }
    for (size_t i = 0; i < VARIANTS; i++) {
        expect_variant(h, &variants[i], client);
    }
    for (size_t i = 0; i < TABLES * WAYS; i++) {
        const refusal *table = &tables[i / WAYS];
        const refusal *way = &ways[i % WAYS];
        char name[80];
        snprintf(name, sizeof name, "%s_%s", table->name, way->name);
        const refusal r = {name, {table->words[0], way->words[0], way->words[1]}};
        expect_variant(h, &r, client);
    }
}

static void by_load(const char *folder) {
    host_options options = {
        .name = "module_refused",
        .modules = "echo counts",
        .workers = 1, /* under Wine each thread gets a handle with its first wait or send */
        .listeners =
            {
                {"game", "echo.session", NULL},
                {"counts", "counts.session", NULL},
            },
    };
    host *h = host_start(&options);
    char modules[4096];
    char after[4096];
    (void)folder;
    net_socket client = net_connect(host_port(h, "game"));
    wire_expect_echo(client, WIRE_U16, 1,
                     "its session is counted"); /* before the figures are taken */
    host_admin(h, "modules", modules, sizeof modules);
    int64_t handles = 0;
    enum { ROUNDS = 3 };
    /* Several rounds: a refusal must leave nothing that changes the next one. */
    for (int round = 0; round < ROUNDS; round++) {
        expect_all_refused(h, client);
        handles = round == 0 ? host_figure(h, "open_fds")
                             : handles; /* the loading thread has done so by now */
    }
    /* A handle kept by each round would make two; under Wine one of the host's threads may still
     * have got its own. */
    host_wait_at_most(h, "open_fds", handles + scale(1, ROUNDS - 2));
    host_admin(h, "modules", after, sizeof after);
    /* Only the number of sessions could differ, and none came or went. */
    CHECK_TEXT(after, modules);
    net_socket counts = net_connect(host_port(h, "counts"));
    wire_expect_echo(counts, WIRE_U16, 1, "the joined type is whole");
    net_close(counts);
    net_close(client);
    host_expect_error(h, ""); /* refusals may be errors in the log */
    host_stop(h);
}

/* With the same modules named in the ini, the host still starts and serves. */
static void at_the_start(const char *folder) {
    static char body[16384];
    size_t used = 0;
    for (size_t i = 0; i < REFUSALS; i++) {
        char path[1024];
        refusal_path(folder, &refusals[i], path, sizeof path);
        /* For a missing file the configuration itself is refused. */
        if (strcmp(refusals[i].name, "not_there") != 0) {
            used += (size_t)snprintf(body + used, sizeof body - used, "[module %s]\nfile = %s\n",
                                     refusals[i].name, path);
        }
    }
    host_options options = {.name = "module_refused-start",
                            .modules = "echo counts",
                            .body = body,
                            .listeners = {
                                {"game", "echo.session", NULL},
                                {"lonely", "load_fails.session", NULL},
                            }};
    host *h = host_start(&options);
    for (size_t i = 0; i < REFUSALS - 1; i++) {
        host_wait_log_some(h, refusals[i].name, 1);
    }
    net_socket client = net_connect(host_port(h, "game"));
    wire_expect_echo(client, WIRE_U16, 1, "still served");
    net_close(client);
    char line[256];
    host_status_line(h, "listener lonely ", line, sizeof line); /* its type was never registered */
    CHECK(strstr(line, "waiting") != NULL);
    host_expect_error(h, "");
    host_stop(h);
}

SCENARIO(module_refused) {
    char folder[1024];
    folder_make(host_test_folder());
    snprintf(folder, sizeof folder, "%s/module_refused", host_test_folder());
    folder_make(folder);
    write_bad_files(folder);
    by_load(folder);
    at_the_start(folder);
}
