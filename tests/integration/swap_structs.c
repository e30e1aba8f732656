/* swap_structs.c: structs within states, and structs within those, are carried over row by row:
 * fields added to them, dropped, widened and moved, longer arrays of them. A field deep inside that
 * cannot hold the old values refuses the swap and is named. */
#include "support/check.h"
#include "support/host.h"
#include "support/swaps.h"
#include "support/wire.h"

static host *h;

static void state_is(net_socket s, uint16_t opcode, const char *right) {
    char text[1024] = "";
    int64_t size = wire_wait(s, opcode, text, sizeof text - 1);
    CHECK(size >= 0);
    text[size] = '\0';
    CHECK_TEXT(text, right);
}

/* Asks for both states. */
static void states_are(net_socket s, const char *of_session, const char *of_module) {
    uint8_t frame[16];
    size_t size = wire_header(WIRE_U16, frame, 4, 2);
    CHECK(net_send_all(s, frame, size));
    state_is(s, 100, of_session);
    state_is(s, 2, of_module);
}

static void fill(net_socket s) {
    char nothing[1];
    CHECK_INT(wire_ask(s, 1, "", 0, nothing, sizeof nothing), 0);
}

SCENARIO(swap_structs) {
    static const char before[] =
        "session 7 hand 1007*200:7,100 bag 1008*201:8,101 bag 1009*202:9,102 bag 1010*203:10,103";
    static const char before_module[] =
        "module 70 hand 1070*200:70,100 bag 1071*201:71,101 bag 1072*202:72,102 bag "
        "1073*203:73,103";
    static const char after[] =
        "session 7 hand 1007*200:7,100,0 bag 1008*201:8,101,0 bag 1009*202:9,102,0 bag "
        "1010*203:10,103,0 bag 0*0:0,0,0 bag 0*0:0,0,0";
    static const char after_module[] =
        "module 70 hand 1070*200:70,100,0 bag 1071*201:71,101,0 bag 1072*202:72,102,0 bag "
        "1073*203:73,103,0 bag 0*0:0,0,0 bag 0*0:0,0,0";
    static const char nothing[] =
        "session 0 hand 0*0:0,0,0 bag 0*0:0,0,0 bag 0*0:0,0,0 bag 0*0:0,0,0 bag 0*0:0,0,0 bag "
        "0*0:0,0,0";
    char answer[8192];
    const host_options options = {
        .name = "swap_structs", .modules = "bags", .listeners = {{"game", "bags.session", NULL}}};
    h = host_start(&options);
    net_socket player = net_connect(host_port(h, "game"));
    net_socket other = net_connect(host_port(h, "game")); /* silent until the swap back */
    fill(player);
    fill(other);
    states_are(player, before, before_module);

    swaps_to(h, "bags", "bags_2", answer, sizeof answer);
    CHECK(strstr(answer,
                 "added bag[].weight, bag[].gems[].cut, hand.weight, hand.gems[].cut; dropped "
                 "hand.dropped, bag[].dropped; widened bag, bag[].gems, "
                 "bag[].gems[].colour, bag[].count, hand.gems") != NULL);
    states_are(player, after, after_module);
    net_socket late = net_connect(host_port(h, "game"));
    states_are(late, nothing, after_module);

    host_expect_error(h, "bags is not swapped");
    swaps_refused(h, "bags", "bags_3", answer, sizeof answer);
    CHECK(strstr(answer,
                 "field hand.count was unsigned 32 bits and is unsigned 8 bits: values could "
                 "be lost") != NULL);
    states_are(player, after, after_module);
    states_are(other, after, after_module);
    net_close(late);
    net_close(other);
    net_close(player);
    host_stop(h);
}
