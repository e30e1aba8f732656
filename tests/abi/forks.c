/* forks.c: starts other processes.
 *
 *   opcode 1   answers {uint32 count}: on Linux how many sockets and queues of events a program has
 *              that the module starts; on Windows how many handles of the host are inheritable,
 *              except those of files and consoles
 *   opcode 2   {path}: on Linux copies the process by fork(); the copy lives until that file
 *              exists, for at most a minute. The host echoes. */
#include "system.h"

#include <portico/portico.h>

#include <stdio.h>
#include <string.h>

#if !defined(_WIN32)
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#endif

enum { NUMBERS = 2048 };

#if defined(_WIN32)
/* Files and consoles may come from the host's parent. */
static uint32_t count_inherited(void) {
    uint32_t count = 0;
    for (uintptr_t number = 1; number < NUMBERS; number++) {
        HANDLE handle = (HANDLE)(4 * number);
        DWORD flags = 0;
        if (GetHandleInformation(handle, &flags) && (flags & HANDLE_FLAG_INHERIT) != 0) {
            DWORD type = GetFileType(handle);
            count += type != FILE_TYPE_DISK && type != FILE_TYPE_CHAR;
        }
    }
    return count;
}

static void copy_process(const char *until_path) {
    (void)until_path;
}
#else
/* The program `ls` lists its own descriptors. Other files and pipes may come from the host's
 * parent, which does not open sockets before it starts the host. */
static uint32_t count_inherited(void) {
    uint32_t count = 0;
    char line[512];
    FILE *list = popen("ls -l /proc/self/fd", "r");
    while (list != NULL && fgets(line, sizeof line, list) != NULL) {
        count += strstr(line, "socket:") != NULL || strstr(line, "anon_inode:") != NULL;
    }
    if (list != NULL) {
        (void)pclose(list);
    }
    return count;
}

static void copy_process(const char *until_path) {
    if (fork() == 0) {
        for (int i = 0; i < 6000 && access(until_path, F_OK) != 0; i++) {
            system_sleep_ms(10);
        }
        (void)kill(getpid(), SIGKILL);
    }
}
#endif

static void on_count(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    uint32_t count = count_inherited();
    (void)portico->session_send(session, packet->opcode, &count, sizeof count);
}

static void on_copy(portico_session session, void *state, const portico_packet *packet) {
    char path[1024];
    (void)state;
    (void)snprintf(path, sizeof path, "%.*s", (int)packet->size, (const char *)packet->data);
    copy_process(path);
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_count),
    PORTICO_RAW(2, 0, PORTICO_SIZE_ANY, on_copy),
};
static const portico_session_type types[] = {
    {.name = "session", .opcodes = PORTICO_TABLE(opcodes)},
};
static const portico_module forks = {
    .name = "forks",
    .version = "1",
    .session_types = PORTICO_TABLE(types),
};

PORTICO_MODULE(forks);
