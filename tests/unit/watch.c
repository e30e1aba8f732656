/* watch.c: the watcher reports each build once, and nothing else, however the file is written.
 * Files are made in the working folder.
 *
 * To show that nothing is reported without waiting for a fixed time, pass_time() changes a second
 * file, which comes after the first in the watcher's list, until it has been reported twice. By
 * then the first file has been unchanged for long enough to be reported. */
#include "loader/watch.h"
#include "module/image_copy.h"

#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"

enum { GAME, OTHER, PROBE, NAMES, WAIT_MS = 30000, BUILD_BYTES = 40000 };

static const char *const names[NAMES] = {"game", "other", "probe"};
static const char *const files[NAMES] = {"game.so", "other.so", "probe.so"};

typedef struct build {
    uint64_t size;
    uint64_t hash;
} build;

static struct {
    os_mutex lock;
    os_cond wake;
    int counts[NAMES];
    build last[NAMES]; /* what the file contained when it was reported */
} reports;

static build read_build(int file) {
    build b = {0};
    CHECK_INT(image_hash(files[file], &b.size, &b.hash), PORTICO_OK);
    return b;
}

static void changed(const char *module_name) {
    int which = 0;
    while (strcmp(names[which], module_name) != 0) {
        which++;
        CHECK(which < NAMES);
    }
    build b = read_build(which);
    os_mutex_lock(&reports.lock);
    reports.counts[which]++;
    reports.last[which] = b;
    os_cond_wake_all(&reports.wake);
    os_mutex_unlock(&reports.lock);
}

static int count(int which) {
    os_mutex_lock(&reports.lock);
    int found = reports.counts[which];
    os_mutex_unlock(&reports.lock);
    return found;
}

static void wait_count(int which, int right) {
    uint64_t end_ns = os_monotonic_ns() + WAIT_MS * 1000000ull;
    os_mutex_lock(&reports.lock);
    while (reports.counts[which] < right && os_monotonic_ns() < end_ns) {
        os_cond_wait(&reports.wake, &reports.lock, 1000);
    }
    os_mutex_unlock(&reports.lock);
    CHECK_INT(count(which), right);
}

/* Opens a file as linkers do. On Windows this may be refused while the watcher asks whether
 * somebody else is writing. */
static FILE *open_to_write(const char *path) {
    for (int attempt = 0; attempt < 1000; attempt++) {
        FILE *file = fopen(path, "wb");
        if (file != NULL) {
            return file;
        }
    }
    fprintf(stderr, "%s cannot be written\n", path);
    exit(1);
}

static uint8_t bytes[BUILD_BYTES];

/* Makes a build: the same size for every seed. */
static void make_bytes(uint32_t seed) {
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 255 + seed * 31);
    }
}

static void write_build(const char *path, uint32_t seed) {
    make_bytes(seed);
    FILE *file = open_to_write(path);
    CHECK_INT(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
    CHECK_INT(fclose(file), 0);
}

/* Does what the host does when it has loaded a file. */
static build load(int which) {
    build b = read_build(which);
    watch_set(names[which], files[which], b.size, b.hash);
    return b;
}

/* Returns when a change of the other files would have been reported. */
static void pass_time(void) {
    static uint32_t seed = 1000;
    for (int i = 0; i < 2; i++) {
        int before = count(PROBE);
        write_build(files[PROBE], ++seed);
        wait_count(PROBE, before + 1);
        load(PROBE);
    }
}

/* Expects one more report, made when the file was complete. */
static void expect_report(int which, int right) {
    wait_count(which, right);
    build b = read_build(which);
    CHECK(b.size == reports.last[which].size && b.hash == reports.last[which].hash);
}

static void begin(void) {
    memset(reports.counts, 0, sizeof reports.counts);
    for (int i = 0; i < NAMES; i++) {
        write_build(files[i], (uint32_t)i);
        load(i);
    }
    CHECK_INT(watch_start(changed), PORTICO_OK);
}

static void ways_of_writing(void) {
    begin();
    pass_time();
    CHECK_INT(count(GAME), 0);

    write_build(files[GAME], 11); /* truncated and written */
    expect_report(GAME, 1);
    load(GAME);

    write_build("game.new", 12); /* renamed over */
    CHECK_INT(os_file_rename("game.new", files[GAME]), PORTICO_OK);
    expect_report(GAME, 2);
    load(GAME);

    CHECK_INT(os_file_remove(files[GAME]), PORTICO_OK);
    pass_time();
    CHECK_INT(count(GAME), 2);
    write_build(files[GAME], 13);
    expect_report(GAME, 3);
    load(GAME);

    CHECK_INT(os_file_remove(files[GAME]), PORTICO_OK); /* deleted and written at once */
    write_build(files[GAME], 14);
    expect_report(GAME, 4);
    load(GAME);

    os_file_info before;
    os_file_info after;
    CHECK_INT(os_file_look(files[GAME], &before), PORTICO_OK);
    write_build("game.new", 14); /* the same bytes in a newer file */
    CHECK_INT(os_file_rename("game.new", files[GAME]), PORTICO_OK);
    CHECK_INT(os_file_look(files[GAME], &after), PORTICO_OK);
    CHECK(after.modified_ns != before.modified_ns || after.id != before.id);
    pass_time();
    write_build(files[GAME], 14);
    pass_time();
    CHECK_INT(count(GAME), 4);
    CHECK_INT(count(OTHER), 0);
    watch_stop();
}

/* A linker that writes a part, pauses for longer than the watcher waits, and continues. */
static void written_slowly(void) {
    enum { PARTS = 4 };
    begin();
    make_bytes(21);
    FILE *file = open_to_write(files[GAME]);
    bool can_tell = os_file_is_written(files[GAME]);
    for (size_t part = 0; part < PARTS; part++) {
        CHECK_INT(fwrite(bytes + part * BUILD_BYTES / PARTS, 1, BUILD_BYTES / PARTS, file),
                  BUILD_BYTES / PARTS);
        CHECK_INT(fflush(file), 0);
        pass_time();
        CHECK(!can_tell || count(GAME) == 0);
    }
    int before = count(GAME);
    CHECK_INT(fclose(file), 0);
    if (can_tell) {
        expect_report(GAME, before + 1);
    } else {
        printf("this system cannot tell whether a file is being written\n");
    }
    watch_stop();
}

/* A build in two steps, such as linking and stripping, each of which writes and closes the file:
 * one report if the second step follows before the watcher has settled. If the machine is too busy
 * for that, the round is repeated. */
static void written_in_steps(void) {
    enum { ROUNDS = 5, TRIES = 50, PAUSE_MS = 140, SETTLE_MS = 200 };
    begin();
    int done = 0;
    for (uint32_t attempt = 1; done < ROUNDS && attempt <= TRIES; attempt++) {
        int before = count(GAME);
        clock_sleep_ms(attempt % ROUNDS * 20); /* vary the moment between two looks */
        uint64_t start_ms = clock_now_ms();
        write_build(files[GAME], 10000 + 2 * attempt);
        clock_sleep_ms(PAUSE_MS);
        write_build(files[GAME], 10001 + 2 * attempt);
        bool quick = clock_now_ms() + 1 - start_ms < SETTLE_MS;
        pass_time();
        CHECK(!quick || count(GAME) == before + 1);
        done += quick;
        load(GAME);
    }
    printf("%d of %d builds were quick enough to count\n", done, ROUNDS);
    watch_stop();
}

static void bad_builds(void) {
    begin();
    write_build(files[GAME], 31); /* refused by the host: it sets nothing */
    expect_report(GAME, 1);
    pass_time();
    write_build(files[GAME], 31); /* and built again */
    pass_time();
    CHECK_INT(count(GAME), 1);
    write_build(files[GAME], 32);
    expect_report(GAME, 2);
    build good = load(GAME);

    write_build(files[GAME], 33); /* swapped in, crashes, is rolled back */
    expect_report(GAME, 3);
    load(GAME);
    watch_set(names[GAME], files[GAME], good.size, good.hash);
    pass_time();
    write_build(files[GAME], 33);
    pass_time();
    CHECK_INT(count(GAME), 3);
    write_build(files[GAME], 34);
    expect_report(GAME, 4);
    watch_stop();
}

/* Swapped on command and rolled back before the watcher has read the file once. */
static void rolled_back_at_once(void) {
    write_build(files[GAME], 41);
    build good = load(GAME);
    write_build(files[GAME], 42);
    load(GAME);
    watch_set(names[GAME], files[GAME], good.size, good.hash);
    write_build(files[PROBE], 43);
    load(PROBE);
    memset(reports.counts, 0, sizeof reports.counts);
    CHECK_INT(watch_start(changed), PORTICO_OK);
    pass_time();
    CHECK_INT(count(GAME), 0);
    watch_stop();
}

/* Rebuilt after it was copied and before it is watched. */
static void rebuilt_while_loaded(void) {
    write_build(files[GAME], 51);
    build loaded = read_build(GAME);
    write_build(files[GAME], 52);
    watch_set(names[GAME], files[GAME], loaded.size, loaded.hash);
    memset(reports.counts, 0, sizeof reports.counts);
    CHECK_INT(watch_start(changed), PORTICO_OK);
    expect_report(GAME, 1);
    watch_stop();
}

static void several(void) {
    begin();
    write_build(files[GAME], 61);
    write_build(files[OTHER], 62);
    expect_report(GAME, 1);
    expect_report(OTHER, 1);
    load(GAME);
    load(OTHER);
    watch_forget(names[OTHER]);
    watch_forget("absent");
    write_build(files[OTHER], 63);
    write_build(files[GAME], 64);
    expect_report(GAME, 2);
    pass_time();
    CHECK_INT(count(GAME), 2);
    CHECK_INT(count(OTHER), 1);

    write_build("moved.so", 65); /* the module now comes from another file */
    watch_set(names[GAME], "moved.so", 1, 1);
    wait_count(GAME, 3);
    watch_stop();
    watch_stop();
}

SCENARIO(watch) {
    ways_of_writing();
    written_slowly();
    written_in_steps();
    bad_builds();
    rolled_back_at_once();
    rebuilt_while_loaded();
    several();
}
