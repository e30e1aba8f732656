/* ctl.c: see ctl.h. */
#include "admin/ctl.h"

#include "admin/command.h"
#include "admin/search.h"
#include "admin/top_options.h"
#include "admin/top_screen.h"
#include "admin/trace_options.h"
#include "base/system_text.h"

#include <stdlib.h>
#include <string.h>

enum { COMMAND_MAX = 4096 };

static const char usage_text[] =
    "       portico ctl [-c FILE] [--timeout SECONDS] [--json] COMMAND\n"
    "                                      talk to the running host of the configuration FILE\n"
    "         Without -c, to the one host that runs of portico.ini and the other .ini files in\n"
    "           1. conf in the working folder\n"
    "           2. ../conf beside the folder of this executable\n"
    "         SECONDS: how long to wait for the answer; without it 10, and 120 for commands that\n"
    "           load, swap or unload\n"
    "         --json prints the answer as one JSON object; top then prints totals, once, and stop\n"
    "           does not wait; trace prints one object a line\n"
    "         COMMAND: ";

void ctl_usage(FILE *to) {
    char commands[2048];
    command_list("\n                  ", commands, sizeof commands);
    fprintf(to, "%s%s\n", usage_text, commands);
    fprintf(
        to,
        "         swap --plan changes nothing: it loads the new build, runs its constructors\n"
        "         and migrate, and reports what a swap would do. swap --force swaps an\n"
        "         unchanged file, too.\n"
        "         stop waits until the host has ended, and ends with its exit code: 0, or 71 if\n"
        "         it was stuck. stop --no-wait only asks it to stop.\n");
}

static int wrong_usage(const char *what) {
    fprintf(stderr, "portico ctl: %s\n", what);
    return 2;
}

/* ---- top ------------------------------------------------------------------------------------- */

static void take_sample_line(void *arg, const char *line) {
    top_sample_line(arg, line);
}

static int top_ask(client *c, const char *command, top_sample *s) {
    memset(s, 0, sizeof *s);
    return client_ask(c, command, take_sample_line, s);
}

/* Each block shows the time between two answers; the first answer only begins it. Ends after
 * options->count blocks, or with Ctrl+C. */
static int top_show(client *c, const char *command, const top_options *options,
                    top_sample samples[3]) {
    bool terminal = os_terminal(stdout);
    top_sample *shown = &samples[2];
    int code = top_ask(c, command, &samples[0]);
    if (terminal) {
        printf("\x1b[H\x1b[Jmeasuring ...\n");
        fflush(stdout);
    }
    for (uint32_t i = 0; code == 0 && (options->count == 0 || i < options->count); i++) {
        client_pause(c, options->interval_ms);
        if (client_interrupted()) {
            break;
        }
        const top_sample *before = &samples[i % 2];
        top_sample *now = &samples[(i + 1) % 2];
        code = top_ask(c, command, now);
        if (code == 0 && !client_interrupted()) {
            *shown = *now;
            top_sample_since(shown, before);
            top_screen_show(stdout, shown, terminal);
        }
    }
    return code;
}

static int run_top(client *c, const char *command, const top_options *options) {
    top_sample *samples = calloc(3, sizeof *samples);
    if (samples == NULL) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    int code = top_show(c, command, options, samples);
    free(samples);
    return code;
}

/* ---- stop ------------------------------------------------------------------------------------ */

/* The line that ends the answer has the exit code of the host. */
static void take_stop_line(void *arg, const char *line) {
    static const char before[] = "with exit code ";
    const char *at = strstr(line, before);
    if (at != NULL) {
        *(int *)arg = atoi(at + sizeof before - 1);
    }
    printf("%s\n", line);
    fflush(stdout);
}

enum { LAST_MS = 60000 }; /* a host that is stuck writes a report before it ends */

/* Waits until the host has ended, and returns its exit code; 1: it is not known. */
static int run_stop(client *c, const char *command, uint32_t timeout_ms) {
    int host_code = -1;
    client_follow_lines(c);
    if (timeout_ms != 0) {
        client_set_end(c, os_monotonic_ms() + timeout_ms,
                       "the host has not ended within the time of --timeout. It continues to stop, "
                       "and its log says how that ends");
    }
    int code = client_ask(c, command, take_stop_line, &host_code);
    if (code == 0 && host_code >= 0) {
        client_set_timeout(c, LAST_MS);
        code = client_await_end(c);
    }
    return code == 0 && host_code >= 0 ? host_code : code;
}

/* ---- trace ----------------------------------------------------------------------------------- */

/* Somebody may watch, also through a pipe. */
static void print_now(void *arg, const char *line) {
    (void)arg;
    printf("%s\n", line);
    fflush(stdout);
}

/* Prints what happens until the trace ends, or Ctrl+C. Nothing may happen until its time is over.
 */
static int run_trace(client *c, const char *command, uint32_t seconds, uint32_t timeout_ms) {
    client_follow_lines(c);
    client_set_timeout(c, seconds * 1000 + timeout_ms);
    return client_ask(c, command, print_now, NULL);
}

/* ---- the options ----------------------------------------------------------------------------- */

enum { SHORT_TIMEOUT_MS = 10000, LONG_TIMEOUT_MS = 120000 };

/* Those before the command. */
typedef struct ctl_options {
    const char *file;    /* NULL: the one that runs */
    uint32_t timeout_ms; /* 0: that of the command */
    bool json;           /* print the answer as JSON */
} ctl_options;

/* Reads 0.1 to 3600 seconds. 0: the text is no such number. */
static uint32_t parse_seconds(const char *text) {
    char *end = NULL;
    double seconds = strtod(text, &end);
    bool digits = strspn(text, "0123456789.") == strlen(text);
    return digits && end != text && *end == '\0' && seconds >= 0.1 && seconds <= 3600
               ? (uint32_t)(seconds * 1000)
               : 0;
}

/* Takes the options off the arguments. False: it has printed what is wrong. */
static bool take_options(int *argc, char ***argv, ctl_options *options) {
    while (*argc >= 1) {
        const char *name = (*argv)[0];
        const char *value = *argc >= 2 ? (*argv)[1] : NULL;
        if (strcmp(name, "--json") == 0) {
            options->json = true;
            (*argc)--;
            (*argv)++;
            continue;
        }
        if (value == NULL) {
            return true;
        }
        if (strcmp(name, "-c") == 0 || strcmp(name, "--config") == 0) {
            options->file = value;
        } else if (strcmp(name, "--timeout") == 0) {
            options->timeout_ms = parse_seconds(value);
            if (options->timeout_ms == 0) {
                fprintf(stderr, "portico ctl: --timeout %s: it must be 0.1 to 3600 seconds\n",
                        value);
                return false;
            }
        } else {
            return true;
        }
        *argc -= 2;
        *argv += 2;
    }
    return true;
}

/* ---- the command ----------------------------------------------------------------------------- */

static void print_line(void *arg, const char *line) {
    (void)arg;
    printf("%s\n", line);
}

/* False: the words do not fit, or one has a line break. */
static bool join_words(int count, char **words, char text[COMMAND_MAX]) {
    size_t used = 0;
    for (int i = 0; i < count && used < COMMAND_MAX; i++) {
        used +=
            (size_t)snprintf(text + used, COMMAND_MAX - used, "%s%s", i > 0 ? " " : "", words[i]);
    }
    return used < COMMAND_MAX && strpbrk(text, "\r\n") == NULL;
}

/* Makes the file in `command` absolute: the host may run in another folder. False: it does not
 * fit. */
static bool make_file_absolute(command_id id, const char *argument, char command[COMMAND_MAX]) {
    const char *file = command_file(id, argument);
    char absolute[COMMAND_MAX];
    if (file == NULL) {
        return true;
    }
    size_t at = (size_t)(file - command);
    if (os_path_absolute(file, absolute, sizeof absolute) != PORTICO_OK ||
        strlen(absolute) >= COMMAND_MAX - at) {
        return false;
    }
    memcpy(command + at, absolute, strlen(absolute) + 1);
    return true;
}

/* What the commands that have options of their own have read. */
typedef struct command_options {
    top_options top;
    trace_spec trace;
} command_options;

static int ctl_run(const ctl_options *own, command_id id, const char *command, const char *argument,
                   const command_options *options) {
    if ((id == COMMAND_top || id == COMMAND_trace) && client_catch_interrupt() != PORTICO_OK) {
        fprintf(stderr, "Ctrl+C will end at once (%s)\n", system_text(os_error()));
    }
    int code = 1;
    client *c = search_host(own->file, &code);
    if (c == NULL) {
        return client_interrupted() ? 0 : code;
    }
    uint32_t usual_ms = command_may_take_long(id) ? LONG_TIMEOUT_MS : SHORT_TIMEOUT_MS;
    uint32_t timeout_ms = own->timeout_ms != 0 ? own->timeout_ms : usual_ms;
    client_set_timeout(c, timeout_ms);
    char line[COMMAND_MAX + 8];
    snprintf(line, sizeof line, "%s%s", own->json ? "json " : "", command);
    if (id == COMMAND_trace) {
        code = run_trace(c, line, options->trace.seconds, timeout_ms);
    } else if (own->json) {
        code = client_ask(c, line, print_line, NULL);
    } else if (id == COMMAND_top) {
        code = run_top(c, command, &options->top);
    } else if (id == COMMAND_stop && argument[0] == '\0') {
        code = run_stop(c, command, own->timeout_ms);
    } else {
        code = client_ask(c, command, print_line, NULL);
    }
    client_close(c);
    return code;
}

int ctl_main(int argc, char **argv) {
    static const char too_long[] = "the command is too long, or has a line break";
    ctl_options own = {0};
    const char *argument = NULL;
    char command[COMMAND_MAX] = "";
    char why[COMMAND_WHY_MAX];
    command_options options;
    if (argc >= 1 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
        printf("usage:\n");
        ctl_usage(stdout);
        return 0;
    }
    if (!take_options(&argc, &argv, &own)) {
        return 2;
    }
    if (argc < 1) {
        fprintf(stderr, "portico ctl: which COMMAND? usage:\n");
        ctl_usage(stderr);
        return 2;
    }
    if (!join_words(argc, argv, command)) {
        return wrong_usage(too_long);
    }
    command_id id = command_parse(command, &argument, why);
    if (id == COMMAND_COUNT) {
        return wrong_usage(why);
    }
    if (argc > command_words(id)) {
        return wrong_usage("too many words; quote a name that has blanks");
    }
    if ((id == COMMAND_top && !top_options_parse(argument, &options.top, why)) ||
        (id == COMMAND_trace && !trace_options_parse(argument, &options.trace, why))) {
        return wrong_usage(why);
    }
    if (!make_file_absolute(id, argument, command)) {
        return wrong_usage(too_long);
    }
    return ctl_run(&own, id, command, argument, &options);
}
