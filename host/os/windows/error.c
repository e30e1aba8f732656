/* error.c: see error.h. The only place where codes of Windows become a portico_status.
 *
 * A completed operation carries an NTSTATUS; it is turned into a Win32 code first, because those
 * are what the documentation and every search engine know.
 */
#include "error.h"

#include <stdio.h>
#include <string.h>

static _Thread_local int32_t last_error;

/* By number, because not every winternl.h has them; [MS-ERREF] 2.3 names them. */
#define NT_LOCAL_DISCONNECT ((NTSTATUS)0xC000013B)
#define NT_HANDLES_CLOSED ((NTSTATUS)0x8000000A)

static portico_status socket_status(DWORD code) {
    switch (code) {
    case WSAECONNRESET:
    case WSAECONNABORTED:
    case WSAENETRESET:
    case WSAEDISCON:
    case WSAENOTCONN: /* no longer a connection */
    case WSAESHUTDOWN: return PORTICO_E_RESET;
    case WSAECONNREFUSED: return PORTICO_E_REFUSED;
    case WSAENETUNREACH:
    case WSAENETDOWN:
    case WSAEHOSTUNREACH:
    case WSAEHOSTDOWN: return PORTICO_E_UNREACHABLE;
    case WSAETIMEDOUT: return PORTICO_E_TIMEOUT;
    case WSAEADDRINUSE: return PORTICO_E_ADDRESS_IN_USE;
    case WSAEADDRNOTAVAIL:
    /* WSAEAFNOSUPPORT: usually no IPv6 on this machine */
    case WSAEAFNOSUPPORT: return PORTICO_E_ADDRESS;
    case WSAEACCES: return PORTICO_E_ACCESS;
    case WSAEMFILE:
    case WSAENOBUFS:
        return PORTICO_E_NO_HANDLES; /* no more ports or kernel buffers: waiting helps here, too */
    case WSAEPROTONOSUPPORT:
    case WSAEOPNOTSUPP: return PORTICO_E_UNSUPPORTED;
    case WSAEINVAL:
    case WSAEFAULT:
    case WSAENOTSOCK: return PORTICO_E_INVALID;
    case WSAHOST_NOT_FOUND:
    case WSANO_DATA: return PORTICO_E_NOT_FOUND;
    default: return PORTICO_E_SYSTEM;
    }
}

static portico_status file_status(DWORD code) {
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_NETPATH:
    case ERROR_NOT_FOUND: return PORTICO_E_NOT_FOUND;
    case ERROR_ACCESS_DENIED:
    case ERROR_WRITE_PROTECT:
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case 225: /* ERROR_VIRUS_INFECTED, which not every header has */ return PORTICO_E_ACCESS;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS: return PORTICO_E_EXISTS;
    case ERROR_INSUFFICIENT_BUFFER: return PORTICO_E_TOO_BIG;
    case ERROR_FILENAME_EXCED_RANGE:
    case ERROR_INVALID_NAME:
    case ERROR_DIRECTORY:
    case ERROR_NO_UNICODE_TRANSLATION: return PORTICO_E_INVALID;
    case ERROR_BAD_EXE_FORMAT:
    case ERROR_BAD_FORMAT:
    case ERROR_EXE_MACHINE_TYPE_MISMATCH:
    case ERROR_FILE_INVALID: return PORTICO_E_NOT_A_MODULE; /* the last: an empty file */
    case ERROR_MOD_NOT_FOUND:
    case ERROR_PROC_NOT_FOUND:
        /* ERROR_PROC_NOT_FOUND: found, but too old: lacks a function */
        return PORTICO_E_DEPENDENCY;
    case ERROR_DLL_INIT_FAILED: return PORTICO_E_LOAD;
    default: return socket_status(code);
    }
}

portico_status error_status(DWORD code) {
    switch (code) {
    case ERROR_SUCCESS: return PORTICO_OK;
    case ERROR_OPERATION_ABORTED: /* CancelIoEx, or closesocket */
    case ERROR_REQUEST_ABORTED: return PORTICO_E_CANCELLED;
    case ERROR_NETNAME_DELETED: /* the file system's name for a reset connection */
    case ERROR_UNEXP_NET_ERR:
    case ERROR_CONNECTION_ABORTED:
    case ERROR_CONNECTION_INVALID:
    case ERROR_GRACEFUL_DISCONNECT:
    case ERROR_BROKEN_PIPE: return PORTICO_E_RESET;
    case ERROR_CONNECTION_REFUSED: return PORTICO_E_REFUSED;
    case ERROR_NETWORK_UNREACHABLE:
    case ERROR_HOST_UNREACHABLE:
    case ERROR_PORT_UNREACHABLE:
    case ERROR_PROTOCOL_UNREACHABLE: return PORTICO_E_UNREACHABLE;
    case ERROR_SEM_TIMEOUT: /* a connect that got no answer completes with it */
    case ERROR_TIMEOUT:
    case WAIT_TIMEOUT: return PORTICO_E_TIMEOUT;
    case ERROR_ADDRESS_ALREADY_ASSOCIATED: return PORTICO_E_ADDRESS_IN_USE;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT: return PORTICO_E_NO_MEMORY;
    case ERROR_TOO_MANY_OPEN_FILES:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_NONPAGED_SYSTEM_RESOURCES:
    case ERROR_PAGED_SYSTEM_RESOURCES:
    case ERROR_WORKING_SET_QUOTA:
    case ERROR_NOT_ENOUGH_QUOTA: return PORTICO_E_NO_HANDLES;
    case ERROR_INVALID_PARAMETER:
    case ERROR_INVALID_HANDLE: return PORTICO_E_INVALID;
    case ERROR_NOT_SUPPORTED:
    case ERROR_CALL_NOT_IMPLEMENTED: return PORTICO_E_UNSUPPORTED;
    default: return file_status(code);
    }
}

portico_status error_set(DWORD code) {
    last_error = (int32_t)code;
    return error_status(code);
}

portico_status error_refuse(portico_status status) {
    last_error = 0;
    return status;
}

DWORD error_of_nt(NTSTATUS nt) {
    if (nt >= 0) {
        return ERROR_SUCCESS; /* never STATUS_PENDING: the operation has completed */
    }
    if (nt == NT_LOCAL_DISCONNECT || nt == NT_HANDLES_CLOSED) {
        /* our own os_close, which their Win32 codes would not show */
        return ERROR_OPERATION_ABORTED;
    }
    DWORD code = RtlNtStatusToDosError(nt);
    return code != ERROR_MR_MID_NOT_FOUND ? code : (DWORD)nt;
}

int32_t os_error(void) {
    return last_error;
}

portico_status os_error_status(void) {
    return last_error != 0 ? error_status((DWORD)last_error) : PORTICO_E_SYSTEM;
}

void os_error_text(int32_t system_error, char *text, size_t size) {
    wchar_t wide[512];
    char utf8[sizeof wide / sizeof wide[0] * 3];
    if (size == 0) {
        return;
    }
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                                  (DWORD)system_error, 0, wide, sizeof wide / sizeof wide[0], NULL);
    while (length > 0 && (wide[length - 1] <= L' ' || wide[length - 1] == L'.')) {
        length--; /* the sentence ends with a full stop and a new line */
    }
    int bytes =
        WideCharToMultiByte(CP_UTF8, 0, wide, (int)length, utf8, (int)sizeof utf8, NULL, NULL);
    if (length == 0 || bytes <= 0) {
        snprintf(text, size, "system error %ld (0x%08lX)", (long)system_error,
                 (unsigned long)system_error);
        return;
    }
    size_t end = (size_t)bytes < size ? (size_t)bytes : size - 1;
    while (end > 0 && end < (size_t)bytes && ((unsigned char)utf8[end] & 0xC0) == 0x80) {
        end--; /* do not cut a character in two */
    }
    memcpy(text, utf8, end);
    text[end] = '\0';
}
