/* shape.c: what two modules declare of a state, and the state of the first as that of the second.
 * Tables of any numbers are accepted only if their fields are inside the state, apart and named
 * differently, and those of structs within as well. Then a slow conversion, field by field and byte
 * by byte, must give the same block.
 *
 * Input: two declarations, each of two structs and the state (see read_table), then the old block
 * and what `migrate` does.
 *
 * Covers: module/state_shape.c, module/shape_read.c, module/shape_text.c, module/state_take_over.c
 */
#include "base/log.h"
#include "base/text.h"
#include "fuzz.h"
#include "module/state_take_over.h"

enum { FIELDS_MAX = 16, STATE_MAX = 4096, NAME_BYTES = 80, STRUCTS = 2 };

typedef struct table {
    portico_fields fields; /* first: a field of the kind struct points to it */
    bool declared;
    uint32_t size, version;
    uint8_t *list; /* field_count fields of field_size bytes */
    char names[FIELDS_MAX][NAME_BYTES];
    state_shape shape;
    portico_status status;
} table;

/* ---- declarations ---------------------------------------------------------------------------- */

/* Mostly a small number, sometimes one that may overflow. */
static uint32_t read_number(input *in) {
    uint8_t first = input_u8(in);
    return first < 0xF0 ? first : first < 0xF8 ? input_u16(in) : input_u32(in);
}

/* A letter for most fields, so that two tables have names in common; else any text. */
static void read_name(input *in, char name[NAME_BYTES]) {
    uint8_t first = input_u8(in);
    if (first < 0xE0) {
        (void)snprintf(name, NAME_BYTES, "%c", 'a' + first % 20);
        return;
    }
    uint32_t size = first == 0xE0 ? 63 + input_u8(in) % 3 : first % 8;
    for (uint32_t i = 0; i < size; i++) {
        name[i] = first == 0xE0 ? 'x' : (char)input_u8(in);
    }
    name[size] = '\0';
}

/* A field at the end of those before, unless `first` says otherwise. */
static void read_field(input *in, table *t, const table *structs, uint32_t index, uint32_t *end) {
    uint8_t first = input_u8(in);
    portico_field f = {.name = t->names[index]};
    static const uint8_t sizes[] = {1, 2, 4, 8, 3, 16};
    f.kind = first % 8;
    f.size = f.kind == PORTICO_KIND_BOOL || f.kind == PORTICO_KIND_CHAR ? 1 : sizes[first / 8 % 6];
    if (f.kind == PORTICO_KIND_STRUCT) {
        const table *within = &structs[first / 8 % STRUCTS]; /* it may be `t` itself */
        f.fields = first / 8 % 8 == 7 ? NULL : &within->fields;
        f.size = within->size;
    }
    f.count = 1;
    f.offset = *end;
    if (first >= 0x80) {
        uint8_t odd = input_u8(in);
        f.count = (odd & 1) != 0 ? read_number(in) : 1;
        f.size = (odd & 2) != 0 ? read_number(in) : f.size;
        f.kind = (odd & 4) != 0 ? read_number(in) : f.kind;
        f.offset = (odd & 8) != 0 ? read_number(in) : f.offset + (odd >> 4);
        f.name = odd == 0xFF ? NULL : f.name;
        f.part = odd == 0xFE ? 1 + input_u8(in) % 4 : PORTICO_PART_FIXED;
    }
    read_name(in, t->names[index]);
    *end = f.offset + f.size * f.count;
    size_t stride = t->fields.field_size;
    memcpy(t->list + index * stride, &f, stride < sizeof f ? stride : sizeof f);
}

static void read_table(input *in, table *t, const table *structs) {
    static const char *const odd_names[] = {NULL, "", "a b", "\xFF"};
    uint8_t first = input_u8(in);
    uint32_t count = first % (FIELDS_MAX + 1);
    uint32_t end = 0;
    *t =
        (table){.fields = {.name = "s", .field_size = sizeof(portico_field), .field_count = count}};
    t->declared = first < 0xE0;
    t->version = first / 32 % 2;
    if (first >= 0xF0) {
        t->declared = true;
        t->fields.name = first >= 0xFC ? odd_names[first % 4] : t->fields.name;
        t->fields.field_size = read_number(in);
    }
    /* A size that is refused is not used as one. */
    uint64_t list_size = t->fields.field_size <= 4096 ? (uint64_t)t->fields.field_size * count : 1;
    t->list = calloc(1, list_size + 1);
    CHECK(t->list != NULL);
    for (uint32_t i = 0; list_size > 1 && i < count; i++) {
        read_field(in, t, structs, i, &end);
    }
    t->list = realloc(t->list, list_size > 0 ? list_size : 1);
    t->fields.fields = (const portico_field *)(const void *)t->list;
    uint8_t last = input_u8(in);
    t->size = last < 0xE0 ? end + last % 4 : read_number(in);
    t->fields.size = last == 0xE0 ? read_number(in) : t->size;
    if (last == 0xFF) {
        t->fields.field_count = read_number(in) | 1025;
    } else if (last == 0xFE) {
        t->fields.fields = NULL;
    }
}

static portico_field field_of(const table *t, uint32_t index) {
    portico_field f;
    memcpy(&f, t->list + (size_t)index * t->fields.field_size, sizeof f);
    return f;
}

static bool slow_kind(const portico_field *f) {
    bool power = f->size == 1 || f->size == 2 || f->size == 4 || f->size == 8;
    switch (f->kind) {
    case PORTICO_KIND_BYTES:
    case PORTICO_KIND_STRUCT: return f->size > 0;
    case PORTICO_KIND_SIGNED:
    case PORTICO_KIND_UNSIGNED: return power;
    case PORTICO_KIND_FLOAT: return power && f->size >= 4;
    case PORTICO_KIND_BOOL:
    case PORTICO_KIND_CHAR: return f->size == 1;
    default: return false;
    }
}

static const table *table_of(const portico_field *f) {
    return f->kind == PORTICO_KIND_STRUCT ? (const table *)(const void *)f->fields : NULL;
}

/* Whether the fields fit into a struct of `size` bytes. *total: fields so far, of all structs. */
static bool slow_fields_accepted(const table *t, uint32_t size, uint32_t depth, uint64_t *total) {
    const char *name = t->fields.name;
    size_t name_size = name != NULL ? strlen(name) : 0;
    *total += t->fields.field_count;
    if (name_size == 0 || name_size > 63 || !text_is_plain(name, name_size) ||
        strchr(name, ' ') != NULL || t->fields.size != size ||
        t->fields.field_size < sizeof(portico_field) || t->fields.field_size > 4096 ||
        *total > 1024 || (t->fields.field_count > 0 && t->fields.fields == NULL) ||
        (t->fields.field_count == 0 && size > 0)) {
        return false;
    }
    for (uint32_t i = 0; i < t->fields.field_count; i++) {
        portico_field f = field_of(t, i);
        size_t length = f.name != NULL ? strlen(f.name) : 0;
        uint64_t end = f.offset + (uint64_t)f.size * f.count;
        if (length == 0 || length > 63 || !text_is_plain(f.name, length) ||
            strchr(f.name, ' ') != NULL || !slow_kind(&f) || f.count == 0 || end > size ||
            f.part != PORTICO_PART_FIXED) {
            return false;
        }
        for (uint32_t k = 0; k < i; k++) {
            portico_field g = field_of(t, k);
            uint64_t other = g.offset + (uint64_t)g.size * g.count;
            if (strcmp(f.name, g.name) == 0 || (f.offset < other && g.offset < end)) {
                return false;
            }
        }
        if (f.kind == PORTICO_KIND_STRUCT &&
            (f.fields == NULL || depth == 8 ||
             !slow_fields_accepted(table_of(&f), f.size, depth + 1, total))) {
            return false;
        }
    }
    return true;
}

static bool slow_accepts(const table *t) {
    uint64_t total = 0;
    return !t->declared || slow_fields_accepted(t, t->size, 1, &total);
}

static void check_declared(table *t) {
    char why[SHAPE_WHY_MAX] = "";
    t->status = shape_init(&t->shape, t->size, t->version, t->declared ? &t->fields : NULL, why,
                           sizeof why);
    CHECK_INT(t->status, slow_accepts(t) ? PORTICO_OK : PORTICO_E_INVALID);
    CHECK_INT(why[0] == '\0', t->status == PORTICO_OK);
    CHECK(text_is_plain(why, strlen(why)));
    for (uint32_t i = 0; i < t->shape.field_count; i++) {
        portico_field f = field_of(t, i);
        char path[SHAPE_PATH_MAX] = "";
        uint32_t within = 0;
        CHECK(shape_field_at(&t->shape, f.offset, path, &within));
        CHECK(strncmp(path, f.name, strlen(f.name)) == 0);
        CHECK(f.kind == PORTICO_KIND_STRUCT || (within == 0 && strcmp(path, f.name) == 0));
        CHECK(shape_field_at(&t->shape, f.offset + f.size * f.count - 1, path, &within));
        CHECK(strncmp(path, f.name, strlen(f.name)) == 0);
        CHECK(f.kind == PORTICO_KIND_STRUCT || within == f.size * f.count - 1);
    }
}

/* ---- conversion ------------------------------------------------------------------------------ */

static bool slow_fits(const portico_field *a, const portico_field *b) {
    bool integers = (a->kind == PORTICO_KIND_SIGNED || a->kind == PORTICO_KIND_UNSIGNED) &&
                    (b->kind == PORTICO_KIND_SIGNED || b->kind == PORTICO_KIND_UNSIGNED);
    bool a_opaque = a->kind == PORTICO_KIND_BYTES || a->kind == PORTICO_KIND_STRUCT;
    bool b_opaque = b->kind == PORTICO_KIND_BYTES || b->kind == PORTICO_KIND_STRUCT;
    if (a->count > b->count) {
        return false;
    }
    if (a_opaque && b_opaque) {
        return a->size == b->size || (table_of(a) != NULL && table_of(b) != NULL);
    }
    if (integers) {
        /* Bits for the value without its sign. */
        uint32_t from = 8 * a->size - (a->kind == PORTICO_KIND_SIGNED);
        uint32_t to = 8 * b->size - (b->kind == PORTICO_KIND_SIGNED);
        return from <= to && (a->kind == PORTICO_KIND_UNSIGNED || b->kind == PORTICO_KIND_SIGNED);
    }
    return a->kind == b->kind &&
           (a->size == b->size || (a->kind == PORTICO_KIND_FLOAT && a->size < b->size));
}

static bool slow_find(const table *t, const char *name, portico_field *f) {
    for (uint32_t i = 0; i < t->fields.field_count; i++) {
        *f = field_of(t, i);
        if (strcmp(f->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool slow_same_fields(const table *a, const table *b) {
    bool equal = a->fields.field_count == b->fields.field_count;
    for (uint32_t i = 0; equal && i < a->fields.field_count; i++) {
        portico_field f = field_of(a, i);
        portico_field g;
        equal = slow_find(b, f.name, &g) && f.kind == g.kind && f.offset == g.offset &&
                f.size == g.size && f.count == g.count &&
                (table_of(&f) == NULL || slow_same_fields(table_of(&f), table_of(&g)));
    }
    return equal;
}

static bool slow_equal(const table *a, const table *b) {
    bool equal = a->size == b->size && a->version == b->version;
    return equal && (!a->declared || !b->declared || a->size == 0 || slow_same_fields(a, b));
}

static bool slow_fields(const table *from, const uint8_t *old, const table *to, uint8_t *fresh);

/* Returns whether all values were carried over. */
static bool slow_element(const portico_field *a, const uint8_t *from, const portico_field *b,
                         uint8_t *to) {
    const table *old = table_of(a);
    const table *fresh = table_of(b);
    if (old != NULL && fresh != NULL && (a->size != b->size || !slow_same_fields(old, fresh))) {
        return slow_fields(old, from, fresh, to);
    }
    if (a->kind == PORTICO_KIND_FLOAT && a->size < b->size) {
        float narrow;
        memcpy(&narrow, from, sizeof narrow);
        double wide = narrow;
        memcpy(to, &wide, sizeof wide);
        return true;
    }
    bool negative = a->kind == PORTICO_KIND_SIGNED && from[a->size - 1] >= 0x80;
    for (uint32_t i = 0; i < b->size; i++) { /* little endian */
        to[i] = i < a->size ? from[i] : negative ? 0xFF : 0;
    }
    return true;
}

static bool slow_fields(const table *from, const uint8_t *old, const table *to, uint8_t *fresh) {
    bool all = true;
    for (uint32_t i = 0; i < to->fields.field_count; i++) {
        portico_field g = field_of(to, i);
        portico_field f;
        if (!slow_find(from, g.name, &f)) {
            continue;
        }
        bool fits = slow_fits(&f, &g);
        all = all && fits;
        for (uint32_t n = 0; fits && n < f.count; n++) {
            all = slow_element(&f, old + f.offset + (size_t)n * f.size, &g,
                               fresh + g.offset + (size_t)n * g.size) &&
                  all;
        }
    }
    return all;
}

/* Returns whether all values were carried over. */
static bool slow_convert(const table *from, const uint8_t *old, const table *to, uint8_t *fresh) {
    memset(fresh, 0, to->size);
    if (slow_equal(from, to)) {
        memcpy(fresh, old, to->size);
        return true;
    }
    bool known = (from->declared || from->size == 0) && (to->declared || to->size == 0);
    return !from->declared || !to->declared ? known : slow_fields(from, old, to, fresh);
}

static const uint8_t *migrated_from;
static portico_status migrate_answer;

static portico_status migrate(const portico_migration *migration, void *to) {
    CHECK((migration->from == NULL) == (to == NULL) || migration->from_size == 0);
    CHECK(migration->from == migrated_from || migration->from == NULL);
    return migrate_answer;
}

/* The image of the old generation: every block is searched for addresses in it. */
void __wrap_os_library_range(os_library *library, uintptr_t *begin, uintptr_t *end);

void __wrap_os_library_range(os_library *library, uintptr_t *begin, uintptr_t *end) {
    CHECK(library == (os_library *)&migrate_answer);
    *begin = 0x100;
    *end = 0x10000;
}

/* The block of state_take_over is the right one, or the old one if that failed. */
static void check_take_over(const table *from, const uint8_t *old, const table *to,
                            const uint8_t *right, portico_on_migrate function) {
    static const state_owner owner = {"a.b", 7};
    static generation generation_old = {.name = "old", .number = 1};
    generation_old.library = (os_library *)&migrate_answer;
    bool equal = slow_equal(from, to);
    uint8_t *block = malloc(from->size > 0 ? from->size : 1);
    uint8_t *copy = malloc(to->size > 0 ? to->size : 1);
    CHECK(block != NULL && copy != NULL);
    memcpy(block, old, from->size);
    memset(copy, 0x5A, to->size > 0 ? to->size : 1);
    void *state = block;
    migrated_from = block;
    portico_status expected = equal || function == NULL ? PORTICO_OK : migrate_answer;
    CHECK_INT(
        state_copy_over(&owner, &generation_old, &from->shape, state, &to->shape, function, copy),
        expected);
    CHECK(memcmp(copy, right, to->size) == 0);
    CHECK_INT(
        state_take_over(&owner, &generation_old, &from->shape, &state, &to->shape, function, NULL),
        expected);
    CHECK((state == block) == (equal || expected != PORTICO_OK));
    CHECK(expected != PORTICO_OK ? memcmp(state, old, from->size) == 0
                                 : memcmp(state, right, to->size) == 0);
    free(state);
    free(copy);
}

static void check_pair(input *in, const table *from, const table *to) {
    char why[SHAPE_WHY_MAX] = "";
    char text[128];
    size_t text_size = 32 + input_u8(in) % 96;
    uint8_t *old = calloc(1, from->size + 1);
    uint8_t *right = calloc(1, to->size + 1);
    uint8_t *fresh = calloc(1, to->size > 0 ? to->size : 1);
    CHECK(old != NULL && right != NULL && fresh != NULL);
    for (uint32_t i = 0; i < from->size && in->size > 0; i++) {
        old[i] = input_u8(in);
    }
    bool equal = slow_equal(from, to);
    bool all = slow_convert(from, old, to, right);
    CHECK_INT(shape_equal(&from->shape, &to->shape), equal);
    CHECK_INT(shape_check(&from->shape, &to->shape, why, sizeof why),
              equal || all || from->size == 0 ? PORTICO_OK : PORTICO_E_INVALID);
    CHECK(text_is_plain(why, strlen(why)));
    shape_convert(&from->shape, old, &to->shape, fresh);
    CHECK(memcmp(fresh, right, to->size) == 0);
    memset(text, 0x7F, sizeof text);
    shape_changes_text(&from->shape, &to->shape, text, text_size);
    CHECK(memchr(text, '\0', text_size) != NULL);
    migrate_answer = input_u8(in) % 4 == 0 ? PORTICO_E_INVALID : PORTICO_OK;
    check_take_over(from, old, to, right, NULL);
    check_take_over(from, old, to, right, migrate);
    char can[512] = "";
    CHECK_INT(state_can_take_over("a.b", &from->shape, &to->shape, migrate, can, sizeof can),
              equal ? PORTICO_OK : migrate_answer);
    CHECK_INT(state_can_take_over("a.b", &from->shape, &to->shape, NULL, can, sizeof can),
              equal || all || from->size == 0 ? PORTICO_OK : PORTICO_E_INVALID);
    free(old);
    free(right);
    free(fresh);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static table a[STRUCTS + 1]; /* the last one is the state */
    static table b[STRUCTS + 1];
    static bool started;
    if (!started) {
        started = true;
        state_take_over_start(true);
        CHECK(log_start(&(log_options){.level = LOG_DEBUG})); /* to no terminal and no file */
    }
    input in = {data, size};
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    for (uint32_t i = 0; i <= STRUCTS; i++) {
        read_table(&in, &a[i], a);
        read_table(&in, &b[i], b);
    }
    check_declared(&a[STRUCTS]);
    check_declared(&b[STRUCTS]);
    if (a[STRUCTS].status == PORTICO_OK && b[STRUCTS].status == PORTICO_OK &&
        a[STRUCTS].size <= STATE_MAX && b[STRUCTS].size <= STATE_MAX) {
        check_pair(&in, &a[STRUCTS], &b[STRUCTS]);
    }
    shape_fini(&a[STRUCTS].shape);
    shape_fini(&b[STRUCTS].shape);
    for (uint32_t i = 0; i <= STRUCTS; i++) {
        free(a[i].list);
        free(b[i].list);
    }
    return 0;
}
