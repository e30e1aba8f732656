/* random.c: bytes fit for secrets. Any thread. */
#include "error.h"
#include "os/os.h"

#include <errno.h>
#include <sys/random.h>

portico_status os_random(void *data, size_t size) {
    uint8_t *at = data;
    while (size > 0) {
        ssize_t count = getrandom(at, size, 0);
        if (count < 0 && errno != EINTR) {
            return error_set(errno);
        }
        if (count > 0) {
            at += count;
            size -= (size_t)count;
        }
    }
    return PORTICO_OK;
}
