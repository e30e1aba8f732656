/* put.c: text in a buffer: numbers as printf writes them, a cut at a whole character. */
#include "base/put.h"

#include "support/check.h"

#include <math.h>

static void real(double number, uint32_t digits) {
    char found[64];
    char right[64];
    put p = put_begin(found, sizeof found);
    put_real(&p, number, digits);
    snprintf(right, sizeof right, "%.*g", (int)digits, number);
    char *e = strchr(right, 'e'); /* printf: e-05 and e+20 */
    if (e != NULL) {
        int power = atoi(e + 1);
        snprintf(e, sizeof right - (size_t)(e - right), "e%d", power);
    }
    CHECK_TEXT(found, right);
}

static void reals(void) {
    static const double numbers[] = {0,      1,       10,      0.1,         0.5,    1.25,  100,
                                     123456, 1234567, 9999999, 0.000123,    1e-5,   1e20,  1.5e300,
                                     2e-300, 3.75e-9, 65504,   16777216,    1e100,  999.9, 0.0001,
                                     12.345, 7e22,    1e-100,  1.7976e+308, 2.3e-8, 99.5};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        real(numbers[i], 6);
        real(-numbers[i], 6);
        real(numbers[i], 12);
    }
    uint64_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        double number = (double)(random >> 11);
        for (uint64_t tens = random % 40; tens > 0; tens--) {
            number /= 10;
        }
        real(number, 6);
    }
    char text[32];
    put p = put_begin(text, sizeof text);
    put_real(&p, INFINITY, 6);
    put_text(&p, " ");
    put_real(&p, -INFINITY, 6);
    put_text(&p, " ");
    put_real(&p, NAN, 6);
    CHECK_TEXT(text, "inf -inf nan");
    CHECK(!p.cut);
}

static void numbers(void) {
    char text[128];
    put p = put_begin(text, sizeof text);
    put_number(&p, 0);
    put_text(&p, " ");
    put_number(&p, UINT64_MAX);
    put_text(&p, " ");
    put_signed(&p, INT64_MIN);
    put_text(&p, " ");
    put_signed(&p, 12);
    put_text(&p, " ");
    put_hex(&p, 0xAB, 4);
    put_text(&p, " ");
    put_hex(&p, UINT64_MAX, 99);
    CHECK_TEXT(text, "0 18446744073709551615 -9223372036854775808 12 00ab ffffffffffffffff");
    p = put_begin(text, sizeof text);
    put_text(&p, "a line\nof");
    put_column(&p, 4);
    put_text(&p, "text");
    put_column(&p, 4);
    CHECK_TEXT(text, "a line\nof  text");
}

static void cuts(void) {
    char text[10];
    put p = put_begin(text, sizeof text);
    put_text(&p, "123456789");
    CHECK_TEXT(text, "123456789");
    CHECK(!p.cut);
    put_number(&p, 0);
    CHECK_TEXT(text, "123456...");
    CHECK(p.cut);
    put_text(&p, "more");
    CHECK_TEXT(text, "123456...");
    p = put_begin(text, sizeof text);
    put_text(&p, "12345\xE2\x80\xA6 67"); /* the mark would split the character */
    CHECK_TEXT(text, "12345...");
    p = put_begin(text, 4);
    put_text(&p, "12345");
    CHECK_TEXT(text, "...");
    p = put_begin(text, sizeof text);
    put_foreign(&p, "a\x1b\n\xFF\xC3\xA4", 6);
    CHECK_TEXT(text, "a???\xC3\xA4");
}

SCENARIO(put) {
    numbers();
    reals();
    cuts();
}
