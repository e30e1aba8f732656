/* file_info.h: what os.h says of a file, from the system's answer. Any thread. */
#ifndef PORTICO_LINUX_FILE_INFO_H
#define PORTICO_LINUX_FILE_INFO_H

#include "os/os.h"

#include <sys/stat.h>

static inline os_file_info file_info_of(const struct stat *found) {
    return (os_file_info){.size = (uint64_t)found->st_size,
                          .modified_ns = (uint64_t)found->st_mtim.tv_sec * 1000000000u +
                                         (uint64_t)found->st_mtim.tv_nsec,
                          .id = found->st_ino};
}

#endif
