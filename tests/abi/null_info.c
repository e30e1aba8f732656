/* null_info.c: exports the symbol but returns no description. */
#include <portico/portico.h>

PORTICO_EXPORT const portico_module_info *PORTICO_CALL portico_module(void);

PORTICO_EXPORT const portico_module_info *PORTICO_CALL portico_module(void) {
    return NULL;
}
