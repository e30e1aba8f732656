/* signals.c: Ctrl+C, Ctrl+Break, the closing console, log-off and shutdown, all as one request to
 * stop.
 *
 * Windows calls the handler on a thread that it creates. For the last three events it ends the
 * process as soon as the handler returns, so the handler stays until the host has exited; Windows
 * waits about five seconds. https://learn.microsoft.com/windows/console/handlerroutine
 */
#include "error.h"

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

portico_status os_on_signals(void (*stop)(void), void (*hang_up)(void)) {
    (void)hang_up;
    stop_wanted = stop;
    /* A process started in a new process group ignores Ctrl+C unless it says otherwise. */
    SetConsoleCtrlHandler(NULL, FALSE);
    return SetConsoleCtrlHandler(on_control, TRUE) ? PORTICO_OK : error_set(GetLastError());
}
