/* tls_reload.c: clients get the certificate for the name that they ask for; `ctl reload
 * certificates` gives new clients the new ones, keeps those that are connected, and changes nothing
 * if a file is bad. A module is swapped while clients are connected over TLS. The log says which
 * certificates expire soon. */
#include "support/check.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"

#include <stdio.h>
#include <string.h>

enum { DAY_S = 24 * 3600, PATH_SIZE = 1024 };

static char folder[512];

static const char *at(const char *name) {
    static char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_pair(const char *name, const char *file, int key, int64_t to_s) {
    char path[64];
    char hosts[64];
    snprintf(hosts, sizeof hosts, "DNS:%s", name);
    const tls_made made = {.name = name, .hosts = hosts, .key = key, .to_s = to_s};
    snprintf(path, sizeof path, "%s.pem", file);
    tls_write_certificate(at(path), &made);
    snprintf(path, sizeof path, "%s.key", file);
    tls_write_key(at(path), key);
}

static tls_client *connect_to(host *h, const char *name, const char *right) {
    char found[128];
    const tls_options o = {.port = host_port(h, "game"), .server_name = name};
    tls_client *c = tls_connect(&o);
    tls_peer_name(c, found, sizeof found);
    CHECK_TEXT(found, right);
    tls_expect_echo(c, 1, "hello");
    return c;
}

static void check_names(host *h) {
    tls_close(connect_to(h, "a.test", "a.test"));
    tls_close(connect_to(h, "B.TEST", "b.test"));
    tls_close(connect_to(h, "unknown.test", "a.test"));
    tls_close(connect_to(h, NULL, "a.test"));
}

static void check_reload(host *h) {
    char answer[2048];
    char found[128];
    tls_client *before = connect_to(h, "b.test", "b.test");
    write_pair("c.test", "b", TLS_KEY_C, 0);
    tls_close(connect_to(h, "b.test", "b.test")); /* not before it is asked for */
    CHECK_INT(host_ctl(h, "reload", "certificates", answer, sizeof answer), 0);
    CHECK(strstr(answer, "new connections to 5 listeners and connectors") != NULL);
    tls_close(connect_to(h, "c.test", "c.test"));
    tls_close(connect_to(h, "b.test", "a.test"));
    tls_expect_echo(before, 2, "still there");

    /* Bad ones: damaged, with another key, expired. */
    file_write(at("b.pem"), "nonsense", 8);
    CHECK_INT(host_ctl(h, "reload", "certificates", answer, sizeof answer), 1);
    CHECK(strstr(answer, "b.pem: there is no certificate in it") != NULL);
    CHECK(strstr(answer, "the certificates before stay in use") != NULL);
    tls_close(connect_to(h, "c.test", "c.test"));
    write_pair("c.test", "b", TLS_KEY_C, 0);
    tls_write_key(at("b.key"), TLS_KEY_B);
    CHECK_INT(host_ctl(h, "reload", "certificates", answer, sizeof answer), 1);
    CHECK(strstr(answer, "b.key: it is not the key of the certificate /CN=c.test") != NULL);
    write_pair("c.test", "b", TLS_KEY_C, -60);
    CHECK_INT(host_ctl(h, "reload", "certificates", answer, sizeof answer), 1);
    CHECK(strstr(answer, "/CN=c.test expired") != NULL);
    tls_close(connect_to(h, "c.test", "c.test"));
    CHECK_INT(host_ctl(h, "reload", "modules", answer, sizeof answer), 1);

    tls_peer_name(before, found, sizeof found);
    CHECK_TEXT(found, "b.test");
    tls_expect_echo(before, 3, "and still");
    tls_close(before);
}

static void check_swap(host *h) {
    char answer[2048];
    tls_client *c = connect_to(h, "a.test", "a.test");
    for (int i = 0; i < 5; i++) {
        host_admin(h, "swap echo", answer, sizeof answer);
        tls_expect_echo(c, (uint16_t)i, "across a swap");
    }
    tls_close(c);
}

static void check_expiry(host *h) {
    host_wait_log(h, "/CN=month.test expires in 19 days", 1);
    host_wait_log(h, "/CN=week.test expires in 4 days", 1);
    host_wait_log(h, "/CN=hours.test expires in 9 hours", 1);
    host_wait_log(h, "/CN=past.test has expired", 1);
    CHECK_INT(host_log_settled(h, "/CN=a.test expires"), 0);
    /* It is served all the same: a host that starts again must let players in. */
    const tls_options o = {.port = host_port(h, "past")};
    tls_client *c = tls_connect(&o);
    tls_expect_echo(c, 1, "expired");
    tls_close(c);
}

SCENARIO(tls_reload) {
    char line[512];
    snprintf(folder, sizeof folder, "%s/tls_reload", host_test_folder());
    folder_make(host_test_folder());
    folder_make(folder);
    write_pair("a.test", "a", TLS_KEY_A, 0);
    write_pair("b.test", "b", TLS_KEY_RSA, 0);
    write_pair("month.test", "month", TLS_KEY_B, 20 * DAY_S - 60);
    write_pair("week.test", "week", TLS_KEY_B, 5 * DAY_S - 60);
    write_pair("hours.test", "hours", TLS_KEY_B, 10 * 3600 - 60);
    write_pair("past.test", "past", TLS_KEY_B, -60);
    host_options options = {
        .name = "tls_reload",
        .modules = "echo",
        .listeners =
            {
                {"game", "echo.session",
                 "tls = yes\ncertificate = a.pem, b.pem\nkey = a.key, b.key\n"},
                {"month", "echo.session", "tls = yes\ncertificate = month.pem\nkey = month.key\n"},
                {"week", "echo.session", "tls = yes\ncertificate = week.pem\nkey = week.key\n"},
                {"hours", "echo.session", "tls = yes\ncertificate = hours.pem\nkey = hours.key\n"},
                {"past", "echo.session", "tls = yes\ncertificate = past.pem\nkey = past.key\n"},
                {"plain", "echo.session", NULL},
            },
    };
    host *h = host_start(&options);
    host_expect_error(h, "certificates are not reloaded");
    check_expiry(h);
    write_pair("past.test", "past", TLS_KEY_B, 0);
    check_names(h);
    check_reload(h);
    check_swap(h);
    host_status_line(h, "listener game ", line, sizeof line);
    CHECK(strstr(line, " tls") != NULL);
    host_status_line(h, "listener plain ", line, sizeof line);
    CHECK(strstr(line, " tls") == NULL);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}
