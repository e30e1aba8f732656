/* Connections that know the token, or are local, and do not read their answers keep no
 * administrator out: when all places are taken, the one that has read nothing for longest makes
 * way. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

#if !defined(_WIN32)
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#endif

enum { PLACES = 32, COMMANDS = 64, ASK_MAX = 1000000, STILL_MS = 300, PAUSE_MS = 10 };

static char text[65536];
static char asking[COMMANDS * 8 + 1];

/* A connection that knows the token and can take few bytes. */
static net_socket trusted(host *h) {
    net_socket s = net_connect_narrow(host_port(h, "admin"));
    host_sign_in(s);
    net_set_nonblocking(s);
    return s;
}

/* All ask, and read nothing, until the host reads no further command for a while. */
static void ask_until_full(const net_socket sockets[PLACES]) {
    uint64_t sent_ms = clock_now_ms();
    for (int i = 0; i < ASK_MAX && clock_now_ms() - sent_ms < STILL_MS; i++) {
        int sent = net_send_some(sockets[i % PLACES], asking, sizeof asking - 1);
        if (sent > 0) {
            sent_ms = clock_now_ms();
        } else if (i % PLACES == 0) {
            clock_sleep_ms(PAUSE_MS);
        }
    }
}

static uint32_t made_way(host *h) {
    unsigned count = 0;
    host_status_line(h, "admin ", text, sizeof text);
    const char *at = strstr(text, " made_way ");
    CHECK(at != NULL && sscanf(at, " made_way %u", &count) == 1);
    return count;
}

static void over_tcp(host *h) {
    net_socket sockets[PLACES];
    host_drop_admin(h);
    for (int i = 0; i < PLACES; i++) {
        sockets[i] = trusted(h);
    }
    ask_until_full(sockets);
    CHECK(made_way(h) > 0); /* over TCP, on a connection of its own */
    for (int i = 0; i < PLACES; i++) {
        net_close(sockets[i]);
    }
}

#if !defined(_WIN32)

static net_socket local(host *h) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[1024];
    char name[64];
    const char *ini = strrchr(host_ini(h), '/');
    CHECK(ini != NULL);
    (void)snprintf(name, sizeof name, "%.*s.sock", (int)strcspn(ini + 1, "."), ini + 1);
    (void)snprintf(path, sizeof path, "%s/run", host_folder(h));
    char before[1024];
    CHECK(getcwd(before, sizeof before) != NULL);
    CHECK_INT(chdir(path), 0); /* the address has 108 bytes */
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(s >= 0 && connect(s, (const struct sockaddr *)&address, sizeof address) == 0);
    CHECK_INT(chdir(before), 0);
    net_set_nonblocking((net_socket)s);
    return (net_socket)s;
}

static void over_local(host *h) {
    net_socket sockets[PLACES];
    for (int i = 0; i < PLACES; i++) {
        sockets[i] = local(h);
    }
    ask_until_full(sockets);
    CHECK_INT(host_ctl(h, "status", NULL, text, sizeof text), 0);
    CHECK(strstr(text, " local 32 ") != NULL);
    for (int i = 0; i < PLACES; i++) {
        net_close(sockets[i]);
    }
}

#else

static void over_local(host *h) {
    (void)h;
}

#endif

SCENARIO(admin_unread) {
    for (int i = 0; i < COMMANDS; i++) {
        memcpy(asking + i * 8, "modules\n", 8);
    }
    host_options options = {.name = "admin_unread", .modules = "echo"};
    host *h = host_start(&options);
    over_tcp(h);
    over_local(h);
    host_stop(h);
}
