/* fault_cpu.c: what differs between processors: the registers in a handler's context, what they say
 * about a fault, and how a thread continues after it. Any thread, in handlers.
 */
#include "guard.h"

#include <stddef.h>

#if defined(__x86_64__)

static const char *const names[] = {
    "rip", "rsp", "rbp", "rax", "rbx", "rcx", "rdx", "rsi", "rdi",
    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "eflags",
};

static const uint8_t numbers[] = {
    REG_RIP, REG_RSP, REG_RBP, REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_EFL,
};

enum { ERROR_WRITE = 2, ERROR_FETCH = 16, TRAP_PROTECTION = 13, TRAP_PAGE = 14 };

/* Of the flags: single step, direction, nested task, alignment check. */
enum { FLAGS_UNUSUAL = 0x100 | 0x400 | 0x4000 | 0x40000 };

uintptr_t cpu_pc(const ucontext_t *context) {
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

uintptr_t cpu_sp(const ucontext_t *context) {
    return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}

void cpu_registers(const ucontext_t *context, os_fault *fault) {
    fault->register_count = sizeof numbers / sizeof numbers[0];
    for (uint32_t i = 0; i < fault->register_count; i++) {
        fault->registers[i] = (uint64_t)context->uc_mcontext.gregs[numbers[i]];
    }
}

char cpu_access(const ucontext_t *context, uintptr_t address) {
    if (context->uc_mcontext.gregs[REG_TRAPNO] != TRAP_PAGE) {
        return '?';
    }
    greg_t error = context->uc_mcontext.gregs[REG_ERR];
    bool fetch = (error & ERROR_FETCH) != 0 || address == cpu_pc(context);
    return fetch ? 'x' : (error & ERROR_WRITE) != 0 ? 'w' : 'r';
}

uintptr_t cpu_break_size(void) {
    return 1;
}

/* hlt, cli, sti, in, out: the first byte is enough. */
bool cpu_is_privileged(uintptr_t pc) {
    uint8_t code = *(const volatile uint8_t *)pc;
    return code == 0xf4 || code == 0xfa || code == 0xfb || (code >= 0xe4 && code <= 0xe7) ||
           (code >= 0xec && code <= 0xef) || (code >= 0x6c && code <= 0x6f);
}

void cpu_caller(const ucontext_t *context, cpu_point *caller) {
    caller->sp = cpu_sp(context) + sizeof(uintptr_t);
    caller->pc = *(const volatile uintptr_t *)cpu_sp(context);
}

void cpu_move(ucontext_t *context, const cpu_point *point) {
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)point->pc;
    context->uc_mcontext.gregs[REG_RSP] = (greg_t)point->sp;
}

static void set_argument(ucontext_t *context, guard_frame *guard) {
    context->uc_mcontext.gregs[REG_RDI] = (greg_t)(uintptr_t)guard;
    context->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)FLAGS_UNUSUAL;
}

enum { RETURN_SLOT = 8 };

#elif defined(__aarch64__)

static const char *const names[] = {
    "pc",  "sp",  "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",     "x8",  "x9",
    "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19",    "x20", "x21",
    "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "pstate",
};

enum { LINK = 30, X_REGISTERS = 31 };

uintptr_t cpu_pc(const ucontext_t *context) {
    return context->uc_mcontext.pc;
}

uintptr_t cpu_sp(const ucontext_t *context) {
    return context->uc_mcontext.sp;
}

void cpu_registers(const ucontext_t *context, os_fault *fault) {
    uint32_t count = 0;
    fault->registers[count++] = context->uc_mcontext.pc;
    fault->registers[count++] = context->uc_mcontext.sp;
    for (int i = 0; i < X_REGISTERS; i++) {
        fault->registers[count++] = context->uc_mcontext.regs[i];
    }
    fault->registers[count++] = context->uc_mcontext.pstate;
    fault->register_count = count;
}

/* The kernel adds records to the context; the one with the fault's syndrome is esr_context of
 * <asm/sigcontext.h>. */
enum { ESR_MAGIC = 0x45535201, CLASS_FETCH = 0x20, CLASS_DATA = 0x24, SYNDROME_WRITE = 0x40 };

char cpu_access(const ucontext_t *context, uintptr_t address) {
    const uint8_t *at = (const uint8_t *)context->uc_mcontext.__reserved;
    const uint8_t *end = at + sizeof context->uc_mcontext.__reserved;
    while (end - at >= 16) {
        uint32_t head[2];
        uint64_t syndrome;
        __builtin_memcpy(head, at, sizeof head);
        __builtin_memcpy(&syndrome, at + sizeof head, sizeof syndrome);
        uint32_t kind = (uint32_t)(syndrome >> 26) & 0x3e; /* from the system or not */
        if (head[0] == ESR_MAGIC && (kind == CLASS_FETCH || kind == CLASS_DATA)) {
            return kind == CLASS_FETCH ? 'x' : (syndrome & SYNDROME_WRITE) != 0 ? 'w' : 'r';
        }
        if (head[0] == 0 || head[1] < sizeof head || (size_t)(end - at) < head[1]) {
            break;
        }
        at += head[1];
    }
    return address == cpu_pc(context) ? 'x' : '?';
}

void cpu_caller(const ucontext_t *context, cpu_point *caller) {
    caller->sp = cpu_sp(context);
    caller->pc = context->uc_mcontext.regs[LINK];
}

void cpu_move(ucontext_t *context, const cpu_point *point) {
    context->uc_mcontext.pc = point->pc;
    context->uc_mcontext.sp = point->sp;
}

static void set_argument(ucontext_t *context, guard_frame *guard) {
    context->uc_mcontext.regs[0] = (uintptr_t)guard;
    context->uc_mcontext.pstate &= ~(uint64_t)0xc00; /* BTYPE: the last branch's kind */
}

enum { RETURN_SLOT = 0 };

#elif defined(__riscv)

static const char *const names[] = {
    "pc", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
    "a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
    "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};

enum { AT_PC, AT_LINK, AT_SP, AT_ARGUMENT = 10 };

uintptr_t cpu_pc(const ucontext_t *context) {
    return context->uc_mcontext.__gregs[AT_PC];
}

uintptr_t cpu_sp(const ucontext_t *context) {
    return context->uc_mcontext.__gregs[AT_SP];
}

void cpu_registers(const ucontext_t *context, os_fault *fault) {
    fault->register_count = sizeof names / sizeof names[0];
    for (uint32_t i = 0; i < fault->register_count; i++) {
        fault->registers[i] = context->uc_mcontext.__gregs[i];
    }
}

char cpu_access(const ucontext_t *context, uintptr_t address) {
    return address == cpu_pc(context) ? 'x' : '?'; /* the context has no more about it */
}

void cpu_caller(const ucontext_t *context, cpu_point *caller) {
    caller->sp = cpu_sp(context);
    caller->pc = context->uc_mcontext.__gregs[AT_LINK];
}

void cpu_move(ucontext_t *context, const cpu_point *point) {
    context->uc_mcontext.__gregs[AT_PC] = point->pc;
    context->uc_mcontext.__gregs[AT_SP] = point->sp;
}

static void set_argument(ucontext_t *context, guard_frame *guard) {
    context->uc_mcontext.__gregs[AT_ARGUMENT] = (uintptr_t)guard;
}

enum { RETURN_SLOT = 0 };

#else
#error "a handler must know this processor's registers: add them here"
#endif

#if !defined(__x86_64__)

uintptr_t cpu_break_size(void) {
    return 0;
}

bool cpu_is_privileged(uintptr_t pc) {
    (void)pc;
    return false; /* it is a SIGILL */
}

#endif

const char *os_register_name(uint32_t number) {
    return number < sizeof names / sizeof names[0] ? names[number] : "";
}

#if GUARD_JUMPS

/* Below a guard nothing is in use any more. */
enum { BELOW = 2048 };

static void land_by_jump(ucontext_t *context, guard_frame *guard) {
    uintptr_t sp = (((uintptr_t)guard - BELOW) & ~(uintptr_t)15) - RETURN_SLOT;
    cpu_point point = {(uintptr_t)guard_land, sp};
    cpu_move(context, &point);
    set_argument(context, guard);
}

#endif

#if GUARD_ASSEMBLER

void guard_landing(void); /* in guard_call.c */

void cpu_land_here(ucontext_t *context, guard_frame *guard) {
    cpu_point point = {(uintptr_t)guard_landing, (uintptr_t)guard};
    cpu_move(context, &point);
    set_argument(context, guard);
}

#else

void cpu_land_here(ucontext_t *context, guard_frame *guard) {
    land_by_jump(context, guard);
}

#endif

void cpu_land(ucontext_t *context, guard_frame *guard) {
#if GUARD_JUMPS
    land_by_jump(context, guard);
#else
    cpu_land_here(context, guard);
#endif
}
