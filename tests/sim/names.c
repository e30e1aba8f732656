/* A connector whose name server is silent for half a minute, while the module of the connector is
 * swapped, unloaded and loaded, and at last the stop.
 *
 *   None of that waits for the name server.
 *   Once it answers, the connection is there.
 *
 * No call fails: that would be another reason to be late. */
#include "sim/ledger.h"
#include "sim/peer.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <string.h>

enum { PORT = 7100, SILENT_MS = 30000, MOST_MS = 15000, BACK_MS = 300000 };

static uint32_t opened;
static uint32_t closed;

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    opened++;
    (void)host->session_send(session, PEER_HELLO, NULL, 0);
    return PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session, (void)state;
    closed++;
    ledger_closes(reason);
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    ledger_packet();
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static const portico_session_type types[] = {
    {.name = "session", .on_open = on_open, .on_packet = on_packet, .on_close = on_close}};

static const portico_module link_module = {
    .name = "link", .version = "1", .session_types = PORTICO_TABLE(types)};

static uint64_t now_ms(void) {
    sim_figures figures;
    sim_look(&figures);
    return figures.now_ns / 1000000;
}

static void command(const char *text) {
    uint64_t from_ms = now_ms();
    (void)world_ctl(text, NULL);
    uint64_t took_ms = now_ms() - from_ms;
    if (took_ms > MOST_MS) {
        sim_fail("%s took %llu ms while the name server was silent", text,
                 (unsigned long long)took_ms);
    }
}

static void check_back(void) {
    uint64_t until_ms = now_ms() + BACK_MS;
    while (opened == closed) {
        CHECK(now_ms() < until_ms);
        os_sleep(100);
    }
}

static void stop(void) {
    uint64_t until_ms = now_ms() + MOST_MS;
    CHECK(world_signal_stop());
    while (world_runs()) {
        if (now_ms() > until_ms) {
            sim_fail("the stop takes %d ms while the name server is silent", MOST_MS);
        }
        os_sleep(10);
    }
}

SCENARIO(names) {
    sim_calls_succeed();
    (void)world_library("link 1", &link_module);
    (void)world_library("link 2", &link_module);
    world_build("link", "link 1");
    sim_resolve_takes(SILENT_MS);
    bool serves =
        world_start("workers = 2\nstop_timeout_ms = 5000",
                    "[module link]\n"
                    "[connector one]\naddress = peer.example\nport = 7100\ntype = link.session\n"
                    "connect_timeout_ms = 2000\nreconnect_min_ms = 100\nreconnect_max_ms = 3200\n");
    CHECK(serves);
    peer *one = peer_start(PORT);
    peer_become(one, PEER_SERVES);
    os_sleep(world_random(2000));
    world_build("link", "link 2");
    command("swap link");
    command("unload link");
    command("load link");
    if (sim_random(SIM_WORLD, 2) == 0) {
        check_back();
        peer_become(one, PEER_ABSENT); /* the name is asked for again */
        os_sleep(world_random(10000));
    }
    stop();
    sim_resolve_takes(0);
    peer_stop(one);
    CHECK(world_stop() == 0);
    CHECK(opened == closed);
}
