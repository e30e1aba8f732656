/* fault_waiting.c: where a thread is that waits in the system in a call which a signal would end
 * early: a sleep, a poll. It is not disturbed: a module's code must not notice that the host looks.
 *
 * The kernel says where the thread is. Without its other registers the unwinder is of no use, so
 * its callers are what looks like return addresses on its stack: usually they are right. The
 * stack and the code are read through the kernel, since the thread may end at any moment, and a
 * library be unmapped.
 */
#include "guard.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK_SHOWN = 16 * 1024, CALL_MAX = 7, LINE_MAX_BYTES = 256 };

/* Calls that are not made again after a signal.
 * https://man7.org/linux/man-pages/man7/signal.7.html */
static const long early[] = {
    SYS_nanosleep,   SYS_clock_nanosleep, SYS_ppoll,      SYS_pselect6,
    SYS_epoll_pwait, SYS_rt_sigtimedwait, SYS_semtimedop,
#if defined(SYS_poll)
    SYS_poll,
#endif
#if defined(SYS_select)
    SYS_select,
#endif
#if defined(SYS_epoll_wait)
    SYS_epoll_wait,
#endif
#if defined(SYS_pause)
    SYS_pause,
#endif
};

static bool ends_early(long number) {
    for (size_t i = 0; i < sizeof early / sizeof early[0]; i++) {
        if (early[i] == number) {
            return true;
        }
    }
    return false;
}

/* Reads the line about the thread's call: its number, arguments, stack pointer and program counter.
 * https://man7.org/linux/man-pages/man5/proc_pid_syscall.5.html */
static bool read_line(pid_t thread, char line[LINE_MAX_BYTES]) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)thread);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, line, LINE_MAX_BYTES - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    line[size > 0 ? size : 0] = '\0';
    return size > 0;
}

static bool parse_line(const char *line, cpu_point *point) {
    long number = 0;
    unsigned long sp = 0;
    unsigned long pc = 0;
    bool known = sscanf(line, "%ld %*x %*x %*x %*x %*x %*x %lx %lx", &number, &sp, &pc) == 3;
    *point = (cpu_point){pc, sp};
    return known && ends_early(number);
}

/* Whether the code before the address is a call. `memory` is /proc/self/mem: the library may be
 * unmapped at any moment. */
static bool follows_call(uintptr_t at, int memory) {
    uint8_t before[CALL_MAX];
    if (pread(memory, before, sizeof before, (off_t)(at - sizeof before)) != sizeof before) {
        return false;
    }
    const uint8_t *code = before + sizeof before;
#if defined(__x86_64__)
    if (code[-5] == 0xe8) {
        return true;
    }
    for (int size = 2; size <= CALL_MAX; size++) {
        if (code[-size] == 0xff && (code[-size + 1] & 0x38) == 0x10) {
            return true;
        }
    }
    return false;
#elif defined(__aarch64__)
    uint32_t instruction = 0;
    memcpy(&instruction, code - sizeof instruction, sizeof instruction);
    return (instruction & 0xfc000000) == 0x94000000 || (instruction & 0xfffffc1f) == 0xd63f0000;
#else
    (void)code;
    return false;
#endif
}

static bool is_return_address(uintptr_t word, int memory) {
    os_place place;
    if (word < CALL_MAX) {
        return false;
    }
    os_place_quick(word - CALL_MAX, &place);
    if (place.library[0] == '\0') {
        return false;
    }
    os_place_quick(word, &place);
    return place.library[0] != '\0' && follows_call(word, memory);
}

static void find_callers(uintptr_t sp, os_fault *fault) {
    static uintptr_t stack[STACK_SHOWN / sizeof(uintptr_t)]; /* [the lock of the threads] */
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    ssize_t size = memory >= 0 ? pread(memory, stack, sizeof stack, (off_t)sp) : 0;
    for (size_t i = 0;
         size > 0 && i < (size_t)size / sizeof stack[0] && fault->frame_count < OS_FRAMES_MAX;
         i++) {
        if (is_return_address(stack[i], memory)) {
            fault->frames[fault->frame_count++] = stack[i];
        }
    }
    if (memory >= 0) {
        close(memory);
    }
}

bool guard_waits(const os_guard_thread *thread, os_fault *fault, bool *in_system) {
    char line[LINE_MAX_BYTES];
    char again[LINE_MAX_BYTES];
    cpu_point point;
    *in_system = !read_line(thread->id, line) || strncmp(line, "running", 7) != 0;
    if (!*in_system || !parse_line(line, &point)) {
        return false;
    }
    memset(fault, 0, sizeof *fault);
    fault->kind = OS_FAULT_HANG;
    fault->in_guard = true;
    fault->in_system = true;
    fault->thread = (uint32_t)thread->id;
    fault->frames[fault->frame_count++] = point.pc;
    guard_text(fault->text, sizeof fault->text,
               "It waits in the system. The callers are what its stack looks like.");
    find_callers(point.sp, fault);
    return read_line(thread->id, again) && strcmp(line, again) == 0;
}
