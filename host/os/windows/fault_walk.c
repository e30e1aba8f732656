/* fault_walk.c: describes where a thread is: registers, and the frames of its stack. Runs in a
 * handler, or on another thread while the one described is suspended. */
#include "guard.h"

#include <string.h>

enum {
    STEPS_MAX = 1000, /* frames looked at; more than are kept */
    TEXT_BYTES = 32   /* as much of a text as is compared */
};

/* One walk; it reads the thread's stack and the libraries' tables, so it runs in guard_probe(). */
typedef struct walker {
    guard_walk *walk;
    os_fault *fault;
    CONTEXT context;   /* of the frame that the walk has come to */
    guard_image image; /* that its code is in */
} walker;

typedef struct registers {
    const char *name;
    size_t at;
    size_t size;
} registers;

#define REGISTER(name, field) \
    { name, offsetof(CONTEXT, field), sizeof(((const CONTEXT *)NULL)->field) }
static const registers all_registers[] = {
    REGISTER("rax", Rax),     REGISTER("rbx", Rbx), REGISTER("rcx", Rcx),
    REGISTER("rdx", Rdx),     REGISTER("rsi", Rsi), REGISTER("rdi", Rdi),
    REGISTER("rbp", Rbp),     REGISTER("rsp", Rsp), REGISTER("r8", R8),
    REGISTER("r9", R9),       REGISTER("r10", R10), REGISTER("r11", R11),
    REGISTER("r12", R12),     REGISTER("r13", R13), REGISTER("r14", R14),
    REGISTER("r15", R15),     REGISTER("rip", Rip), REGISTER("eflags", EFlags),
    REGISTER("mxcsr", MxCsr),
};
enum { REGISTERS = sizeof all_registers / sizeof all_registers[0] };
_Static_assert((int)REGISTERS <= (int)OS_REGISTERS_MAX, "a fault has no room for the registers");

const char *os_register_name(uint32_t number) {
    return number < REGISTERS ? all_registers[number].name : "";
}

static void copy_registers(const CONTEXT *context, os_fault *fault) {
    fault->register_count = REGISTERS;
    for (uint32_t i = 0; i < REGISTERS; i++) {
        fault->registers[i] = 0;
        memcpy(&fault->registers[i], (const char *)context + all_registers[i].at,
               all_registers[i].size);
    }
}

void guard_text(os_fault *fault, const char *text) {
    size_t length = strnlen(text, sizeof fault->text - 1);
    memcpy(fault->text, text, length);
    fault->text[length] = '\0';
}

void guard_drop(os_fault *f, uint32_t count) {
    if (count > 0 && count < f->frame_count) {
        f->frame_count -= count;
        for (uint32_t i = 0; i < f->frame_count; i++) {
            f->frames[i] = f->frames[i + count];
        }
        f->frames[0]--;
    }
}

static bool is_code(uintptr_t address) {
    enum { CODE = PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE };
    MEMORY_BASIC_INFORMATION m;
    return VirtualQuery((const void *)address, &m, sizeof m) != 0 && m.State == MEM_COMMIT &&
           (m.Protect & (CODE | PAGE_EXECUTE_WRITECOPY)) != 0;
}

/* A function that a library has made at run time, which it may have told the system about. */
static RUNTIME_FUNCTION *made_function_at(const walker *w, uintptr_t address, DWORD64 *base) {
    return !w->walk->stands && is_code(address) ? RtlLookupFunctionEntry(address, base, NULL)
                                                : NULL;
}

/* Goes to the caller's frame. False: it cannot be found. */
static bool step(walker *w, bool first) {
    CONTEXT *c = &w->context;
    uintptr_t before = c->Rsp;
    bool inside = guard_image_has(&w->image, c->Rip) || guard_image_at(c->Rip, &w->image);
    DWORD64 base = w->image.begin;
    RUNTIME_FUNCTION *f =
        inside ? guard_function_at(&w->image, c->Rip) : made_function_at(w, c->Rip, &base);
    if (f != NULL) {
        void *data = NULL;
        DWORD64 frame = 0;
        if (RtlVirtualUnwind(UNW_FLAG_EHANDLER, base, c->Rip, f, c, &data, &frame, NULL) != NULL &&
            !w->walk->reached) {
            w->walk->handler = true;
        }
    } else if (first) {
        /* A function that uses no stack has no entry. Nor has what is no code: something has called
         * it. In both cases the stack begins with the return address. */
        c->Rip = *(const DWORD64 *)c->Rsp;
        c->Rsp += sizeof(DWORD64);
    } else {
        return false;
    }
    return c->Rip != 0 && c->Rsp > before;
}

static void walk_frames(void *arg) {
    walker *w = arg;
    os_fault *f = w->fault;
    uint32_t most = w->walk->short_walk ? OS_FRAMES_MAX : STEPS_MAX;
    for (uint32_t i = 0; i < most; i++) {
        if (i < OS_FRAMES_MAX) {
            f->frames[f->frame_count++] = w->context.Rip;
        }
        if (w->walk->guard != 0 && w->context.Rsp >= w->walk->guard) {
            w->walk->reached = true;
        }
        if (!w->walk->reached) {
            w->walk->frames_inside = f->frame_count;
        } else if (f->frame_count == OS_FRAMES_MAX) {
            return;
        }
        if (!step(w, i == 0)) {
            return;
        }
    }
    w->walk->handler = w->walk->handler || !w->walk->reached; /* perhaps: too many frames */
}

/* Wine's memcpy calls memmove, which on Windows it is: they count as one function. */
static void join_copies(os_fault *f) {
    guard_image image;
    const RUNTIME_FUNCTION *function =
        guard_copy != 0 && f->frame_count > 2 && guard_image_at(f->frames[1], &image)
            ? guard_function_at(&image, f->frames[1])
            : NULL;
    if (function != NULL && image.begin + function->BeginAddress == guard_copy) {
        f->frame_count--;
        memmove(f->frames + 1, f->frames + 2, (f->frame_count - 1) * sizeof f->frames[0]);
    }
}

void guard_describe(os_guard_thread *self, const os_guard_thread *t, const CONTEXT *context,
                    os_fault *fault, guard_walk *walk) {
    walker w = {.walk = walk, .fault = fault, .context = *context};
    walk->guard = t->innermost != NULL ? t->innermost->stack : 0;
    walk->stands = self != t;
    fault->thread = t->id;
    fault->in_guard = t->innermost != NULL;
    fault->frame_count = 0;
    copy_registers(context, fault);
    guard_probe(self, walk_frames, &w);
    join_copies(fault);
    fault->in_host = guard_image_has(&guard_host, context->Rip);
    fault->in_allocator = guard_image_has(&guard_system, context->Rip) || t->locked_files > 0 ||
                          guard_is_locking(fault);
    /* Wine's libraries keep their handlers in a list, as 32-bit Windows does. */
    uintptr_t list = (uintptr_t)guard_tib()->ExceptionList;
    if (!walk->stands && list > context->Rsp && list < walk->guard) {
        walk->handler = true;
    }
}

/* ---- the stack protector ------------------------------------------------------------------ */

const char guard_protector_text[] = "The stack protector has found an overwritten buffer.";

typedef struct protector {
    uintptr_t address;
    bool found;
} protector;

/* Whether `at` has one of libssp's messages. */
static bool is_message(const guard_image *image, uintptr_t at) {
    static const char smashed[] = "*** stack smashing detected";
    static const char overflow[] = "*** buffer overflow detected";
    _Static_assert(sizeof overflow <= TEXT_BYTES, "is compared whole");
    return guard_image_has(image, at) && image->end - at >= TEXT_BYTES &&
           (memcmp((const void *)at, smashed, sizeof smashed - 1) == 0 ||
            memcmp((const void *)at, overflow, sizeof overflow - 1) == 0);
}

/* Looks for an instruction of the function that has the message's address, as a distance from the
 * next instruction. */
static void look_for_message(void *arg) {
    protector *p = arg;
    guard_image image;
    RUNTIME_FUNCTION *f =
        guard_image_at(p->address, &image) ? guard_function_at(&image, p->address) : NULL;
    if (f == NULL) {
        return;
    }
    for (uintptr_t at = image.begin + f->BeginAddress; at + 4 <= image.begin + f->EndAddress;
         at++) {
        int32_t distance;
        memcpy(&distance, (const void *)at, sizeof distance);
        p->found = p->found || is_message(&image, at + 4 + (uintptr_t)(intptr_t)distance);
    }
}

bool guard_is_protector(os_guard_thread *t, const os_fault *fault) {
    enum { DEEP = 3 }; /* its functions call each other */
    guard_image image;
    protector p = {0};
    bool inside = guard_image_at(fault->frames[0], &image);
    for (uint32_t i = 0; i < fault->frame_count && i < DEEP && inside && !p.found; i++) {
        p.address = fault->frames[i];
        inside = guard_image_has(&image, p.address);
        if (inside) {
            guard_probe(t, look_for_message, &p);
        }
    }
    return p.found;
}
