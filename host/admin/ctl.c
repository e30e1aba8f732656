/* ctl.c: see ctl.h. */
#include "admin/ctl.h"

#include "admin/command.h"
#include "admin/search.h"
#include "admin/top_options.h"
#include "admin/top_screen.h"
#include "base/system_text.h"

#include <stdlib.h>
#include <string.h>

enum { COMMAND_MAX = 4096 };

static const char usage_text[] =
    "       portico ctl [-c FILE] COMMAND  talk to the running host of the configuration FILE\n"
    "         Without -c, to the one host that runs of portico.ini and the other .ini files in\n"
    "           1. conf in the working folder\n"
    "           2. ../conf beside the folder of this executable\n"
    "         COMMAND: ";

void ctl_usage(FILE *to) {
    char commands[1024];
    command_list("\n                  ", commands, sizeof commands);
    fprintf(to, "%s%s\n", usage_text, commands);
    fprintf(to,
            "         swap --plan changes nothing: it loads the new build, runs its constructors\n"
            "         and migrate, and reports what a swap would do. swap --force swaps an\n"
            "         unchanged file, too.\n");
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

static int ctl_run(const char *file, command_id id, const char *command,
                   const top_options *options) {
    if (id == COMMAND_top && client_catch_interrupt() != PORTICO_OK) {
        fprintf(stderr, "Ctrl+C will end at once (%s)\n", system_text(os_error()));
    }
    int code = 1;
    client *c = search_host(file, &code);
    if (c == NULL) {
        return client_interrupted() ? 0 : code;
    }
    code =
        id == COMMAND_top ? run_top(c, command, options) : client_ask(c, command, print_line, NULL);
    client_close(c);
    return code;
}

int ctl_main(int argc, char **argv) {
    static const char too_long[] = "the command is too long, or has a line break";
    const char *file = NULL;
    const char *argument = NULL;
    char command[COMMAND_MAX] = "";
    char why[COMMAND_WHY_MAX];
    top_options options;
    if (argc >= 1 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
        printf("usage:\n");
        ctl_usage(stdout);
        return 0;
    }
    if (argc >= 2 && (strcmp(argv[0], "-c") == 0 || strcmp(argv[0], "--config") == 0)) {
        file = argv[1];
        argc -= 2;
        argv += 2;
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
    if (id == COMMAND_top && !top_options_parse(argument, &options, why)) {
        return wrong_usage(why);
    }
    if (!make_file_absolute(id, argument, command)) {
        return wrong_usage(too_long);
    }
    return ctl_run(file, id, command, &options);
}
