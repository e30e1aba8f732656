/* child_io.c: what is done with a child once child.c has started it. Any thread, see child.h. */
#include "children.h"

#include "error.h"
#include "os/note.h"

#include <stdlib.h>

void child_close_handle(HANDLE *handle) {
    if (*handle != NULL) {
        CloseHandle(*handle);
    }
    *handle = NULL;
}

void child_free_handles(os_child *child) {
    child_close_handle(&child->process);
    child_close_handle(&child->to);
    child_close_handle(&child->from);
    child_close_handle(&child->event);
    child_close_handle(&child->notes);
    child_close_handle(&child->stop);
    child_close_handle(&child->job);
    free(child);
}

/* ---- its pipes ------------------------------------------------------------------------------- */

static bool is_closed(DWORD code) {
    return code == ERROR_BROKEN_PIPE || code == ERROR_NO_DATA || code == ERROR_PIPE_NOT_CONNECTED;
}

static portico_status pipe_status(DWORD code) {
    return is_closed(code) ? error_refuse(PORTICO_E_CLOSED) : error_set(code);
}

portico_status os_child_write(os_child *child, const void *data, size_t size) {
    for (size_t done = 0; done < size;) {
        DWORD count = 0;
        DWORD piece = size - done < CHILD_PIPE_BYTES ? (DWORD)(size - done) : CHILD_PIPE_BYTES;
        if (!WriteFile(child->to, (const char *)data + done, piece, &count, NULL)) {
            return pipe_status(GetLastError());
        }
        done += count;
    }
    return PORTICO_OK;
}

/* The pipe's other end may be open in a process that the child has started, so the end of the child
 * counts, too. What it wrote before has then arrived. */
portico_status os_child_read(os_child *child, void *data, size_t capacity, uint32_t timeout_ms,
                             size_t *size) {
    OVERLAPPED o = {.hEvent = child->event};
    HANDLE both[2] = {child->event, child->process};
    DWORD count = 0;
    DWORD wanted = capacity < CHILD_PIPE_BYTES ? (DWORD)capacity : CHILD_PIPE_BYTES;
    DWORD waited = WAIT_OBJECT_0;
    *size = 0;
    if (!ReadFile(child->from, data, wanted, NULL, &o)) {
        DWORD code = GetLastError();
        if (code != ERROR_IO_PENDING) {
            return pipe_status(code);
        }
        waited = WaitForMultipleObjects(2, both, FALSE, timeout_ms);
        if (waited != WAIT_OBJECT_0) {
            CancelIoEx(child->from, &o);
        }
    }
    bool read = GetOverlappedResult(child->from, &o, &count, TRUE);
    DWORD code = read ? 0 : GetLastError();
    if (read && count > 0) {
        *size = count;
        return PORTICO_OK;
    }
    if (waited == WAIT_TIMEOUT) {
        return error_refuse(PORTICO_E_TIMEOUT);
    }
    bool closed = read || code == ERROR_OPERATION_ABORTED || is_closed(code);
    return closed ? error_refuse(PORTICO_E_CLOSED) : error_set(code);
}

uint8_t os_child_note(os_child *child) {
    uint8_t notes[256];
    note_reader reader = {0};
    DWORD count = 0;
    while (PeekNamedPipe(child->notes, NULL, 0, NULL, &count, NULL) && count > 0 &&
           ReadFile(child->notes, notes, sizeof notes, &count, NULL) && count > 0) {
        note_read(&reader, notes, count);
    }
    return note_of(&reader);
}

/* ---- its end --------------------------------------------------------------------------------- */

bool os_child_wait(os_child *child, uint32_t timeout_ms, os_child_end *end) {
    DWORD code = 0;
    if (WaitForSingleObject(child->process, timeout_ms) != WAIT_OBJECT_0 ||
        !GetExitCodeProcess(child->process, &code)) {
        return false;
    }
    /* An exception ends a process with its own code, and those of the system begin with C. */
    *end = (os_child_end){.code = (int32_t)code, .crashed = code >> 28 == 0xC};
    end->stopped = code == 0xC000013A; /* STATUS_CONTROL_C_EXIT */
    if (end->crashed) {
        snprintf(end->text, sizeof end->text, "exception %08lX", code);
    } else {
        snprintf(end->text, sizeof end->text, "exit code %lu", code);
    }
    return true;
}

void os_child_stop(os_child *child, bool at_once) {
    if (at_once) {
        TerminateProcess(child->process, CHILD_KILLED);
    } else if (child->stop != NULL) {
        SetEvent(child->stop);
    }
}

void os_child_hang_up(os_child *child) {
    (void)child;
}

uint32_t os_child_id(const os_child *child) {
    return child->id;
}

void os_child_free(os_child *child) {
    if (child == NULL) {
        return;
    }
    if (child->io == OS_CHILD_PIPES) {
        TerminateProcess(child->process, CHILD_KILLED);
        WaitForSingleObject(child->process, INFINITE);
    }
    child_free_handles(child);
}
