/* Nothing that the seam opens is inherited by another program that foreign code starts: not a port,
 * a socket, a file, an alarm, a thread or a library. A copy of the process (Linux: fork) keeps no
 * socket either: a listening address becomes free and a connection ends while the copy lives. */
#include "contract.h"

#include "support/net.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

enum { NUMBERS = 4096, COPY_MAX_MS = 20000 };

/* Whether a program that is started now would get the descriptor or handle. */
static bool is_inherited(int number) {
#if defined(_WIN32)
    DWORD flags = 0;
    return GetHandleInformation((HANDLE)(uintptr_t)(4u * (unsigned)number), &flags) &&
           (flags & HANDLE_FLAG_INHERIT) != 0;
#else
    int flags = fcntl(number, F_GETFD);
    return flags >= 0 && (flags & FD_CLOEXEC) == 0;
#endif
}

static void nothing(void *arg) {
    (void)arg;
}

static void check_programs(void) {
    bool before[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) {
        before[i] = is_inherited(i);
    }
    os_address address;
    os_port *port = contract_port();
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    pair p = pair_open(port);
    os_alarm *alarm = NULL;
    os_thread *thread = NULL;
    FILE *file = os_fopen("contract_inherited", "w");
    CHECK(file != NULL);
    FILE *again = os_fopen("contract_inherited", "rb");
    CHECK(again != NULL);
    CHECK_OK(os_alarm_create(&alarm));
    CHECK_OK(os_thread_start(&thread, "nothing", nothing, NULL));
    int inherited = 0;
    for (int i = 0; i < NUMBERS; i++) {
        inherited += !before[i] && is_inherited(i);
    }
    CHECK_EQ(inherited, 0);
    os_thread_join(thread);
    os_alarm_destroy(alarm);
    fclose(again);
    fclose(file);
    CHECK_OK(os_file_remove("contract_inherited"));
    pair_close(&p);
    os_close(listener, false);
    os_port_destroy(port);
}

#if !defined(_WIN32)
static void check_copies(void) {
    static const os_listen_options options = {.backlog = 1, .reuse_address = true};
    os_address address;
    os_socket *listener;
    os_port *port = contract_port();
    CHECK_OK(os_address_parse("127.0.0.1", 0, &address));
    CHECK_OK(os_listen(port, &address, &options, &listener));
    CHECK_OK(os_socket_address(listener, &address));
    probe accept = {0};
    CHECK_OK(probe_accept(&accept, listener));
    net_socket peer = net_connect(address.port);
    CHECK_OK(probe_wait(&accept, port));
    pid_t copy = fork();
    CHECK(copy >= 0);
    if (copy == 0) {
        for (;;) {
            pause();
        }
    }
    os_close(listener, false);
    os_close(accept.accept.socket, false);
    CHECK(net_wait_end(peer, NET_TIMEOUT_MS));
    net_close(peer);
    portico_status status = os_listen(port, &address, &options, &listener);
    for (int i = 0; i < COPY_MAX_MS && status == PORTICO_E_ADDRESS_IN_USE; i++) {
        os_sleep(1); /* the copy may not have run yet */
        status = os_listen(port, &address, &options, &listener);
    }
    CHECK_OK(status);
    CHECK_EQ(kill(copy, SIGKILL), 0);
    CHECK_EQ(waitpid(copy, NULL, 0), copy);
    os_close(listener, false);
    os_port_destroy(port);
}
#endif

SCENARIO(inherited) {
    check_programs();
#if !defined(_WIN32)
    check_copies();
#endif
}
