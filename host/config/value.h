/* value.h: checks the text of one value against its key and writes it into its field. One thread.
 */
#ifndef PORTICO_CONFIG_VALUE_H
#define PORTICO_CONFIG_VALUE_H

#include "config/schema.h"

enum { VALUE_ALLOWED_MAX = 256 };

/* Writes `text` into the field of `key` in `base` (a zeroed or already written config,
 * config_service or config_module). A relative path is appended to `folder` ("" or ending in '/').
 *   PORTICO_OK
 *   PORTICO_E_INVALID    the field is unchanged, `allowed` says what would be right ("0 to 65535")
 *   PORTICO_E_NO_MEMORY  the field is unchanged */
portico_status value_set(const config_key *key, void *base, const char *text, const char *folder,
                         char allowed[VALUE_ALLOWED_MAX]);

/* Frees what value_set stored in the field, if that is on the heap. */
void value_free(const config_key *key, void *base);

/* NAME of [listener NAME] and [connector NAME]: a-z 0-9 _ -, fewer than CONFIG_NAME_MAX bytes. */
bool value_is_name(const char *text);

/* The index of `text` in a list of words that ends with NULL; -1: it is none of them. */
int value_find_word(const char *const *words, const char *text);

/* Writes "close or drop" or "u16, u32, line or raw", and the word nearest to `text` if one is near.
 * Words that do not fit become "...". */
void value_list_words(const char *const *words, const char *text, char allowed[VALUE_ALLOWED_MAX]);

#endif
