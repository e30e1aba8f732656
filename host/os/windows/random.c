/* random.c: bytes fit for secrets. Any thread. */
#include "error.h"

#include <bcrypt.h>

portico_status os_random(void *data, size_t size) {
    unsigned char *at = data;
    while (size > 0) {
        ULONG part = size < 0x40000000u ? (ULONG)size : 0x40000000u;
        NTSTATUS nt = BCryptGenRandom(NULL, at, part, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
        if (nt < 0) {
            return error_set(error_of_nt(nt));
        }
        at += part;
        size -= part;
    }
    return PORTICO_OK;
}
