/* http_two_hosts.c: a browser that is logged in to two hosts of one machine. It sends the cookies of
 * each to both, because browsers do not tell ports apart. */
#include "support/check.h"
#include "support/host.h"
#include "support/live.h"

#include <string.h>

enum { HOSTS = 2, NAME_MAX_ = 40 };

static char answer[1 << 20];
static uint16_t ports[HOSTS];

/* A browser's cookies for 127.0.0.1: of one name the last one counts. */
static struct {
    char name[NAME_MAX_];
    char cookie[LIVE_COOKIE];
} jar[HOSTS + 1];

static void keep_cookie(void) {
    char cookie[LIVE_COOKIE];
    CHECK(live_cookie(answer, cookie) != NULL);
    size_t size = strcspn(cookie, "=");
    int i = 0;
    while (jar[i].name[0] != '\0' &&
           (strlen(jar[i].name) != size || memcmp(jar[i].name, cookie, size) != 0)) {
        i++;
    }
    CHECK(i < HOSTS);
    snprintf(jar[i].name, sizeof jar[i].name, "%.*s", (int)size, cookie);
    snprintf(jar[i].cookie, sizeof jar[i].cookie, "%s", cookie);
}

static int ask(int which, const char *method, const char *path, const char *body) {
    char headers[LIVE_HEADERS + HOSTS * LIVE_COOKIE];
    snprintf(headers, sizeof headers, "Origin: http://127.0.0.1:%u\r\nCookie: a=b%s%s%s%s\r\n",
             (unsigned)ports[which], jar[0].cookie[0] != '\0' ? "; " : "", jar[0].cookie,
             jar[1].cookie[0] != '\0' ? "; " : "", jar[1].cookie);
    return http_ask(ports[which], method, path, headers, body, answer, sizeof answer);
}

static void expect(int first, int second) {
    CHECK_INT(ask(0, "GET", "/api/status", NULL), first);
    CHECK_INT(ask(1, "GET", "/api/status", NULL), second);
}

/* With ports that the browser sees for them, such as those of tunnels: both hosts may have the same
 * of their own. */
static void through_a_tunnel(void) {
    static const char form[] = "token=" HTTP_TOKEN;
    char request[1024];
    char cookie[LIVE_COOKIE];
    int size = snprintf(request, sizeof request,
                        "POST /login HTTP/1.1\r\nHost: localhost:9001\r\n"
                        "Origin: http://localhost:9001\r\nContent-Length: %u\r\n\r\n%s",
                        (unsigned)strlen(form), form);
    CHECK_INT(http_send(ports[0], request, (size_t)size, answer, sizeof answer), 303);
    CHECK(live_cookie(answer, cookie) != NULL);
    CHECK(strncmp(cookie, "portico_9001=", 13) == 0);
    size =
        snprintf(request, sizeof request,
                 "GET /api/status HTTP/1.1\r\nHost: localhost:9001\r\nCookie: %s\r\n\r\n", cookie);
    CHECK_INT(http_send(ports[0], request, (size_t)size, answer, sizeof answer), 200);
}

SCENARIO(http_two_hosts) {
    static const char *const names[HOSTS] = {"http_two_hosts-a", "http_two_hosts-b"};
    host *hosts[HOSTS];
    for (int i = 0; i < HOSTS; i++) {
        hosts[i] = host_start(
            &(host_options){.name = names[i], .modules = "echo", .admin_keys = "http_port = 0\n"});
        ports[i] = host_port(hosts[i], "http");
    }
    expect(401, 401);
    for (int i = 0; i < HOSTS; i++) {
        CHECK_INT(ask(i, "POST", "/login", "token=" HTTP_TOKEN), 303);
        keep_cookie();
    }
    expect(200, 200);
    CHECK_INT(ask(1, "POST", "/logout", ""), 303);
    keep_cookie();
    expect(200, 401);
    through_a_tunnel();
    for (int i = 0; i < HOSTS; i++) {
        host_stop(hosts[i]);
    }
}
