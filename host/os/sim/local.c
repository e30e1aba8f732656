/* local.c: local listeners: sockets like the others, at addresses that no other has. They need no
 * file. Any simulated thread. */
#include "os/local.h"

#include "races.h"
#include "socket.h"

enum { BACKLOG = 16 };

/* An address for the path: no IPv6 address of this machine, and port 1. */
static os_address address_of(const char *path) {
    os_address address = {.family = OS_ADDRESS_IPV6, .port = 1};
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (; *path != '\0'; path++) {
        hash = (hash ^ (uint8_t)*path) * 1099511628211u;
    }
    for (uint32_t i = 0; i < sizeof address.bytes; i++) {
        address.bytes[i] = (uint8_t)(hash >> 8 * (i % 8)) | 1;
    }
    return address;
}

portico_status os_listen_local(os_port *port, const char *path, os_socket **listener) {
    static const os_listen_options options = {.backlog = BACKLOG};
    token_call("listen_local", 0);
    *listener = NULL;
    os_address address = address_of(path);
    if (socket_listens_at(&address)) {
        return error_simulated(PORTICO_E_ADDRESS_IN_USE);
    }
    return socket_listen(port, &address, &options, listener);
}

void os_local_remove(const char *path) {
    (void)path;
}

portico_status os_connect_local(os_port *port, const char *path, os_op *submitted,
                                os_socket **result) {
    static const os_address nowhere = {.family = OS_ADDRESS_NONE};
    token_call("connect_local", 0);
    RACES_BEFORE(submitted);
    *result = NULL;
    os_address address = address_of(path);
    if (!socket_listens_at(&address)) {
        return error_simulated(PORTICO_E_NOT_FOUND);
    }
    return connect_begin(port, &address, &nowhere, submitted, result);
}
