/* fault_files.c: whether a thread has locked a file of the C library. Any thread.
 *
 * mingw's printf is part of the module, and locks the file while it works. A fault in it is
 * therefore one inside the C library, whatever its address: to end the call would leave stdout
 * locked. So the functions that lock are replaced (fault_calls.c) by ones that count. Of msvcrt.dll
 * they lock stdin, stdout and stderr, by number; of ucrtbase.dll, which has several names, any
 * file.
 */
#include "guard.h"

#include <string.h>

typedef void lock_function(uintptr_t what);

typedef struct c_library {
    lock_function *lock;
    lock_function *unlock;
} c_library;

static c_library msvcrt;
static c_library ucrt;

static void count(int more) {
    os_guard_thread *t = guard_thread();
    if (t != NULL) {
        t->locked_files += more;
    }
}

static void lock_in_msvcrt(uintptr_t what) {
    count(1);
    msvcrt.lock(what);
}

static void unlock_in_msvcrt(uintptr_t what) {
    msvcrt.unlock(what);
    count(-1);
}

static void lock_in_ucrt(uintptr_t what) {
    count(1);
    ucrt.lock(what);
}

static void unlock_in_ucrt(uintptr_t what) {
    ucrt.unlock(what);
    count(-1);
}

static const struct {
    const char *name;
    lock_function **real;
    lock_function *counts;
} locks[] = {
    {"_lock", &msvcrt.lock, lock_in_msvcrt},
    {"_unlock", &msvcrt.unlock, unlock_in_msvcrt},
    {"_lock_file", &ucrt.lock, lock_in_ucrt},
    {"_unlock_file", &ucrt.unlock, unlock_in_ucrt},
};

const void *guard_find_lock(const char *library, const char *function) {
    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        HMODULE module = strcmp(function, locks[i].name) == 0 ? GetModuleHandleA(library) : NULL;
        lock_function *real =
            module != NULL ? (lock_function *)(win_function)GetProcAddress(module, function) : NULL;
        if (real != NULL) {
            *locks[i].real = real;
            return (const void *)(uintptr_t)locks[i].counts;
        }
    }
    return NULL;
}
