/* roots.c: the authorities that the system believes. Any thread. */
#include "private.h"

#include <wincrypt.h>

/* Those of the machine and of the user that the host runs as. Some, which Windows fetches when a
 * program of its own first meets them, may be missing. */
uint32_t os_root_certificates(void (*each)(void *arg, const void *der, uint32_t size), void *arg) {
    HCERTSTORE store = CertOpenSystemStoreW(0, L"ROOT");
    const CERT_CONTEXT *one = NULL;
    uint32_t count = 0;
    if (store == NULL) {
        return 0;
    }
    while ((one = CertEnumCertificatesInStore(store, one)) != NULL) { /* frees the one before */
        each(arg, one->pbCertEncoded, one->cbCertEncoded);
        count++;
    }
    (void)CertCloseStore(store, 0);
    return count;
}
