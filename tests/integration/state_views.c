/* state_views.c: `ctl room ID` and `session ID` show states field by field, as they are between two
 * handlers: fields that a handler changes together are seen together, also while the module is
 * swapped. A handler that does not return delays only the answer, which names it, and
 * administrators who hang up leave nothing behind. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/http.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdlib.h>

enum { JOIN = 1, HANG = 2, LOOKS = 200, SWAPS = 6, HANG_MS = 4000, LEAVERS = 20 };

static host *h;
static char answer[1 << 16];
static char room_line[64]; /* "room ID" */
static char session_line[64];

static const char *ask(const char *command) {
    host_admin(h, command, answer, sizeof answer);
    return answer;
}

/* Makes a command of the id that the first line of an answer begins with. */
static void take_id(char line[64], const char *command) {
    unsigned long long id = 0;
    CHECK_INT(sscanf(answer, "%llu ", &id), 1);
    snprintf(line, 64, "%s %llu", command, id);
}

/* The value of a field that is a number. */
static unsigned long long value_of(const char *name) {
    char start[32];
    unsigned long long value = 0;
    snprintf(start, sizeof start, "\n  %s = ", name);
    const char *at = strstr(answer, start);
    if (at == NULL) {
        fprintf(stderr, "no field %s in:\n%s", name, answer);
        exit(1);
    }
    CHECK_INT(sscanf(at + strlen(start), "%llu ", &value), 1);
    return value;
}

/* Looks at both many times. */
static void look_often(uint32_t looks) {
    const char *const commands[] = {room_line, session_line};
    for (uint32_t i = 0; i < looks; i++) {
        for (uint32_t k = 0; k < 2; k++) {
            (void)ask(commands[k]);
            CHECK_INT(value_of("a"), value_of("b"));
            bool second = strstr(answer, " generation 2 ") != NULL ||
                          strstr(answer, " generation 4 ") != NULL ||
                          strstr(answer, " generation 6 ") != NULL;
            CHECK_INT(strstr(answer, "\n  between = ") != NULL, second);
        }
    }
}

static void join(net_socket s) {
    char nothing[1];
    CHECK_INT(wire_ask(s, JOIN, "", 0, nothing, sizeof nothing), 0);
}

static void lists(void) {
    (void)ask("rooms");
    CHECK_HAS(answer, " views.hall hall members 2 max_members 0 age_s ");
    CHECK_HAS(answer, " module views\n");
    take_id(room_line, "room");
    (void)ask("rooms 5 -members HALL");
    CHECK_HAS(answer, " views.hall hall ");
    CHECK_TEXT(ask("rooms nobody has this name"), "");
    (void)ask("sessions 1 id");
    take_id(session_line, "session");
    CHECK_HAS(answer, " views.guest game 127.0.0.1:");
    CHECK_HAS(answer, "\n1 of 2 sessions\n");
    CHECK_TEXT(ask("sessions 5 -age no such label"), "");
    CHECK(!host_try_admin(h, "room 12", answer, sizeof answer));
    CHECK_HAS(answer, "no room has that id: see `rooms`");
    CHECK(!host_try_admin(h, "session nobody", answer, sizeof answer));
    CHECK_HAS(answer, "no session has that id: see `sessions`");
}

static void fields(void) {
    (void)ask(room_line);
    CHECK_HAS(answer, "state views.hall of views generation 1 bytes ");
    CHECK_HAS(answer, "\n  name = \"the \"hall\"\" (text of 12 bytes)\n");
    CHECK_HAS(answer, "\n  gems[1].price = -7 (signed 16 bits)\n");
    CHECK_HAS(answer, "\n  gems[1].colour = 200 (unsigned 8 bits)\n");
    CHECK_HAS(answer, "\n  gems[2].price = 0 (signed 16 bits)\n");
    CHECK_HAS(answer, "\n  row = [-1, 0, 0, 4] (4 x signed 32 bits)\n");
    CHECK_HAS(answer, "\n  speed = 2.5 (float 32 bits)\n");
    CHECK_HAS(answer, "\n  open = true (bool)\n");
    CHECK_HAS(answer, "\nmember ");
    char command[80];
    snprintf(command, sizeof command, "json %s", room_line);
    (void)ask(command);
    CHECK_HAS(answer, "\"states\": [");
    CHECK_HAS(answer, "\"name\": \"gems[1].price\",");
    CHECK_HAS(answer, "\"value\": \"-7\"");
    CHECK_HAS(answer, "\"not_read\": null");
}

/* The room's ticks have been counted. */
static void ticks(void) {
    unsigned long long count = 0;
    (void)ask(room_line);
    const char *at = strstr(answer, " ticks_total ");
    CHECK(at != NULL);
    CHECK_INT(sscanf(at, " ticks_total %llu ", &count), 1);
    CHECK(count > 0);
}

static void swapped(void) {
    for (int i = 0; i < SWAPS; i++) {
        swaps_to(h, "views", i % 2 == 0 ? "views_2" : "views", NULL, 0);
        look_often(5);
    }
}

/* Administrators who ask, and do not wait for the answer. */
static void leave_early(void) {
    char text[128];
    int size = snprintf(text, sizeof text, "token %s\n%s\n", HTTP_TOKEN, room_line);
    for (int i = 0; i < LEAVERS; i++) {
        net_socket s = net_connect(host_port(h, "admin"));
        CHECK(net_send_all(s, text, (size_t)size));
        char ok[8];
        CHECK_INT(net_recv_some(s, ok, 3), 3); /* the token was right */
        net_close(s);
    }
}

static void stuck(net_socket s) {
    uint8_t frame[64];
    uint32_t hang_ms = HANG_MS;
    size_t size = wire_frame(WIRE_U16, frame, HANG, &hang_ms, sizeof hang_ms);
    CHECK(net_send_all(s, frame, size));
    host_wait_log(h, "hangs now", 1);
    (void)ask(room_line);
    CHECK_HAS(
        answer,
        "the state is not shown: its turn has not come within 1000 ms: views, opcode 2 of session");
    CHECK_HAS(answer, " views.hall hall members 2 ");
    CHECK(strstr(answer, "\n  a = ") == NULL);
    leave_early();
    host_wait_figure(h, "late_calls", 0); /* it returns */
    (void)ask(room_line);
    CHECK_INT(value_of("a"), value_of("b"));
}

SCENARIO(state_views) {
    const host_options options = {.name = "state_views",
                                  .modules = "views",
                                  .host_keys = "watchdog_ms = 500\n",
                                  .listeners = {{"game", "views.guest", NULL}}};
    h = host_start(&options);
    net_socket first = net_connect(host_port(h, "game"));
    net_socket second = net_connect(host_port(h, "game"));
    join(first);
    join(second);
    lists();
    fields();
    look_often(LOOKS);
    ticks();
    swapped();
    stuck(first);
    net_close(first);
    net_close(second);
    host_wait_figure(h, "sessions", 0);
    (void)ask(room_line);
    CHECK_HAS(answer, " members 0 ");
    CHECK(!host_try_admin(h, session_line, answer, sizeof answer));
    host_stop(h);
}
