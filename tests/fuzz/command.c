/* command.c: a line of `portico ctl` or of an admin client, and the options of `top` and `trace`.
 * An accepted line is compared with a second, slow reading of the usage; a refused one has a reason
 * of one line.
 *
 * Input: lines: commands.
 *
 * Covers: admin/command.c, admin/top_options.c, admin/listing.c, admin/trace_options.c */
#include "admin/command.h"
#include "admin/listing.h"
#include "admin/top_options.h"
#include "admin/trace_options.h"
#include "fuzz.h"

#include <errno.h>

/* Splits the argument into words. The blanks between them are single in a command that takes a
 * file or a name; the options of `top` may have any number. */
typedef struct word_list {
    char *words[16];
    uint32_t count; /* may be more than there is room for */
} word_list;

static void split(char *text, word_list *list) {
    list->count = 0;
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        if (list->count < 16) {
            list->words[list->count] = word;
        }
        list->count++;
    }
}

/* ---- top ------------------------------------------------------------------------------------- */

/* Whether the text is digits with up to `places` more after a point, fewer than 64 bytes in all;
 * its value by strtod. */
static bool slow_number(const char *text, size_t places, double *value) {
    size_t whole = strspn(text, "0123456789");
    size_t part = text[whole] == '.' && places > 0 ? strspn(text + whole + 1, "0123456789") : 0;
    size_t point = text[whole] == '.' && places > 0;
    *value = strtod(text, NULL);
    return whole + part > 0 && part <= places && text[whole + point + part] == '\0' &&
           strlen(text) < 64;
}

static bool slow_top(const char *argument, top_options *right) {
    char *copy = malloc(strlen(argument) + 1);
    CHECK(copy != NULL);
    memcpy(copy, argument, strlen(argument) + 1);
    word_list list;
    split(copy, &list);
    bool valid = list.count <= 16 && list.count % 2 == 0;
    *right = (top_options){.interval_ms = 1000};
    for (uint32_t i = 0; valid && i < list.count; i += 2) {
        double value = 0;
        if (strcmp(list.words[i], "--interval") == 0) {
            valid = slow_number(list.words[i + 1], 3, &value) && value >= 0.1 && value <= 60;
            right->interval_ms = valid ? (uint32_t)(value * 1000 + 0.5) : 0;
        } else {
            valid = strcmp(list.words[i], "--count") == 0 &&
                    slow_number(list.words[i + 1], 0, &value) && value >= 1 && value <= 1000000;
            right->count = valid ? (uint32_t)(value + 0.5) : 0;
        }
    }
    free(copy);
    return valid || list.count > 16; /* the caller skips those */
}

static void check_top(const char *argument) {
    char why[COMMAND_WHY_MAX] = "";
    top_options options;
    top_options right;
    bool valid = slow_top(argument, &right);
    bool taken = top_options_parse(argument, &options, why);
    if (valid && right.count == 0 && right.interval_ms == 1000 && !taken) {
        return; /* more words than slow_top reads */
    }
    CHECK_INT(taken, valid);
    if (taken) {
        CHECK_INT(options.interval_ms, right.interval_ms);
        CHECK_INT(options.count, right.count);
    } else {
        CHECK(why[0] != '\0' && strlen(why) < COMMAND_WHY_MAX);
    }
}

/* ---- trace ----------------------------------------------------------------------------------- */

/* Whether the word is a number of at most 20 digits, from 1 to `most`. */
static bool slow_whole(const char *word, uint64_t most, uint64_t *value) {
    size_t zeros = strspn(word, "0");
    bool digits = word[0] != '\0' && strspn(word, "0123456789") == strlen(word);
    errno = 0;
    *value = digits ? strtoull(word, NULL, 10) : 0;
    return digits && strlen(word + zeros) <= 20 && errno == 0 && *value >= 1 && *value <= most;
}

static bool slow_trace(const word_list *list, trace_spec *right) {
    uint64_t number = 0;
    *right = (trace_spec){.count = TRACE_COUNT, .seconds = TRACE_SECONDS};
    if (list->count < 2) {
        return false;
    }
    const char *which = list->words[1];
    if (strcmp(list->words[0], "type") == 0) {
        right->kind = TRACE_TYPE;
    } else if (strcmp(list->words[0], "session") == 0 || strcmp(list->words[0], "room") == 0) {
        right->kind = list->words[0][0] == 's' ? TRACE_SESSION : TRACE_ROOM;
        if (!slow_whole(which, UINT64_MAX, &right->id)) {
            return false;
        }
    } else {
        return false;
    }
    for (uint32_t i = 2; i < list->count; i++) {
        const char *value = i + 1 < list->count ? list->words[i + 1] : "";
        if (strcmp(list->words[i], "payload") == 0) {
            right->payload = true;
        } else if (strcmp(list->words[i], "count") == 0 && slow_whole(value, 1000000, &number)) {
            right->count = (uint32_t)number;
            i++;
        } else if (strcmp(list->words[i], "seconds") == 0 && slow_whole(value, 3600, &number)) {
            right->seconds = (uint32_t)number;
            i++;
        } else {
            return false;
        }
    }
    return true;
}

static void check_trace(const char *argument) {
    char why[COMMAND_WHY_MAX] = "";
    trace_spec spec;
    trace_spec right;
    word_list list;
    char *copy = malloc(strlen(argument) + 1);
    CHECK(copy != NULL);
    memcpy(copy, argument, strlen(argument) + 1);
    split(copy, &list);
    bool valid = list.count <= 16 && slow_trace(&list, &right);
    bool taken = trace_options_parse(argument, &spec, why);
    bool fits = list.count <= 16;
    for (uint32_t i = 0; fits && i < list.count; i++) {
        fits = strlen(list.words[i]) < sizeof spec.type; /* longer words are cut */
    }
    if (fits) {
        CHECK_INT(taken, valid);
    }
    if (taken && valid) {
        CHECK(spec.kind == right.kind && spec.payload == right.payload && spec.id == right.id);
        CHECK(spec.count == right.count && spec.seconds == right.seconds);
        CHECK(spec.kind != TRACE_TYPE || strcmp(spec.type, list.words[1]) == 0 || !fits);
    } else if (!taken) {
        CHECK(why[0] != '\0' && memchr(why, '\0', sizeof why) != NULL);
    }
    free(copy);
}

/* ---- commands -------------------------------------------------------------------------------- */

static const char *const words[] = {
#define COMMAND_WORD(name, usage, file) usage,
    COMMAND_LIST(COMMAND_WORD)
#undef COMMAND_WORD
};

/* Whether there is nothing but the option, however often. */
static bool slow_only(const char *argument, const char *option) {
    size_t size = strlen(option);
    while (strncmp(argument, option, size) == 0 &&
           (argument[size] == ' ' || argument[size] == '\0')) {
        argument += size + strspn(argument + size, " ");
    }
    return argument[0] == '\0';
}

/* Whether the argument is what the command takes. */
static bool slow_fits(command_id id, const char *argument) {
    const char *rest = argument;
    switch (id) {
    case COMMAND_status:
    case COMMAND_modules:
    case COMMAND_limits:
    case COMMAND_metrics:
    case COMMAND_reopen_log: return argument[0] == '\0';
    case COMMAND_stop: return slow_only(argument, "--no-wait");
    case COMMAND_memory: return slow_only(argument, "--trim");
    case COMMAND_faults:
    case COMMAND_swaps:
        return strspn(argument, "0123456789") == strlen(argument) && strlen(argument) <= 6;
    case COMMAND_sessions:
    case COMMAND_log:
    case COMMAND_rooms:            /* listing_parse decides */
    case COMMAND_top: return true; /* top_options_parse decides */
    case COMMAND_swap:
        while (strncmp(rest, "--", 2) == 0) {
            bool plan = strncmp(rest, "--plan", 6) == 0;
            rest += plan ? 6 : strncmp(rest, "--force", 7) == 0 ? 7 : 0;
            if (rest[0] != ' ' && rest[0] != '\0') {
                return false;
            }
            rest += strspn(rest, " ");
        }
        return rest[0] != '\0' && rest[0] != ' ';
    case COMMAND_session:
    case COMMAND_room:
    case COMMAND_module:
    case COMMAND_fault:
    case COMMAND_load:
    case COMMAND_unload:
    case COMMAND_rollback:
    case COMMAND_thaw:
    case COMMAND_reload:
    case COMMAND_kick:
    case COMMAND_trace:
    case COMMAND_COUNT: break;
    }
    return argument[0] != '\0';
}

static void check_file(command_id id, const char *argument) {
    const char *file = command_file(id, argument);
    if (file == NULL) {
        return;
    }
    CHECK(id == COMMAND_load || id == COMMAND_swap);
    CHECK(file >= argument && file <= argument + strlen(argument));
    CHECK(id == COMMAND_load ? file == argument : file > argument && file[-1] == ' ');
}

/* What is left of the argument after N and SORT is the filter, which matches itself. */
static void check_listing(const char *argument) {
    static const char *const columns[] = {"id", "age", NULL};
    listing l;
    bool fits = listing_parse(&l, argument, columns);
    CHECK(l.column <= 2);
    if (fits) {
        size_t size = strlen(argument);
        size_t left = strlen(l.filter);
        CHECK(left <= size);
        CHECK(listing_matches(&l, argument + (size - left)));
        CHECK(l.most == UINT32_MAX || l.most <= 999999);
    }
}

static void check_line(const char *line) {
    char why[COMMAND_WHY_MAX];
    const char *argument = NULL;
    memset(why, 0x7F, sizeof why);
    command_id id = command_parse(line, &argument, why);
    size_t size = strcspn(line, " ");
    command_id right = COMMAND_COUNT;
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcspn(words[i], " ") == size && strncmp(line, words[i], size) == 0) {
            right = (command_id)i;
        }
    }
    const char *rest = line[size] == ' ' ? line + size + 1 : line + size;
    CHECK(argument == rest);
    if (id == COMMAND_COUNT) {
        CHECK(memchr(why, '\0', sizeof why) != NULL && why[0] != '\0');
        CHECK(strpbrk(why, "\r\n") == NULL);
        CHECK(right == COMMAND_COUNT || !slow_fits(right, rest));
        return;
    }
    CHECK_INT(id, right);
    CHECK(slow_fits(id, rest));
    CHECK(command_words(id) >= 1 && command_words(id) <= 10);
    check_file(id, argument);
    if (id == COMMAND_top) {
        check_top(argument);
    }
    if (id == COMMAND_trace) {
        check_trace(argument);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input in = {data, size};
    while (in.size > 0) {
        char *line = input_line(&in);
        check_line(line);
        check_top(line);
        check_trace(line);
        check_listing(line);
        free(line);
    }
    return 0;
}
