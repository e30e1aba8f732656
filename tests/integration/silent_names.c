/* silent_names.c: the name server does not answer, for half a minute. A swap, an unload and the
 * stop are over before the name of a connector has been given up, so they have not waited for it.
 *
 * The test has a network and a file /etc/resolv.conf of its own, if the system lets it (Linux). */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"

#include <stdio.h>
#include <string.h>

#if defined(__linux__)
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { DNS_PORT = 53, QUERY_S = 20 };

static bool write_text(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
    if (file >= 0) {
        close(file);
    }
    return written;
}

static bool loopback_up(void) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up = s >= 0 && ioctl(s, SIOCSIFFLAGS, &request) == 0;
    if (s >= 0) {
        close(s);
    }
    return up;
}

/* In namespaces of our own we may do all this. */
static bool own_network(void) {
    char map[32];
    snprintf(map, sizeof map, "0 %u 1", (unsigned)getuid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) != 0 ||
        !write_text("/proc/self/uid_map", map) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return false;
    }
    return write_text("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:1\n") &&
           mount("resolv.conf", "/etc/resolv.conf", NULL, MS_BIND, NULL) == 0 && loopback_up();
}

/* A name server that receives, and never answers. -1: the system does not let us. */
static int silent_server(void) {
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(DNS_PORT),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = QUERY_S};
    if (!own_network()) {
        return -1;
    }
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s >= 0 && (bind(s, (const struct sockaddr *)&address, sizeof address) != 0 ||
                   setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)) {
        close(s);
        s = -1;
    }
    return s;
}

/* Waits until the host asks for the name. */
static void expect_query(int server) {
    char query[512];
    CHECK(recv(server, query, sizeof query, 0) > 0);
}
#else
static int silent_server(void) {
    return -1;
}

static void expect_query(int server) {
    (void)server;
}
#endif

SCENARIO(silent_names) {
    int server = silent_server();
    if (server < 0) {
        printf("skipped: the system does not let the test have a name server of its own\n");
        return;
    }
    host_options options = {.name = "silent_names",
                            .modules = "echo counts",
                            .body = "[connector far]\naddress = peer.example\nport = 7\n"
                                    "type = counts.session\n"};
    host *h = host_start(&options);
    expect_query(server);
    host_admin(h, "swap --force counts", NULL, 0);
    host_admin(h, "unload counts", NULL, 0);
    CHECK_INT(host_log_count(h, "cannot keep a connection"), 0);
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    CHECK_INT(host_log_count(h, "cannot keep a connection"), 0);
    host_finish(h, 0);
}
