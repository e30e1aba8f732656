/* inspect.c: `portico inspect` describes a module, or says what is wrong with a file that is
 * none. */
#include "support/check.h"
#include "support/host.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char output[65536];

static int inspect(const char *path) {
    char to[1024];
    folder_make(host_test_folder());
    snprintf(to, sizeof to, "%s/output.txt", host_test_folder());
    const char *arguments[] = {host_executable(), "inspect", path, NULL};
    int exit_code = process_run(arguments, to, 60000);
    char *text = file_read(to, NULL);
    CHECK(text != NULL);
    snprintf(output, sizeof output, "%s", text);
    free(text);
    return exit_code;
}

static void expect(const char *name, int exit_code, const char *const *words) {
    char path[1024];
    host_module_path(name, path, sizeof path);
    int found = inspect(path);
    bool said = true;
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strstr(output, words[i]) == NULL) {
            fprintf(stderr, "not said: \"%s\"\n", words[i]);
            said = false;
        }
    }
    if (found != exit_code || !said) {
        fprintf(stderr, "inspect %s: exit code %d, expected %d\n%s", name, found, exit_code,
                output);
        exit(1);
    }
}

SCENARIO(inspect) {
    expect("echo", 0,
           (const char *[]){"echo", "0.1", "Sends every packet back unchanged.", "session", NULL});
    expect("counts", 0,
           (const char *[]){"counts", "1.2.3", "An echo that counts.", "session",
                            "opcode     7 7: 0 bytes or more", NULL});
    expect("second", 0, (const char *[]){"second", "counts", "counts.session (joined)", NULL});
    expect("chat", 0,
           (const char *[]){"chat", "user", "[module chat]", "where newcomers go",
                            "default_room = lobby", NULL});
    expect("rooms", 0,
           (const char *[]){"rooms.place", "rooms.small", "members 3", "version 3",
                            " on_open on_join on_leave on_close", "message    1", "message    2",
                            NULL});
    expect("tallies", 0,
           (const char *[]){"tallies.hall", "message    1 ADD", "message    3 MAKE_HALL", NULL});
    expect("fields", 0,
           (const char *[]){
               "type         fields.session, state 56 bytes, version 2", " on_packet migrate",
               "  field      score: unsigned 32 bits, offset 0, size 4",
               "  field      name: text of 32 bytes, offset 8, size 32",
               "  field      aims: 3 x signed 16 bits, offset 40, size 6",
               "  field      rival: 8 opaque bytes, offset 48, size 8",
               "room type    fields.table, state 12 bytes, version 0, members 0",
               " on_close migrate", "  field      at: 8 opaque bytes, offset 0, size 8",
               "state        16 bytes, version 5",
               "\nfield      rate: float 64 bits, offset 8, size 8", NULL});
    expect("long_info", 0,
           (const char *[]){"long_info.session", "long_info.other_room", "message    2",
                            "answers = 1", "extra = 0", NULL});
    expect("bad_fields", 1,
           (const char *[]){"type bad_fields.session: its state: field score with offset 2", NULL});
    expect("blocks", 0, (const char *[]){"job        1 SLEEP", NULL});
    expect("no_symbol", 1, (const char *[]){"portico_module_entry", NULL});
    expect("old_abi", 1, (const char *[]){"0.3", "0.4", "tables", NULL});
    expect("refused_other_major", 1, (const char *[]){"1.0", "0.4", NULL});
    expect("refused_newer_minor", 1, (const char *[]){"0.5", "0.4", NULL});
    expect("refused_null_module", 1, (const char *[]){"refused_null_module", "NULL", NULL});
    expect("refused_name_null", 1, (const char *[]){"name", NULL});
    expect("refused_name_bad", 1, (const char *[]){"Bad-Name", NULL});
    expect("refused_state_large", 1, (const char *[]){"1048577", NULL});
    expect("refused_opcode_twice", 1, (const char *[]){"opcodes, row 1", NULL});

    char path[1024];
    host_module_path("cpp_module", path, sizeof path);
    if (file_exists(path)) { /* built only where there is a C++ compiler */
        expect("cpp_module", 0,
               (const char *[]){"  field      packets: unsigned 32 bits, offset 0, size 4", NULL});
    }
    folder_make(host_test_folder());
    snprintf(path, sizeof path, "%s/garbage%s", host_test_folder(), host_library_suffix);
    file_write(path, "no library at all", 17);
    CHECK_INT(inspect(path), 1);
    CHECK(strstr(output, "garbage") != NULL);
    CHECK_INT(inspect("not/there.so"), 1);
    CHECK(strstr(output, "not/there.so") != NULL);
    CHECK_INT(inspect(NULL), 2);
}
