/* driver.c PORT: sdk/client/c/portico_client.c as fixtures.py asks for it. */
#include "portico_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef PORTICO_CLIENT_OPENSSL
#include <openssl/ssl.h>
#endif
#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
typedef SOCKET socket_id;
#else
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
typedef int socket_id;
#endif

enum { LINE_BYTES = 4 << 20, REPORT_BYTES = 4 << 20, READ_BYTES = 65536, PATIENCE_S = 2 };

static socket_id control;
static char lines[LINE_BYTES + 1]; /* received and not obeyed yet */
static size_t lines_size;
static char *reports; /* not sent yet */
static size_t reports_size, reports_capacity;
static uint8_t payload[LINE_BYTES / 2];
static portico_client *client;
static time_t stuck_since; /* a send has failed; 0: none has */
static bool given_up;      /* for so long that the rest is dropped */

static void fail(const char *what) {
    fprintf(stderr, "driver: %s\n", what);
    exit(1);
}

static void report(const char *text, size_t size) {
    if (reports_capacity - reports_size < size) {
        reports_capacity = 2 * (reports_capacity + size);
        reports = realloc(reports, reports_capacity);
        if (reports == NULL) {
            fail("out of memory");
        }
    }
    memcpy(reports + reports_size, text, size);
    reports_size += size;
}

static void report_event(const portico_client_event *e) {
    static char line[LINE_BYTES];
    size_t size = 0;
    const char *reason = portico_client_reason_name(e->reason);
    if (e->kind == PORTICO_CLIENT_OPEN) {
        size = (size_t)snprintf(line, sizeof line, "open\n");
    } else if (e->kind == PORTICO_CLIENT_LOST) {
        size = (size_t)snprintf(line, sizeof line, "lost %s %u %s\n", reason, (unsigned)e->pause_ms,
                                e->text);
    } else if (e->kind == PORTICO_CLIENT_CLOSED) {
        size = (size_t)snprintf(line, sizeof line, "close %s %s\n", reason, e->text);
    } else {
        size =
            (size_t)snprintf(line, sizeof line, "packet %u %s", e->opcode, e->size == 0 ? "-" : "");
        for (size_t i = 0; i < e->size; i++) {
            line[size++] = "0123456789abcdef"[e->data[i] >> 4];
            line[size++] = "0123456789abcdef"[e->data[i] & 15];
        }
        line[size++] = '\n';
    }
    report(line, size);
}

static size_t unhex(const char *text) {
    size_t size = 0;
    for (; text[0] != '-' && text[0] != '\0' && text[1] != '\0'; text += 2) {
        const char byte[3] = {text[0], text[1], '\0'};
        payload[size++] = (uint8_t)strtoul(byte, NULL, 16);
    }
    return size;
}

/* A context that trusts the certificate in a file; "-": none. */
static struct ssl_ctx_st *trust(const char *file) {
    if (strcmp(file, "-") == 0) {
        return NULL;
    }
#ifdef PORTICO_CLIENT_OPENSSL
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_load_verify_locations(context, file, NULL) != 1) {
        fail("no certificate");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return context;
#else
    fail("there is no TLS in this build");
    return NULL;
#endif
}

static void begin(const char *line) {
    static const char *const framings[] = {"u16", "u32", "line", "raw", "websocket"};
    char framing[16];
    char ca[1024];
    unsigned port, limit, reconnect, timeout, silence;
    if (sscanf(line, "%u %15s %u %u %u %u %1023s", &port, framing, &limit, &reconnect, &timeout,
               &silence, ca) != 7) {
        fail("a bad connect");
    }
    portico_client_options o = {.limit_bytes = limit,
                                .backlog_bytes = 4 << 20,
                                .timeout_ms = timeout,
                                .silence_ms = silence,
                                .reconnect = reconnect == 1,
                                .pause_min_ms = 100,
                                .pause_max_ms = 2000,
                                .tls = trust(ca)};
    for (int i = 0; i < 5; i++) {
        o.framing = strcmp(framing, framings[i]) == 0 ? (portico_client_framing)i : o.framing;
    }
    portico_client_free(client);
    given_up = false;
    client = portico_client_connect("127.0.0.1", (uint16_t)port, &o);
    if (client == NULL) {
        fail("no client");
    }
#ifdef PORTICO_CLIENT_OPENSSL
    SSL_CTX_free(o.tls); /* the client holds it */
#endif
}

/* False: it could not be sent, and is to be tried again. */
static bool sent(bool ok) {
    if (ok || given_up || !portico_client_is_open(client)) {
        stuck_since = 0;
        return true;
    }
    stuck_since = stuck_since != 0 ? stuck_since : time(NULL);
    given_up = time(NULL) - stuck_since >= PATIENCE_S;
    return false;
}

static bool obey(char *line) {
    const char *rest = strchr(line, ' ');
    if (strncmp(line, "connect ", 8) == 0) {
        begin(rest);
    } else if (strncmp(line, "send ", 5) == 0) {
        size_t size = unhex(strchr(rest + 1, ' ') + 1);
        uint16_t opcode = (uint16_t)strtoul(rest, NULL, 10);
        return sent(given_up || portico_client_send(client, opcode, payload, size));
    } else if (strncmp(line, "text ", 5) == 0) {
        size_t size = unhex(rest + 1);
        return sent(given_up || portico_client_send_text(client, (const char *)payload, size));
    } else {
        portico_client_close(client);
    }
    return true;
}

static void obey_lines(void) {
    char *at = lines;
    char *end;
    while ((end = memchr(at, '\n', lines_size - (size_t)(at - lines))) != NULL) {
        *end = '\0';
        if (!obey(at)) {
            *end = '\n';
            break;
        }
        at = end + 1;
    }
    lines_size -= (size_t)(at - lines);
    memmove(lines, at, lines_size);
}

static void send_reports(void) {
    size_t at = 0;
    while (at < reports_size) {
        size_t size = reports_size - at < READ_BYTES ? reports_size - at : READ_BYTES;
        int64_t now = send(control, reports + at, (int)size, 0);
        if (now <= 0) {
            break;
        }
        at += (size_t)now;
    }
    reports_size -= at;
    if (at > 0) {
        memmove(reports, reports + at, reports_size);
    }
}

/* Waits for the client or the control connection. */
static void wait_for_work(void) {
    portico_client_want want = portico_client_wants(client);
    socket_id server = (socket_id)want.socket;
    int ms = want.timeout_ms < 0 || want.timeout_ms > 10000 ? 10000 : want.timeout_ms;
    ms = stuck_since != 0 && ms > 50 ? 50 : ms;
    struct timeval timeout = {ms / 1000, ms % 1000 * 1000};
    fd_set to_read, to_write, failed;
    FD_ZERO(&to_read);
    FD_ZERO(&to_write);
    FD_ZERO(&failed);
    if (lines_size + READ_BYTES < LINE_BYTES) {
        FD_SET(control, &to_read);
    }
    if (reports_size > 0) {
        FD_SET(control, &to_write);
    }
    if (want.read) {
        FD_SET(server, &to_read);
    }
    if (want.write) {
        FD_SET(server, &to_write);
        FD_SET(server, &failed);
    }
    int most = (int)(server > control ? server : control) + 1;
    if (select(most, &to_read, &to_write, &failed, &timeout) < 0) {
        fail("select has failed");
    }
    if (FD_ISSET(control, &to_read)) {
        int64_t size = recv(control, lines + lines_size, READ_BYTES, 0);
        if (size <= 0) {
            portico_client_free(client);
            free(reports);
            exit(0);
        }
        lines_size += (size_t)size;
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    uint32_t buffer = REPORT_BYTES;
#ifdef _WIN32
    WSADATA data;
    (void)WSAStartup(MAKEWORD(2, 2), &data);
#endif
    address.sin_port = htons((uint16_t)strtoul(argc > 1 ? argv[1] : "0", NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    control = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(control, SOL_SOCKET, SO_SNDBUF, (const char *)&buffer, sizeof buffer);
    if (connect(control, (const struct sockaddr *)&address, sizeof address) != 0) {
        fail("cannot connect");
    }
#ifdef _WIN32
    u_long on = 1;
    (void)ioctlsocket(control, FIONBIO, &on);
#else
    (void)fcntl(control, F_SETFL, O_NONBLOCK);
#endif
    for (;;) {
        portico_client_event e;
        for (int i = 0; i < 1000 && portico_client_step(client, &e, 0); i++) {
            report_event(&e);
        }
        send_reports();
        wait_for_work();
        obey_lines();
    }
}
