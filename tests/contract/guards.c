/* guards.c: see guards.h. */
#include "guards.h"

#if defined(__GNUC__)
#define APART __attribute__((noinline))
#else
#define APART
#endif

static os_library *library;
static uintptr_t library_begin;
static uintptr_t library_end;
static guard_run_fn *library_run;
static guard_address_fn *library_constant;
static guard_address_fn *library_data;

#define CASE(name, kind, access, place) {#name, GUARD_##name, OS_FAULT_##kind, (access), (place)},
static const guard_case all_cases[] = {GUARD_FAULTS(CASE)};
#undef CASE

guard_case guard_cases[GUARD_WHATS + 1];

static void fill_cases(void) {
    size_t count = 0;
    for (size_t i = 0; i < sizeof all_cases / sizeof all_cases[0]; i++) {
        bool x86_only = all_cases[i].what == GUARD_DIVIDE ||
                        all_cases[i].what == GUARD_DIVIDE_MOST ||
                        all_cases[i].what == GUARD_TRAP_PRIVILEGED;
        if (!x86_only || GUARD_X86) {
            guard_cases[count++] = all_cases[i];
        }
    }
}

static void *find(const char *name) {
    void *symbol = os_library_symbol(library, name);
    CHECK(symbol != NULL);
    return symbol;
}

void guards_library_path(char path[GUARDS_PATH], const char *name) {
    CHECK_OK(os_executable_path(path, GUARDS_PATH - 64));
    char *end = path;
    for (char *at = path; *at != '\0'; at++) {
        end = *at == '/' || *at == '\\' ? at : end;
    }
    snprintf(end + 1, GUARDS_PATH - (size_t)(end + 1 - path), "%s%s", name, os_library_suffix);
}

void guards_start(const os_fault_hooks *hooks) {
    static const os_fault_hooks all = {guards_contain, guards_end};
    char path[GUARDS_PATH];
    char why[256] = "";
    guards_library_path(path, "contract_guard");
    fill_cases();
    CHECK_OK(os_faults_start(hooks != NULL ? hooks : &all));
    CHECK_OK(os_library_open(path, false, &library, why, sizeof why));
    os_library_range(library, &library_begin, &library_end);
    CHECK(library_begin < library_end);
    library_run = (guard_run_fn *)(uintptr_t)find(GUARD_RUN);
    library_constant = (guard_address_fn *)(uintptr_t)find(GUARD_CONSTANT);
    library_data = (guard_address_fn *)(uintptr_t)find(GUARD_DATA);
}

bool guards_contain(const os_fault *fault, void *owner) {
    (void)fault;
    (void)owner;
    return true;
}

void guards_end(const os_fault *fault, void *owner) {
    char line[128];
    int size = snprintf(line, sizeof line, "%s%s%s%s%s\n", guards_kind(fault->kind),
                        fault->in_guard ? " in_guard" : "", fault->in_host ? " in_host" : "",
                        fault->in_allocator ? " in_allocator" : "", owner != NULL ? " owner" : "");
    os_fault_write("end.txt", line, (size_t)size);
}

bool guards_in_library(uintptr_t address) {
    return address >= library_begin && address < library_end;
}

const char *guards_kind(os_fault_kind kind) {
    static const char *const names[] = {
#define NAME(name, word) #name,
        OS_FAULT_LIST(NAME)
#undef NAME
    };
    return kind < OS_FAULT_KINDS ? names[kind] : "(no kind)";
}

/* ---- calls ------------------------------------------------------------------------------- */

typedef struct job {
    int what;
    void *arg;
} job;

static APART void run_job(void *arg) {
    const job *j = arg;
    library_run(j->what, j->arg);
    contract_pattern(NULL, 0, 0); /* so that the call above is no jump */
}

void guards_run(int what, void *arg) {
    job j = {what, arg};
    run_job(&j);
}

bool guards_call(int what, void *arg, void *owner) {
    job j = {what, arg};
    return os_guard_call(run_job, &j, owner);
}

/* ---- a fault's description --------------------------------------------------------------- */

static void check_address(const guard_case *c, const os_fault *fault) {
    switch ((int)c->what) {
    case GUARD_READ_NULL: CHECK_EQ(fault->address, GUARD_FIELD); break;
    case GUARD_WRITE_NULL:
    case GUARD_JUMP_NULL: CHECK_EQ(fault->address, 0); break;
    case GUARD_WRITE_CONSTANT: CHECK_EQ(fault->address, (uintptr_t)library_constant()); break;
    case GUARD_RUN_DATA: CHECK_EQ(fault->address, (uintptr_t)library_data()); break;
    case GUARD_MEASURE_NULL: CHECK(fault->address < 4096); break;
    default: break;
    }
}

/* Whether a frame from number `from` on is in the function. */
static bool has_frame_in(const os_fault *fault, uint32_t from, void (*fn)(void *)) {
    uintptr_t begin = (uintptr_t)fn;
    for (uint32_t i = from; i < fault->frame_count; i++) {
        if (fault->frames[i] > begin && fault->frames[i] - begin < 256) {
            return true;
        }
    }
    return false;
}

static void check_frames(const guard_case *c, const os_fault *fault) {
    CHECK(fault->frame_count >= 2 && fault->frame_count <= OS_FRAMES_MAX);
    uint32_t first = 0; /* of the library's */
    while (first < 4 && first < fault->frame_count && !guards_in_library(fault->frames[first])) {
        first++;
    }
    switch (c->place) {
    case IN_LIBRARY: CHECK_EQ(first, 0); break;
    case IN_NOTHING:
        CHECK_EQ(fault->frames[0], fault->address);
        CHECK(guards_in_library(fault->frames[1]));
        break;
    default: CHECK(first < 4 && first < fault->frame_count); break;
    }
    if (c->kind != OS_FAULT_STACK) { /* in which the library's frames fill the list */
        CHECK(has_frame_in(fault, first + 1, run_job));
    }
}

/* Some register is the instruction pointer. */
static void check_registers(const os_fault *fault) {
    CHECK(fault->register_count > 8 && fault->register_count <= OS_REGISTERS_MAX);
    bool found = false;
    for (uint32_t i = 0; i < fault->register_count; i++) {
        const char *name = os_register_name(i);
        CHECK(name != NULL && name[0] != '\0');
        /* After a breakpoint the pointer may be one further. */
        found = found || fault->registers[i] - fault->frames[0] <= 1;
    }
    CHECK(found);
}

void guards_check(const guard_case *c, const os_fault *fault) {
    if (fault->kind != c->kind) {
        fprintf(stderr, "%s is taken for %s: %s\n", c->name, guards_kind(fault->kind), fault->text);
    }
    CHECK_EQ(fault->kind, c->kind);
    CHECK(fault->in_guard);
    CHECK(!fault->raised);
    CHECK(!fault->in_allocator);
    CHECK(!fault->in_host || c->place == IN_ANOTHER); /* a sanitizer's strlen() */
    if (c->access != 0) {
        CHECK_EQ(fault->access, c->access);
    }
    CHECK(fault->thread != 0);
    check_address(c, fault);
    check_frames(c, fault);
    if (c->kind != OS_FAULT_ABORT && c->kind != OS_FAULT_EXIT) {
        CHECK(fault->code != 0);
        check_registers(fault);
    }
    if (c->what == GUARD_CALL_ASSERT) {
        CHECK(strstr(fault->text, "guard_sum == 4") != NULL);
        CHECK(strstr(fault->text, "guard.c") != NULL);
    }
}
