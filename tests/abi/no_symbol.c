/* no_symbol.c: a library that is not a module: it exports something else. */
#include <portico/portico.h>

PORTICO_EXPORT int some_other_function(void);

PORTICO_EXPORT int some_other_function(void) {
    return 42;
}
