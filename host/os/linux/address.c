/* address.c: addresses as text, as os_address and as the system's sockaddr. Any thread; only
 * os_address_resolve blocks. */
#include "address.h"

#include "error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

socklen_t address_to_system(const os_address *address, struct sockaddr_storage *system) {
    memset(system, 0, sizeof *system);
    if (address->family == OS_ADDRESS_IPV4) {
        struct sockaddr_in *in = (struct sockaddr_in *)system;
        in->sin_family = AF_INET;
        in->sin_port = htons(address->port);
        memcpy(&in->sin_addr, address->bytes, 4);
        return sizeof *in;
    }
    if (address->family == OS_ADDRESS_IPV6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)system;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(address->port);
        in6->sin6_scope_id = address->scope;
        memcpy(&in6->sin6_addr, address->bytes, 16);
        return sizeof *in6;
    }
    return 0;
}

void address_from_system(const struct sockaddr_storage *system, os_address *address) {
    memset(address, 0, sizeof *address);
    if (system->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)system;
        address->family = OS_ADDRESS_IPV4;
        address->port = ntohs(in->sin_port);
        memcpy(address->bytes, &in->sin_addr, 4);
    } else if (system->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)system;
        address->family = OS_ADDRESS_IPV6;
        address->port = ntohs(in6->sin6_port);
        address->scope = in6->sin6_scope_id;
        memcpy(address->bytes, &in6->sin6_addr, 16);
    }
}

/* Reads the scope after the '%': a number or the name of an interface. False when it is neither. */
static bool scope_parse(const char *text, uint32_t *scope) {
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && number <= UINT32_MAX) {
        *scope = (uint32_t)number;
        return true;
    }
    *scope = if_nametoindex(text);
    return *scope != 0;
}

portico_status os_address_parse(const char *text, uint16_t port, os_address *address) {
    os_address found = {.port = port};
    if (inet_pton(AF_INET, text, found.bytes) == 1) {
        found.family = OS_ADDRESS_IPV4;
        *address = found;
        return PORTICO_OK;
    }
    char host[INET6_ADDRSTRLEN];
    const char *percent = strchr(text, '%');
    size_t size = percent != NULL ? (size_t)(percent - text) : strlen(text);
    if (size >= sizeof host || (percent != NULL && !scope_parse(percent + 1, &found.scope))) {
        return error_refuse(PORTICO_E_INVALID);
    }
    memcpy(host, text, size);
    host[size] = '\0';
    if (inet_pton(AF_INET6, host, found.bytes) != 1) {
        return error_refuse(PORTICO_E_INVALID);
    }
    found.family = OS_ADDRESS_IPV6;
    *address = found;
    return PORTICO_OK;
}

void os_address_format(const os_address *address, char text[OS_ADDRESS_TEXT]) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char host[INET6_ADDRSTRLEN] = "";
    if (address->family == OS_ADDRESS_IPV4) {
        inet_ntop(AF_INET, address->bytes, host, sizeof host);
        snprintf(text, OS_ADDRESS_TEXT, "%s:%u", host, address->port);
    } else if (address->family == OS_ADDRESS_IPV6 &&
               memcmp(address->bytes, mapped, sizeof mapped) == 0) {
        inet_ntop(AF_INET, address->bytes + sizeof mapped, host, sizeof host);
        snprintf(text, OS_ADDRESS_TEXT, "%s:%u", host, address->port);
    } else if (address->family == OS_ADDRESS_IPV6) {
        inet_ntop(AF_INET6, address->bytes, host, sizeof host);
        char scope[16] = "";
        if (address->scope != 0) {
            snprintf(scope, sizeof scope, "%%%u", address->scope);
        }
        snprintf(text, OS_ADDRESS_TEXT, "[%s%s]:%u", host, scope, address->port);
    } else {
        snprintf(text, OS_ADDRESS_TEXT, "none");
    }
}

portico_status os_address_resolve(const char *host, uint16_t port, os_address *address) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int code = getaddrinfo(host, NULL, &hints, &list);
    if (code != 0) {
        error_set(code == EAI_SYSTEM ? errno : 0);
        return code == EAI_MEMORY ? PORTICO_E_NO_MEMORY : PORTICO_E_NOT_FOUND;
    }
    portico_status status = PORTICO_E_NOT_FOUND;
    for (const struct addrinfo *i = list; i != NULL && status != PORTICO_OK; i = i->ai_next) {
        if (i->ai_family == AF_INET || i->ai_family == AF_INET6) {
            struct sockaddr_storage system = {0};
            memcpy(&system, i->ai_addr, i->ai_addrlen);
            address_from_system(&system, address);
            address->port = port;
            status = PORTICO_OK;
        }
    }
    freeaddrinfo(list);
    return status;
}

portico_status os_address_check(const os_address *address) {
    os_address any_port = *address;
    any_port.port = 0;
    struct sockaddr_storage system;
    socklen_t size = address_to_system(&any_port, &system);
    if (size == 0) {
        return error_refuse(PORTICO_E_INVALID);
    }
    int fd = socket(system.ss_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0) {
        return error_set(errno);
    }
    portico_status status =
        bind(fd, (const struct sockaddr *)&system, size) < 0 ? error_set(errno) : PORTICO_OK;
    close(fd);
    return status;
}
