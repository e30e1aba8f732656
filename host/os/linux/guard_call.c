/* guard_call.c: calls a function in a guard, and returns from that call after a fault.
 *
 * Every packet passes os_guard_call, so on the usual processors it is written by hand: it saves
 * what a function must leave unchanged, calls, and on the common way back restores nothing, because
 * the function has done that. After a fault the handler lets the thread continue at guard_landing,
 * with the guard in the stack pointer. Elsewhere, and for sanitizers, which want to see it,
 * sigsetjmp does the same; only guard_call_here stays then. Any thread.
 *
 * In the assembler the guard_frame is the lowest part of the frame. The thread-local variables are
 * the executable's own: each is at a fixed distance from the thread pointer. No object with this
 * assembler may be marked for shadow stacks, whose pointer it does not reset: hence
 * -fcf-protection=none in host/CMakeLists.txt.
 */
#include "guard.h"

#include <stddef.h>

#if GUARD_JUMPS
#include <setjmp.h>
#define CALL "guard_call_unused"
#define LAND "guard_land_unused"
#else
#define CALL "os_guard_call"
#define LAND "guard_land"
#endif

#if GUARD_ASSEMBLER

_Static_assert(offsetof(guard_frame, fpu) == 0, "see the assembler");
_Static_assert(offsetof(guard_frame, outer) == 8, "see the assembler");
_Static_assert(offsetof(guard_frame, owner) == 16, "see the assembler");

#if defined(__x86_64__)

/* guard_call_here has os_guard_call's arguments, and %rax the thread's innermost guard. */
__asm__(".text\n"
        ".p2align 5\n"
        ".globl " CALL "\n"
        ".hidden " CALL "\n"
        ".type " CALL ", @function\n" CALL ":\n"
        "    .cfi_startproc\n"
        "    mov %fs:guard_top@tpoff, %rax\n"
        "    test %rax, %rax\n"
        "    je 2f\n"
        "1:  push %rbp\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset %rbp, -16\n"
        "    mov %rsp, %rbp\n"
        "    .cfi_def_cfa_register %rbp\n"
        "    push %rbx\n"
        "    push %r12\n"
        "    push %r13\n"
        "    push %r14\n"
        "    push %r15\n"
        "    push %rdx\n" /* owner */
        "    push %rax\n" /* outer */
        "    push %rcx\n" /* fpu */
        "    stmxcsr (%rsp)\n"
        "    fnstcw 4(%rsp)\n"
        "    mov %rsp, %fs:guard_top@tpoff\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    call *%rax\n"
        "    mov 8(%rsp), %rcx\n"
        "    mov %rcx, %fs:guard_top@tpoff\n"
        "    mov $1, %eax\n"
        "    leave\n"
        "    .cfi_remember_state\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        "    .cfi_restore_state\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    .cfi_restore %rbp\n"
        "2:  push %rdi\n"
        "    .cfi_def_cfa_offset 16\n"
        "    push %rsi\n"
        "    .cfi_def_cfa_offset 24\n"
        "    push %rdx\n"
        "    .cfi_def_cfa_offset 32\n"
        "    call guard_prepare\n"
        "    pop %rdx\n"
        "    .cfi_def_cfa_offset 24\n"
        "    pop %rsi\n"
        "    .cfi_def_cfa_offset 16\n"
        "    pop %rdi\n"
        "    .cfi_def_cfa_offset 8\n"
        "    test %rax, %rax\n"
        "    jne 1b\n"
        "    push %rbp\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset %rbp, -16\n"
        "    mov %rsp, %rbp\n"
        "    .cfi_def_cfa_register %rbp\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    call *%rax\n"
        "    mov $1, %eax\n"
        "    leave\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size " CALL ", . - " CALL "\n"
        ".globl guard_call_here\n"
        ".hidden guard_call_here\n"
        ".type guard_call_here, @function\n"
        "guard_call_here:\n"
        "    .cfi_startproc\n"
        "    mov %fs:guard_top@tpoff, %rax\n"
        "    jmp 1b\n"
        "    .cfi_endproc\n"
        ".size guard_call_here, . - guard_call_here\n"
        ".globl " LAND "\n"
        ".hidden " LAND "\n"
        ".type " LAND ", @function\n" LAND ":\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined %rip\n"
        "    mov %rdi, %rsp\n"
        ".globl guard_landing\n"
        ".hidden guard_landing\n"
        "guard_landing:\n"
        "    cld\n"
        "    fninit\n"
        "    fldcw 4(%rsp)\n"
        "    ldmxcsr (%rsp)\n"
        "    mov 8(%rsp), %rcx\n"
        "    mov %rcx, %fs:guard_top@tpoff\n"
        "    add $24, %rsp\n"
        "    pop %r15\n"
        "    pop %r14\n"
        "    pop %r13\n"
        "    pop %r12\n"
        "    pop %rbx\n"
        "    pop %rbp\n"
        "    xor %eax, %eax\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size " LAND ", . - " LAND "\n");

#else

/* At #160 of the frame begins the guard_frame. guard_landing expects it in x0. */
#define TOP_ADDRESS                                     \
    "    mrs x9, tpidr_el0\n"                           \
    "    add x9, x9, #:tprel_hi12:guard_top, lsl #12\n" \
    "    add x9, x9, #:tprel_lo12_nc:guard_top\n"

__asm__(".text\n"
        ".p2align 5\n"
        ".globl " CALL "\n"
        ".hidden " CALL "\n"
        ".type " CALL ", %function\n" CALL ":\n"
        "    .cfi_startproc\n" TOP_ADDRESS "    ldr x10, [x9]\n"
        "    cbz x10, 2f\n"
        "1:  stp x29, x30, [sp, #-192]!\n"
        "    .cfi_def_cfa_offset 192\n"
        "    .cfi_offset 29, -192\n"
        "    .cfi_offset 30, -184\n"
        "    mov x29, sp\n"
        "    .cfi_def_cfa_register 29\n"
        "    stp x19, x20, [sp, #16]\n"
        "    stp x21, x22, [sp, #32]\n"
        "    stp x23, x24, [sp, #48]\n"
        "    stp x25, x26, [sp, #64]\n"
        "    stp x27, x28, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mrs x11, fpcr\n"
        "    stp x11, x10, [sp, #160]\n" /* fpu, outer */
        "    str x2, [sp, #176]\n"       /* owner */
        "    add x11, sp, #160\n"
        "    str x11, [x9]\n"
        "    mov x9, x0\n"
        "    mov x0, x1\n"
        "    blr x9\n" TOP_ADDRESS "    ldr x10, [sp, #168]\n"
        "    str x10, [x9]\n"
        "    mov w0, #1\n"
        "    ldp x29, x30, [sp], #192\n"
        "    .cfi_remember_state\n"
        "    .cfi_def_cfa 31, 0\n"
        "    .cfi_restore 29\n"
        "    .cfi_restore 30\n"
        "    ret\n"
        "    .cfi_restore_state\n"
        "    .cfi_def_cfa 31, 0\n"
        "    .cfi_restore 29\n"
        "    .cfi_restore 30\n"
        "2:  stp x29, x30, [sp, #-48]!\n"
        "    .cfi_def_cfa_offset 48\n"
        "    .cfi_offset 29, -48\n"
        "    .cfi_offset 30, -40\n"
        "    mov x29, sp\n"
        "    stp x0, x1, [sp, #16]\n"
        "    str x2, [sp, #32]\n"
        "    bl guard_prepare\n"
        "    mov x10, x0\n"
        "    ldp x0, x1, [sp, #16]\n"
        "    ldr x2, [sp, #32]\n"
        "    cbz x10, 3f\n"
        "    ldp x29, x30, [sp], #48\n"
        "    .cfi_remember_state\n"
        "    .cfi_def_cfa_offset 0\n"
        "    .cfi_restore 29\n"
        "    .cfi_restore 30\n" TOP_ADDRESS "    b 1b\n"
        "    .cfi_restore_state\n"
        "3:  mov x9, x0\n"
        "    mov x0, x1\n"
        "    blr x9\n"
        "    mov w0, #1\n"
        "    ldp x29, x30, [sp], #48\n"
        "    .cfi_def_cfa_offset 0\n"
        "    .cfi_restore 29\n"
        "    .cfi_restore 30\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size " CALL ", . - " CALL "\n"
        ".globl guard_call_here\n"
        ".hidden guard_call_here\n"
        ".type guard_call_here, %function\n"
        "guard_call_here:\n"
        "    .cfi_startproc\n" TOP_ADDRESS "    ldr x10, [x9]\n"
        "    b 1b\n"
        "    .cfi_endproc\n"
        ".size guard_call_here, . - guard_call_here\n"
        ".globl " LAND "\n"
        ".hidden " LAND "\n"
        ".type " LAND ", %function\n" LAND ":\n"
        ".globl guard_landing\n"
        ".hidden guard_landing\n"
        "guard_landing:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined 30\n"
        "    sub sp, x0, #160\n"
        "    ldp x11, x10, [sp, #160]\n"
        "    msr fpcr, x11\n" TOP_ADDRESS "    str x10, [x9]\n"
        "    ldp x19, x20, [sp, #16]\n"
        "    ldp x21, x22, [sp, #32]\n"
        "    ldp x23, x24, [sp, #48]\n"
        "    ldp x25, x26, [sp, #64]\n"
        "    ldp x27, x28, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n"
        "    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n"
        "    ldp x29, x30, [sp], #192\n"
        "    mov w0, #0\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size " LAND ", . - " LAND "\n");

#endif

#endif

#if GUARD_JUMPS

typedef struct jump_frame {
    guard_frame guard; /* first */
    sigjmp_buf back;
} jump_frame;

static inline uint64_t fpu_save(void) {
    uint64_t fpu = 0;
#if defined(__x86_64__)
    __asm__ volatile("stmxcsr %0\n\tfnstcw 4%0" : "=m"(fpu));
#elif defined(__aarch64__)
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpu));
#elif defined(__riscv_flen)
    __asm__ volatile("frcsr %0" : "=r"(fpu));
#endif
    return fpu;
}

static inline void fpu_restore(uint64_t fpu) {
#if defined(__x86_64__)
    __asm__ volatile("fninit\n\tfldcw 4%0\n\tldmxcsr %0" : : "m"(fpu));
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(fpu));
#elif defined(__riscv_flen)
    __asm__ volatile("fscsr %0" : : "r"(fpu));
#else
    (void)fpu;
#endif
}

static bool call_by_jump(void (*fn)(void *arg), void *arg, void *owner) {
    jump_frame jump;
    jump.guard.fpu = fpu_save();
    jump.guard.outer = guard_top;
    jump.guard.owner = owner;
    if (sigsetjmp(jump.back, 0) == 0) {
        guard_top = &jump.guard;
        fn(arg);
        guard_top = jump.guard.outer;
        return true;
    }
    fpu_restore(jump.guard.fpu);
    guard_top = jump.guard.outer;
    return false;
}

bool os_guard_call(void (*fn)(void *arg), void *arg, void *owner) {
    if (guard_top == NULL && guard_prepare() == NULL) {
        fn(arg);
        return true;
    }
    return call_by_jump(fn, arg, owner);
}

/* Of the address sanitizer; NULL without it.
 * https://github.com/google/sanitizers/wiki/AddressSanitizerManualPoisoning */
__attribute__((weak)) void __asan_unpoison_memory_region(/* NOLINT(bugprone-reserved-identifier) */
                                                         const volatile void *begin, size_t size);

/* The frames that are left keep the marks of their variables. The sanitizer would find them in its
 * own frames, which are there next. */
static void forget_marks(const guard_frame *guard) {
    enum { DEEPER = 16 * 1024 };
    const char *begin = (const char *)__builtin_frame_address(0) - DEEPER;
    const char *end = (const char *)guard;
    if (__asan_unpoison_memory_region != NULL && begin < end) {
        __asan_unpoison_memory_region(begin, (size_t)(end - begin));
    }
}

void guard_land(guard_frame *guard) {
    forget_marks(guard);
    siglongjmp(((jump_frame *)(void *)guard)->back, 1);
}

#if !GUARD_ASSEMBLER
bool guard_call_here(void (*fn)(void *arg), void *arg, void *owner) {
    return call_by_jump(fn, arg, owner);
}
#endif

#endif
