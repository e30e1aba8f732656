/* lock.c: names that one process at a time has. Any thread.
 *
 * The lock belongs to the process: its end gives it back, and a child that a module has forked does
 * not keep it. Nothing else here opens the file, since its close would give the lock back, too
 * (fcntl(2), "Record locks"). A file that was deleted between the open and the lock is nobody's any
 * more: try again.
 */
#include "error.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 100 };

struct os_lock {
    int fd;
    char path[];
};

/* Whether the path still leads to the open file. */
static bool is_current(int fd, const char *path) {
    struct stat open_file;
    struct stat named;
    return fstat(fd, &open_file) == 0 && lstat(path, &named) == 0 &&
           open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

/* The number that the holder has written. */
static uint32_t holder_of(int fd) {
    char text[16] = "";
    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    return (uint32_t)strtoul(text, NULL, 10);
}

static portico_status lock_file(const char *path, int *result, uint32_t *process) {
    for (int i = 0; i < TRIES; i++) {
        int fd =
            open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR);
        if (fd < 0) {
            return error_set(errno);
        }
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(fd, F_SETLK, &whole) < 0) {
            bool held = errno == EAGAIN || errno == EACCES;
            portico_status status = held ? error_refuse(PORTICO_E_EXISTS) : error_set(errno);
            *process = holder_of(fd);
            close(fd);
            return status;
        }
        if (is_current(fd, path)) {
            *result = fd;
            return PORTICO_OK;
        }
        close(fd);
    }
    return error_set(EAGAIN);
}

portico_status os_lock_take(const char *path, os_lock **result, uint32_t *process) {
    char text[16];
    size_t size = strlen(path) + 1;
    os_lock *lock = malloc(sizeof *lock + size);
    *process = 0;
    if (lock == NULL) {
        return error_set(ENOMEM);
    }
    lock->fd = -1;
    memcpy(lock->path, path, size);
    portico_status status = lock_file(path, &lock->fd, process);
    if (status != PORTICO_OK) {
        free(lock);
        return status;
    }
    int length = snprintf(text, sizeof text, "%u\n", (unsigned)getpid());
    if (ftruncate(lock->fd, 0) < 0 || pwrite(lock->fd, text, (size_t)length, 0) < 0) {
        /* The lock holds all the same; only its holder's number is missing. */
    }
    *result = lock;
    return PORTICO_OK;
}

void os_lock_give_back(os_lock *lock) {
    (void)unlink(lock->path); /* before the lock goes, so that nobody else's is deleted */
    close(lock->fd);
    free(lock);
}
