/* hurry.h: a part of the seam os.h: threads that must not wait long for a processor, and threads
 * that must not make others wait.
 */
#ifndef PORTICO_OS_HURRY_H
#define PORTICO_OS_HURRY_H

#include "os/os.h"

/* Asks the system to run the calling thread as soon as it wakes, before threads that use up their
 * time. For threads that do little and then sleep, and run no module's code. On Linux that needs a
 * right (CAP_SYS_NICE, or RLIMIT_RTPRIO of 1): without it the thread gets OS_PACE_BRISK. */
void os_thread_hurry(void);

/* For how long at a time a thread wants a processor. A thread that wakes gets one at once from a
 * thread that wants it for longer; from one that wants it equally long, it may have to wait until
 * that thread has used up its time. The share of each thread remains the same, so none starves. */
typedef enum os_pace {
    OS_PACE_USUAL,
    OS_PACE_QUICK, /* for a shorter time than usual */
    OS_PACE_BRISK, /* for a moment */
    OS_PACE_LONG
} os_pace;

/* Sets the pace of a thread; NULL: of the calling thread. Needs no right in either direction. The
 * caller makes sure that the thread is not joined during the call. False: nothing was changed.
 *
 * Linux has this since 6.12, and counts it among the threads of a session or service. Windows has
 * no need of it: a thread whose wait has ended gets a priority above those that compute
 * (https://learn.microsoft.com/windows/win32/procthread/priority-boosts). */
bool os_thread_pace(os_thread *thread, os_pace pace);

/* Lets other threads that are ready on the caller's processor run before the caller continues. Linux
 * often queues a woken thread on the processor of the thread that woke it, so a thread that wakes
 * others and then computes may hold them up. */
void os_yield(void);

#endif
