/* folder.c: creating, deleting and listing folders. Any thread. */
#include "error.h"
#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Creates one folder, whose parents exist. */
static portico_status folder_create_one(const char *path) {
    if (mkdir(path, S_IRWXU) == 0) {
        return PORTICO_OK;
    }
    int code = errno;
    struct stat found;
    if (stat(path, &found) == 0) {
        return S_ISDIR(found.st_mode) ? PORTICO_OK : error_set(EEXIST);
    }
    return error_set(code);
}

/* Creates the missing parents of `path` and then `path`, which it cuts at each '/' in turn. */
static portico_status folder_create_all(char *path) {
    char *slash = strchr(path + (path[0] == '/'), '/');
    for (; slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        portico_status status = folder_create_one(path);
        *slash = '/';
        if (status != PORTICO_OK) {
            return status;
        }
    }
    return folder_create_one(path);
}

portico_status os_folder_create(const char *path) {
    if (mkdir(path, S_IRWXU) == 0) {
        return PORTICO_OK;
    }
    char *copy = strdup(path);
    if (copy == NULL) {
        return error_set(ENOMEM);
    }
    portico_status status = folder_create_all(copy);
    free(copy);
    return status;
}

portico_status os_folder_add(const char *path) {
    return mkdir(path, S_IRWXU) < 0 ? error_set(errno) : PORTICO_OK;
}

portico_status os_folder_check(const char *path) {
    struct stat found;
    if (stat(path, &found) < 0) {
        return error_set(errno);
    }
    if (!S_ISDIR(found.st_mode)) {
        return error_refuse(PORTICO_E_INVALID);
    }
    return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0 ? error_set(errno) : PORTICO_OK;
}

portico_status os_folder_remove(const char *path) {
    return rmdir(path) < 0 ? error_set(errno) : PORTICO_OK;
}

portico_status os_folder_delete(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ELOOP || errno == ENOTDIR ? error_refuse(PORTICO_E_INVALID)
                                                  : error_set(errno);
    }
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        int code = errno;
        close(fd);
        return error_set(code);
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        (void)unlinkat(fd, entry->d_name, 0); /* fails for folders, "." and ".." among them */
    }
    closedir(folder);
    return os_folder_remove(path);
}

portico_status os_folder_list(const char *path, void (*each)(void *arg, const char *name),
                              void *arg) {
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return error_set(errno);
    }
    const struct dirent *entry;
    errno = 0;
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            each(arg, entry->d_name);
        }
        errno = 0; /* tells the end from an error */
    }
    int code = errno;
    closedir(folder);
    return code == 0 ? PORTICO_OK : error_set(code);
}
