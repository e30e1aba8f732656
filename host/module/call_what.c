/* call_what.c: what kinds of calls there are, in words. Any thread, also in a handler. */
#include "module/call.h"

const char *call_what(call_kind kind) {
    static const char *const words[CALL_KINDS] = {
#define CALL_WHAT(kind, what) what,
        CALL_LIST(CALL_WHAT)
#undef CALL_WHAT
    };
    return words[kind];
}
