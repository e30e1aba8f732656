/* The number of open handles follows what is opened and closed. Where the system has to be asked for
 * each handle, a call may see a part of them, and a few calls see all. */
#include "contract.h"

enum { SOCKETS = 3000, LOOKS = 32 };

static os_socket *sockets[SOCKETS];

static uint32_t handles(void) {
    os_usage usage;
    os_process_usage(&usage);
    return usage.handles;
}

SCENARIO(handles_counted) {
    os_port *port = contract_port();
    os_address any;
    os_listen_options options = {.backlog = 1};
    CHECK_OK(os_address_parse("127.0.0.1", 0, &any));
    uint32_t before = handles();
    uint32_t count = 0;
    while (count < SOCKETS && os_listen(port, &any, &options, &sockets[count]) == PORTICO_OK) {
        count++;
    }
    uint32_t seen = 0;
    for (int i = 0; i < LOOKS && seen < before + count; i++) {
        seen = handles();
    }
    CHECK_EQ(seen, before + count);
    for (uint32_t i = 0; i < count; i++) {
        os_close(sockets[i], false);
    }
    for (int i = 0; i < LOOKS && seen > before; i++) {
        seen = handles();
    }
    CHECK_EQ(seen, before);
    os_port_destroy(port);
}
