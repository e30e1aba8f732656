/* faults.c: see faults.h. Wild, so that a failure may also come at another time than usual. */
#include "faults.h"

enum { CALLS = 300 };

os_port *faults_port;
os_socket *faults_listener;
os_address faults_address;

void faults_expect(const char *what, portico_status (*act)(void), uint64_t expected) {
    uint64_t seen = 0;
    for (int i = 0; i < CALLS; i++) {
        seen |= 1ull << -act();
    }
    for (int status = 0; status < 64; status++) {
        if (((seen ^ expected) >> status & 1) != 0) {
            sim_fail("%s: the status %d %s", what, -status,
                     (seen >> status & 1) != 0 ? "is not expected" : "never comes");
        }
    }
}

portico_status faults_wait(void) {
    os_completion completion;
    CHECK_INT(os_port_wait(faults_port, &completion, 1, UINT32_MAX), 1);
    CHECK((completion.status == PORTICO_OK) == (completion.system_error == 0));
    return completion.status;
}

int main(int argc, char **argv) {
    sim_options options = {
        .seed = 1, .wild = true, .call_switch = 8, .atomic_switch = 8, .window_bytes = 8};
    const os_listen_options listen = {.backlog = 1000000}; /* nobody accepts most */
    for (int kind = 0; kind < SIM_FAULT_KINDS; kind++) {
        options.faults[kind] = 2;
    }
    sim_begin(&options);
    CHECK(os_init(&argc, &argv) == PORTICO_OK);
    sim_spare_this_thread(true);
    CHECK(os_port_create(&faults_port) == PORTICO_OK);
    CHECK(os_address_parse("127.0.0.1", 7000, &faults_address) == PORTICO_OK);
    CHECK(os_listen(faults_port, &faults_address, &listen, &faults_listener) == PORTICO_OK);
    sim_figures before;
    sim_figures after;
    sim_look(&before);
    sim_spare_this_thread(false);
    int code = scenario_main(argc, argv);
    sim_look(&after);
    CHECK_INT(after.handles, before.handles);
    os_close(faults_listener, false);
    os_port_destroy(faults_port);
    return code;
}
