/* file.c: files and paths. Any thread. */
#include "error.h"
#include "file_info.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Mode "x": creates the file, without "o" for its owner only. */
static FILE *open_exclusive(const char *path, const char *mode) {
    mode_t others = strchr(mode, 'o') != NULL ? S_IRGRP | S_IROTH : 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR | others);
    if (fd < 0) {
        error_set(errno);
        return NULL;
    }
    FILE *file = fdopen(fd, strchr(mode, 'b') != NULL ? "wb" : "w");
    if (file == NULL) {
        error_set(errno);
        close(fd);
    }
    return file;
}

/* 0 for a regular file, else why it is refused. */
static int not_regular(const struct stat *found) {
    if (S_ISREG(found->st_mode)) {
        return 0;
    }
    return S_ISDIR(found->st_mode) ? EISDIR : EINVAL;
}

static int open_flags(const char *mode) {
    int flags = O_CLOEXEC | O_NONBLOCK; /* an open would wait for the other end of a pipe */
    if (strchr(mode, '+') != NULL) {
        flags |= O_RDWR;
    } else {
        flags |= mode[0] == 'r' ? O_RDONLY : O_WRONLY;
    }
    if (mode[0] == 'w') {
        flags |= O_CREAT | O_TRUNC;
    } else if (mode[0] == 'a') {
        flags |= O_CREAT | O_APPEND;
    }
    return flags;
}

FILE *os_fopen(const char *path, const char *mode) {
    if (strchr(mode, 'x') != NULL) {
        return open_exclusive(path, mode);
    }
    int fd = open(path, open_flags(mode), S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
    if (fd < 0) {
        error_set(errno);
        return NULL;
    }
    struct stat found;
    int code = fstat(fd, &found) < 0 ? errno : not_regular(&found);
    FILE *file = code == 0 ? fdopen(fd, mode) : NULL;
    if (file == NULL) {
        error_set(code != 0 ? code : errno);
        close(fd);
    }
    return file;
}

portico_status os_file_error(void) {
    return error_set(errno);
}

portico_status os_file_rename(const char *from, const char *to) {
    return rename(from, to) < 0 ? error_set(errno) : PORTICO_OK;
}

portico_status os_file_remove(const char *path) {
    return unlink(path) < 0 ? error_set(errno) : PORTICO_OK;
}

portico_status os_file_look(const char *path, os_file_info *info) {
    struct stat found;
    if (stat(path, &found) < 0) {
        return error_set(errno);
    }
    int code = not_regular(&found);
    if (code != 0) {
        return error_set(code);
    }
    *info = file_info_of(&found);
    return PORTICO_OK;
}

/* The system refuses a read lease with EAGAIN while any process has the file open, or mapped, for
 * writing (fcntl(2), "Leases"). It grants one only to the file's owner, and only on local file
 * systems, so any other code says nothing. An open for writing waits while the lease exists, and
 * this process then gets a signal: by default SIGIO, which would end it. SIGURG is ignored by
 * default. */
bool os_file_is_written(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    bool written =
        fcntl(fd, F_SETSIG, SIGURG) == 0 && fcntl(fd, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN;
    close(fd); /* returns the lease */
    return written;
}

portico_status os_path_absolute(const char *path, char *absolute, size_t size) {
    size_t at = 0;
    if (path[0] != '/') {
        if (getcwd(absolute, size) == NULL) {
            return errno == ERANGE ? error_refuse(PORTICO_E_TOO_BIG) : error_set(errno);
        }
        at = strlen(absolute);
    }
    int length = snprintf(absolute + at, size - at, "%s%s", at > 0 ? "/" : "", path);
    return (size_t)length < size - at ? PORTICO_OK : error_refuse(PORTICO_E_TOO_BIG);
}

portico_status os_executable_path(char *path, size_t size) {
    ssize_t count = readlink("/proc/self/exe", path, size);
    if (count < 0) {
        return error_set(errno);
    }
    if ((size_t)count >= size) {
        return error_refuse(PORTICO_E_TOO_BIG);
    }
    path[count] = '\0';
    return PORTICO_OK;
}
