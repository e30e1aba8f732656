/* main.c: arguments and exit codes: 0 fine, 1 failed, 2 wrong usage or configuration. */
#include "admin/ctl.h"
#include "base/system_text.h"
#include "config/load.h"
#include "config/places.h"
#include "config/profile.h"
#include "loader/client_code.h"
#include "loader/inspect.h"
#include "module/probe_child.h"
#include "new.h"
#include "preflight.h"
#include "server.h"
#include "supervise.h"

#include <string.h>

enum { FILE_BYTES = PLACE_BYTES + 32 };

static void show_usage(FILE *to) {
    fprintf(
        to,
        "usage: portico [run] [FILE]           serve; without FILE conf/portico.ini, else\n"
        "                                      ../conf/portico.ini beside this executable's folder\n"
        "       portico run --supervise [FILE] the same, and start again after a crash\n"
        "       portico check FILE             report everything that is wrong with a configuration\n"
        "       portico inspect [--json] MODULE\n"
        "                                      describe a module file; runs its constructors only\n"
        "       portico inspect --client c|js|python|ts MODULE\n"
        "                                      its packets as code for clients\n"
        "       portico new NAME [DIR] [--cpp] write a project for a new module; DIR is ./NAME\n");
    ctl_usage(to);
    fprintf(to, "       portico --version | --help\n");
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

static void note(void *arg, const char *text) {
    (void)arg;
    printf("%s\n", text);
}

static bool is_there(const char *path) {
    FILE *file = os_fopen(path, "rb");
    if (file != NULL) {
        fclose(file);
    }
    return file != NULL;
}

/* Writes the file that `run` serves when none is named: the first that exists in places.h. */
static void default_file(char path[FILE_BYTES]) {
    for (int i = 0; i < PLACE_COUNT; i++) {
        char folder[PLACE_BYTES];
        if (place_folder((place)i, folder)) {
            snprintf(path, FILE_BYTES, "%s/" PLACE_FILE, folder);
            if (is_there(path)) {
                return;
            }
        }
    }
    snprintf(path, FILE_BYTES, "conf/" PLACE_FILE);
}

static const config *load_config(const char *file) {
    uint32_t errors = 0;
    const config *c = NULL;
    (void)config_load(file, report, &errors, &c);
    return c;
}

static int run(int argc, char **argv) {
    char path[FILE_BYTES];
    bool supervised = argc > 0 && strcmp(argv[0], "--supervise") == 0;
    argc -= supervised;
    argv += supervised;
    if (argc > 1) {
        return wrong_usage("run takes one FILE, found also", argv[1]);
    }
    default_file(path);
    const char *file = argc == 1 ? argv[0] : path;
    const config *c = load_config(file);
    if (c == NULL) {
        return 2;
    }
    int code = supervised ? supervise(c, file) : server_run(c);
    config_free(c);
    return code;
}

/* The configuration itself, then what it names on this machine. */
static int check(int argc, char **argv) {
    if (argc != 1) {
        return wrong_usage("check takes one FILE", NULL);
    }
    const config *c = load_config(argv[0]);
    if (c == NULL) {
        return 2;
    }
    uint32_t errors = 0;
    preflight(c, report, &errors, note);
    profiles_show(c, stdout);
    config_free(c);
    if (errors == 0) {
        printf("%s: fine\n", argv[0]);
    }
    return errors == 0 ? 0 : 2;
}

static int inspect(int argc, char **argv) {
    char why[IMAGE_WHY_MAX] = "";
    const char *language = NULL;
    inspect_form form = INSPECT_TEXT;
    int options = 0;
    if (argc > 0 && strcmp(argv[0], "--json") == 0) {
        form = INSPECT_JSON;
        options = 1;
    } else if (argc > 1 && strcmp(argv[0], "--client") == 0) {
        form = INSPECT_CLIENT;
        language = argv[1];
        options = 2;
        if (!client_code_knows(language)) {
            return wrong_usage("--client takes c, js, python or ts, found", language);
        }
    }
    if (argc != 1 + options) {
        return wrong_usage(
            "inspect takes one MODULE file, and --json or --client LANGUAGE before it", NULL);
    }
    if (inspect_module(argv[options], form, language, stdout, why) != PORTICO_OK) {
        fprintf(stderr, "%s: %s\n", argv[options], why);
        return 1;
    }
    return 0;
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
    if (strcmp(word, "new") == 0) {
        return new_main(argc - 2, argv + 2);
    }
    if (strcmp(word, "ctl") == 0) {
        return ctl_main(argc - 2, argv + 2);
    }
    if (strcmp(word, "probe") == 0) { /* for hosts only: module/probe.h */
        return probe_main();
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
