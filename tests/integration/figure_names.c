/* figure_names.c: a figure of the metrics has one name in all that shows it. The host is brought to
 * figures that differ from all others, and where `ctl` shows one of them, as text or as JSON, it is
 * under the short name of a metric. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 113, CLOSED = 409, REFUSED = 307, PACKETS = 1237, LEAST = 100 };
enum { NAME_MAX_BYTES = 64, FIGURES_MAX = 256, FRAME = 9 };

typedef struct figure {
    char name[NAME_MAX_BYTES]; /* short */
    double value;
    bool sum; /* of all samples of the name */
} figure;

static char text[1 << 20];
static figure figures[FIGURES_MAX];
static size_t figure_count;

/* ---- the metrics ------------------------------------------------------------------------------ */

/* Copies the short name at `line`, which is that of a sample. */
static void short_name(const char *line, char name[NAME_MAX_BYTES]) {
    static const char suffix[] = "_total";
    line += strncmp(line, "portico_", 8) == 0 || strncmp(line, "process_", 8) == 0 ? 8 : 0;
    snprintf(name, NAME_MAX_BYTES, "%.*s", (int)strcspn(line, "{ "), line);
    size_t size = strlen(name);
    if (size > sizeof suffix && strcmp(name + size + 1 - sizeof suffix, suffix) == 0) {
        name[size + 1 - sizeof suffix] = '\0';
    }
}

static void add_figure(const char *name, double value, bool sum) {
    for (size_t i = 0; sum && i < figure_count; i++) {
        if (figures[i].sum && strcmp(figures[i].name, name) == 0) {
            figures[i].value += value;
            return;
        }
    }
    CHECK(figure_count < FIGURES_MAX);
    figure *f = &figures[figure_count++];
    snprintf(f->name, sizeof f->name, "%s", name);
    f->value = value;
    f->sum = sum;
}

static void read_metrics(host *h) {
    host_admin(h, "metrics", text, sizeof text);
    for (const char *line = text; strchr(line, '\n') != NULL; line = strchr(line, '\n') + 1) {
        char name[NAME_MAX_BYTES];
        const char *end = strchr(line, '\n');
        const char *value = end;
        while (value > line && value[-1] != ' ') {
            value--;
        }
        if (strstr(line, "le=\"") == NULL || strstr(line, "le=\"") > end) {
            short_name(line, name);
            add_figure(name, strtod(value, NULL), false);
            add_figure(name, strtod(value, NULL), true);
        }
    }
}

static void expect(const char *name, double value) {
    for (size_t i = 0; i < figure_count; i++) {
        if (figures[i].sum && strcmp(figures[i].name, name) == 0) {
            CHECK_INT((int)figures[i].value, (int)value);
            return;
        }
    }
    fprintf(stderr, "no metric has the short name %s\n", name);
    exit(1);
}

/* ---- what ctl shows --------------------------------------------------------------------------- */

static bool is_name(const char *name) {
    for (size_t i = 0; i < figure_count; i++) {
        if (strcmp(figures[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* How long something took may be any number by chance. */
static bool is_time(const char *name) {
    const char *unit = strrchr(name, '_');
    return unit != NULL && (strcmp(unit, "_ms") == 0 || strcmp(unit, "_us") == 0 ||
                            strcmp(unit, "_ns") == 0 || strcmp(unit, "_s") == 0);
}

/* A command shows the number under that name, which may end with labels. */
static void shown(const char *command, const char *name, double number) {
    char plain[NAME_MAX_BYTES];
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(name, "{"), name);
    if (number < LEAST || is_time(plain) || is_name(plain)) {
        return;
    }
    for (size_t i = 0; i < figure_count; i++) {
        if (figures[i].value == number) {
            fprintf(stderr, "`%s` shows as %s the figure %.15g, which the metrics call %s\n",
                    command, name, number, figures[i].name);
            exit(1);
        }
    }
}

/* Every pair of a word and a number: `accepted 522`, or `"accepted": 522,`. Returns how many there
 * are. */
static int look(const char *command) {
    char word[NAME_MAX_BYTES] = "";
    int pairs = 0;
    for (const char *at = text; *at != '\0';) {
        char next[NAME_MAX_BYTES];
        size_t size = strcspn(at, " :\n");
        snprintf(next, sizeof next, "%.*s", (int)(size - (*at == '"' ? 1 : 0)),
                 at + (*at == '"' ? 1 : 0));
        next[strcspn(next, "\"\\")] = '\0';
        if (isdigit((unsigned char)next[0]) && isalpha((unsigned char)word[0])) {
            shown(command, word, strtod(next, NULL));
            pairs++;
        }
        if (next[0] != '\0') {
            memcpy(word, next, sizeof word);
        }
        at += size + (at[size] != '\0');
    }
    return pairs;
}

static void expect_one_name(host *h) {
    static const char *const commands[] = {"status",      "top",      "modules",
                                           "json status", "json top", "json modules"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        host_admin(h, commands[i], text, sizeof text);
        CHECK(look(commands[i]) > 0);
    }
}

/* ---- the figures ------------------------------------------------------------------------------ */

static void refusals(host *h, net_socket *only) {
    *only = net_connect(host_port(h, "second"));
    wire_expect_echo(*only, WIRE_U16, 1, "hello");
    for (int i = 0; i < REFUSED; i++) {
        net_socket s = net_connect(host_port(h, "second"));
        CHECK(net_wait_end(s, 20000));
        net_close(s);
    }
}

/* Two packets at a time: there are fewer calls and batches than packets. */
static void pairs(net_socket s) {
    uint8_t two[2 * FRAME];
    uint8_t answer[2 * FRAME];
    (void)wire_frame(WIRE_U16, two, 1, "hello", 5);
    (void)wire_frame(WIRE_U16, two + FRAME, 1, "world", 5);
    for (int i = 1; i < PACKETS; i += 2) {
        net_send_all(s, two, sizeof two);
        CHECK(net_recv_exactly(s, answer, sizeof answer));
        CHECK(memcmp(answer, two, sizeof two) == 0);
    }
}

static void sessions(host *h, net_socket kept[KEPT]) {
    for (int i = 0; i < CLOSED; i++) {
        net_socket s = net_connect(host_port(h, "game"));
        net_close(s);
    }
    for (int i = 0; i < KEPT; i++) {
        kept[i] = net_connect(host_port(h, "game"));
    }
    pairs(kept[0]);
    host_wait_figure(h, "connections_closed", CLOSED);
    host_wait_figure(h, "connections_accepted", CLOSED + KEPT + 1);
}

SCENARIO(figure_names) {
    host_options options = {
        .name = "figure_names",
        .workers = 2,
        .modules = "echo",
        .listeners = {{"game", "echo.session", "max_per_address = 1000\n"},
                      {"second", "echo.session", "max_sessions = 1\n"}},
    };
    net_socket kept[KEPT];
    net_socket only;
    host *h = host_start(&options);
    refusals(h, &only);
    sessions(h, kept);
    read_metrics(h);
    expect("sessions", KEPT + 1);
    expect("connections_accepted", CLOSED + KEPT + 1);
    expect("connections_closed", CLOSED);
    expect("connections_refused", REFUSED);
    expect("received_packets", PACKETS);
    expect("sent_bytes", PACKETS * FRAME);
    expect_one_name(h);
    for (int i = 0; i < KEPT; i++) {
        net_close(kept[i]);
    }
    net_close(only);
    host_stop(h);
}
