/* surroundings.c: what others have left for the host, as attacks of siege.h: no standard streams, a
 * run folder in which files are planted, a name server that never answers. */
#include "siege.h"
#include "support/attackers.h"
#include "support/check.h"
#include "support/clock.h"
#include "support/silent_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if !defined(_WIN32)
#include <sys/stat.h>
#include <unistd.h>
#endif

enum { TRY_MS = 100, PATH_BYTES = 1400, RUN_MS = 60000 };

/* Swaps, and keeps in *longest_ms how long the slowest has taken. */
static void swap(host *h, const char *name, uint64_t *longest_ms) {
    char command[64];
    char answer[4096];
    uint64_t begun_ms = clock_now_ms();
    (void)snprintf(command, sizeof command, "swap --force %s", name);
    host_admin(h, command, answer, sizeof answer);
    uint64_t took_ms = clock_now_ms() - begun_ms;
    *longest_ms = took_ms > *longest_ms ? took_ms : *longest_ms;
}

/* ---- started without descriptors 0 to 2 ------------------------------------------------------ */

static struct {
    host *host;
    attackers *there;
    int64_t sessions;
    attackers_figures seen;
} stdio;

/* Each bad frame leaves a line in the log. */
static void stdio_begin(void *arg) {
    (void)arg;
    const attackers_options options = {.kind = ATTACK_OVERSIZED,
                                       .port = host_port(stdio.host, "victims"),
                                       .clients = 20,
                                       .rate = 500};
    stdio.there = attackers_start(&options);
}

static void stdio_end(void *arg) {
    (void)arg;
    attackers_add(&stdio.seen, attackers_stop(stdio.there));
}

static void stdio_settle(void *arg, char *often, size_t size) {
    (void)arg;
    host_expect_null_stdio(stdio.host);
    host_wait_log_some(stdio.host, "bad u16 frame", 1);
    host_wait_figure(stdio.host, "sessions", stdio.sessions);
    (void)snprintf(often, size, "%llu connections, %llu closed by the host for bad frames",
                   (unsigned long long)stdio.seen.connects, (unsigned long long)stdio.seen.ends);
}

/* ---- planted files --------------------------------------------------------------------------- */

/* Two folders: the host's own run folder, and that of an ini of its own, `foreign`, whose admin
 * address is the host's. */
static struct {
    host *host;
    char foreign[PATH_BYTES];
    char ini[PATH_BYTES];
    char bait[PATH_BYTES]; /* a folder that planted links lead to */
    uint32_t copy;         /* the latest copy of a module in run/copies */
    uint64_t next_ms;
    uint64_t planted;
    uint64_t refused; /* hosts and ctl's that refused what was planted, with a reason */
    uint64_t swaps;
    uint64_t longest_ms;
} plants;

static void copy_path(uint32_t number, char path[PATH_BYTES]) {
    (void)snprintf(path, PATH_BYTES, "%s/run/copies/%u.%u", host_folder(plants.host),
                   host_serving_id(plants.host), number);
}

static bool has_copy(uint32_t number) {
    char path[PATH_BYTES];
    char file[PATH_BYTES + 32];
    copy_path(number, path);
    (void)snprintf(file, sizeof file, "%s/glutton%s", path, host_library_suffix);
    return file_exists(file);
}

/* Where the next copy would be. */
static void plant_copy(void) {
    char path[PATH_BYTES];
    char file[PATH_BYTES + 32];
    copy_path(plants.copy + 1, path);
#if !defined(_WIN32)
    if (plants.planted % 2 == 1) {
        CHECK_INT(symlink(plants.bait, path), 0);
        return;
    }
#endif
    folder_make(path);
    (void)snprintf(file, sizeof file, "%s/glutton%s", path, host_library_suffix);
    file_write(file, "foreign", 7);
}

/* The next swap passes over what is planted, and leaves it as it was. */
static void expect_passed_over(void) {
    char path[PATH_BYTES];
    char file[PATH_BYTES + 32];
    size_t size = 0;
    copy_path(plants.copy + 1, path);
    (void)snprintf(file, sizeof file, "%s/glutton%s", path, host_library_suffix);
    char *text = file_read(file, &size);
    CHECK(text == NULL || (size == 7 && strcmp(text, "foreign") == 0));
    free(text);
    CHECK_INT(folder_count(plants.bait, ""), 0);
    CHECK(has_copy(plants.copy + 2));
    plants.copy += 2;
}

static void expect_refused(const char *command, const char *argument, const char *words) {
    char output[PATH_BYTES + 32];
    bool ctl = strcmp(command, "ctl") == 0;
    const char *arguments[] = {host_executable(),       command,  ctl ? "-c" : plants.ini,
                               ctl ? plants.ini : NULL, argument, NULL};
    (void)snprintf(output, sizeof output, "%s/output.txt", plants.foreign);
    CHECK_INT(process_run(arguments, output, RUN_MS), 1);
    char *text = file_read(output, NULL);
    CHECK(text != NULL);
    if (strstr(text, words) == NULL) {
        fprintf(stderr, "%s does not say \"%s\":\n%s", command, words, text);
    }
    CHECK(strstr(text, words) != NULL);
    free(text);
    plants.refused++;
}

/* A token that others know, or lead to. */
static void plant_token(void) {
    static const char token[] = "a-token-of-somebody\n";
    char path[PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/run/admin.token", plants.foreign);
    file_remove(path);
    file_write(path, token, sizeof token - 1);
    CHECK(file_share(path));
    expect_refused("ctl", "status", "is no secret: it can be read by others");
    expect_refused("run", NULL, "is no secret: it can be read by others");
#if !defined(_WIN32)
    char secret[PATH_BYTES + 32];
    (void)snprintf(secret, sizeof secret, "%s/token", plants.foreign);
    CHECK_INT(rename(path, secret), 0);
    CHECK_INT(chmod(secret, 0600), 0);
    CHECK_INT(symlink("../token", path), 0);
    expect_refused("ctl", "status", "is no secret: it is a link");
#endif
    file_remove(path);
}

static void plant_folder(void) {
#if !defined(_WIN32)
    char path[PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/run/copies", plants.foreign);
    CHECK_INT(symlink(plants.bait, path), 0);
    expect_refused("run", NULL, "is not trusted: it is a link");
    CHECK_INT(unlink(path), 0);
#endif
}

static void plants_begin(void *arg) {
    (void)arg;
    plants.next_ms = 0;
    for (uint32_t i = plants.copy; i < plants.copy + 10000; i++) { /* other attacks have swapped */
        plants.copy = has_copy(i) ? i : plants.copy;
    }
    CHECK(plants.copy > 0);
}

static void plants_step(void *arg) {
    (void)arg;
    if (clock_now_ms() < plants.next_ms) {
        return;
    }
    plant_copy();
    plants.swaps++;
    swap(plants.host, "glutton", &plants.longest_ms);
    expect_passed_over();
    if (plants.planted % 2 == 0) {
        plant_token();
    } else {
        plant_folder();
    }
    plants.planted++;
    plants.next_ms = clock_now_ms() + TRY_MS;
}

static void plants_end(void *arg) {
    (void)arg;
}

static void plants_settle(void *arg, char *often, size_t size) {
    (void)arg;
    CHECK(plants.planted > 0);
    (void)snprintf(often, size,
                   "%llu plants; %llu refused with a reason, %llu swaps passed over one",
                   (unsigned long long)(plants.planted + plants.refused),
                   (unsigned long long)plants.refused, (unsigned long long)plants.swaps);
}

static void plants_prepare(host *h) {
    char text[512];
    char path[PATH_BYTES + 32];
    plants.host = h;
    (void)snprintf(plants.foreign, sizeof plants.foreign, "%s/foreign", host_folder(h));
    (void)snprintf(plants.ini, sizeof plants.ini, "%s/foreign/portico.ini", host_folder(h));
    (void)snprintf(plants.bait, sizeof plants.bait, "%s/bait", host_folder(h));
    (void)snprintf(path, sizeof path, "%s/run", plants.foreign);
    folder_make(plants.foreign);
    folder_make(path);
    folder_make(plants.bait);
    (void)snprintf(text, sizeof text,
                   "[host]\nready_file = ready\nrun_dir = run\n[modules]\nautoload = no\n"
                   "[admin]\naddress = 127.0.0.1\nport = %u\n",
                   host_port(h, "admin"));
    file_write(plants.ini, text, strlen(text));
}

/* ---- a name server that never answers -------------------------------------------------------- */

static struct {
    host *host;
    int server;
    uint64_t next_ms;
    uint64_t queries;
    uint64_t swaps;
    uint64_t longest_ms;
} names;

static void names_begin(void *arg) {
    (void)arg;
    names.next_ms = 0;
}

/* Swaps the module that the connector's sessions belong to. */
static void names_step(void *arg) {
    (void)arg;
    names.queries += silent_server_asked(names.server, 0);
    if (clock_now_ms() >= names.next_ms) {
        names.swaps++;
        swap(names.host, "faulty", &names.longest_ms);
        names.next_ms = clock_now_ms() + TRY_MS;
    }
}

static void names_end(void *arg) {
    (void)arg;
}

static void names_settle(void *arg, char *often, size_t size) {
    enum { PATIENCE_MS = 20000 }; /* a name is given up after 30 s */
    (void)arg;
    CHECK(names.queries > 0);
    CHECK(names.longest_ms < PATIENCE_MS);
    (void)snprintf(often, size, "%llu queries without an answer, %llu swaps, the longest %llu ms",
                   (unsigned long long)names.queries, (unsigned long long)names.swaps,
                   (unsigned long long)names.longest_ms);
}

int siege_surroundings(host *h, int server, siege_attack attacks[SIEGE_ATTACKS_MAX]) {
    int count = 0;
    stdio.host = h;
    stdio.sessions = host_figure(h, "sessions");
    names.host = h;
    names.server = server;
    plants_prepare(h);
    attacks[count++] = (siege_attack){.word = "stdio",
                                      .sentence = "started without descriptors 0 to 2, bad frames "
                                                  "for its log",
                                      .by = "machine",
                                      .begin = stdio_begin,
                                      .end = stdio_end,
                                      .settle = stdio_settle};
    attacks[count++] = (siege_attack){.word = "planted",
                                      .sentence = "foreign files, links and tokens in run folders",
                                      .by = "machine",
                                      .begin = plants_begin,
                                      .step = plants_step,
                                      .end = plants_end,
                                      .settle = plants_settle};
    if (server >= 0) {
        attacks[count++] = (siege_attack){.word = "names",
                                          .sentence = "the name server never answers",
                                          .by = "machine",
                                          .begin = names_begin,
                                          .step = names_step,
                                          .end = names_end,
                                          .settle = names_settle};
    }
    return count;
}
