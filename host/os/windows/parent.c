/* parent.c: the child's side of child.h: its pipes. That it ends with its parent is what the
 * parent's job object is for. The main thread. */
#include "os/child.h"

#include "error.h"
#include "os/note.h"

#include <fcntl.h>
#include <io.h>

static struct {
    HANDLE from; /* the parent writes to it */
    HANDLE to;
    HANDLE notes;
} parent;

/* A copy of a standard handle that no process inherits. */
static HANDLE take(DWORD number) {
    HANDLE mine = GetCurrentProcess();
    HANDLE copy = NULL;
    return DuplicateHandle(mine, GetStdHandle(number), mine, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)
               ? copy
               : NULL;
}

/* Leads a standard stream to nowhere: for this executable's C library, and for DLLs that have one
 * of their own. */
static bool drop(DWORD number, int descriptor) {
    int nowhere = _open("NUL", _O_RDWR | _O_BINARY | _O_NOINHERIT);
    if (nowhere < 0 || _dup2(nowhere, descriptor) != 0) {
        return false;
    }
    _close(nowhere);
    return SetStdHandle(number, (HANDLE)_get_osfhandle(descriptor)) != 0;
}

portico_status os_parent_take(void) {
    /* Windows would otherwise report a crash, which can take seconds.
     * https://learn.microsoft.com/windows/win32/api/errhandlingapi/nf-errhandlingapi-seterrormode
     */
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    parent.from = take(STD_INPUT_HANDLE);
    parent.to = take(STD_OUTPUT_HANDLE);
    parent.notes = take(STD_ERROR_HANDLE);
    if (parent.from == NULL || parent.to == NULL || parent.notes == NULL) {
        return error_set(GetLastError());
    }
    bool dropped =
        drop(STD_INPUT_HANDLE, 0) && drop(STD_OUTPUT_HANDLE, 1) && drop(STD_ERROR_HANDLE, 2);
    return dropped ? PORTICO_OK : error_set(ERROR_TOO_MANY_OPEN_FILES);
}

static portico_status pipe_status(void) {
    DWORD code = GetLastError();
    bool closed = code == ERROR_BROKEN_PIPE || code == ERROR_NO_DATA;
    return closed ? error_refuse(PORTICO_E_CLOSED) : error_set(code);
}

portico_status os_parent_read(void *data, size_t capacity, size_t *size) {
    DWORD count = 0;
    DWORD wanted = capacity < MAXDWORD ? (DWORD)capacity : MAXDWORD;
    bool read = ReadFile(parent.from, data, wanted, &count, NULL);
    *size = count;
    if (!read) {
        return pipe_status();
    }
    return count > 0 ? PORTICO_OK : error_refuse(PORTICO_E_CLOSED);
}

portico_status os_parent_write(const void *data, size_t size) {
    for (size_t done = 0; done < size;) {
        DWORD count = 0;
        DWORD piece = size - done < MAXDWORD ? (DWORD)(size - done) : MAXDWORD;
        if (!WriteFile(parent.to, (const char *)data + done, piece, &count, NULL)) {
            return pipe_status();
        }
        done += count;
    }
    return PORTICO_OK;
}

void os_parent_note(uint8_t note) {
    const uint8_t bytes[NOTE_BYTES] = {NOTE_MARK, note};
    DWORD count = 0;
    (void)WriteFile(parent.notes, bytes, sizeof bytes, &count, NULL);
}

bool os_parent_forked(void) {
    return false; /* Windows has no fork() */
}
