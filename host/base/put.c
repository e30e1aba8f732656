/* put.c: see put.h. */
#include "base/put.h"

#include "base/text.h"

#include <string.h>

static const char cut_mark[] = "...";

put put_begin(char *text, size_t size) {
    text[0] = '\0';
    return (put){.text = text, .size = size};
}

/* Ends the text with the mark, without an incomplete character before it. */
static void put_cut(put *p) {
    size_t most = p->size - sizeof cut_mark;
    size_t at = p->used < most ? p->used : most;
    while (at > 0 && at == most && ((unsigned char)p->text[at] & 0xC0) == 0x80) {
        at--;
    }
    memcpy(p->text + at, cut_mark, sizeof cut_mark);
    p->used = at + sizeof cut_mark - 1;
    p->cut = true;
}

static void put_bytes(put *p, const char *bytes, size_t size) {
    if (p->cut) {
        return;
    }
    if (size >= p->size - p->used) {
        size_t part = p->size - 1 - p->used;
        memcpy(p->text + p->used, bytes, part);
        p->used += part;
        put_cut(p);
        return;
    }
    memcpy(p->text + p->used, bytes, size);
    p->used += size;
    p->text[p->used] = '\0';
}

void put_text(put *p, const char *text) {
    put_bytes(p, text, strlen(text));
}

void put_foreign(put *p, const char *text, size_t size) {
    for (size_t at = 0; at < size && !p->cut;) {
        size_t length = text_character(text + at, size - at);
        bool plain = length > 0 && !text_is_control(text + at, length);
        put_bytes(p, plain ? text + at : "?", plain ? length : 1);
        at += length > 0 ? length : 1;
    }
}

/* The digits of a number, at least `least`. */
static void put_digits(put *p, uint64_t number, uint32_t base, uint32_t least) {
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (at > 0 && (number > 0 || sizeof digits - at < least));
    put_bytes(p, digits + at, sizeof digits - at);
}

void put_number(put *p, uint64_t number) {
    put_digits(p, number, 10, 1);
}

void put_signed(put *p, int64_t number) {
    if (number < 0) {
        put_text(p, "-");
    }
    put_digits(p, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10, 1);
}

void put_hex(put *p, uint64_t number, uint32_t digits) {
    put_digits(p, number, 16, digits < 16 ? digits : 16);
}

/* Brings *number, which is positive, to 1 or more and below 10; returns the power of ten. */
static int put_scale(double *number) {
    static const double powers[] = {1e256, 1e128, 1e64, 1e32, 1e16, 1e8, 1e4, 1e2, 1e1};
    int power = 0;
    for (int i = 0, step = 256; step > 0; i++, step /= 2) {
        if (*number >= powers[i]) {
            *number /= powers[i];
            power += step;
        }
    }
    for (int i = 0, step = 256; *number < 1 && step > 0; i++, step /= 2) {
        if (*number * powers[i] < 10) {
            *number *= powers[i];
            power -= step;
        }
    }
    return power;
}

/* "1.25" of the digits 125 and the place 1; the place may lie outside of the digits. */
static void put_decimal(put *p, const char *digits, int count, int place) {
    if (place <= 0) {
        put_text(p, "0.");
        put_bytes(p, "0000", (size_t)-place);
        put_bytes(p, digits, (size_t)count);
        return;
    }
    put_bytes(p, digits, (size_t)(count < place ? count : place));
    for (int i = count; i < place; i++) {
        put_text(p, "0");
    }
    if (count > place) {
        put_text(p, ".");
        put_bytes(p, digits + place, (size_t)(count - place));
    }
}

static void put_positive(put *p, double number, int digits) {
    char text[24];
    put inner = put_begin(text, sizeof text);
    int power = put_scale(&number);
    double factor = 1;
    for (int i = 1; i < digits; i++) {
        factor *= 10;
    }
    put_number(&inner, (uint64_t)(number * factor + 0.5));
    if ((int)inner.used > digits) { /* rounded up to the next power of ten */
        power++;
    }
    int count = digits;
    while (count > 1 && text[count - 1] == '0') {
        count--;
    }
    if (power >= -4 && power < digits) {
        put_decimal(p, text, count, power + 1);
        return;
    }
    put_decimal(p, text, count, 1);
    put_text(p, "e");
    put_signed(p, power);
}

void put_real(put *p, double number, uint32_t digits) {
    uint64_t bits = 0;
    memcpy(&bits, &number, sizeof bits);
    if ((bits & INT64_MAX) > 0x7FF0000000000000) {
        put_text(p, "nan");
        return;
    }
    if (bits >> 63 != 0) {
        put_text(p, "-");
        number = -number;
    }
    if ((bits & INT64_MAX) == 0x7FF0000000000000) {
        put_text(p, "inf");
    } else if (number == 0) {
        put_text(p, "0");
    } else {
        put_positive(p, number, digits < 15 ? (int)digits : 15);
    }
}

void put_column(put *p, size_t column) {
    size_t begin = p->used;
    while (begin > 0 && p->text[begin - 1] != '\n') {
        begin--;
    }
    while (!p->cut && p->used - begin < column) {
        put_text(p, " ");
    }
}
