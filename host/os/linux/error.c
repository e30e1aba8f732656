/* error.c: see error.h. The only place where errno is translated. */
#include "error.h"

#include "os/os.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static _Thread_local int last_code;

static const struct {
    int code;
    portico_status status;
} translations[] = {
    {EMFILE, PORTICO_E_NO_HANDLES},
    {ENFILE, PORTICO_E_NO_HANDLES},
    {ENOMEM, PORTICO_E_NO_MEMORY},
    {ENOBUFS, PORTICO_E_NO_MEMORY},
    {EADDRINUSE, PORTICO_E_ADDRESS_IN_USE},
    {EADDRNOTAVAIL, PORTICO_E_ADDRESS},
    {EAFNOSUPPORT, PORTICO_E_ADDRESS}, /* usually no IPv6 on this machine */
    {EACCES, PORTICO_E_ACCESS},
    {EPERM, PORTICO_E_ACCESS},
    {EROFS, PORTICO_E_ACCESS},
    {ECONNREFUSED, PORTICO_E_REFUSED},
    {ENETUNREACH, PORTICO_E_UNREACHABLE},
    {EHOSTUNREACH, PORTICO_E_UNREACHABLE},
    {ENETDOWN, PORTICO_E_UNREACHABLE},
    {EHOSTDOWN, PORTICO_E_UNREACHABLE},
    {ECONNRESET, PORTICO_E_RESET},
    {ECONNABORTED, PORTICO_E_RESET},
    {EPIPE, PORTICO_E_RESET},
    {ENOTCONN, PORTICO_E_RESET},
    {ETIMEDOUT, PORTICO_E_TIMEOUT},
    {ECANCELED, PORTICO_E_CANCELLED},
    {ENOENT, PORTICO_E_NOT_FOUND},
    {ENOTDIR, PORTICO_E_NOT_FOUND},
    {EEXIST, PORTICO_E_EXISTS},
    {EINVAL, PORTICO_E_INVALID},
    {ENAMETOOLONG, PORTICO_E_INVALID},
};

portico_status error_status(int code) {
    if (code == 0) {
        return PORTICO_OK;
    }
    for (size_t i = 0; i < sizeof translations / sizeof translations[0]; i++) {
        if (translations[i].code == code) {
            return translations[i].status;
        }
    }
    return PORTICO_E_SYSTEM;
}

portico_status error_set(int code) {
    last_code = code;
    return error_status(code);
}

portico_status error_refuse(portico_status status) {
    last_code = 0;
    return status;
}

int32_t os_error(void) {
    return last_code;
}

portico_status os_error_status(void) {
    return last_code != 0 ? error_status(last_code) : PORTICO_E_SYSTEM;
}

void os_error_text(int32_t system_error, char *text, size_t size) {
    char room[128];
    /* The GNU strerror_r: it may return a constant instead of filling `room`. */
    snprintf(text, size, "%s", strerror_r(system_error, room, sizeof room));
}
