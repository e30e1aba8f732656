/* world.c: see world.h. The host runs on the thread "control"; everything else on the caller's. */
#include "sim/world.h"

#include "config/load.h"
#include "net/resolver.h"
#include "os/sim/real.h"
#include "server.h"
#include "sim/client.h"
#include "sim/counters.h"

#include <stdlib.h>
#include <string.h>

enum {
    PATH_BYTES = 1024,
    INI_BYTES = 16 * 1024,
    LIBRARIES_MAX = 64,
    STEP_MS = 1,
    RECOVERY_MS = 60000, /* faults that are not over then would never be */
    START_TIMEOUT_MS = 600000,
    STOP_TIMEOUT_MS = 600000,
    STOP_STEP_MS = 100,
    ANSWER_TIMEOUT_MS = 200000
};

const portico_host *world_host;

static struct {
    char folder[PATH_BYTES];
    const char *log_keys;
    const config *config;
    os_thread *control;
    bool ended;
    bool stops; /* has received the stop signal */
    int code;
    bool may_exit;
    sim_figures before;
} world = {.log_keys = ""};

static void path_in(char path[2 * PATH_BYTES], const char *name) {
    snprintf(path, 2 * PATH_BYTES, "%s/%s", world.folder, name);
}

/* The folder of this run, empty. The scenario's thread uses it, which no fault strikes. Its path
 * has the same length in every process: the host's answers contain it, so the length decides how
 * many bytes the network carries. */
static const char *folder(void) {
    sim_spare_this_thread(true);
    if (world.folder[0] == '\0') {
        const char *parent = getenv("PORTICO_TEST_DIR");
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%010u", parent != NULL ? parent : "sim-run",
                 real_process_id());
        CHECK(os_path_absolute(path, world.folder, sizeof world.folder) == PORTICO_OK);
        CHECK(os_folder_create(world.folder) == PORTICO_OK);
    }
    return world.folder;
}

void world_path(char *path, size_t size, const char *name) {
    snprintf(path, size, "%s/%s", folder(), name);
}

static void file_write(const char *name, const char *text) {
    char path[2 * PATH_BYTES];
    path_in(path, name);
    FILE *file = real_fopen(path, "wb");
    for (int tries = 0; file == NULL && tries < 1000; tries++) {
        os_sleep(STEP_MS); /* Windows: the host reads it */
        file = real_fopen(path, "wb");
    }
    CHECK(file != NULL);
    CHECK(fwrite(text, 1, strlen(text), file) == strlen(text));
    CHECK(fclose(file) == 0);
}

portico_entry *world_library(const char *library, const portico_module *module) {
    static portico_entry entries[LIBRARIES_MAX];
    static uint32_t count;
    CHECK(count < LIBRARIES_MAX);
    portico_entry *entry = &entries[count++];
    *entry = (portico_entry){.abi_major = PORTICO_ABI_MAJOR,
                             .abi_minor = PORTICO_ABI_MINOR,
                             .module_size = sizeof *module,
                             .module = module,
                             .host = &world_host};
    sim_library_add(library, PORTICO_ENTRY_SYMBOL, entry);
    return entry;
}

void world_build(const char *module, const char *library) {
    char name[PATH_BYTES];
    char text[PATH_BYTES];
    static int builds;
    (void)folder();
    snprintf(name, sizeof name, "%s%s", module, os_library_suffix);
    /* Every build has a size of its own: the times of files are the real system's and too coarse.
     */
    snprintf(text, sizeof text, SIM_LIBRARY_MAGIC "%s\n%*s", library, ++builds, "");
    file_write(name, text);
}

/* Appends `text`, with {dir} expanded. */
static void ini_add(char ini[INI_BYTES], const char *text) {
    size_t used = strlen(ini);
    for (const char *c = text; *c != '\0'; c++) {
        CHECK(used + PATH_BYTES < INI_BYTES);
        if (strncmp(c, "{dir}", 5) == 0) {
            used += (size_t)snprintf(ini + used, INI_BYTES - used, "%s", world.folder);
            c += 4;
        } else {
            ini[used++] = *c;
        }
        ini[used] = '\0';
    }
}

static void on_config_fault(void *arg, const char *text) {
    (void)arg;
    fprintf(stderr, "%s\n", text);
}

static void control_main(void *arg) {
    (void)arg;
    sim_spare_this_thread(false); /* faults strike the host from its first call on */
    world.code = server_run(world.config);
    world.ended = true;
}

static bool serves(void) {
    char path[2 * PATH_BYTES];
    os_file_info info;
    path_in(path, "ready");
    return os_file_look(path, &info) == PORTICO_OK;
}

static void on_exit_call(int code) {
    if (!world.may_exit) {
        sim_fail("the host gives up and ends the process with code %d", code);
    }
    world_passed();
    fflush(NULL);
    _Exit(0);
}

void world_may_exit(bool may) {
    world.may_exit = may;
}

void world_log(const char *log_keys) {
    world.log_keys = log_keys;
}

/* A step of a wait for the host, during which the faults end at last: a host may try again and
 * again until there is memory. */
static void wait_a_step(uint32_t waited_ms) {
    if (waited_ms == RECOVERY_MS) {
        sim_faults_end();
    }
    os_sleep(STEP_MS);
}

bool world_start(const char *host_keys, const char *ini_text) {
    static char ini[INI_BYTES];
    char path[2 * PATH_BYTES];
    const char *level = getenv("PORTICO_SIM_LOG");
    sim_on_exit(on_exit_call);
    (void)folder();
    ini[0] = '\0';
    ini_add(ini, "[host]\nrun_dir = {dir}/run\nready_file = {dir}/ready\n");
    ini_add(ini, host_keys);
    ini_add(ini, "\n[log]\nlevel = ");
    ini_add(ini, level != NULL ? level : "info");
    ini_add(ini, "\n");
    ini_add(ini, world.log_keys);
    ini_add(ini, "\n[admin]\ntoken = " WORLD_TOKEN "\nport = 7779\n");
    ini_add(ini, "[modules]\ndir = {dir}\nautoload = no\n");
    ini_add(ini, ini_text);
    file_write("portico.ini", ini);
    path_in(path, "portico.ini");
    if (config_load(path, on_config_fault, NULL, &world.config) != PORTICO_OK) {
        sim_fail("the scenario's ini has faults");
    }
    sim_look(&world.before);
    counters_begin();
    world.ended = false;
    CHECK(os_thread_start(&world.control, "control", control_main, NULL) == PORTICO_OK);
    for (uint32_t waited_ms = 0; !world.ended && !serves(); waited_ms += STEP_MS) {
        if (waited_ms >= START_TIMEOUT_MS) {
            sim_fail("the host neither serves nor ends after %d ms", START_TIMEOUT_MS);
        }
        wait_a_step(waited_ms);
    }
    return !world.ended;
}

bool world_runs(void) {
    return !world.ended;
}

os_thread *world_thread(const char *name, void (*fn)(void *arg), void *arg) {
    os_thread *thread = NULL;
    CHECK(os_thread_start(&thread, name, fn, arg) == PORTICO_OK);
    return thread;
}

typedef struct players {
    void (*play)(void);
    uint32_t left;
} players;

static void players_main(void *arg) {
    players *p = arg;
    p->play();
    p->left--;
}

void world_play(uint32_t clients, void (*play)(void), void (*other)(void)) {
    os_thread *threads[WORLD_CLIENTS_MAX] = {NULL};
    players p = {.play = play, .left = clients};
    CHECK(clients <= WORLD_CLIENTS_MAX);
    for (uint32_t i = 0; i < clients; i++) {
        threads[i] = world_thread("client", players_main, &p);
    }
    while (p.left > 0) {
        other();
    }
    for (uint32_t i = 0; i < clients; i++) {
        os_thread_join(threads[i]);
    }
}

/* The host has ended: everything it made must be gone. */
static void check_nothing_left(void) {
    sim_figures now;
    sim_look(&now);
    if (now.handles != world.before.handles) {
        sim_fail("the host has ended and %lld of its handles are left",
                 (long long)(now.handles - world.before.handles));
    }
    if (now.allocations != world.before.allocations) {
        sim_fail("the host has ended and %lld of its allocations are left",
                 (long long)(now.allocations - world.before.allocations));
    }
}

bool world_signal_stop(void) {
    if (world.ended || !sim_stop_signal()) {
        return false;
    }
    world.stops = true;
    return true;
}

static struct {
    os_thread *thread; /* NULL: none */
    uint64_t call;
    bool over;
} stopper;

static void stopper_main(void *arg) {
    (void)arg;
    while (!stopper.over) {
        if (sim_await_call(stopper.call, STOP_STEP_MS)) {
            (void)world_signal_stop();
            return;
        }
    }
}

void world_stop_within(uint32_t calls) {
    sim_figures now;
    sim_look(&now);
    stopper.call = now.calls + 1 + world_random(calls);
    stopper.thread = world_thread("stopper", stopper_main, NULL);
}

void world_stop_now(void) {
    if (stopper.thread != NULL) {
        stopper.over = true;
        os_thread_join(stopper.thread);
        stopper.thread = NULL;
    }
    if (!world.stops) {
        (void)world_signal_stop();
    }
}

int world_stop(void) {
    for (uint32_t waited_ms = 0; !world.ended; waited_ms += STEP_MS) {
        if (!world.stops) { /* a second signal would end the process at once */
            world.stops = world_signal_stop() || world_ctl("stop --no-wait", NULL);
        }
        if (waited_ms >= STOP_TIMEOUT_MS) {
            sim_fail("the host has not ended %d ms after the stop signal", STOP_TIMEOUT_MS);
        }
        wait_a_step(waited_ms);
    }
    os_thread_join(world.control);
    while (!resolver_stop()) {
        /* A real process ends while its resolver waits for the system. */
    }
    check_nothing_left();
    counters_end(world.config->workers, world.code == 0);
    config_free(world.config);
    world.config = NULL;
    return world.code;
}

/* ---- the administrator ------------------------------------------------------------------- */

static bool send_line(client *c, const char *text) {
    char line[2 * PATH_BYTES];
    int size = snprintf(line, sizeof line, "%s\n", text);
    return client_send(c, line, (uint32_t)size, ANSWER_TIMEOUT_MS);
}

bool world_answer_is_lost(const char *answer) {
    return strcmp(answer, "error the connection ended") == 0 ||
           strstr(answer, "there is no memory for its answer") != NULL ||
           strstr(answer, "is still running") != NULL;
}

/* Reads up to the line "ok" or "error ...", which it returns in *answer, after the lines before. */
static bool recv_answer(client *c, char *answer) {
    uint32_t used = 0;
    for (;;) {
        char *line = answer + used;
        if (client_recv_line(c, line, WORLD_ANSWER_BYTES - used - 1, ANSWER_TIMEOUT_MS) < 0) {
            snprintf(answer, WORLD_ANSWER_BYTES, "error the connection ended");
            return false;
        }
        if (strcmp(line, "ok") == 0) {
            *line = '\0';
            return true;
        }
        if (strncmp(line, "error", 5) == 0) {
            memmove(answer, line, strlen(line) + 1);
            return false;
        }
        used += (uint32_t)strlen(line);
        answer[used++] = '\n';
        answer[used] = '\0';
    }
}

bool world_ctl(const char *command, char *answer) {
    static char unwanted[WORLD_ANSWER_BYTES];
    answer = answer != NULL ? answer : unwanted;
    char path[2 * PATH_BYTES];
    path_in(path, "run/portico.sock"); /* what admin/local.h makes of run_dir and the ini */
    client *c = client_open_local(path);
    if (c == NULL) {
        snprintf(answer, WORLD_ANSWER_BYTES, "error no host answers");
        return false;
    }
    bool ok = send_line(c, command) && recv_answer(c, answer);
    client_close(c, false);
    return ok;
}

void world_look(const char *list, const char *what) {
    static char answer[WORLD_ANSWER_BYTES];
    char line[64];
    unsigned long long id = 0;
    if (world_ctl(list, answer) && sscanf(answer, "| %llu ", &id) == 1) {
        snprintf(line, sizeof line, "%s %llu", what, id);
        (void)world_ctl(line, answer);
    }
}

int64_t world_figure(const char *name) {
    static char answer[WORLD_ANSWER_BYTES];
    size_t size = strlen(name);
    if (!world_ctl("status", answer)) {
        return -1;
    }
    for (const char *line = answer; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        line += strncmp(line, "| ", 2) == 0 ? 2 : 0;
        if (strncmp(line, name, size) == 0 && line[size] == ' ') {
            return strtoll(line + size, NULL, 10);
        }
    }
    return -1;
}
