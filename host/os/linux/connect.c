/* connect.c: outgoing connections. Any thread; never blocks. */
#include "address.h"
#include "error.h"
#include "socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Starts to connect. 0, or -1 with errno. */
static int connector_begin(int fd, const os_address *to, const os_address *from) {
    struct sockaddr_storage system;
    if (from != NULL) {
        if (from->port == 0) {
            /* Leaves the choice of the port to connect(), which may share one among different peers. */
            int late = 1;
            setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late);
        }
        socklen_t from_size = address_to_system(from, &system);
        if (bind(fd, (const struct sockaddr *)&system, from_size) < 0) {
            return -1;
        }
    }
    socklen_t size = address_to_system(to, &system);
    int result = connect(fd, (const struct sockaddr *)&system, size);
    return result < 0 && errno == EINPROGRESS ? 0 : result;
}

portico_status os_connect(os_port *port, const os_address *to, const os_address *from,
                          os_op *submitted, os_socket **result) {
    op *o = (op *)submitted;
    *result = NULL;
    if ((to->family != OS_ADDRESS_IPV4 && to->family != OS_ADDRESS_IPV6) ||
        (from != NULL && from->family != to->family)) {
        return error_refuse(PORTICO_E_INVALID);
    }
    int family = to->family == OS_ADDRESS_IPV4 ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0) {
        return error_set(errno);
    }
    o->bytes = 0;
    portico_status status;
    if (connector_begin(fd, to, from) < 0) {
        status = error_set(errno);
    } else {
        /* Watched only now: a socket that has not begun to connect reports a hang-up. */
        status = socket_create(port, fd, SOCKET_CONNECTING, o, result);
    }
    if (status != PORTICO_OK) {
        close(fd);
    }
    return status;
}

/* TCP lets a socket connect to itself when the system picks the very port that it connects to, and nobody
 * listens there. A connector that retries would meet that one day: it is a refusal. */
static bool connected_to_itself(int fd) {
    struct sockaddr_storage local = {0};
    struct sockaddr_storage peer = {0};
    socklen_t local_size = sizeof local;
    socklen_t peer_size = sizeof peer;
    return getsockname(fd, (struct sockaddr *)&local, &local_size) == 0 &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0 && local_size == peer_size &&
           memcmp(&local, &peer, local_size) == 0;
}

void connect_finish(os_socket *s) {
    op *o = s->send;
    if (o == NULL || !s->writable) {
        return; /* cancelled, or not an event that ends a connect */
    }
    int code = 0;
    socklen_t size = sizeof code;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0) {
        code = errno;
    }
    if (code == 0 && connected_to_itself(s->fd)) {
        code = ECONNREFUSED;
    }
    s->send = NULL;
    if (code == 0) {
        s->kind = SOCKET_STREAM;
    }
    port_complete_code(s->port, o, code);
}
