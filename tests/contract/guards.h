/* guards.h: what the tests of os/fault.h share: the library that faults, and the check of a fault's
 * description. */
#ifndef CONTRACT_GUARDS_H
#define CONTRACT_GUARDS_H

#include "contract.h"
#include "os/fault.h"
#include "samples/guard.h"

#include "support/clock.h"

typedef struct guard_case {
    const char *name; /* "READ_NULL" */
    guard_what what;
    os_fault_kind kind;
    char access;
    guard_place place;
} guard_case;

/* The faults that this processor has, from guards_start on; `name` NULL ends the list. */
extern guard_case guard_cases[GUARD_WHATS + 1];

/* Opens the library and starts the guards. `hooks` NULL: everything is contained, and an end is
 * noted in the file "end.txt" of the working folder (guards_end). [main thread, once] */
void guards_start(const os_fault_hooks *hooks);

/* Writes the path of a library beside this program. */
enum { GUARDS_PATH = 1200 };
void guards_library_path(char path[GUARDS_PATH], const char *name);

/* The hooks of NULL. */
bool guards_contain(const os_fault *fault, void *owner);
void guards_end(const os_fault *fault, void *owner);

/* Lets the library do `what`, in no guard of its own. */
void guards_run(int what, void *arg);

/* The same in a guard. */
bool guards_call(int what, void *arg, void *owner);

bool guards_in_library(uintptr_t address);

/* Checks what *fault says of the case in a guard. */
void guards_check(const guard_case *c, const os_fault *fault);

/* The name of a kind: "MEMORY". */
const char *guards_kind(os_fault_kind kind);

#endif
