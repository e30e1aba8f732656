/* private.h: Windows's headers, and the helpers that only this folder needs.
 *
 * Link with: ws2_32 bcrypt crypt32 ntdll advapi32 shell32 (kernel32 and the C library are always
 * there). Needs Windows 10, version 1607, or Windows Server 2016; anything newer is looked up at
 * run time.
 */
#ifndef PORTICO_OS_WINDOWS_PRIVATE_H
#define PORTICO_OS_WINDOWS_PRIVATE_H

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN /* otherwise windows.h includes the winsock of 1993 */
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif

#include <winsock2.h>
#include <ws2tcpip.h>

#include <mswsock.h>
#include <windows.h>
#include <winternl.h>

#ifndef TCP_MAXRT
#define TCP_MAXRT 5 /* as in the Windows SDK's ws2ipdef.h; mingw's headers lack it */
#endif

#include "os/os.h"

/* ---- text.c ---- */

/* UTF-8 to UTF-16 and back; the caller frees the result. NULL: the code is in GetLastError(). */
wchar_t *win_wide(const char *text);
char *win_utf8(const wchar_t *wide);

/* Makes a path absolute, and puts \\?\ before one that is too long for the system otherwise; the
 * caller frees it. NULL: the code is in GetLastError(). */
wchar_t *win_path(const char *path);

/* ---- clock.c ---- */

/* A duration in nanoseconds. */
uint64_t win_ns_of(FILETIME time);

/* A point in time in nanoseconds since 1970-01-01 UTC. */
uint64_t win_unix_ns_of(FILETIME time);

/* Describes an open file. ERROR_SUCCESS, or the reason why not: it is not on a disk, ... */
DWORD win_file_describe(HANDLE handle, os_file_info *info);

/* ---- system.c ---- */

typedef void (*win_function)(void);

/* A function that not every Windows has, or NULL. Cast it to its own type. */
win_function win_find(const wchar_t *library, const char *name);

/* The same of a library of Windows that may not be loaded yet, and then stays loaded. */
win_function win_load(const wchar_t *library, const char *name);

/* Whether a loaded library is in the folder of Windows, or it is not known where it is. */
bool win_is_of_windows(HMODULE library);

/* Whether this is Wine. Only for working around where Wine deviates. */
bool win_is_wine(void);

/* ---- imports.c ---- */

/* Writes the name of the first DLL that `library`, a full path, imports and that cannot be found.
 * False: none is missing, so it is the dependency of a dependency. */
bool win_missing_import(const wchar_t *library, char *name, size_t size);

/* ---- owner.c ---- */

/* Fills in security that lets only the owner (and the system) open the object. False: see
 * GetLastError(). */
bool win_owner_only(SECURITY_ATTRIBUTES *security, bool folder);
void win_owner_only_free(SECURITY_ATTRIBUTES *security);

/* ---- signals.c ---- */

enum { WIN_STOP_NAME = 48 };

/* The name of the event by which a parent asks the process to stop (child.c, os_on_signals). */
void win_stop_name(DWORD process, wchar_t name[WIN_STOP_NAME]);

#endif
