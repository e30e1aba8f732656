/* Clients send numbered frames, which come back in order while the module is swapped. Without a
 * fault, all come back. Tolerates every kind of fault: it may end a connection. */
#include "sim/client.h"
#include "sim/ledger.h"
#include "sim/world.h"

#include "support/scenario.h"

enum { CLIENTS = 4, FRAMES = 20, PATIENCE_MS = 3600000, PORT = 7000 };

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    ledger_packet();
    CHECK(sim_library_open_count("echo 1") + sim_library_open_count("echo 2") > 0);
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)state;
    ledger_closes(reason);
}

static const portico_session_type types[] = {
    {.name = "session", .on_packet = on_packet, .on_close = on_close}};

static const portico_module echo = {
    .name = "echo", .version = "1", .session_types = PORTICO_TABLE(types)};

static uint32_t frames;
static uint32_t clients_left;
static uint32_t frames_back;

static void client_main(void *arg) {
    uint32_t number = (uint32_t)(uintptr_t)arg;
    client *c = client_open(PORT);
    for (uint32_t i = 0; c != NULL && i < frames; i++) {
        uint32_t sent[2] = {number, i};
        uint32_t back[2] = {0};
        uint16_t opcode = 0;
        os_sleep(world_random(20));
        if (!client_send_frame(c, 7, sent, sizeof sent, PATIENCE_MS)) {
            break;
        }
        int32_t got = client_recv_frame(c, &opcode, back, sizeof back, PATIENCE_MS);
        if (got < 0) {
            CHECK(got != CLIENT_TIMEOUT);
            break;
        }
        CHECK(got == sizeof back && opcode == 7);
        CHECK(back[0] == number && back[1] == i);
        frames_back++;
    }
    if (c != NULL) {
        client_close(c, sim_random(SIM_WORLD, 2) == 0);
    }
    clients_left--;
}

SCENARIO(echo) {
    os_thread *threads[CLIENTS] = {NULL};
    sim_figures figures;
    (void)world_library("echo 1", &echo);
    (void)world_library("echo 2", &echo);
    world_build("echo", "echo 1");
    bool serves = world_start("workers = 2", "[module echo]\n[listener main]\naddress = 127.0.0.1\n"
                                             "port = 7000\ntype = echo.session\n");
    uint32_t clients = serves ? world_count("clients", CLIENTS) : 0;
    frames = world_count("frames", FRAMES);
    clients_left = clients;
    for (uint32_t i = 0; i < clients; i++) {
        threads[i] = world_thread("client", client_main, (void *)(uintptr_t)i);
    }
    for (int i = 0; clients_left > 0; i++) {
        world_build("echo", i % 2 == 0 ? "echo 2" : "echo 1");
        (void)world_ctl("swap echo", NULL);
        os_sleep(10);
    }
    for (uint32_t i = 0; i < clients; i++) {
        os_thread_join(threads[i]);
    }
    sim_look(&figures);
    CHECK(figures.faults > 0 || frames_back == clients * frames);
    int code = world_stop();
    CHECK(code == 0 || !serves);
}
