/* text.c: every code point in its shortest form is a character, and nothing else is; text that
 * could forge a line is recognised; identifiers. */
#include "base/text.h"

#include "support/check.h"
#include "support/utf8.h"

static void every_code_point(void) {
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        char bytes[4];
        size_t length = utf8_encode(code, (uint8_t *)bytes);
        int surrogate = code >= 0xD800 && code <= 0xDFFF;
        CHECK_INT(text_character(bytes, length), surrogate ? 0 : length);
        CHECK_INT(text_character(bytes, length - 1), 0); /* cut */
    }
}

static void invalid_utf8(void) {
    CHECK(!text_is_utf8("\x80", 1));
    CHECK(!text_is_utf8("\xC0\x80", 2));         /* overlong NUL */
    CHECK(!text_is_utf8("\xE0\x9F\xBF", 3));     /* overlong U+07FF */
    CHECK(!text_is_utf8("\xF0\x8F\xBF\xBF", 4)); /* overlong U+FFFF */
    CHECK(!text_is_utf8("\xF4\x90\x80\x80", 4)); /* above U+10FFFF */
    CHECK(!text_is_utf8("\xF8\x88\x80\x80\x80", 5));
    CHECK(!text_is_utf8("a\xFF", 2));
    CHECK(!text_is_utf8("\xC3(", 2));
    CHECK(text_is_utf8("", 0));
    CHECK(text_is_utf8("gr\xC3\xBC\xC3\x9F", 6));
}

static void plain_text(void) {
    CHECK(text_is_plain("player \xE2\x82\xAC", 10));
    CHECK(!text_is_plain("a\nb", 3));
    CHECK(!text_is_plain("a\0b", 3));
    CHECK(!text_is_plain("\x7F", 1));
    CHECK(!text_is_plain("\xC2\x9B", 2));     /* U+009B begins terminal commands */
    CHECK(!text_is_plain("\xE2\x80\xA8", 3)); /* U+2028, a line separator */
    CHECK(!text_is_plain("\xE2\x80\xAE", 3)); /* U+202E, right to left */
    CHECK(!text_is_plain("\xFF", 1));
}

static void identifiers(void) {
    CHECK(text_is_identifier("a"));
    CHECK(text_is_identifier("arena_2"));
    CHECK(text_is_identifier("abcdefghijklmnopqrstuvwxyz_0123")); /* 31 bytes */
    CHECK(!text_is_identifier("abcdefghijklmnopqrstuvwxyz_01234"));
    CHECK(!text_is_identifier(""));
    CHECK(!text_is_identifier(NULL));
    CHECK(!text_is_identifier("_a"));
    CHECK(!text_is_identifier("2a"));
    CHECK(!text_is_identifier("Arena"));
    CHECK(!text_is_identifier("a-b"));
    CHECK(!text_is_identifier("a b"));
}

static void devices(void) {
    CHECK(text_is_device("nul"));
    CHECK(text_is_device("CON"));
    CHECK(text_is_device("aux.tar.gz"));
    CHECK(text_is_device("Com1"));
    CHECK(text_is_device("lpt9.txt"));
    CHECK(!text_is_device(""));
    CHECK(!text_is_device("nu"));
    CHECK(!text_is_device("null"));
    CHECK(!text_is_device("com"));
    CHECK(!text_is_device("com10"));
    CHECK(!text_is_device("coma"));
    CHECK(!text_is_device("scores.con"));
}

SCENARIO(text) {
    every_code_point();
    invalid_utf8();
    plain_text();
    identifiers();
    devices();
    char *copy = text_copy("abcdef", 3);
    CHECK_TEXT(copy, "abc");
    free(copy);
}
