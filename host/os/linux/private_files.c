/* private_files.c: files and folders that nobody else may have made or changed. Any thread. */
#include "error.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

/* 0, or why not. Files of other users are right for the superuser, who acts for them: their folder
 * is checked. */
static bool is_own(const struct stat *status, bool folder, char found[OS_FOUND_TEXT]) {
    uid_t user = geteuid();
    if (status->st_uid == user || (!folder && user == 0)) {
        return true;
    }
    snprintf(found, OS_FOUND_TEXT, "it belongs to user %u, and this process is user %u",
             (unsigned)status->st_uid, (unsigned)user);
    return false;
}

static bool is_secret(const struct stat *status, char found[OS_FOUND_TEXT]) {
    if (!S_ISREG(status->st_mode)) {
        snprintf(found, OS_FOUND_TEXT, "it is no file");
    } else if (is_own(status, false, found) && (status->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        snprintf(found, OS_FOUND_TEXT, "it can be read by others than its owner (mode %o)",
                 (unsigned)(status->st_mode & 07777));
    }
    return found[0] == '\0';
}

/* A key, which a group may read. */
static bool is_key(const struct stat *status, char found[OS_FOUND_TEXT]) {
    bool owned = status->st_uid == 0 || is_own(status, false, found);
    if (!S_ISREG(status->st_mode)) {
        snprintf(found, OS_FOUND_TEXT, "it is no file");
    } else if (owned && (status->st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) != 0) {
        snprintf(found, OS_FOUND_TEXT, "it can be read or changed by others (mode %o)",
                 (unsigned)(status->st_mode & 07777));
    }
    return found[0] == '\0';
}

static portico_status open_checked(const char *path, int flags,
                                   bool (*check)(const struct stat *status,
                                                 char found[OS_FOUND_TEXT]),
                                   FILE **file, char found[OS_FOUND_TEXT]) {
    struct stat status;
    found[0] = '\0';
    *file = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
    if (fd < 0) {
        bool link = errno == ELOOP && (flags & O_NOFOLLOW) != 0;
        snprintf(found, OS_FOUND_TEXT, "%s", link ? "it is a link" : "");
        return link ? error_refuse(PORTICO_E_ACCESS) : error_set(errno);
    }
    portico_status result = fstat(fd, &status) < 0 ? error_set(errno) : PORTICO_OK;
    if (result == PORTICO_OK && !check(&status, found)) {
        result = error_refuse(PORTICO_E_ACCESS);
    }
    if (result == PORTICO_OK && (*file = fdopen(fd, "r")) == NULL) {
        result = error_set(errno);
    }
    if (result != PORTICO_OK) {
        close(fd);
    }
    return result;
}

portico_status os_fopen_private(const char *path, FILE **file, char found[OS_FOUND_TEXT]) {
    return open_checked(path, O_NOFOLLOW, is_secret, file, found);
}

portico_status os_fopen_secret(const char *path, FILE **file, char found[OS_FOUND_TEXT]) {
    return open_checked(path, 0, is_key, file, found);
}

portico_status os_folder_private(const char *path, char found[OS_FOUND_TEXT]) {
    char plain[PATH_BYTES];
    struct stat status;
    size_t size = strlen(path);
    found[0] = '\0';
    if (size >= sizeof plain) {
        return error_set(ENAMETOOLONG);
    }
    memcpy(plain, path, size + 1);
    while (size > 1 && plain[size - 1] == '/') {
        plain[--size] = '\0'; /* lstat would follow a link */
    }
    if (lstat(plain, &status) < 0) {
        return error_set(errno);
    }
    if (!S_ISDIR(status.st_mode)) {
        snprintf(found, OS_FOUND_TEXT,
                 S_ISLNK(status.st_mode) ? "it is a link" : "it is no folder");
    } else if (is_own(&status, true, found) && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        snprintf(found, OS_FOUND_TEXT, "others than its owner may change it (mode %o)",
                 (unsigned)(status.st_mode & 07777));
    }
    return found[0] == '\0' ? PORTICO_OK : error_refuse(PORTICO_E_ACCESS);
}
