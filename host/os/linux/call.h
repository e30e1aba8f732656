/* call.h: the three system calls that every packet makes.
 *
 * They are made directly. The C library's functions are cancellation points, which cost two locked
 * instructions a call in a process with threads (sysdep-cancel.h), and the host cancels no threads.
 * Results and errno are the same. Sanitizers see only the C library's functions.
 */
#ifndef PORTICO_LINUX_CALL_H
#define PORTICO_LINUX_CALL_H

#include "sanitized.h"

#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(PORTICO_TSAN) || defined(PORTICO_ASAN)

#define call_recv recv
#define call_send send
#define call_epoll_wait epoll_wait

#else

static inline ssize_t call_recv(int fd, void *data, size_t size, int flags) {
    return syscall(SYS_recvfrom, fd, data, size, flags, NULL, NULL);
}

static inline ssize_t call_send(int fd, const void *data, size_t size, int flags) {
    return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

static inline int call_epoll_wait(int fd, struct epoll_event *events, int most, int timeout_ms) {
    return (int)syscall(SYS_epoll_pwait, fd, events, most, timeout_ms, NULL, 0);
}

#endif

#endif
