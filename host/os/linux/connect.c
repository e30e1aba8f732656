/* connect.c: outgoing connections. Any thread; never blocks. */
#include "address.h"
#include "error.h"
#include "socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Starts to connect. Returns 0, or -1 with errno. */
static int connect_begin(int fd, const os_address *to, const os_address *from) {
    struct sockaddr_storage system;
    int in_line = 1; /* urgent bytes are ordinary ones */
    if (setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &in_line, sizeof in_line) < 0) {
        return -1;
    }
    if (from != NULL) {
        if (from->port == 0) {
            /* Leaves the choice of the port to connect(), which can share one among different
             * peers. */
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
    if (connect_begin(fd, to, from) < 0) {
        status = error_set(errno);
        goto close_fd;
    }
    /* Registered with epoll only now: before it begins to connect, a socket reports a hang-up. */
    status = socket_create(port, fd, SOCKET_CONNECTING, o, result);
    if (status != PORTICO_OK) {
        goto close_fd;
    }
    return PORTICO_OK;

close_fd:
    close(fd);
    return status;
}

/* TCP lets a socket connect to itself if nothing listens on a port and the system picks that very
 * port as the local one. A connector that retries would hit this one day; it counts as a refusal.
 */
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
        return; /* cancelled, or an event that does not end a connect */
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
