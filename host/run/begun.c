/* begun.c: see begun.h. */
#include "run/begun.h"

_Thread_local uint32_t begun_now;
