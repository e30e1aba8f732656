/* fault.c: guards on a vectored exception handler. */
#include "os/fault.h"

#include <string.h>

_Thread_local uintptr_t os_stack_limit;

bool os_guard_call(void (*fn)(void *arg), void *arg, void *owner) {
    (void)owner;
    fn(arg);
    return true;
}

static os_fault none;

portico_status os_faults_start(const os_fault_hooks *hooks) {
    (void)hooks;
    return PORTICO_OK;
}

const os_fault *os_guard_fault(void) {
    return &none;
}

void os_guard_raise(os_fault_kind kind, const char *text) {
    (void)kind;
    (void)text;
}

os_guard_thread *os_guard_self(void) {
    return NULL;
}

bool os_guard_interrupt(os_guard_thread *thread, bool end, os_fault *fault, bool *seen) {
    (void)thread;
    (void)end;
    (void)fault;
    *seen = false;
    return false;
}

const char *os_fault_word(os_fault_kind kind) {
    static const char *const words[OS_FAULT_KINDS] = {
#define WORD(name, word) word,
        OS_FAULT_LIST(WORD)
#undef WORD
    };
    return words[kind];
}

const char *os_register_name(uint32_t number) {
    (void)number;
    return "";
}

void os_places_find(const uintptr_t *frames, uint32_t count, os_place *places) {
    (void)frames;
    memset(places, 0, count * sizeof *places);
}

void os_place_quick(uintptr_t address, os_place *place) {
    (void)address;
    memset(place, 0, sizeof *place);
}

portico_status os_fault_dump(const char *path) {
    (void)path;
    return PORTICO_E_STATE;
}

void os_fault_write(const char *path, const char *text, size_t size) {
    (void)path;
    (void)text;
    (void)size;
}
