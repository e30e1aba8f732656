/* text.h: checks of UTF-8 text, and times as text. Pure, any thread. */
#ifndef PORTICO_TEXT_H
#define PORTICO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the UTF-8 character at the start of `text`: 1 to 4. 0: the text is empty or does not
 * begin with a valid character (overlong, cut, a surrogate, above U+10FFFF). */
size_t text_character(const char *text, size_t size);

/* The size of UTF-8 text that was cut, without an incomplete character at its end. */
size_t text_whole(const char *text, size_t size);

bool text_is_utf8(const char *text, size_t size);

/* Whether the character of `length` bytes (from text_character) could forge or garble what a person
 * reads: C0 and C1 controls, DEL, line and paragraph separators, and changes of the writing
 * direction. */
bool text_is_control(const char *character, size_t length);

/* Whether it is UTF-8 without such characters. */
bool text_is_plain(const char *text, size_t size);

/* Replaces each byte of `text` that is not part of a plain character by '?'. */
void text_make_plain(char *text);

/* Replaces each blank by '_', for a text that is a column among others. */
void text_make_word(char *text);

/* Whether it may name a room, a label or a channel: 1 to PORTICO_LABEL_MAX - 1 bytes of plain text.
 */
bool text_is_name(const char *text);

/* Whether it may name a module, or a type within one. */
bool text_is_identifier(const char *text);

/* An ASCII letter in lower case; any other character as it is. */
static inline char text_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether Windows gives a file of that name, which ends with the text or before a '/', to a device,
 * whatever its case and its ending: "nul", "COM1.txt". */
bool text_is_device(const char *text);

enum { TEXT_IDENTIFIER_MAX = 32 }; /* bytes of an identifier, its zero included */
#define TEXT_IDENTIFIER_RULE "1 to 31 of a-z, 0-9 and _, beginning with a letter"

enum { TEXT_SHORT = 88 }; /* room for a shortened text */

/* Shortens what a person wrote to a length that fits into a message; ends it with "..." if it cuts
 * something off. */
void text_shorten(const char *text, char shortened[TEXT_SHORT]);

/* The part of a path after its last separator, of any system. */
const char *text_file_name(const char *path);

/* A copy on the heap, zero-terminated; NULL when out of memory. */
char *text_copy(const char *text, size_t size);

enum { TEXT_COUNT = 32 }; /* room for a count */

/* Writes a count for people: "1,234". */
void text_count(uint64_t count, char text[TEXT_COUNT]);

enum { TEXT_TIME = 40 }; /* room for a time */

/* Writes milliseconds since 1970 as "2026-11-22T10:11:12.345Z", with `between` in place of the T.
 * gmtime is not thread-safe, and its replacement has a different name on each system. */
void text_time(uint64_t wall_ms, char between, char text[TEXT_TIME]);

#endif
