/* local.c: Unix sockets. Any thread.
 *
 * An address has 108 bytes for a path. A longer one is reached through its folder's descriptor, as
 * /proc/self/fd/N/NAME.
 */
#include "os/local.h"

#include "error.h"
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16, LOCK_TRIES = 100, LOCK_PAUSE_MS = 20 };

typedef struct place {
    int folder; /* a descriptor */
    const char *name;
    struct sockaddr_un address;
} place;

/* Returns 0 or an errno. place_close after success only. */
static int place_open(const char *path, place *p) {
    const char *slash = strrchr(path, '/');
    size_t size = slash != NULL ? (size_t)(slash - path) : 0;
    char *folder = slash == NULL ? strdup(".") : size == 0 ? strdup("/") : strndup(path, size);
    if (folder == NULL) {
        return ENOMEM;
    }
    *p = (place){.name = slash != NULL ? slash + 1 : path, .address.sun_family = AF_UNIX};
    p->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = p->folder < 0 ? errno : 0;
    free(folder);
    if (code != 0) {
        return code;
    }
    size_t room = sizeof p->address.sun_path;
    if (strlen(path) < room) {
        memcpy(p->address.sun_path, path, strlen(path) + 1);
        return 0;
    }
    int length = snprintf(p->address.sun_path, room, "/proc/self/fd/%d/%s", p->folder, p->name);
    if (length < 0 || (size_t)length >= room) {
        close(p->folder);
        return ENAMETOOLONG;
    }
    return 0;
}

static portico_status place_error(int code) {
    return code == ENAMETOOLONG ? error_refuse(PORTICO_E_TOO_BIG) : error_set(code);
}

static int socket_local(void) {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static const struct sockaddr *system_address(const place *p) {
    return (const struct sockaddr *)&p->address;
}

/* ---- listening ------------------------------------------------------------------------------- */

/* While it is held, no other process of Portico binds or removes a socket in the folder. */
static int place_lock(const place *p) {
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(p->folder, LOCK_EX | LOCK_NB) == 0) {
            return 0;
        }
        if (errno != EWOULDBLOCK) {
            return errno;
        }
        os_sleep(LOCK_PAUSE_MS);
    }
    return EWOULDBLOCK;
}

/* Whether somebody listens there. A socket of another kind cannot connect, so a listener that lives
 * sees nothing of this: the system says EPROTOTYPE (net/unix/af_unix.c, unix_find_bsd). */
static bool place_lives(const place *p) {
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return true; /* nobody knows */
    }
    bool refused = connect(fd, system_address(p), sizeof p->address) < 0 && errno == ECONNREFUSED;
    close(fd);
    return !refused;
}

/* Removes the socket of a process that has ended. */
static portico_status place_clear(const place *p) {
    struct stat found;
    if (fstatat(p->folder, p->name, &found, AT_SYMLINK_NOFOLLOW) < 0) {
        return error_set(errno);
    }
    if (!S_ISSOCK(found.st_mode) || found.st_uid != geteuid()) {
        return error_refuse(PORTICO_E_EXISTS);
    }
    if (place_lives(p)) {
        return error_set(EADDRINUSE);
    }
    return unlinkat(p->folder, p->name, 0) < 0 ? error_set(errno) : PORTICO_OK;
}

/* The mode of the descriptor, less the umask, becomes that of the file, so nobody else can ever
 * connect (net/unix/af_unix.c, unix_bind_bsd). */
static portico_status place_bind(const place *p, int fd) {
    if (fchmod(fd, S_IRUSR | S_IWUSR) < 0) {
        return error_set(errno);
    }
    int code = bind(fd, system_address(p), sizeof p->address) < 0 ? errno : 0;
    if (code == EADDRINUSE) {
        portico_status status = place_clear(p);
        if (status != PORTICO_OK) {
            return status;
        }
        code = bind(fd, system_address(p), sizeof p->address) < 0 ? errno : 0;
    }
    if (code == 0 && listen(fd, BACKLOG) < 0) {
        code = errno;
    }
    return code == 0 ? PORTICO_OK : error_set(code);
}

portico_status os_listen_local(os_port *port, const char *path, os_socket **listener) {
    place p;
    *listener = NULL;
    int code = place_open(path, &p);
    if (code != 0) {
        return place_error(code);
    }
    portico_status status = PORTICO_OK;
    int fd = socket_local();
    code = fd < 0 ? errno : place_lock(&p);
    if (code != 0) {
        status = error_set(code);
    } else {
        status = place_bind(&p, fd);
    }
    if (status == PORTICO_OK) {
        status = socket_create(port, fd, SOCKET_LISTENER, NULL, listener);
    }
    if (status != PORTICO_OK && fd >= 0) {
        close(fd);
    }
    close(p.folder); /* gives the lock back */
    return status;
}

void os_local_remove(const char *path) {
    place p;
    if (place_open(path, &p) != 0) {
        return;
    }
    if (place_lock(&p) == 0) {
        (void)place_clear(&p);
    }
    close(p.folder);
}

/* ---- connecting ------------------------------------------------------------------------------ */

portico_status os_connect_local(os_port *port, const char *path, os_op *submitted,
                                os_socket **result) {
    place p;
    op *o = (op *)submitted;
    *result = NULL;
    int code = place_open(path, &p);
    if (code != 0) {
        return place_error(code);
    }
    int fd = socket_local();
    code = fd < 0 || connect(fd, system_address(&p), sizeof p.address) < 0 ? errno : 0;
    close(p.folder);
    portico_status status = code == EAGAIN ? PORTICO_E_BACKLOG : PORTICO_OK;
    if (code != 0 && status == PORTICO_OK) {
        status = error_set(code);
    }
    if (status == PORTICO_OK) {
        o->bytes = 0;
        status = socket_create(port, fd, SOCKET_CONNECTING, o, result);
    }
    if (status != PORTICO_OK && fd >= 0) {
        close(fd);
    }
    return status;
}
