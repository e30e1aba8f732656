/* races.h: tells the thread sanitizer which order the seam promises, and nothing else.
 *
 * The token puts everything in one order, so a sanitizer that saw it would never find a race. In a
 * build with the thread sanitizer only the host is therefore instrumented, and not this folder, the
 * real system below it and the scenarios (host/CMakeLists.txt). The sanitizer learns:
 *
 *   a mutex      an unlock comes before the next lock
 *   an alarm     a ring comes before the return of the sleep that it ends
 *   an op        its submit comes before the return of the os_port_wait that hands it out
 *   a thread     its start and its end, from the real system
 *   an atomic    what its memory order promises: the host's are instrumented
 */
#ifndef PORTICO_SIM_RACES_H
#define PORTICO_SIM_RACES_H

#ifdef PORTICO_SIM_TSAN

/* From <sanitizer/tsan_interface.h>. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
void __tsan_acquire(void *address);
void __tsan_release(void *address);
void __tsan_mutex_pre_lock(void *mutex, unsigned flags);
void __tsan_mutex_post_lock(void *mutex, unsigned flags, int recursion);
int __tsan_mutex_pre_unlock(void *mutex, unsigned flags);
void __tsan_mutex_post_unlock(void *mutex, unsigned flags);
/* NOLINTEND(bugprone-reserved-identifier) */

#define RACES_BEFORE(object) __tsan_release(object)
#define RACES_AFTER(object) __tsan_acquire(object)
#define RACES_MUTEX(step, ...) __tsan_mutex_##step(__VA_ARGS__)

#else

#define RACES_BEFORE(object) ((void)0)
#define RACES_AFTER(object) ((void)0)
#define RACES_MUTEX(step, ...) ((void)0)

#endif

#endif
