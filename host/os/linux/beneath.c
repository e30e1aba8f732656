/* beneath.c: files of a folder, and none outside it. Any thread.
 *
 * Each part is opened in the folder that the part before has opened, and never through a link. So
 * nothing that is changed in between leads out of the folder.
 */
#include "error.h"
#include "file_info.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_part(const char *part, size_t size) {
    bool dots = size <= 2 && memcmp(part, "..", size) == 0;
    return size > 0 && size <= NAME_MAX && !dots;
}

/* Opens one part in a folder. Closes the folder. */
static int open_part(int folder, const char *at, size_t size) {
    char part[NAME_MAX + 1];
    int flags = at[size] == '/' ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK;
    int fd = -1;
    if (is_part(at, size)) {
        memcpy(part, at, size);
        part[size] = '\0';
        fd = openat(folder, part, flags | O_NOFOLLOW | O_CLOEXEC);
    } else {
        errno = EINVAL;
    }
    int code = errno;
    close(folder);
    errno = code;
    return fd;
}

static int open_parts(const char *folder, const char *name) {
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (const char *at = name; fd >= 0;) {
        size_t size = strcspn(at, "/");
        fd = open_part(fd, at, size);
        if (at[size] == '\0') {
            break;
        }
        at += size + 1;
    }
    return fd;
}

portico_status os_fopen_beneath(const char *folder, const char *name, FILE **file,
                                os_file_info *info) {
    struct stat found;
    *file = NULL;
    int fd = open_parts(folder, name);
    if (fd < 0) { /* ELOOP, ENOTDIR: a link */
        return errno == ELOOP || errno == ENOTDIR ? error_refuse(PORTICO_E_NOT_FOUND)
                                                  : error_set(errno);
    }
    int code = fstat(fd, &found) < 0 ? errno : S_ISREG(found.st_mode) ? 0 : EINVAL;
    *file = code == 0 ? fdopen(fd, "rb") : NULL;
    if (*file == NULL) {
        code = code != 0 ? code : errno;
        close(fd);
        return error_set(code);
    }
    *info = file_info_of(&found);
    return PORTICO_OK;
}
