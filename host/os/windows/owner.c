/* owner.c: security for files and folders that only their owner may open. Any thread.
 *
 * The owner is the one that the system gives a new object: the user, or for an elevated
 * administrator the group of administrators. A less privileged process therefore cannot read a
 * token that controls a privileged one.
 */
#include "private.h"

#include <sddl.h>
#include <stdlib.h>
#include <wchar.h>

/* The SID of the token's owner as text, to be freed with LocalFree; NULL: see GetLastError(). */
static wchar_t *owner_sid(void) {
    HANDLE token = NULL;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        return NULL;
    }
    union {
        TOKEN_OWNER owner;
        unsigned char room[sizeof(TOKEN_OWNER) + SECURITY_MAX_SID_SIZE];
    } information;
    DWORD size = 0;
    wchar_t *text = NULL;
    if (!GetTokenInformation(token, TokenOwner, &information, sizeof information, &size) ||
        !ConvertSidToStringSidW(information.owner.Owner, &text)) {
        text = NULL;
    }
    DWORD code = GetLastError();
    CloseHandle(token);
    SetLastError(code);
    return text;
}

bool win_owner_only(SECURITY_ATTRIBUTES *security, bool folder) {
    wchar_t *sid = owner_sid();
    if (sid == NULL) {
        return false;
    }
    /* P: nothing is inherited from the parent folder; OICI: what is created in a folder inherits
     * this. */
    wchar_t text[256];
    const wchar_t *inherit = folder ? L"OICI" : L"";
    _snwprintf(text, sizeof text / sizeof text[0], L"D:P(A;%ls;FA;;;%ls)(A;%ls;FA;;;SY)", inherit,
               sid, inherit);
    text[sizeof text / sizeof text[0] - 1] = L'\0';
    LocalFree(sid);
    security->nLength = sizeof *security;
    security->bInheritHandle = FALSE;
    return ConvertStringSecurityDescriptorToSecurityDescriptorW(
        text, SDDL_REVISION_1, &security->lpSecurityDescriptor, NULL);
}

void win_owner_only_free(SECURITY_ATTRIBUTES *security) {
    LocalFree(security->lpSecurityDescriptor);
}
