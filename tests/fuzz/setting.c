/* setting.c: a module's setting of any kind, and its value in the ini. A second reading of every
 * value agrees; what is accepted is written and within the limits; a section that is printed is
 * read as one without faults that sets the same.
 *
 * Input: the kind, limits (4 bytes each), then lines: key, fallback, help, choices with a blank
 * between them, the value in the ini.
 *
 * Covers: module/setting.c, module/settings.c, config/number.c */
#include "base/text.h"
#include "config/load.h"
#include "config/schema.h"
#include "fuzz.h"
#include "module/settings.h"

#include <float.h>
#include <math.h>

enum { WORDS_MAX = 300 };

typedef struct any_setting {
    portico_setting row;
    union {
        uint32_t u32;
        int64_t i64;
        uint64_t u64;
        double real;
        bool yes;
        const char *text;
    } target;
    char *key, *fallback, *help, *list;
    const char *words[WORDS_MAX + 1];
} any_setting;

/* Mostly small numbers, sometimes the edges of their types. */
static int64_t read_limit(input *in) {
    static const int64_t edges[] = {INT64_MIN, -1, 0, UINT32_MAX, (int64_t)UINT32_MAX + 1,
                                    INT64_MAX};
    uint32_t number = input_u32(in);
    uint32_t edge = number >> 24;
    return edge < 6 ? edges[edge] : (int32_t)(number << 8) >> (number >> 27);
}

static void read_setting(input *in, any_setting *s) {
    uint8_t first = input_u8(in);
    *s = (any_setting){.row = {.kind = first % 10, .target = &s->target}};
    s->row.min = read_limit(in);
    s->row.max = read_limit(in);
    s->row.real_min = (double)s->row.min / 8;
    s->row.real_max = first % 32 == 31 ? (double)NAN : (double)s->row.max / 8;
    s->key = input_line(in);
    s->fallback = input_line(in);
    s->help = input_line(in);
    s->list = input_line(in);
    size_t count = 0;
    for (char *word = s->list; word != NULL && count < WORDS_MAX; count++) {
        char *end = strchr(word, ' ');
        s->words[count] = word;
        word = end != NULL ? end + 1 : NULL;
        if (end != NULL) {
            *end = '\0';
        }
    }
    s->row.key = first >= 0xF8 ? NULL : s->key;
    s->row.fallback = first == 0xF7 ? NULL : s->fallback;
    s->row.help = first >= 0xE0 ? NULL : s->help;
    s->row.choices = first == 0xF6 ? NULL : s->words;
    s->row.target = first == 0xF5 ? NULL : s->row.target;
}

static void free_setting(any_setting *s) {
    free(s->key);
    free(s->fallback);
    free(s->help);
    free(s->list);
}

/* ---- a second reading ------------------------------------------------------------------------ */

/* Digits, then one of the units. */
static bool slow_number(const char *text, const char *const *units, const int64_t *factors,
                        int64_t *value) {
    bool negative = text[0] == '-';
    uint64_t most = (uint64_t)INT64_MAX + negative;
    size_t digits = strspn(text + negative, "0123456789");
    double near = 0;
    uint64_t sum = 0; /* wraps around where `near` is too large */
    for (size_t i = 0; i < digits; i++) {
        near = near * 10 + (text[negative + i] - '0');
        sum = sum * 10 + (uint64_t)(text[negative + i] - '0');
    }
    for (size_t i = 0; digits > 0 && units[i] != NULL; i++) {
        uint64_t factor = (uint64_t)factors[i];
        if (strcmp(text + negative + digits, units[i]) == 0 && near < 1e19 &&
            sum <= most / factor) {
            *value = negative ? (int64_t)(0 - sum * factor) : (int64_t)(sum * factor);
            return true;
        }
    }
    return false;
}

static int slow_word(const char *const *words, const char *text) {
    int found = -1;
    for (int i = 0; words[i] != NULL; i++) {
        found = found < 0 && strcmp(words[i], text) == 0 ? i : found;
    }
    return found;
}

/* Whether the text is allowed, and what it is as an integer. */
static bool slow_read(const portico_setting *s, const char *text, int64_t *value) {
    static const char *const none[] = {"", NULL};
    static const char *const sizes[] = {"", "k", "K", "m", "M", "g", "G", NULL};
    static const char *const times[] = {"", "ms", "s", "m", "h", NULL};
    static const int64_t ones[] = {1};
    static const int64_t size_factors[] = {1, 1024, 1024, 1 << 20, 1 << 20, 1 << 30, 1 << 30};
    static const int64_t time_factors[] = {1, 1, 1000, 60000, 3600000};
    static const char *const bools[] = {"0", "no", "off", "false", "1", "yes", "on", "true", NULL};
    bool read = false;
    switch (s->kind) {
    case PORTICO_SETTING_U32:
    case PORTICO_SETTING_I64: read = slow_number(text, none, ones, value); break;
    case PORTICO_SETTING_BYTES: read = slow_number(text, sizes, size_factors, value); break;
    case PORTICO_SETTING_DURATION: read = slow_number(text, times, time_factors, value); break;
    case PORTICO_SETTING_TEXT:
        *value = (int64_t)strlen(text);
        read = true;
        break;
    case PORTICO_SETTING_BOOL: {
        int index = slow_word(bools, text);
        *value = index / 4;
        return index >= 0;
    }
    case PORTICO_SETTING_CHOICE: {
        int index = slow_word(s->choices, text);
        *value = index;
        return index >= 0;
    }
    default: break;
    }
    return read && *value >= s->min && *value <= s->max;
}

/* Reals are read by strtod, once it is certain that they have no other form than ours. */
static bool slow_real(const portico_setting *s, const char *text, double *value) {
    char *end = NULL;
    if (text[0] == '\0' || strspn(text, "0123456789+-.eE") != strlen(text) || text[0] == '+' ||
        strlen(text) > 256) {
        return false;
    }
    *value = strtod(text, &end);
    return *end == '\0' && fabs(*value) <= DBL_MAX && *value >= s->real_min &&
           *value <= s->real_max;
}

static bool holds(const any_setting *s, const char *text) {
    int64_t number = 0;
    double real = 0;
    switch (s->row.kind) {
    case PORTICO_SETTING_REAL:
        CHECK(slow_real(&s->row, text, &real));
        return s->target.real == real;
    case PORTICO_SETTING_TEXT: return strcmp(s->target.text, text) == 0;
    case PORTICO_SETTING_BOOL:
        CHECK(slow_read(&s->row, text, &number));
        return s->target.yes == (number != 0);
    case PORTICO_SETTING_I64:
        CHECK(slow_read(&s->row, text, &number));
        return s->target.i64 == number;
    case PORTICO_SETTING_BYTES:
        CHECK(slow_read(&s->row, text, &number));
        return s->target.u64 == (uint64_t)number;
    default: CHECK(slow_read(&s->row, text, &number)); return s->target.u32 == (uint32_t)number;
    }
}

static bool slow_allows(const any_setting *s, const char *text) {
    int64_t number = 0;
    double real = 0;
    return s->row.kind == PORTICO_SETTING_REAL ? slow_real(&s->row, text, &real)
                                               : slow_read(&s->row, text, &number);
}

/* ---- what is checked ------------------------------------------------------------------------- */

static bool slow_line(const char *text, size_t max) {
    return strlen(text) < max && text_is_plain(text, strlen(text));
}

static bool slow_validates(const any_setting *s) {
    const portico_setting *r = &s->row;
    if (r->key == NULL || r->fallback == NULL || r->target == NULL || r->kind < 1 || r->kind > 8 ||
        !slow_line(r->key, 64) || !slow_line(r->fallback, 256) || r->key[0] == '\0' ||
        strspn(r->key, "abcdefghijklmnopqrstuvwxyz_0123456789") != strlen(r->key) ||
        schema_find(CONFIG_SECTION_MODULE, r->key) >= 0 ||
        (r->help != NULL && !slow_line(r->help, 1024))) {
        return false;
    }
    bool narrow = r->kind == PORTICO_SETTING_U32 || r->kind == PORTICO_SETTING_DURATION;
    bool positive = narrow || r->kind == PORTICO_SETTING_BYTES || r->kind == PORTICO_SETTING_TEXT;
    if (r->kind == PORTICO_SETTING_REAL) {
        if (!(r->real_min <= r->real_max)) {
            return false;
        }
    } else if (r->kind == PORTICO_SETTING_CHOICE) {
        for (uint32_t i = 0; r->choices != NULL && r->choices[i] != NULL; i++) {
            if (i >= 256 || !slow_line(r->choices[i], 64) || r->choices[i][0] == '\0' ||
                strchr(r->choices[i], ';') != NULL ||
                slow_word(r->choices, r->choices[i]) != (int)i) {
                return false;
            }
        }
        if (r->choices == NULL || r->choices[0] == NULL) {
            return false;
        }
    } else if (r->kind != PORTICO_SETTING_BOOL &&
               (r->min > r->max || (positive && r->min < 0) || (narrow && r->max > UINT32_MAX))) {
        return false;
    }
    size_t size = strlen(r->fallback);
    bool blank = size > 0 && (r->fallback[0] == ' ' || r->fallback[size - 1] == ' ');
    return !blank && r->fallback[0] != ';' && strstr(r->fallback, " ;") == NULL &&
           strlen(r->key) + 3 + size <= 198 && slow_allows(s, r->fallback);
}

static void no_fault(void *arg, const char *text) {
    (void)arg;
    CHECK_TEXT(text, NULL);
}

static void one_fault(void *arg, uint32_t line, const char *text) {
    CHECK(line == 7 && text_is_plain(text, strlen(text)) && strlen(text) < FAULT_TEXT_MAX);
    CHECK(strncmp(text, "[module m] ", 11) == 0);
    ++*(uint32_t *)arg;
}

/* The section that is printed, read again. */
static void check_printed(const portico_table *t, any_setting *s) {
    static FILE *file;
    static char text[4096];
    const config *c = NULL;
    file = file != NULL ? file : tmpfile();
    CHECK(file != NULL);
    rewind(file);
    settings_print(t, "m", file);
    long size = ftell(file);
    rewind(file);
    CHECK(size > 0 && (size_t)size < sizeof text &&
          fread(text, 1, (size_t)size, file) == (size_t)size);
    CHECK_INT(config_parse("a.ini", text, (size_t)size, no_fault, NULL, &c), PORTICO_OK);
    CHECK(c->module_count == 1 && c->modules[0].pair_count == t->count);
    CHECK_TEXT(c->modules[0].pairs[0].value, s->row.fallback);
    CHECK_INT(settings_check(t, &c->modules[0], NULL, NULL), 0);
    settings_write(t, &c->modules[0]);
    CHECK(holds(s, s->row.fallback));
    config_free(c);
}

static void check_section(const portico_table *t, any_setting *s, char *value) {
    static char other[] = "another";
    static char number[] = "1";
    config_pair pairs[] = {{s->key, value, 7}, {other, number, 7}};
    const config_module section = {.name = "m", .pairs = pairs, .pair_count = 1};
    const config_module two = {.name = "m", .pairs = pairs, .pair_count = 2};
    bool allowed = slow_allows(s, value);
    uint32_t faults = 0;
    CHECK_INT(settings_check(t, &section, one_fault, &faults), !allowed);
    CHECK_INT(faults, !allowed);
    settings_write(t, &section);
    CHECK(holds(s, allowed ? value : s->row.fallback));
    CHECK_INT(settings_check(t, &two, one_fault, &faults),
              (strcmp(s->key, other) != 0 || !slow_allows(s, number)) + !allowed);
    settings_write(t, NULL);
    CHECK(holds(s, s->row.fallback));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static any_setting s;
    static uint32_t rounds;
    char why[SETTINGS_WHY_MAX] = "";
    input in = {data, size};
    read_setting(&in, &s);
    char *value = input_rest(&in);
    const portico_table t = {&s.row, 1, sizeof s.row};
    portico_status status = settings_validate(&t, why, sizeof why);
    CHECK_INT(status, slow_validates(&s) ? PORTICO_OK : PORTICO_E_INVALID);
    CHECK_INT(why[0] == '\0', status == PORTICO_OK);
    CHECK(text_is_plain(why, strlen(why)));
    if (status == PORTICO_OK) {
        text_make_plain(value); /* as file.c has it */
        check_section(&t, &s, value);
        if (rounds++ % 8 == 0) {
            check_printed(&t, &s);
        }
    }
    free(value);
    free_setting(&s);
    return 0;
}
