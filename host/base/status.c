/* status.c: see status.h. The list generates both functions. */
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
    switch (status) {
#define STATUS_CASE(name, number, sentence) \
    case (number): return sentence;
        PORTICO_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    default: return "a status that this host does not know";
    }
}
