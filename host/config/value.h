/* value.h: checks the text of one value against its key and writes it into its field. One thread.
 */
#ifndef PORTICO_CONFIG_VALUE_H
#define PORTICO_CONFIG_VALUE_H

#include "config/schema.h"

enum { VALUE_ALLOWED_MAX = 256, VALUE_NUMBER_MAX = 32 };

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

/* Writes a number of bytes as the ini would: "64M", "16K" or "65535". */
void value_format_bytes(int64_t value, char text[VALUE_NUMBER_MAX]);

#endif
