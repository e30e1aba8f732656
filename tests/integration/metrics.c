/* metrics.c: `ctl metrics`, and what --json prints of each command: the figures are right, and the
 * same as those of `ctl status`. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[1 << 20];

enum { PACKETS = 7 };

/* The value of a sample; -1: there is none. */
static double sample(host *h, const char *name) {
    char line[256];
    host_admin(h, "metrics", text, sizeof text);
    snprintf(line, sizeof line, "\n%s ", name);
    const char *at = strstr(text, line);
    return at != NULL ? strtod(at + strlen(line), NULL) : -1;
}

/* Sent bytes, and the turn that sent them, may be counted only after the client has received them.
 */
static void expect(host *h, const char *name, double value) {
    uint64_t end_ms = clock_now_ms() + 20000;
    double found = sample(h, name);
    while (found != value) {
        if (clock_now_ms() >= end_ms) {
            fprintf(stderr, "%s is %g, not %g:\n%s", name, found, value, text);
            exit(1);
        }
        clock_sleep_ms(5);
        found = sample(h, name);
    }
}

static void traffic(host *h) {
    net_socket s = net_connect(host_port(h, "game"));
    for (int i = 0; i < PACKETS; i++) {
        wire_expect_echo(s, WIRE_U16, 1, "hello");
    }
    expect(h, "portico_sessions{listener=\"game\"}", 1);
    expect(h, "portico_received_packets_total{listener=\"game\"}", PACKETS);
    expect(h, "portico_sent_packets_total{listener=\"game\"}", PACKETS);
    expect(h, "portico_received_bytes_total{listener=\"game\"}", PACKETS * 9);
    expect(h, "portico_sent_bytes_total{listener=\"game\"}", PACKETS * 9);
    expect(h, "portico_received_packets_total{listener=\"second\"}", 0);
    host_wait_figure(h, "received_packets", PACKETS);
    host_wait_figure(h, "sent_bytes", PACKETS * 9);
    /* The scrapes above have begun to measure turns. */
    wire_expect_echo(s, WIRE_U16, 1, "hello");
    expect(h, "portico_turn_duration_seconds_count{module=\"echo\",kind=\"opcode\"}", 1);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    expect(h, "portico_connections_closed_total{listener=\"game\",reason=\"eof\"}", 1);
}

static void limits(host *h) {
    net_socket first = net_connect(host_port(h, "second"));
    wire_expect_echo(first, WIRE_U16, 1, "hello");
    net_socket second = net_connect(host_port(h, "second"));
    CHECK(net_wait_end(second, 10000));
    expect(h, "portico_connections_refused_total{listener=\"second\",reason=\"max_sessions\"}", 1);
    static const unsigned char bad[] = {1, 0, 1, 0}; /* smaller than its header */
    net_send_all(first, bad, sizeof bad);
    CHECK(net_wait_end(first, 10000));
    host_wait_figure(h, "sessions", 0);
    expect(h, "portico_packets_rejected_total{listener=\"second\",reason=\"frame\"}", 1);
    expect(h, "portico_connections_closed_total{listener=\"second\",reason=\"frame\"}", 1);
    expect(h, "portico_send_queue_bytes", 0);
    net_close(first);
    net_close(second);
}

static void swaps(host *h) {
    CHECK(!host_try_admin(h, "swap echo /nowhere", text, sizeof text));
    expect(h, "portico_swaps_total{module=\"echo\",result=\"refused\"}", 1);
    host_admin(h, "swap --force echo", text, sizeof text);
    expect(h, "portico_swaps_total{module=\"echo\",result=\"swapped\"}", 1);
    CHECK(sample(h, "portico_swap_pause_seconds{module=\"echo\"}") > 0);
    expect(h, "portico_module_info{module=\"echo\",version=\"0.1.0\",generation=\"2\"}", 1);
    host_expect_error(h, "echo is not swapped");
}

/* Brackets and quotes fit, and it is one object. */
static void expect_object(const char *json) {
    int depth = 0;
    bool quoted = false;
    const char *at = json;
    CHECK_INT(*at, '{');
    do {
        quoted = *at == '"' ? !quoted : quoted;
        at += quoted && *at == '\\';
        depth += !quoted && (*at == '{' || *at == '[');
        depth -= !quoted && (*at == '}' || *at == ']');
        CHECK(*at != '\0');
        at++;
    } while (depth > 0);
    CHECK_TEXT(at, "\n");
}

/* Runs `portico ctl --json WORD...`. */
static void expect_json(host *h, int code, const char *word, const char *argument,
                        const char *part) {
    char path[1200];
    snprintf(path, sizeof path, "%s/json.txt", host_folder(h));
    const char *arguments[] = {host_executable(), "ctl", "-c",     host_ini(h),
                               "--json",          word,  argument, NULL};
    CHECK_INT(process_run(arguments, path, 20000), code);
    char *found = file_read(path, NULL);
    CHECK(found != NULL);
    if (code == 0) {
        expect_object(found);
    }
    if (strstr(found, part) == NULL) {
        fprintf(stderr, "%s has no %s:\n%s", word, part, found);
        exit(1);
    }
    free(found);
}

static void json(host *h) {
    expect_json(h, 0, "status", NULL, "\"received_packets\": 9");
    expect_json(h, 0, "sessions", NULL, "\"sessions\": []");
    expect_json(h, 0, "modules", NULL, "\"name\": \"echo.session\"");
    expect_json(h, 0, "faults", NULL, "\"faults\": []");
    expect_json(h, 0, "top", NULL, "\"now_ns\": ");
    expect_json(h, 0, "metrics", NULL, "\"name\": \"portico_received_packets_total\"");
    expect_json(h, 0, "swap", "echo", "\"lines\": [\n    \"nothing has changed");
    expect_json(h, 1, "kick", "12", "\"status\": \"PORTICO_E_GONE\"");
    expect_json(h, 1, "unload", "nowhere", "\"ok\": false");
}

SCENARIO(metrics) {
    host_options options = {
        .name = "metrics",
        .workers = 2,
        .modules = "echo",
        .listeners = {{"game", "echo.session", NULL},
                      {"second", "echo.session", "max_sessions = 1\n"}},
    };
    host *h = host_start(&options);
    traffic(h);
    limits(h);
    json(h);
    swaps(h);
    host_wait_log(h, "`swap --force echo` by ctl at 127.0.0.1:", 1);
    host_stop(h);
}
