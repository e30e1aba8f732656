/* hurry.h: a part of the seam os.h: threads that must not wait long for a processor.
 */
#ifndef PORTICO_OS_HURRY_H
#define PORTICO_OS_HURRY_H

/* Asks the system to run the calling thread as soon as it wakes, before threads that use up their
 * time. For threads that do little and then sleep, and run no module's code. On Linux that needs a
 * right (CAP_SYS_NICE, or RLIMIT_RTPRIO of 1): without it there is no effect. A better nice value or
 * a shorter slice would not do: they count only among the threads of one session or service. */
void os_thread_hurry(void);

#endif
