/* private_files.c: files and folders that nobody else may have made or changed. Any thread.
 *
 * Trusted are this user, the administrators and the system, who could do anything anyway. Links are
 * reparse points of any kind: they are opened themselves and refused.
 */
#include "error.h"

#include <aclapi.h>
#include <fcntl.h>
#include <io.h>
#include <sddl.h>
#include <stdlib.h>

enum {
    MAY_CHANGE =
        FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER,
    MAY_READ = FILE_READ_DATA
};

/* The user or the default owner of this process. */
static bool is_mine(PSID sid, TOKEN_INFORMATION_CLASS which) {
    union {
        TOKEN_USER user;
        TOKEN_OWNER owner;
        unsigned char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } information;
    HANDLE token = NULL;
    DWORD size = 0;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        return false;
    }
    bool got = GetTokenInformation(token, which, &information, sizeof information, &size);
    CloseHandle(token);
    return got &&
           EqualSid(sid, which == TokenUser ? information.user.User.Sid : information.owner.Owner);
}

static bool is_trusted(PSID sid) {
    static const WELL_KNOWN_SID_TYPE known[] = {WinLocalSystemSid, WinBuiltinAdministratorsSid,
                                                WinCreatorOwnerSid, WinCreatorOwnerRightsSid};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (IsWellKnownSid(sid, known[i])) {
            return true;
        }
    }
    return is_mine(sid, TokenUser) || is_mine(sid, TokenOwner);
}

static void describe(char found[OS_FOUND_TEXT], const char *before, PSID sid, const char *after) {
    char *text = NULL;
    bool named = ConvertSidToStringSidA(sid, &text);
    snprintf(found, OS_FOUND_TEXT, "%s%s%s", before, named ? text : "another user", after);
    LocalFree(text);
}

/* The rights that an entry of the list gives to somebody who is not trusted; *sid is who. */
static ACCESS_MASK rights_of(void *entry, PSID *sid) {
    const ACE_HEADER *header = entry;
    ACCESS_ALLOWED_ACE *allowed = entry;
    if (header->AceType != ACCESS_ALLOWED_ACE_TYPE || (header->AceFlags & INHERIT_ONLY_ACE) != 0) {
        return 0;
    }
    *sid = &allowed->SidStart;
    if (is_trusted(*sid)) {
        return 0;
    }
    ACCESS_MASK mask = allowed->Mask;
    GENERIC_MAPPING map = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
                           FILE_ALL_ACCESS};
    MapGenericMask(&mask, &map);
    return mask;
}

/* Whether nobody else owns it or has one of the rights `denied`. */
static bool is_private(HANDLE handle, ACCESS_MASK denied, char found[OS_FOUND_TEXT]) {
    PSID owner = NULL;
    PACL list = NULL;
    PSECURITY_DESCRIPTOR security = NULL;
    DWORD code = GetSecurityInfo(handle, SE_FILE_OBJECT,
                                 OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
                                 NULL, &list, NULL, &security);
    if (code != ERROR_SUCCESS) {
        snprintf(found, OS_FOUND_TEXT, "its rights cannot be read (system error %lu)", code);
        return false;
    }
    if (owner != NULL && !is_trusted(owner)) {
        describe(found, "it belongs to ", owner, "");
    } else if (list == NULL) {
        snprintf(found, OS_FOUND_TEXT, "everybody has all rights to it");
    }
    for (DWORD i = 0; found[0] == '\0' && list != NULL && i < list->AceCount; i++) {
        void *entry = NULL;
        PSID sid = NULL;
        ACCESS_MASK rights = GetAce(list, i, &entry) ? rights_of(entry, &sid) & denied : 0;
        if (rights != 0) {
            describe(found,
                     (rights & MAY_CHANGE) != 0 ? "it can be changed by others than its owner ("
                                                : "it can be read by others than its owner (",
                     sid, ")");
        }
    }
    LocalFree(security);
    return found[0] == '\0';
}

/* Opens the file or folder itself, with `flags` FILE_FLAG_OPEN_REPARSE_POINT not what a link leads
 * to. */
static HANDLE open_handle(const char *path, ACCESS_MASK access, DWORD flags) {
    wchar_t *wide = win_path(path);
    HANDLE handle = INVALID_HANDLE_VALUE;
    if (wide != NULL) {
        handle = CreateFileW(wide, access | READ_CONTROL | FILE_READ_ATTRIBUTES,
                             FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                             OPEN_EXISTING, flags | FILE_FLAG_BACKUP_SEMANTICS, NULL);
    }
    DWORD code = GetLastError();
    free(wide);
    SetLastError(code);
    return handle;
}

static bool is_kind(HANDLE handle, bool folder, char found[OS_FOUND_TEXT]) {
    BY_HANDLE_FILE_INFORMATION what;
    bool known = GetFileInformationByHandle(handle, &what);
    if (known && (what.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0) {
        snprintf(found, OS_FOUND_TEXT, "it is a link");
    } else if (!known || ((what.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) != folder) {
        snprintf(found, OS_FOUND_TEXT, "it is no %s", folder ? "folder" : "file");
    }
    return found[0] == '\0';
}

static portico_status open_private(const char *path, DWORD flags, FILE **file,
                                   char found[OS_FOUND_TEXT]) {
    found[0] = '\0';
    *file = NULL;
    HANDLE handle = open_handle(path, FILE_READ_DATA, flags);
    if (handle == INVALID_HANDLE_VALUE) {
        return error_set(GetLastError());
    }
    if (!is_kind(handle, false, found) || !is_private(handle, MAY_CHANGE | MAY_READ, found)) {
        CloseHandle(handle);
        return error_refuse(PORTICO_E_ACCESS);
    }
    int descriptor = _open_osfhandle((intptr_t)handle, _O_RDONLY | _O_NOINHERIT);
    *file = descriptor >= 0 ? _fdopen(descriptor, "rb") : NULL;
    if (*file == NULL) {
        if (descriptor >= 0) {
            _close(descriptor); /* closes the handle as well */
        } else {
            CloseHandle(handle);
        }
        return error_set(ERROR_TOO_MANY_OPEN_FILES);
    }
    return PORTICO_OK;
}

portico_status os_fopen_private(const char *path, FILE **file, char found[OS_FOUND_TEXT]) {
    return open_private(path, FILE_FLAG_OPEN_REPARSE_POINT, file, found);
}

portico_status os_fopen_secret(const char *path, FILE **file, char found[OS_FOUND_TEXT]) {
    return open_private(path, 0, file, found);
}

portico_status os_folder_private(const char *path, char found[OS_FOUND_TEXT]) {
    found[0] = '\0';
    HANDLE handle = open_handle(path, 0, FILE_FLAG_OPEN_REPARSE_POINT);
    if (handle == INVALID_HANDLE_VALUE) {
        return error_set(GetLastError());
    }
    bool good = is_kind(handle, true, found) && is_private(handle, MAY_CHANGE, found);
    CloseHandle(handle);
    return good ? PORTICO_OK : error_refuse(PORTICO_E_ACCESS);
}
