/* signals.c: Ctrl+C, Ctrl+Break, the closing console, log-off, shutdown and a parent's wish, all as
 * one request to stop.
 *
 * Windows calls the handler on a thread that it creates. For the last three events it ends the
 * process as soon as the handler returns, so the handler stays until the host has exited; Windows
 * waits about five seconds. https://learn.microsoft.com/windows/console/handlerroutine
 */
#include "error.h"

#include <wchar.h>

static void (*volatile stop_wanted)(void);

/* Longer than Windows waits, even if it should wait longer one day. */
enum { CLOSE_PATIENCE_MS = 30000 };

/* A service sees the log-off of every user of the machine, and none of them concerns it. */
static bool is_service(void) {
    DWORD session = 1;
    return ProcessIdToSessionId(GetCurrentProcessId(), &session) && session == 0 && !win_is_wine();
}

static BOOL WINAPI on_control(DWORD event) {
    switch (event) {
    case CTRL_C_EVENT:
    case CTRL_BREAK_EVENT: stop_wanted(); return TRUE;
    case CTRL_LOGOFF_EVENT:
        if (is_service()) {
            return TRUE;
        }
        break;
    case CTRL_CLOSE_EVENT:
    case CTRL_SHUTDOWN_EVENT: break;
    default: return FALSE;
    }
    stop_wanted();
    Sleep(CLOSE_PATIENCE_MS);
    return TRUE;
}

void win_stop_name(DWORD process, wchar_t name[WIN_STOP_NAME]) {
    _snwprintf(name, WIN_STOP_NAME, L"Local\\portico-stop-%lu", process);
    name[WIN_STOP_NAME - 1] = L'\0';
}

static void CALLBACK on_parent(void *arg, BOOLEAN timed_out) {
    (void)arg;
    (void)timed_out;
    stop_wanted();
}

/* A parent that supervises this process may ask it to stop. Other processes have no such event. */
static void listen_to_parent(void) {
    wchar_t name[WIN_STOP_NAME];
    HANDLE wait = NULL;
    win_stop_name(GetCurrentProcessId(), name);
    HANDLE event = OpenEventW(SYNCHRONIZE, FALSE, name);
    if (event != NULL &&
        !RegisterWaitForSingleObject(&wait, event, on_parent, NULL, INFINITE, WT_EXECUTEDEFAULT)) {
        CloseHandle(event);
    }
}

portico_status os_on_signals(void (*stop)(void), void (*hang_up)(void)) {
    (void)hang_up;
    stop_wanted = stop;
    listen_to_parent();
    /* A process started in a new process group ignores Ctrl+C unless it says otherwise. */
    SetConsoleCtrlHandler(NULL, FALSE);
    return SetConsoleCtrlHandler(on_control, TRUE) ? PORTICO_OK : error_set(GetLastError());
}
