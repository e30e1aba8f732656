/* roots.c: the authorities that the system believes. Any thread. */
#include "os/os.h"

/* They are in files under /etc/ssl, where OpenSSL looks. */
uint32_t os_root_certificates(void (*each)(void *arg, const void *der, uint32_t size), void *arg) {
    (void)each;
    (void)arg;
    return 0;
}
