/* status.c: see status.h. The list generates the names. */
#include "base/status.h"

const char *status_name(portico_status status) {
    switch (status) {
#define STATUS_CASE(name, number, sentence) \
    case (number): return "PORTICO_" #name;
        PORTICO_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    default: return "PORTICO_E_?";
    }
}

const char *status_text(portico_status status) {
    return portico_status_text(status);
}
