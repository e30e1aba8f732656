/* fault_image.c: which library an address is in, and which function of it; without a lock.
 *
 * The loader's own functions for this (GetModuleHandleEx, RtlLookupFunctionEntry) wait for locks
 * that the thread which faults, or the one that os_guard_interrupt has stopped, may hold. Here the
 * system is asked what is mapped, and the rest is in the image's headers.
 */
#include "guard.h"

guard_image guard_host;
guard_image guard_system;
uintptr_t guard_copy;

static const IMAGE_NT_HEADERS *headers_of(uintptr_t base) {
    const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *)base;
    if (dos->e_magic != IMAGE_DOS_SIGNATURE) {
        return NULL;
    }
    const IMAGE_NT_HEADERS *headers = (const IMAGE_NT_HEADERS *)(base + (uintptr_t)dos->e_lfanew);
    return headers->Signature == IMAGE_NT_SIGNATURE &&
                   headers->OptionalHeader.Magic == IMAGE_NT_OPTIONAL_HDR_MAGIC
               ? headers
               : NULL;
}

bool guard_image_at(uintptr_t address, guard_image *image) {
    MEMORY_BASIC_INFORMATION m;
    *image = (guard_image){0};
    if (VirtualQuery((const void *)address, &m, sizeof m) == 0 || m.State != MEM_COMMIT ||
        m.Type != MEM_IMAGE) {
        return false;
    }
    uintptr_t base = (uintptr_t)m.AllocationBase;
    const IMAGE_NT_HEADERS *headers = headers_of(base);
    if (headers == NULL || address - base >= headers->OptionalHeader.SizeOfImage) {
        return false;
    }
    *image = (guard_image){base, base + headers->OptionalHeader.SizeOfImage, headers};
    return true;
}

void guard_images_start(void) {
    (void)guard_image_at((uintptr_t)GetModuleHandleW(NULL), &guard_host);
    (void)guard_image_at((uintptr_t)GetModuleHandleW(L"ntdll.dll"), &guard_system);
    guard_copy = win_is_wine() ? (uintptr_t)win_find(L"msvcrt.dll", "memcpy") : 0;
}

/* The table of functions is sorted. An odd number in UnwindData leads to another entry.
 * https://learn.microsoft.com/windows/win32/debug/pe-format (the .pdata section) */
RUNTIME_FUNCTION *guard_function_at(const guard_image *image, uintptr_t address) {
    const IMAGE_OPTIONAL_HEADER *optional = &image->headers->OptionalHeader;
    if (optional->NumberOfRvaAndSizes <= IMAGE_DIRECTORY_ENTRY_EXCEPTION) {
        return NULL;
    }
    const IMAGE_DATA_DIRECTORY *table = &optional->DataDirectory[IMAGE_DIRECTORY_ENTRY_EXCEPTION];
    RUNTIME_FUNCTION *all = (RUNTIME_FUNCTION *)(image->begin + table->VirtualAddress);
    size_t low = 0;
    size_t high = table->VirtualAddress != 0 ? table->Size / sizeof *all : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        RUNTIME_FUNCTION *f = &all[middle];
        if (address - image->begin < f->BeginAddress) {
            high = middle;
        } else if (address - image->begin >= f->EndAddress) {
            low = middle + 1;
        } else {
            return (f->UnwindData & 1) == 0
                       ? f
                       : (RUNTIME_FUNCTION *)(image->begin + (f->UnwindData & ~1u));
        }
    }
    return NULL;
}

/* The information of a part ends with the entry of the part before it, after two bytes for each of
 * an even number of codes.
 * https://learn.microsoft.com/cpp/build/exception-handling-x64 (chained unwind info) */
const RUNTIME_FUNCTION *guard_whole_function(const guard_image *image, const RUNTIME_FUNCTION *f) {
    enum { FLAGS_AT = 0, CODES_AT = 2, HEADER = 4, PARTS_MAX = 32 };
    for (int i = 0; i < PARTS_MAX; i++) {
        const uint8_t *info = (const uint8_t *)(image->begin + f->UnwindData);
        if ((info[FLAGS_AT] >> 3 & UNW_FLAG_CHAININFO) == 0) {
            break;
        }
        size_t codes = (info[CODES_AT] + 1u) & ~1u;
        f = (const RUNTIME_FUNCTION *)(const void *)(info + HEADER + 2 * codes);
    }
    return f;
}
