/* token.h: the secret that `ctl` shows to the admin listener. [control thread, and main() of `ctl`] */
#ifndef PORTICO_TOKEN_H
#define PORTICO_TOKEN_H

#include "config/config.h"

enum { TOKEN_MAX = 256, TOKEN_WHY_MAX = 4096 + 256 };

/* The configured token, else that of run_dir/admin.token, which only its owner may read. With `make` it is made
 * when it is not there. On failure `why` has the sentence for the user. */
portico_status token_read(const config *c, bool make, char token[TOKEN_MAX],
                          char why[TOKEN_WHY_MAX]);

/* Checks the token file, if one is there already: no other user may read it. As token_read, without `make`. */
portico_status token_check(const config *c, char why[TOKEN_WHY_MAX]);

/* Compares in a time that does not tell how much was right. */
bool token_equal(const char *token, const char *offered, size_t offered_size);

#endif
