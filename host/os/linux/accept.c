/* accept.c: listening sockets and accepts.
 *
 * Any thread. Connections are taken one at a time with the listener's lock held. The new socket is
 * created without it, because two sockets' locks are never held at once.
 */
#include "address.h"
#include "error.h"
#include "os/local.h"
#include "reserve.h"
#include "socket.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_flag(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* Options, bind, listen. Returns 0, or -1 with errno. */
static int listener_prepare(int fd, const struct sockaddr_storage *system, socklen_t size,
                            const os_listen_options *options) {
    /* Urgent bytes are ordinary ones. Connections inherit this. */
    if (set_flag(fd, SOL_SOCKET, SO_OOBINLINE, 1) < 0) {
        return -1;
    }
    if (options->reuse_address && set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0) {
        return -1;
    }
    if (system->ss_family == AF_INET6 &&
        set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, !options->dual_stack) < 0) {
        return -1;
    }
    if (bind(fd, (const struct sockaddr *)system, size) < 0) {
        return -1;
    }
    return listen(fd, options->backlog < INT_MAX ? (int)options->backlog : INT_MAX);
}

portico_status os_listen(os_port *port, const os_address *address, const os_listen_options *options,
                         os_socket **listener) {
    struct sockaddr_storage system;
    *listener = NULL;
    socklen_t size = address_to_system(address, &system);
    if (size == 0) {
        return error_refuse(PORTICO_E_INVALID);
    }
    int fd = socket(system.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0) {
        return error_set(errno);
    }
    portico_status status;
    if (listener_prepare(fd, &system, size, options) < 0) {
        status = error_set(errno);
        goto close_fd;
    }
    status = socket_create(port, fd, SOCKET_LISTENER, NULL, listener);
    if (status != PORTICO_OK) {
        goto close_fd;
    }
    return PORTICO_OK;

close_fd:
    close(fd);
    return status;
}

portico_status os_listener_reserve(os_socket *listener) {
    uint8_t made = reserve_create();
    if (made == 0) {
        return error_set(EMFILE);
    }
    mutex_lock(&listener->lock);
    listener->reserve = made;
    mutex_unlock(&listener->lock);
    return PORTICO_OK;
}

/* The accept has its connection: creates the socket and completes. */
static void accept_finish(os_port *port, op *o, int fd, const struct sockaddr_storage *peer,
                          uint8_t reserve) {
    os_accept_op *accept = (os_accept_op *)o;
    address_from_system(peer, &accept->peer);
    if (socket_create(port, fd, SOCKET_STREAM, NULL, &accept->socket) == PORTICO_OK) {
        accept->socket->reserve = reserve; /* nobody else knows the socket yet */
        port_complete_code(port, o, 0);
        return;
    }
    int code = os_error();
    if (reserve == 0 || !reserve_take_back(reserve, fd)) {
        close(fd);
    }
    port_complete_code(port, o, code);
}

/* Returns a descriptor, or -1 with errno. A listener with a reserve gives up spares for it. [lock
 * held] */
static int accept_take(const os_socket *listener, struct sockaddr_storage *peer) {
    for (;;) {
        socklen_t size = sizeof *peer;
        int fd =
            accept4(listener->fd, (struct sockaddr *)peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        bool lacks = fd < 0 && (errno == EMFILE || errno == ENFILE);
        if (listener->reserve == 0) {
            return fd;
        }
        if (!lacks) {
            int code = errno;
            reserve_fill(listener->reserve);
            errno = code;
            return fd;
        }
        if (!reserve_use(listener->reserve)) {
            errno = EMFILE;
            return fd;
        }
    }
}

/* Failures that the next accept would meet at once. */
static bool accept_is_hopeless(int code) {
    return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

/* One accept. False when there is nothing more to do now. */
static bool listener_step(os_socket *listener, uint32_t generation) {
    struct sockaddr_storage peer = {0};
    op *o = NULL;
    mutex_lock(&listener->lock);
    if (listener->generation == generation && listener->readable != READABLE_NO) {
        o = op_queue_pop(&listener->accepts);
    }
    if (o == NULL) {
        mutex_unlock(&listener->lock);
        return false;
    }
    os_port *port = listener->port;
    uint8_t reserve = listener->reserve;
    int fd = accept_take(listener, &peer);
    int code = fd < 0 ? errno : 0;
    bool waits = code == EAGAIN || code == EINTR;
    if (waits) {
        op_queue_push_front(&listener->accepts, o);
    }
    if (code == EAGAIN) {
        listener->readable = READABLE_NO;
    }
    mutex_unlock(&listener->lock);
    if (fd >= 0) {
        accept_finish(port, o, fd, &peer, reserve);
    } else if (!waits) {
        /* The connection is gone already, or there are no handles: the listener lives on. */
        port_complete_code(port, o, code);
    }
    /* Without handles the other accepts stay in flight and nothing spins. `readable` is still set,
     * so the next os_accept, which the host submits after a while, or the next connection tries
     * again. */
    return code != EAGAIN && !accept_is_hopeless(code);
}

void accept_run(os_socket *listener, uint32_t generation) {
    while (listener_step(listener, generation)) {
    }
}

portico_status os_accept(os_socket *listener, os_accept_op *accept) {
    op *o = (op *)&accept->op;
    o->bytes = 0;
    accept->socket = NULL;
    mutex_lock(&listener->lock);
    uint32_t generation = listener->generation;
    bool listens = listener->kind == SOCKET_LISTENER;
    bool ready = listener->readable != READABLE_NO;
    if (listens) {
        op_queue_push(&listener->accepts, o);
    }
    mutex_unlock(&listener->lock);
    if (!listens) {
        return error_refuse(PORTICO_E_STATE);
    }
    if (ready) {
        accept_run(listener, generation);
    }
    return PORTICO_OK;
}
