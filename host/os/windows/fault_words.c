/* fault_words.c: faults in words. */
#include "os/fault.h"

const char *os_fault_word(os_fault_kind kind) {
    static const char *const words[OS_FAULT_KINDS] = {
#define WORD(name, word) word,
        OS_FAULT_LIST(WORD)
#undef WORD
    };
    return words[kind];
}
