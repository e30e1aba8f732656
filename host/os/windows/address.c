/* address.c: addresses as text, as os_address and as the system's sockaddr. Any thread.
 *
 * Only the plain forms are accepted: on some versions InetPton takes "0x7f.1" and the like, and an
 * ini file has to mean the same on both systems.
 */
#include "address.h"

#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool address_valid(const os_address *address) {
    return address->family == OS_ADDRESS_IPV4 || address->family == OS_ADDRESS_IPV6;
}

int address_to_system(const os_address *address, SOCKADDR_STORAGE *system) {
    memset(system, 0, sizeof *system);
    if (address->family == OS_ADDRESS_IPV6) {
        SOCKADDR_IN6 *in6 = (SOCKADDR_IN6 *)system;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(address->port);
        in6->sin6_scope_id = address->scope;
        memcpy(&in6->sin6_addr, address->bytes, sizeof in6->sin6_addr);
        return (int)sizeof *in6;
    }
    SOCKADDR_IN *in = (SOCKADDR_IN *)system;
    in->sin_family = AF_INET;
    in->sin_port = htons(address->port);
    memcpy(&in->sin_addr, address->bytes, sizeof in->sin_addr);
    return (int)sizeof *in;
}

void address_from_system(const SOCKADDR *system, os_address *address) {
    memset(address, 0, sizeof *address);
    if (system->sa_family == AF_INET6) {
        const SOCKADDR_IN6 *in6 = (const SOCKADDR_IN6 *)system;
        address->family = OS_ADDRESS_IPV6;
        address->port = ntohs(in6->sin6_port);
        address->scope = (uint32_t)in6->sin6_scope_id;
        memcpy(address->bytes, &in6->sin6_addr, sizeof in6->sin6_addr);
    } else if (system->sa_family == AF_INET) {
        const SOCKADDR_IN *in = (const SOCKADDR_IN *)system;
        address->family = OS_ADDRESS_IPV4;
        address->port = ntohs(in->sin_port);
        memcpy(address->bytes, &in->sin_addr, sizeof in->sin_addr);
    }
}

/* Four decimal numbers without leading zeros, which some systems read as octal. */
static bool parse_ipv4(const char *text, uint8_t bytes[4]) {
    for (int i = 0; i < 4; i++) {
        uint32_t number = 0;
        int digits = 0;
        for (; *text >= '0' && *text <= '9' && digits < 4; text++, digits++) {
            number = number * 10 + (uint32_t)(*text - '0');
        }
        bool leading_zero = digits > 1 && text[-digits] == '0';
        if (digits == 0 || digits > 3 || number > 255 || leading_zero ||
            *text != (i < 3 ? '.' : '\0')) {
            return false;
        }
        bytes[i] = (uint8_t)number;
        text += i < 3 ? 1 : 0;
    }
    return true;
}

static bool parse_scope(const char *text, uint32_t *scope) {
    uint64_t number = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text >= '0' && *text <= '9' && number <= UINT32_MAX; text++) {
        number = number * 10 + (uint64_t)(*text - '0');
    }
    *scope = (uint32_t)number;
    return *text == '\0' && number <= UINT32_MAX;
}

static bool parse_ipv6(const char *text, os_address *address) {
    char number[INET6_ADDRSTRLEN];
    const char *percent = strchr(text, '%');
    size_t length = percent != NULL ? (size_t)(percent - text) : strlen(text);
    if (length >= sizeof number || strspn(text, "0123456789abcdefABCDEF:.") != length) {
        return false;
    }
    if (percent != NULL && !parse_scope(percent + 1, &address->scope)) {
        return false;
    }
    memcpy(number, text, length);
    number[length] = '\0';
    uint8_t tail[4];
    const char *colon = strrchr(number, ':');
    if (colon == NULL || (strchr(number, '.') != NULL && !parse_ipv4(colon + 1, tail))) {
        return false;
    }
    return inet_pton(AF_INET6, number, address->bytes) == 1;
}

portico_status os_address_parse(const char *text, uint16_t port, os_address *address) {
    os_address parsed = {.family = OS_ADDRESS_IPV4, .port = port};
    if (!parse_ipv4(text, parsed.bytes)) {
        memset(parsed.bytes, 0, sizeof parsed.bytes);
        parsed.family = OS_ADDRESS_IPV6;
        if (!parse_ipv6(text, &parsed)) {
            return error_refuse(PORTICO_E_INVALID);
        }
    }
    *address = parsed;
    return PORTICO_OK;
}

void os_address_format(const os_address *address, char text[OS_ADDRESS_TEXT]) {
    const uint8_t *b = address->bytes;
    unsigned port = address->port;
    bool mapped =
        address->family == OS_ADDRESS_IPV6 && memcmp(b, mapped_prefix, sizeof mapped_prefix) == 0;
    if (mapped) {
        b += sizeof mapped_prefix;
    }
    if (mapped || address->family == OS_ADDRESS_IPV4) {
        snprintf(text, OS_ADDRESS_TEXT, "%u.%u.%u.%u:%u", b[0], b[1], b[2], b[3], port);
        return;
    }
    char number[INET6_ADDRSTRLEN] = "";
    if (address->family != OS_ADDRESS_IPV6 ||
        inet_ntop(AF_INET6, b, number, sizeof number) == NULL) {
        snprintf(text, OS_ADDRESS_TEXT, "-");
    } else if (address->scope != 0) {
        snprintf(text, OS_ADDRESS_TEXT, "[%s%%%lu]:%u", number, (unsigned long)address->scope,
                 port);
    } else {
        snprintf(text, OS_ADDRESS_TEXT, "[%s]:%u", number, port);
    }
}

portico_status os_address_resolve(const char *host, uint16_t port, os_address *address) {
    wchar_t *wide = win_wide(host);
    if (wide == NULL) {
        return error_set(GetLastError());
    }
    ADDRINFOW hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    ADDRINFOW *found = NULL;
    int code = GetAddrInfoW(wide, NULL, &hints, &found);
    free(wide);
    if (code != 0) {
        portico_status status = error_set((DWORD)code);
        return status == PORTICO_E_NO_MEMORY ? status : PORTICO_E_NOT_FOUND;
    }
    portico_status status = PORTICO_E_NOT_FOUND;
    for (const ADDRINFOW *a = found; a != NULL && status != PORTICO_OK; a = a->ai_next) {
        if (a->ai_family == AF_INET || a->ai_family == AF_INET6) {
            address_from_system(a->ai_addr, address);
            address->port = port;
            status = PORTICO_OK;
        }
    }
    FreeAddrInfoW(found);
    return status;
}

portico_status os_address_check(const os_address *address) {
    if (!address_valid(address)) {
        return error_refuse(PORTICO_E_INVALID);
    }
    os_address any_port = *address;
    any_port.port = 0;
    SOCKADDR_STORAGE system;
    int size = address_to_system(&any_port, &system);
    SOCKET probe =
        WSASocketW(system.ss_family, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_NO_HANDLE_INHERIT);
    if (probe == INVALID_SOCKET) {
        return error_set((DWORD)WSAGetLastError());
    }
    int failed = bind(probe, (const SOCKADDR *)&system, size);
    portico_status status = failed != 0 ? error_set((DWORD)WSAGetLastError()) : PORTICO_OK;
    closesocket(probe);
    return status;
}
