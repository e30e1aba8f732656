/* fault_enter.c: the frame of a guard, and how a thread lands in it.
 *
 * guard_enter() saves what a function must preserve: eight registers, xmm6 to xmm15, MXCSR and the
 * x87 control word. Its frame is an ordinary one for every walk of the stack, and has a handler:
 * the system calls it with an exception that no function of the call has handled.
 * https://learn.microsoft.com/cpp/build/x64-calling-convention (register usage)
 * https://learn.microsoft.com/cpp/build/exception-handling-x64
 *
 * CMake compiles this file without link-time optimisation, which cannot see what assembler names.
 */
#include "guard.h"

guard_frame_handler *guard_on_exception;

/* The frame's own handler, as the system calls it. */
EXCEPTION_DISPOSITION guard_on_frame(EXCEPTION_RECORD *record, void *frame, CONTEXT *context,
                                     void *dispatcher);

EXCEPTION_DISPOSITION guard_on_frame(EXCEPTION_RECORD *record, void *frame, CONTEXT *context,
                                     void *dispatcher) {
    (void)dispatcher;
    return guard_on_exception != NULL ? guard_on_exception(record, (uintptr_t)frame, context)
                                      : ExceptionContinueSearch;
}

/* The frame, from the stack pointer up: 32 bytes for the callee, MXCSR, the control word, ten xmm
 * registers, 8 unused bytes, eight pushed registers, the return address. */
__asm__(".text\n"
        ".p2align 4\n"
        ".globl guard_enter\n"
        ".def guard_enter; .scl 2; .type 32; .endef\n"
        ".seh_proc guard_enter\n"
        "guard_enter:\n"
        "    pushq %rbp\n"
        "    .seh_pushreg %rbp\n"
        "    pushq %rbx\n"
        "    .seh_pushreg %rbx\n"
        "    pushq %rsi\n"
        "    .seh_pushreg %rsi\n"
        "    pushq %rdi\n"
        "    .seh_pushreg %rdi\n"
        "    pushq %r12\n"
        "    .seh_pushreg %r12\n"
        "    pushq %r13\n"
        "    .seh_pushreg %r13\n"
        "    pushq %r14\n"
        "    .seh_pushreg %r14\n"
        "    pushq %r15\n"
        "    .seh_pushreg %r15\n"
        "    subq $216, %rsp\n"
        "    .seh_stackalloc 216\n"
        "    movaps %xmm6, 48(%rsp)\n"
        "    .seh_savexmm %xmm6, 48\n"
        "    movaps %xmm7, 64(%rsp)\n"
        "    .seh_savexmm %xmm7, 64\n"
        "    movaps %xmm8, 80(%rsp)\n"
        "    .seh_savexmm %xmm8, 80\n"
        "    movaps %xmm9, 96(%rsp)\n"
        "    .seh_savexmm %xmm9, 96\n"
        "    movaps %xmm10, 112(%rsp)\n"
        "    .seh_savexmm %xmm10, 112\n"
        "    movaps %xmm11, 128(%rsp)\n"
        "    .seh_savexmm %xmm11, 128\n"
        "    movaps %xmm12, 144(%rsp)\n"
        "    .seh_savexmm %xmm12, 144\n"
        "    movaps %xmm13, 160(%rsp)\n"
        "    .seh_savexmm %xmm13, 160\n"
        "    movaps %xmm14, 176(%rsp)\n"
        "    .seh_savexmm %xmm14, 176\n"
        "    movaps %xmm15, 192(%rsp)\n"
        "    .seh_savexmm %xmm15, 192\n"
        "    .seh_endprologue\n"
        "    stmxcsr 32(%rsp)\n"
        "    fnstcw 36(%rsp)\n"
        "    movq %rcx, %rax\n"
        "    movq %rdx, %rcx\n"
        "    movq %rsp, (%r8)\n"
        "    callq *%rax\n"
        "    movl $1, %eax\n"
        "    jmp 1f\n"
        ".globl guard_landed\n"
        "guard_landed:\n"
        "    cld\n"
        "    fninit\n" /* the call may have left numbers in the x87 registers */
        "    fldcw 36(%rsp)\n"
        "    ldmxcsr 32(%rsp)\n"
        "    xorl %eax, %eax\n"
        "1:\n"
        "    movaps 48(%rsp), %xmm6\n"
        "    movaps 64(%rsp), %xmm7\n"
        "    movaps 80(%rsp), %xmm8\n"
        "    movaps 96(%rsp), %xmm9\n"
        "    movaps 112(%rsp), %xmm10\n"
        "    movaps 128(%rsp), %xmm11\n"
        "    movaps 144(%rsp), %xmm12\n"
        "    movaps 160(%rsp), %xmm13\n"
        "    movaps 176(%rsp), %xmm14\n"
        "    movaps 192(%rsp), %xmm15\n"
        "    addq $216, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rdi\n"
        "    popq %rsi\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    retq\n"
        "    .seh_handler guard_on_frame, @except\n"
        "    .seh_endproc\n"
        "\n"
        ".p2align 4\n"
        ".globl guard_land\n"
        ".def guard_land; .scl 2; .type 32; .endef\n"
        "guard_land:\n"
        "    movq %rcx, %rsp\n"
        "    jmp guard_landed\n");
