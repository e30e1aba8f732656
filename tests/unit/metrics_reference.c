/* metrics_reference.c: host/OPERATING.md has a line for each metric, with its kind and help, and
 * for no other. */
#include "metrics/metric_table.h"

#include "support/check.h"
#include "support/environment.h"

#include <stdbool.h>
#include <stdlib.h>

static const struct {
    const char *name;
    const char *kind;
    const char *labels;
    const char *help;
} rows[] = {
#define ROW(name, kind, unit, labels, help) {#name, #kind, labels, help},
    METRICS_LIST(ROW)
#undef ROW
};

static const char *suffix_of(const char *kind) {
    return strcmp(kind, "COUNTER") == 0 ? "_total" : strcmp(kind, "INFO") == 0 ? "_info" : "";
}

static const char *word_of(const char *kind) {
    static const char *const words[][2] = {
        {"COUNTER", "counter"}, {"GAUGE", "gauge"}, {"INFO", "info"}, {"HISTOGRAM", "histogram"}};
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(kind, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return "?";
}

static char *read_all(const char *path) {
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    char *text = calloc(1, 1 << 20);
    CHECK(text != NULL);
    size_t size = fread(text, 1, (1 << 20) - 1, file);
    CHECK(size > 0 && size < (1 << 20) - 1);
    (void)fclose(file);
    return text;
}

SCENARIO(metrics_reference) {
    char path[1024];
    snprintf(path, sizeof path, "%s/host/OPERATING.md", environment("PORTICO_SOURCE_DIR"));
    char *text = read_all(path);
    int missing = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[512];
        bool labels = rows[i].labels[0] != '\0';
        snprintf(line, sizeof line, "\n| `%s%s%s%s%s` | %s | %s |", rows[i].name,
                 suffix_of(rows[i].kind), labels ? "{" : "", rows[i].labels, labels ? "}" : "",
                 word_of(rows[i].kind), rows[i].help);
        if (strstr(text, line) == NULL) {
            missing++;
            fprintf(stderr, "missing in %s:%s\n", path, line);
        }
    }
    CHECK_INT(missing, 0);
    CHECK_INT(count_in(text, "\n| `portico_") + count_in(text, "\n| `process_"),
              (int)(sizeof rows / sizeof rows[0]));
    free(text);
}
