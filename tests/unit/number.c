/* number.c: numbers, sizes, times and reals as an ini has them, and back to text. */
#include "config/number.h"

#include "support/check.h"

#include <locale.h>
#include <math.h>

typedef struct whole {
    const char *text;
    bool integer; /* which of the three take it, and as what */
    int64_t as_integer;
    bool bytes;
    int64_t as_bytes;
    bool duration;
    int64_t as_duration;
} whole;

static const whole wholes[] = {
    {"0", true, 0, true, 0, true, 0},
    {"4096", true, 4096, true, 4096, true, 4096},
    {"-7", true, -7, true, -7, true, -7},
    {"007", true, 7, true, 7, true, 7},
    {"9223372036854775807", true, INT64_MAX, true, INT64_MAX, true, INT64_MAX},
    {"-9223372036854775808", true, INT64_MIN, true, INT64_MIN, true, INT64_MIN},
    {"9223372036854775808", .integer = false},
    {"-9223372036854775809", .integer = false},
    {"99999999999999999999999999", .integer = false},
    {"", .integer = false},
    {"-", .integer = false},
    {"+5", .integer = false},
    {" 5", .integer = false},
    {"5 ", .integer = false},
    {"0x10", .integer = false},
    {"1e3", .integer = false},
    {"5x", .integer = false},
    {"64K", .bytes = true, .as_bytes = 65536},
    {"64k", .bytes = true, .as_bytes = 65536},
    {"-1k", .bytes = true, .as_bytes = -1024},
    {"16M", .bytes = true, .as_bytes = 16 << 20},
    {"5m", .bytes = true, .as_bytes = 5 << 20, .duration = true, .as_duration = 300000},
    {"1g", .bytes = true, .as_bytes = 1 << 30},
    {"8589934591G", .bytes = true, .as_bytes = INT64_MAX - (1 << 30) + 1},
    {"8589934592G", .bytes = false},
    {"1KM", .bytes = false},
    {"1T", .bytes = false},
    {"K", .bytes = false},
    {"250ms", .duration = true, .as_duration = 250},
    {"2s", .duration = true, .as_duration = 2000},
    {"1h", .duration = true, .as_duration = 3600000},
    {"2562047788015h", .duration = true, .as_duration = 2562047788015 * 3600000},
    {"2562047788016h", .duration = false},
    {"2 s", .duration = false},
    {"2S", .duration = false},
    {"ms", .duration = false},
    {"1h30m", .duration = false},
};

static void read_wholes(void) {
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        const whole *w = &wholes[i];
        int64_t value = 42;
        CHECK_INT(number_integer(w->text, &value), w->integer);
        CHECK_INT(value, w->integer ? w->as_integer : 42);
        value = 42;
        CHECK_INT(number_bytes(w->text, &value), w->bytes);
        CHECK_INT(value, w->bytes ? w->as_bytes : 42);
        value = 42;
        CHECK_INT(number_duration(w->text, &value), w->duration);
        CHECK_INT(value, w->duration ? w->as_duration : 42);
    }
}

static void read_reals(void) {
    static const struct {
        const char *text;
        double value;
    } right[] = {
        {"0", 0},      {"-0.5", -0.5},      {".5", 0.5},
        {"5.", 5},     {"2.5e-3", 0.0025},  {"1E+2", 100},
        {"1e2", 100},  {"0.1", 0.1},        {"1e308", 1e308},
        {"1e-400", 0}, {"00012.500", 12.5}, {"3.141592653589793", 3.141592653589793},
    };
    static const char *const wrong[] = {"",      "-",  ".",     "e5",  "1e",   "1e+",
                                        "1.2.3", "+1", "1,5",   "nan", "inf",  "0x1p3",
                                        "1 ",    " 1", "1e999", "--1", "1e5.0"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        double value = 42;
        CHECK(number_real(right[i].text, &value));
        CHECK(value == right[i].value);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        double value = 42;
        CHECK(!number_real(wrong[i], &value) && fabs(value - 42) < 0.5);
    }
    char many[400];
    double value = 0;
    memset(many, '1', sizeof many);
    many[sizeof many - 1] = '\0';
    CHECK(!number_real(many, &value));
    many[250] = '\0';
    CHECK(number_real(many, &value) && value > 1e249);
}

static void bytes_are(int64_t value, const char *right) {
    char text[NUMBER_TEXT_MAX];
    int64_t again = 0;
    number_format_bytes(value, text);
    CHECK_TEXT(text, right);
    CHECK(number_bytes(text, &again) && again == value);
}

static void duration_is(int64_t value, const char *right) {
    char text[NUMBER_TEXT_MAX];
    int64_t again = 0;
    number_format_duration(value, text);
    CHECK_TEXT(text, right);
    CHECK(number_duration(text, &again) && again == value);
}

static void real_is(double value, const char *right) {
    char text[NUMBER_TEXT_MAX];
    double again = 42;
    number_format_real(value, text);
    CHECK_TEXT(text, right);
    CHECK(number_real(text, &again) && again == value);
}

static void formats(void) {
    bytes_are(0, "0");
    bytes_are(1, "1");
    bytes_are(1024, "1K");
    bytes_are(1536, "1536");
    bytes_are(64 << 20, "64M");
    bytes_are(INT64_C(64) << 30, "64G");
    bytes_are(-1024, "-1K");
    bytes_are(INT64_MAX, "9223372036854775807");
    bytes_are(INT64_MIN, "-8589934592G");
    duration_is(0, "0");
    duration_is(250, "250ms");
    duration_is(1500, "1500ms");
    duration_is(2000, "2s");
    duration_is(120000, "2m");
    duration_is(7200000, "2h");
    duration_is(INT64_MAX, "9223372036854775807ms");
    real_is(0, "0");
    real_is(0.1, "0.1");
    real_is(-2.5, "-2.5");
    real_is(1e300, "1e+300");
    real_is(1.0 / 3, "0.3333333333333333");
    real_is(5e-324, "5e-324");
    real_is(1.7976931348623157e308, "1.7976931348623157e+308");
}

SCENARIO(number) {
    read_wholes();
    read_reals();
    formats();
    /* A module may have set any locale. If this one is not installed, the checks only run again. */
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        (void)setlocale(LC_ALL, "German");
    }
    read_reals();
    formats();
    (void)setlocale(LC_ALL, "C");
}
