/* fault_places.c: what is known about an address of code: the library from the loader, the function
 * and line from addr2line, which reads the debug information, or else the function from the
 * library's own table of names. And the files that a handler writes.
 *
 * os_fault_write is for handlers. One thread at a time runs the rest.
 */
#include "guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- functions and lines ----------------------------------------------------------------- */

/* For PATIENT_MS, programs give way to everybody else; then they may take PROGRAM_MS. */
enum { OUTPUT_BYTES = 64 * 1024, PATIENT_MS = 100, PROGRAM_MS = 5000, KEPT_PLACES = 256 };

/* The answers of addr2line about the addresses of one library. */
typedef struct question {
    const library_place *found; /* of all frames */
    os_place *places;
    uint32_t count;
    uint32_t first;            /* the first frame of the library in question */
    bool known[OS_FRAMES_MAX]; /* answered, or in no library */
    char output[OUTPUT_BYTES];
} question;

static bool is_same_library(const question *q, uint32_t i) {
    return !q->known[i] && q->found[i].base == q->found[q->first].base;
}

/* The same places come again: a handler that faults once faults often. Reading the debug
 * information of all libraries takes some 100 ms. */
static os_place *kept_place(const os_place *place) {
    static os_place kept[KEPT_PLACES];
    uint32_t hash = (uint32_t)place->offset;
    for (const char *at = place->build_id; *at != '\0'; at++) {
        hash = hash * 31 + (uint8_t)*at;
    }
    return &kept[hash % KEPT_PLACES];
}

/* Takes function and line from there. */
static bool is_kept(os_place *place) {
    const os_place *kept = kept_place(place);
    if (place->build_id[0] == '\0' || kept->offset != place->offset ||
        strcmp(kept->build_id, place->build_id) != 0) {
        return false;
    }
    memcpy(place->function, kept->function, sizeof place->function);
    memcpy(place->file, kept->file, sizeof place->file);
    place->line = kept->line;
    return true;
}

static uint64_t left_ms(uint64_t end_ms) {
    uint64_t now = os_monotonic_ms();
    return now < end_ms ? end_ms - now : 0;
}

/* Reads to the end of the output, or until the time runs out. */
static size_t read_output(int fd, char *output, size_t size, uint64_t end_ms) {
    size_t used = 0;
    while (used + 1 < size) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        uint64_t left = left_ms(end_ms);
        int count = left > 0 ? poll(&ready, 1, (int)left) : 0;
        if (count < 0 && errno == EINTR) {
            continue;
        }
        ssize_t got = count > 0 ? read(fd, output + used, size - 1 - used) : 0;
        if (got <= 0) {
            break;
        }
        used += (size_t)got;
    }
    output[used] = '\0';
    return used;
}

/* Waits for the program that has closed its output. False: it did not go, and was ended. */
static bool await_end(pid_t process, uint64_t end_ms) {
    while (waitpid(process, NULL, WNOHANG) == 0) {
        if (left_ms(end_ms) == 0) {
            kill(process, SIGKILL);
            while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {
            }
            return false;
        }
        os_sleep(1);
    }
    return true;
}

/* Runs a program without input and errors, at a policy of sched(7). Its output is "" if it is not
 * installed. False: it took longer than until `end_ms`. */
static bool run_program(char *const *arguments, int policy, char *output, size_t size,
                        uint64_t end_ms) {
    static const struct sched_param none_but_nice = {0};
    int ends[2];
    pid_t process = 0;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    bool ended = true;
    output[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return true;
    }
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    int code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    code = code != 0 ? code : posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    code =
        code != 0 ? code : posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    code = code != 0
               ? code
               : posix_spawnp(&process, arguments[0], &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (code == 0) {
        /* Not by an attribute: glibc refuses SCHED_IDLE there. */
        (void)sched_setscheduler(process, policy, &none_but_nice);
        (void)read_output(ends[0], output, size, end_ms);
        ended = await_end(process, end_ms);
    }
    close(ends[0]);
    return ended;
}

/* Asks addr2line about every frame of the library of frame `first`. It computes for some 20 ms. At
 * the usual priority, a worker that wakes beside it waits for up to 3 ms (Linux 6.18). So it runs
 * when nobody else wants the processor, and only on a machine that is never idle like others. */
static void ask_program(question *q, uint64_t begin_ms) {
    static char addresses[OS_FRAMES_MAX][24];
    static char executable[32];
    static char program[] = "addr2line";
    static char options[] = "-afCi"; /* addresses, functions, C++ names, inlined functions */
    static char file_option[] = "-e";
    char *arguments[OS_FRAMES_MAX + 5] = {program, options, file_option};
    uint32_t used = 3;
    snprintf(executable, sizeof executable, "/proc/%d/exe", (int)getpid());
    arguments[used++] =
        q->found[q->first].path[0] != '\0' ? (char *)q->found[q->first].path : executable;
    for (uint32_t i = q->first; i < q->count; i++) {
        if (is_same_library(q, i)) {
            uintptr_t offset = q->found[i].address - q->found[i].base;
            snprintf(addresses[i], sizeof addresses[i], "0x%llx", (unsigned long long)offset);
            arguments[used++] = addresses[i];
        }
    }
    size_t size = sizeof q->output;
    uint64_t patient_ms = begin_ms + PATIENT_MS;
    if (!run_program(arguments, SCHED_IDLE, q->output, size, patient_ms)) {
        (void)run_program(arguments, SCHED_OTHER, q->output, size, patient_ms + PROGRAM_MS);
    }
}

/* A line of the output without its end; moves on to the next. NULL: there is none. */
static char *next_line(char **at) {
    char *line = *at;
    if (*line == '\0') {
        return NULL;
    }
    size_t length = strcspn(line, "\n");
    *at = line + length + (line[length] != '\0');
    line[length] = '\0';
    return line;
}

/* "FILE:LINE", perhaps with " (discriminator N)"; "??:0" or "??:?" if it is not known. */
static void take_line(const char *text, os_place *place) {
    const char *colon = strrchr(text, ':');
    if (colon == NULL || strncmp(text, "??", 2) == 0) {
        return;
    }
    place->line = (uint32_t)strtoul(colon + 1, NULL, 10);
    if (place->line != 0) {
        place_text(place->file, sizeof place->file, text, (size_t)(colon - text));
    }
}

/* Per address: the address, then function and line of the innermost inlined function, then those of
 * the functions that it is part of. */
static void take_output(question *q) {
    char *at = q->output;
    char *line = next_line(&at);
    for (uint32_t i = q->first; i < q->count && line != NULL; i++) {
        if (!is_same_library(q, i)) {
            continue;
        }
        while (line != NULL && strncmp(line, "0x", 2) != 0) {
            line = next_line(&at);
        }
        const char *function = line != NULL ? next_line(&at) : NULL;
        const char *place = function != NULL ? next_line(&at) : NULL;
        if (place == NULL) {
            return;
        }
        if (strcmp(function, "??") != 0) {
            place_text(q->places[i].function, sizeof q->places[i].function, function,
                       strlen(function));
        }
        take_line(place, &q->places[i]);
        *kept_place(&q->places[i]) = q->places[i];
        line = next_line(&at);
    }
}

/* The nearest name that the library exports. */
static void take_export(uintptr_t address, os_place *place) {
    Dl_info info;
    if (place->function[0] == '\0' && dladdr((void *)address, &info) != 0 &&
        info.dli_sname != NULL) {
        place_text(place->function, sizeof place->function, info.dli_sname, strlen(info.dli_sname));
    }
}

void os_places_find(const uintptr_t *frames, uint32_t count, os_place *places) {
    static library_place found[OS_FRAMES_MAX];
    static question q;
    uint64_t begin_ms = os_monotonic_ms();
    count = count < OS_FRAMES_MAX ? count : OS_FRAMES_MAX;
    q.found = found;
    q.places = places;
    q.count = count;
    for (uint32_t i = 0; i < count; i++) {
        /* A return address may already be in the next function. */
        q.known[i] =
            !place_library(frames[i] - (i > 0), &places[i], &found[i]) || is_kept(&places[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (q.known[i]) {
            continue;
        }
        q.first = i;
        ask_program(&q, begin_ms);
        take_output(&q);
        for (uint32_t j = i; j < count; j++) {
            q.known[j] = q.known[j] || is_same_library(&q, j);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (found[i].path != NULL) {
            take_export(found[i].address, &places[i]);
            places[i].offset += i > 0;
        }
    }
}

/* ---- files ------------------------------------------------------------------------------- */

portico_status os_fault_dump(const char *path) {
    (void)path;
    return PORTICO_E_STATE;
}

void os_fault_write(const char *path, const char *text, size_t size) {
    int kept = errno;
    int fd =
        path != NULL ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : STDERR_FILENO;
    while (fd >= 0 && size > 0) {
        ssize_t count = write(fd, text, size);
        if (count < 0 && errno != EINTR) {
            break;
        }
        text += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
    if (fd >= 0 && path != NULL) {
        close(fd);
    }
    errno = kept;
}
