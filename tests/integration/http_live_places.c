/* http_live_places.c: many pages watch a room whose handler does not return, and reports while the
 * control thread is busy. Their answers leave places for those of `ctl`, and all come in the end. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/live.h"
#include "support/wire.h"

enum {
    JOIN = 1,
    HANG = 2,
    HANG_MS = 5000,
    PAGES = 8,
    WATCHED = 16,
    LOOKS = 10,
    ANSWERS_MAX = 20000
};

static host *h;
static uint16_t port;
static net_socket pages[PAGES];
static char answer[1 << 17];

/* Receives an answer of any command. */
static void hear_any(net_socket s) {
    uint8_t kind = 0;
    int64_t size = web_recv(s, &kind, answer, sizeof answer - 1);
    CHECK(size > 0);
    CHECK_INT(kind, WEB_TEXT);
    answer[size] = '\0';
}

/* Returns when all watches so far have been run once, or have got no place. */
static void settle(net_socket s) {
    for (int i = 0; i < 2; i++) {
        live_say(s, "run modules");
        do {
            hear_any(s);
        } while (strncmp(answer, "{\"command\":\"modules\",", 21) != 0);
    }
}

/* Opens the pages, which all watch COMMAND and `id`, each spelt in many ways. */
static void open_pages(const char *command, unsigned long long id) {
    char text[128];
    for (int p = 0; p < PAGES; p++) {
        pages[p] = live_open(port);
        for (int i = 0; i < WATCHED; i++) {
            snprintf(text, sizeof text, "watch 250 %s %0*llu", command, 20 + i, id);
            live_say(pages[p], text);
        }
        settle(pages[p]);
    }
}

/* Returns a page for which something has come. All are read in turn: the host ends a connection that
 * takes nothing for long. */
static int next_page(void) {
    static int last;
    net_poll_entry entries[PAGES] = {0};
    for (int p = 0; p < PAGES; p++) {
        entries[p].socket = pages[p];
    }
    CHECK(net_poll(entries, PAGES, NET_TIMEOUT_MS));
    do {
        last = (last + 1) % PAGES;
    } while (!entries[last].can_recv);
    return last;
}

/* Each watch gets an answer that contains `text`. */
static void expect_all(const char *command, const char *text) {
    char start[64];
    bool heard[PAGES][WATCHED] = {{false}};
    int missing = PAGES * WATCHED;
    int size = snprintf(start, sizeof start, "{\"command\":\"%s ", command);
    for (int i = 0; missing > 0; i++) {
        CHECK(i < ANSWERS_MAX);
        int p = next_page();
        hear_any(pages[p]);
        CHECK(strncmp(answer, start, (size_t)size) == 0);
        size_t which = strspn(answer + size, "0123456789") - 20;
        CHECK(which < WATCHED);
        if (!heard[p][which] && strstr(answer, text) != NULL) {
            heard[p][which] = true;
            missing--;
        }
    }
    for (int p = 0; p < PAGES; p++) {
        net_close(pages[p]);
    }
}

static void states(void) {
    char command[64];
    char nothing[1];
    uint32_t hang_ms = HANG_MS;
    net_socket outside = net_connect(host_port(h, "game"));
    host_wait_figure(h, "sessions", 1);
    snprintf(command, sizeof command, "session %llu",
             host_first_id(h, "sessions 1 id", answer, sizeof answer));
    net_socket inside = net_connect(host_port(h, "game"));
    CHECK_INT(wire_ask(inside, JOIN, "", 0, nothing, sizeof nothing), 0);
    unsigned long long room = host_first_id(h, "rooms", answer, sizeof answer);
    CHECK(wire_send(inside, WIRE_U16, HANG, &hang_ms, sizeof hang_ms));
    host_wait_log(h, "hangs now", 1);
    open_pages("room", room);
    for (int i = 0; i < LOOKS; i++) {
        host_admin(h, command, answer, sizeof answer);
        CHECK(strstr(answer, "are asked for already") == NULL);
        CHECK_HAS(answer, "\n  a = ");
    }
    expect_all("room", "\"not_read\": null");
    net_close(inside);
    net_close(outside);
}

static void reports(void) {
    char request[2048];
    char file[1024];
    char line[512] = "";
    host_module_path("dozes_start", file, sizeof file); /* its start takes 3 s */
    net_socket loads = net_connect(port);
    size_t size =
        http_request(port, "POST", "/api/load", HTTP_RIGHT, file, request, sizeof request);
    CHECK(net_send_all(loads, request, size));
    while (strncmp(line, "control the command `load ", 26) != 0) {
        host_status_line(h, "control ", line, sizeof line);
        clock_sleep_ms(5);
    }
    open_pages("fault", 1);
    CHECK(!host_try_admin(h, "fault nothing", answer, sizeof answer));
    CHECK(strstr(answer, "already wait") == NULL);
    expect_all("fault", "\"ok\":false");
    CHECK_INT(http_read(loads, answer, sizeof answer), 200);
}

SCENARIO(http_live_places) {
    h = host_start(&(host_options){.name = "http_live_places",
                                   .modules = "views",
                                   .module_keys = "swap_timeout_ms = 20000\n",
                                   .listeners = {{"game", "views.guest", NULL}},
                                   .admin_keys = "http_port = 0\n"});
    port = host_port(h, "http");
    states();
    reports();
    host_stop(h);
}
