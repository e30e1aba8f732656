/* replay.c: see replay.h. */
#include "sim/replay.h"

#include "os/sim/real.h"
#include "sim/failure.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATH_BYTES = 1024, KEPT_BYTES = 64 * 1024 };

static uint64_t run_one(const run_spec *spec) {
    run_result result;
    run_apart(spec, &result);
    if (!result.passed) {
        failure_found(spec, &result);
    }
    return !result.passed;
}

/* A line: SEED [KEY=VALUE ...] [# what it found]. False: it has no seed. */
static bool parse(char *line, run_spec *spec) {
    char *end = NULL;
    line[strcspn(line, "#\r\n")] = '\0';
    spec->seed = strtoull(line, &end, 10);
    if (end == line) {
        return false;
    }
    snprintf(spec->options, sizeof spec->options, "%s", end + strspn(end, " "));
    return true;
}

/* Reads the whole file; "" if there is none. It is closed before the first run: a fork that ends
 * moves the place where its parent reads on. */
static void read_kept(const scenario *s, const char *folder, char text[KEPT_BYTES]) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s.txt", folder, s->name);
    FILE *file = real_fopen(path, "rb");
    size_t size = file != NULL ? fread(text, 1, KEPT_BYTES - 1, file) : 0;
    text[size] = '\0';
    if (file != NULL) {
        fclose(file);
    }
}

static uint64_t run_kept(const scenario *s, const char *folder, uint32_t *count) {
    static char text[KEPT_BYTES];
    uint64_t failed = 0;
    read_kept(s, folder, text);
    for (char *line = text; line != NULL && *line != '\0';) {
        run_spec spec = {.scenario = s};
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        if (parse(line, &spec)) {
            failed += run_one(&spec);
            ++*count;
        }
        line = end;
    }
    return failed;
}

uint64_t replay(const scenario *s, const char *folder, uint32_t fixed, uint32_t fresh) {
    uint64_t from = (uint64_t)time(NULL) * 10000;
    uint32_t kept = 0;
    uint64_t failed = run_kept(s, folder, &kept);
    for (uint32_t i = 0; i < fixed + fresh; i++) {
        run_spec spec = {.scenario = s, .seed = i < fixed ? i + 1 : from + i};
        failed += run_one(&spec);
    }
    printf("%s: %" PRIu32 " seeds that once failed, the seeds 1 to %" PRIu32 ", %" PRIu32
           " new ones from %" PRIu64 ": %" PRIu64 " failed\n",
           s->name, kept, fixed, fresh, from + fixed, failed);
    return failed;
}

uint64_t replay_twice(const scenario *s, uint32_t seeds) {
    uint64_t differ = 0;
    for (uint32_t i = 1; i <= seeds; i++) {
        run_spec spec = {.scenario = s, .seed = i};
        run_result first;
        run_result second;
        run_apart(&spec, &first);
        run_anew(&spec, &second);
        if (first.figures.hash != second.figures.hash || !first.passed || !second.passed) {
            differ++;
            printf("%s %" PRIu32 ": hash %016" PRIx64 ", then %016" PRIx64 "%s%s %s\n", s->name, i,
                   first.figures.hash, second.figures.hash,
                   first.passed && second.passed ? "" : "; it failed: ", first.failure,
                   second.failure);
        }
    }
    printf("%s: %" PRIu32 " seeds ran twice, %" PRIu64 " of them in two ways or not to their end\n",
           s->name, seeds, differ);
    return differ;
}
