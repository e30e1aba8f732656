/* main.c: arguments and exit codes: 0 fine, 1 failed, 2 wrong usage or configuration. */
#include "admin/command.h"
#include "admin/ctl.h"
#include "admin/top_options.h"
#include "base/system_text.h"
#include "base/text.h"
#include "config/load.h"
#include "loader/inspect.h"
#include "server.h"

#include <string.h>

enum { COMMAND_MAX = 4096 };

static const char usage_format[] =
    "usage: portico [run] [FILE]              serve; FILE is conf/portico.ini when none is given\n"
    "       portico check FILE                say all that is wrong with a configuration\n"
    "       portico inspect MODULE            say what a module file is; runs its load and unload\n"
    "       portico ctl [-c FILE] COMMAND     talk to the running host of that configuration:\n"
    "               %s\n"
    "       swap --plan changes nothing: it loads the new build, runs its constructors, load and\n"
    "       unload, and says what a swap would do. swap --force swaps to an unchanged file, too.\n"
    "       portico --version | --help\n";

static void show_usage(FILE *to) {
    char commands[512];
    command_list(" | ", commands, sizeof commands);
    fprintf(to, usage_format, commands);
}

static int wrong_usage(const char *what, const char *found) {
    fprintf(stderr, "portico: %s%s%s\n", what, found != NULL ? " " : "",
            found != NULL ? found : "");
    show_usage(stderr);
    return 2;
}

static void report(void *arg, const char *text) {
    uint32_t *count = arg;
    (*count)++;
    fprintf(stderr, "%s\n", text);
}

static bool is_there(const char *path) {
    FILE *file = os_fopen(path, "rb");
    if (file != NULL) {
        fclose(file);
    }
    return file != NULL;
}

/* conf/portico.ini in the working folder, else ../conf/portico.ini beside the executable's folder. */
static const char *default_file(char *path, size_t size) {
    static const char here[] = "conf/portico.ini";
    char program[4096];
    if (is_there(here) || os_executable_path(program, sizeof program) != PORTICO_OK) {
        return here;
    }
    char *slash = program;
    for (char *p = program; *p != '\0'; p++) {
        slash = *p == '/' || *p == '\\' ? p : slash;
    }
    *slash = '\0';
    snprintf(path, size, "%s/../%s", program, here);
    return is_there(path) ? path : here;
}

static const config *load_config(const char *file) {
    char path[4096 + 32];
    uint32_t errors = 0;
    const config *c = NULL;
    (void)config_load(file != NULL ? file : default_file(path, sizeof path), report, &errors, &c);
    return c;
}

static int run(int argc, char **argv) {
    if (argc > 1) {
        return wrong_usage("run takes one FILE, found also", argv[1]);
    }
    const config *c = load_config(argc == 1 ? argv[0] : NULL);
    if (c == NULL) {
        return 2;
    }
    int code = server_run(c);
    config_free(c);
    return code;
}

static int check(int argc, char **argv) {
    if (argc != 1) {
        return wrong_usage("check takes one FILE", NULL);
    }
    const config *c = load_config(argv[0]);
    if (c == NULL) {
        return 2;
    }
    printf("%s: fine\n", argv[0]);
    config_free(c);
    return 0;
}

static int inspect(int argc, char **argv) {
    char why[IMAGE_WHY_MAX] = "";
    if (argc != 1) {
        return wrong_usage("inspect takes one MODULE file", NULL);
    }
    if (inspect_module(argv[0], stdout, why) != PORTICO_OK) {
        fprintf(stderr, "%s: %s\n", argv[0], why);
        return 1;
    }
    return 0;
}

/* Files are the caller's, whose working folder may not be the host's. False: the command does not fit. */
static bool command_settle_file(command_id id, const char *argument, char *command, size_t size) {
    const char *file = command_file(id, argument);
    char absolute[COMMAND_MAX];
    if (file == NULL) {
        return true;
    }
    size_t at = (size_t)(file - command);
    if (os_path_absolute(file, absolute, sizeof absolute) != PORTICO_OK ||
        strlen(absolute) >= size - at) {
        return false;
    }
    memcpy(command + at, absolute, strlen(absolute) + 1);
    return true;
}

/* False: they do not fit. */
static bool join_words(int count, char **words, char *text, size_t size) {
    size_t used = 0;
    for (int i = 0; i < count && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? " " : "", words[i]);
    }
    return used < size;
}

static int control(int argc, char **argv) {
    enum { WORDS_MAX = 5 }; /* top --interval SECONDS --count N */
    const char *file = NULL;
    const char *argument = NULL;
    char command[COMMAND_MAX];
    char why[COMMAND_WHY_MAX];
    top_options options;
    if (argc >= 2 && (strcmp(argv[0], "-c") == 0 || strcmp(argv[0], "--config") == 0)) {
        file = argv[1];
        argc -= 2;
        argv += 2;
    }
    if (argc < 1 || argc > WORDS_MAX) {
        return wrong_usage("ctl takes one COMMAND and what belongs to it", NULL);
    }
    bool fits = join_words(argc, argv, command, sizeof command) && strpbrk(command, "\r\n") == NULL;
    command_id id = fits ? command_parse(command, &argument, why) : COMMAND_COUNT;
    if (fits && (id == COMMAND_COUNT ||
                 (id == COMMAND_top && !top_options_parse(argument, &options, why)))) {
        return wrong_usage(why, NULL);
    }
    if (fits && argc > (id == COMMAND_swap ? 4 : 3) && id != COMMAND_top) {
        return wrong_usage("ctl takes one COMMAND and what belongs to it", NULL);
    }
    if (!fits || !command_settle_file(id, argument, command, sizeof command)) {
        return wrong_usage("the command is too long, or has a line end", NULL);
    }
    const config *c = load_config(file);
    if (c == NULL) {
        return 2;
    }
    int code = ctl_run(c, command);
    config_free(c);
    return code;
}

int main(int argc, char **argv) {
    portico_status status = os_init(&argc, &argv);
    if (status != PORTICO_OK) {
        fprintf(stderr, "portico: the system's sockets cannot be used (%s)\n",
                system_text(os_error()));
        return 1;
    }
    const char *word = argc > 1 ? argv[1] : "run";
    if (strcmp(word, "run") == 0) {
        return run(argc > 1 ? argc - 2 : 0, argv + 2);
    }
    if (strcmp(word, "check") == 0) {
        return check(argc - 2, argv + 2);
    }
    if (strcmp(word, "inspect") == 0) {
        return inspect(argc - 2, argv + 2);
    }
    if (strcmp(word, "ctl") == 0) {
        return control(argc - 2, argv + 2);
    }
    if (strcmp(word, "--version") == 0) {
        printf("portico %s\n", PORTICO_VERSION);
        return 0;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        show_usage(stdout);
        return 0;
    }
    if (word[0] == '-' || argc > 2) {
        return wrong_usage("unknown command", word);
    }
    return run(argc - 1, argv + 1); /* portico FILE */
}
