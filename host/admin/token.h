/* token.h: the secret that `ctl` sends to the admin listener. [control thread, and main() of
 * `ctl`] */
#ifndef PORTICO_TOKEN_H
#define PORTICO_TOKEN_H

#include "config/config.h"

enum { TOKEN_MAX = 256, TOKEN_RANDOM_MAX = 32, TOKEN_WHY_MAX = 4096 + 256 };

/* Writes the configured token, or else the one in run_dir/admin.token, a file that only its owner
 * may read; `make` creates a missing file. On failure `why` is a sentence for the user. */
portico_status token_read(const config *c, bool make, char token[TOKEN_MAX],
                          char why[TOKEN_WHY_MAX]);

/* Checks that no other user may read the token file, if there is one. `why` as in token_read. */
portico_status token_check(const config *c, char why[TOKEN_WHY_MAX]);

/* Writes random bytes, TOKEN_RANDOM_MAX at most, as hexadecimal text. */
portico_status token_random(char *text, size_t bytes);

/* Compares in a time that does not depend on how much is right. */
bool token_equal(const char *token, const char *offered, size_t offered_size);

#endif
