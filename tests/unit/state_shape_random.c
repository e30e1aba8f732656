/* state_shape_random.c: random pairs of states, with fields of any kind, order and padding, structs
 * with fields of their own among them, are compared and converted; a slow second implementation,
 * which works with ranges and single bytes, must give the same result. Then tables of random
 * numbers: each is accepted or refused, and an accepted one keeps what a shape promises. The first
 * argument is the number of rounds; the numbers are the same each time. */
#include "module/state_shape.h"

#include "support/check.h"

enum { ROUNDS = 50000, FIELDS_MAX = 12, INNER_FIELDS_MAX = 3, POOL = 3, STATE_MAX = 32768 };

static uint32_t random_state = 3;

static uint32_t random_below(uint32_t bound) {
    random_state = random_state * 1664525u + 1013904223u;
    return bound > 0 ? (random_state >> 8) % bound : 0;
}

/* A type that a field can have. */
typedef struct type {
    uint32_t kind;
    uint32_t size;
} type;

/* Neighbours often lose values, those two away often widen. */
static const type types[] = {
    {PORTICO_KIND_SIGNED, 1},   {PORTICO_KIND_UNSIGNED, 1}, {PORTICO_KIND_SIGNED, 2},
    {PORTICO_KIND_UNSIGNED, 2}, {PORTICO_KIND_SIGNED, 4},   {PORTICO_KIND_UNSIGNED, 4},
    {PORTICO_KIND_SIGNED, 8},   {PORTICO_KIND_UNSIGNED, 8}, {PORTICO_KIND_FLOAT, 4},
    {PORTICO_KIND_FLOAT, 8},    {PORTICO_KIND_BOOL, 1},     {PORTICO_KIND_CHAR, 1},
    {PORTICO_KIND_BYTES, 5},    {PORTICO_KIND_BYTES, 8},
};

enum { TYPES = sizeof types / sizeof types[0] };

static const char *const names[] = {"score",  "x",     "y",     "name",  "level", "at.x",
                                    "at.y",   "rival", "Score", "a",     "aa",    "gold",
                                    "scores", "team",  "_",     "items", "items2"};

enum { NAMES = sizeof names / sizeof names[0] };

/* A state, or a struct within one. */
typedef struct state {
    uint32_t size, version, count;
    bool declared;
    portico_field fields[FIELDS_MAX];
    const struct state *inner[FIELDS_MAX]; /* of a field that is a struct */
    portico_fields table;
    state_shape shape; /* of a state */
} state;

static void state_shuffle(state *s) {
    for (uint32_t i = s->count; i > 1; i--) {
        uint32_t k = random_below(i);
        portico_field field = s->fields[i - 1];
        const state *inner = s->inner[i - 1];
        s->fields[i - 1] = s->fields[k];
        s->inner[i - 1] = s->inner[k];
        s->fields[k] = field;
        s->inner[k] = inner;
    }
}

static void state_table(state *s) {
    s->table = (portico_fields){"s", s->fields, s->count, sizeof s->fields[0], s->size, 0};
}

static void state_declare(state *s) {
    char why[SHAPE_WHY_MAX] = "";
    state_table(s);
    portico_status status =
        shape_init(&s->shape, s->size, s->version, s->declared ? &s->table : NULL, why, sizeof why);
    CHECK_TEXT(why, "");
    CHECK_INT(status, PORTICO_OK);
}

/* The material of a round: few types, so that many fields of two states fit, and structs. */
typedef struct kit {
    uint32_t first_type, type_count;
    state structs[POOL];
    uint32_t struct_count;
} kit;

static void state_add(state *s, const char *name, const kit *k) {
    bool is_struct = k->struct_count > 0 && random_below(4) == 0;
    uint32_t i = s->count++;
    portico_field *f = &s->fields[i];
    *f = (portico_field){.name = name};
    s->size += random_below(3) * random_below(5); /* padding */
    s->inner[i] = NULL;
    if (is_struct) {
        s->inner[i] = &k->structs[random_below(k->struct_count)];
        f->fields = &s->inner[i]->table;
        f->kind = PORTICO_KIND_STRUCT;
        f->size = s->inner[i]->size;
    } else {
        const type *t = &types[(k->first_type + random_below(k->type_count)) % TYPES];
        f->kind = t->kind;
        f->size = t->size;
    }
    f->count = 1 + random_below(is_struct ? 2 : 4);
    f->offset = s->size;
    s->size += f->size * f->count;
}

static void state_make(state *s, const kit *k, uint32_t most) {
    bool used[NAMES] = {false};
    *s = (state){.version = 1 + random_below(2), .declared = random_below(8) != 0};
    for (uint32_t count = 1 + random_below(most); count > 0; count--) {
        uint32_t name = random_below(NAMES);
        if (!used[name]) {
            used[name] = true;
            state_add(s, names[name], k);
        }
    }
    s->size += random_below(4);
    CHECK(s->size <= STATE_MAX);
    state_shuffle(s);
}

/* The last struct may contain the ones before it. */
static void kit_make(kit *k) {
    k->struct_count = 0;
    for (uint32_t i = 0; i < POOL; i++) {
        state_make(&k->structs[i], k, INNER_FIELDS_MAX);
        state_table(&k->structs[i]);
        k->struct_count = i + 1 < POOL ? i % 2 : POOL; /* no deeper than two */
    }
}

/* ---- the second implementation ------------------------------------------------------------- */

/* Integers have a range of values, from 0 or -most - 1 to most. 0: no integer. */
static uint64_t most_of(const portico_field *f) {
    uint64_t all = UINT64_MAX >> (64 - 8 * (f->size <= 8 ? f->size : 8));
    return f->kind == PORTICO_KIND_UNSIGNED ? all : f->kind == PORTICO_KIND_SIGNED ? all / 2 : 0;
}

static bool opaque(const portico_field *f) {
    return f->kind == PORTICO_KIND_BYTES || f->kind == PORTICO_KIND_STRUCT;
}

static bool element_fits(const portico_field *a, const portico_field *b) {
    if (opaque(a) && opaque(b)) {
        bool structs = a->kind == PORTICO_KIND_STRUCT && b->kind == PORTICO_KIND_STRUCT;
        return structs || a->size == b->size;
    }
    if (most_of(a) == 0 || most_of(b) == 0) {
        return a->kind == b->kind &&
               (a->size == b->size || (a->kind == PORTICO_KIND_FLOAT && a->size < b->size));
    }
    bool negative = a->kind == PORTICO_KIND_SIGNED;
    return most_of(b) >= most_of(a) && (!negative || b->kind == PORTICO_KIND_SIGNED);
}

static int slow_find(const state *s, const char *name) {
    for (uint32_t i = 0; i < s->count; i++) {
        if (strcmp(s->fields[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool slow_fits(const state *from, int i, const state *to, uint32_t k) {
    return element_fits(&from->fields[i], &to->fields[k]) &&
           from->fields[i].count <= to->fields[k].count;
}

static bool slow_same_fields(const state *a, const state *b) {
    bool equal = a->count == b->count;
    for (uint32_t i = 0; i < a->count; i++) {
        int k = slow_find(b, a->fields[i].name);
        const portico_field *f = &a->fields[i];
        const portico_field *g = k >= 0 ? &b->fields[k] : NULL;
        equal = equal && g != NULL && f->kind == g->kind && f->size == g->size &&
                f->offset == g->offset && f->count == g->count &&
                (a->inner[i] == NULL || slow_same_fields(a->inner[i], b->inner[k]));
    }
    return equal;
}

static bool slow_equal(const state *a, const state *b) {
    bool equal = a->size == b->size && a->version == b->version;
    return equal && (!a->declared || !b->declared || slow_same_fields(a, b));
}

/* Whether a field of `to` cannot be carried over. Appends the path of the first one, by offset. */
static bool slow_unfit(const state *from, const state *to, char *path, size_t size) {
    for (uint32_t offset = 0; offset < to->size; offset++) {
        for (uint32_t k = 0; k < to->count; k++) {
            const portico_field *f = &to->fields[k];
            int i = f->offset == offset ? slow_find(from, f->name) : -1;
            if (i < 0) {
                continue;
            }
            size_t used = strlen(path);
            bool structs = from->inner[i] != NULL && to->inner[k] != NULL;
            (void)snprintf(path + used, size - used, "%s%s", used > 0 ? "." : "", f->name);
            if (!slow_fits(from, i, to, k)) {
                return true;
            }
            (void)strncat(path, structs && f->count > 1 ? "[]" : "", size - strlen(path) - 1);
            if (structs && slow_unfit(from->inner[i], to->inner[k], path, size)) {
                return true;
            }
            path[used] = '\0';
        }
    }
    return false;
}

static void slow_fields(const state *from, const uint8_t *old, const state *to, uint8_t *fresh);

/* Little endian: the lower bytes are the same, the others are the sign. */
static void slow_element(const portico_field *a, const uint8_t *old, const portico_field *b,
                         uint8_t *fresh) {
    if (a->kind == PORTICO_KIND_FLOAT && a->size < b->size) {
        float value;
        memcpy(&value, old, 4);
        double wide = value;
        memcpy(fresh, &wide, 8);
        return;
    }
    bool negative = a->kind == PORTICO_KIND_SIGNED && (old[a->size - 1] & 0x80) != 0;
    for (uint32_t i = 0; i < b->size; i++) {
        fresh[i] = i < a->size ? old[i] : negative ? 0xFF : 0;
    }
}

static void slow_row(const state *from, int i, const uint8_t *old, const state *to, uint32_t k,
                     uint8_t *fresh) {
    const state *a = from->inner[i];
    const state *b = to->inner[k];
    if (a != NULL && b != NULL && (a->size != b->size || !slow_same_fields(a, b))) {
        slow_fields(a, old, b, fresh);
    } else {
        slow_element(&from->fields[i], old, &to->fields[k], fresh);
    }
}

static void slow_fields(const state *from, const uint8_t *old, const state *to, uint8_t *fresh) {
    for (uint32_t k = 0; k < to->count; k++) {
        int i = slow_find(from, to->fields[k].name);
        for (uint32_t n = 0; i >= 0 && slow_fits(from, i, to, k) && n < from->fields[i].count;
             n++) {
            slow_row(from, i, old + from->fields[i].offset + n * from->fields[i].size, to, k,
                     fresh + to->fields[k].offset + n * to->fields[k].size);
        }
    }
}

static void slow_convert(const state *from, const uint8_t *old, const state *to, uint8_t *fresh) {
    memset(fresh, 0, to->size);
    if (slow_equal(from, to)) {
        memcpy(fresh, old, to->size);
    } else if (from->declared && to->declared) {
        slow_fields(from, old, to, fresh);
    }
}

/* ---- both ---------------------------------------------------------------------------------- */

static uint32_t refused, refused_inside, equal_pairs, converted;

static void compare(const state *from, const state *to) {
    char path[256] = "";
    char start[300];
    char why[SHAPE_WHY_MAX] = "";
    bool equal = slow_equal(from, to);
    CHECK_INT(shape_equal(&from->shape, &to->shape), equal);
    portico_status status = shape_check(&from->shape, &to->shape, why, sizeof why);
    bool known = from->declared && to->declared;
    bool unfit = known && slow_unfit(from, to, path, sizeof path);
    bool good = equal || (known && !unfit);
    CHECK_INT(status, good ? PORTICO_OK : PORTICO_E_INVALID);
    if (unfit && !good) {
        (void)snprintf(start, sizeof start, "field %s was ", path);
        CHECK(strncmp(why, start, strlen(start)) == 0);
        refused_inside += strchr(path, '.') != NULL;
    }
    CHECK_INT(why[0] == '\0', good);
    refused += !good;
    equal_pairs += equal;
    converted += good && !equal;
}

static void convert(const state *from, const state *to) {
    static uint8_t right[STATE_MAX];
    uint8_t *old = malloc(from->size); /* of the exact size: a sanitizer sees a read past its end */
    uint8_t *kept = malloc(from->size);
    uint8_t *fresh = calloc(1, to->size);
    CHECK(old != NULL && kept != NULL && fresh != NULL);
    for (uint32_t i = 0; i < from->size; i++) {
        old[i] = (uint8_t)random_below(256);
    }
    memcpy(kept, old, from->size);
    slow_convert(from, old, to, right);
    shape_convert(&from->shape, old, &to->shape, fresh);
    CHECK(memcmp(fresh, right, to->size) == 0);
    CHECK(memcmp(old, kept, from->size) == 0);
    free(old);
    free(kept);
    free(fresh);
}

/* The byte at any offset is in the field that its path names. */
static void look_up(const state *s) {
    char path[SHAPE_PATH_MAX] = "";
    uint32_t within = 0;
    uint32_t offset = random_below(s->size);
    if (!s->declared || !shape_field_at(&s->shape, offset, path, &within)) {
        return;
    }
    const state *at = s;
    for (char *name = path; name != NULL;) {
        char *rest = strchr(name, '.');
        int i = -1;
        while (i < 0) { /* some names contain a '.' */
            char *bracket = NULL;
            char saved = rest != NULL ? *rest : '\0';
            if (rest != NULL) {
                *rest = '\0';
            }
            bracket = strchr(name, '[');
            if (bracket != NULL) {
                *bracket = '\0';
            }
            i = slow_find(at, name);
            uint32_t row = bracket != NULL ? (uint32_t)strtoul(bracket + 1, NULL, 10) : 0;
            if (bracket != NULL) {
                *bracket = '[';
            }
            if (i >= 0) {
                offset -= at->fields[i].offset + row * at->fields[i].size;
                at = at->inner[i];
                name = rest != NULL ? rest + 1 : NULL;
            } else {
                CHECK(rest != NULL);
                *rest = saved;
                rest = strchr(rest + 1, '.');
            }
        }
    }
    CHECK_INT(within, offset);
}

/* Moves all fields by one byte where the state has room after them. */
static void state_move(state *s) {
    uint32_t end = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t last = s->fields[i].offset + s->fields[i].size * s->fields[i].count;
        end = last > end ? last : end;
    }
    for (uint32_t i = 0; end < s->size && i < s->count; i++) {
        s->fields[i].offset++;
    }
}

/* Makes a field one of another type, at the end. A struct becomes opaque. */
static void state_retype(state *s) {
    uint32_t i = random_below(s->count);
    portico_field *f = &s->fields[i];
    const type *t = &types[random_below(TYPES)];
    bool opened = s->inner[i] != NULL;
    *f = (portico_field){.name = f->name,
                         .kind = opened ? PORTICO_KIND_BYTES : t->kind,
                         .offset = s->size,
                         .size = opened ? f->size : t->size,
                         .count = opened ? f->count : 1};
    s->inner[i] = NULL;
    s->size += f->size * f->count;
}

/* The same with its table in another order, mostly with one difference. */
static void state_vary(const state *of, state *s) {
    *s = *of;
    s->declared = random_below(8) != 0;
    switch (random_below(4)) {
    case 0: state_retype(s); break;
    case 1: state_move(s); break;
    case 2: s->fields[0].name = "renamed"; break;
    default: break;
    }
    state_shuffle(s);
}

/* The structs of the other state: some are the same, others have one difference. */
static void kit_vary(const kit *of, kit *k) {
    *k = *of;
    for (uint32_t i = 0; i < POOL; i++) {
        state *s = &k->structs[i];
        if (random_below(2) == 0) {
            state_vary(&of->structs[i], s);
        }
        for (uint32_t f = 0; f < s->count; f++) {
            if (s->inner[f] != NULL) { /* one of the kit's own, which may have another size */
                s->inner[f] = &k->structs[s->inner[f] - of->structs];
                s->fields[f].fields = &s->inner[f]->table;
                s->fields[f].size = s->inner[f]->size;
                s->fields[f].offset = s->size;
                s->size += s->fields[f].size * s->fields[f].count;
            }
        }
        state_table(s);
    }
}

/* Both implementations turn a signalling NaN into a quiet one when converting it to a double. */
static void random_pairs(uint32_t rounds) {
    for (uint32_t round = 0; round < rounds; round++) {
        static state a;
        static state b;
        static kit kit_a;
        static kit kit_b;
        kit_a.first_type = random_below(TYPES);
        kit_a.type_count = 1 + random_below(4);
        kit_make(&kit_a);
        kit_vary(&kit_a, &kit_b);
        state_make(&a, &kit_a, FIELDS_MAX);
        if (random_below(3) == 0) {
            state_vary(&a, &b);
        } else {
            state_make(&b, &kit_b, FIELDS_MAX);
        }
        state_declare(&a);
        state_declare(&b);
        compare(&a, &b);
        convert(&a, &b);
        convert(&b, &a);
        look_up(&a);
        shape_fini(&a.shape);
        shape_fini(&b.shape);
    }
    printf("%u pairs equal, %u converted, %u refused, %u of them for a field within a struct\n",
           equal_pairs, converted, refused, refused_inside);
    CHECK(rounds < 1000 || (equal_pairs > rounds / 50 && converted > rounds / 50 &&
                            refused > rounds / 50 && refused_inside > rounds / 200));
}

/* ---- garbage ------------------------------------------------------------------------------- */

static uint32_t random_number(void) {
    static const uint32_t edges[] = {0,  1,  2,  3,    4,    7,          8,          39,
                                     40, 41, 64, 1024, 1025, 0x7FFFFFFF, 0x80000000, UINT32_MAX};
    switch (random_below(4)) {
    case 0: return edges[random_below(sizeof edges / sizeof edges[0])];
    case 1: return random_below(1u << 16) << 16 | random_below(1u << 16);
    default: return random_below(40);
    }
}

static void check_promises(const state_shape *s) {
    uint64_t end = 0;
    for (uint32_t i = 0; i < s->field_count; i++) {
        const state_field *f = &s->fields[i];
        CHECK(f->offset >= end);
        end = f->offset + (uint64_t)f->size * f->count;
        CHECK(end <= s->size);
        CHECK(f->kind >= PORTICO_KIND_BYTES && f->kind <= PORTICO_KIND_STRUCT);
        CHECK(f->name[0] != '\0');
        CHECK(i == 0 || strcmp(s->by_name[i - 1]->name, s->by_name[i]->name) < 0);
        uint32_t within = 1;
        char path[SHAPE_PATH_MAX] = "";
        CHECK(shape_field_at(s, f->offset, path, &within));
        CHECK(strncmp(path, f->name, strlen(f->name)) == 0);
        CHECK((f->fields != NULL) == (f->kind == PORTICO_KIND_STRUCT));
        if (f->fields != NULL) {
            CHECK_INT(f->fields->size, f->size);
            check_promises(f->fields);
        }
    }
}

/* Random numbers in tables whose pointers are valid: an invalid pointer cannot be detected. A table
 * may contain itself. */
static void random_tables(uint32_t rounds) {
    uint32_t taken = 0;
    uint32_t with_structs = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        static const portico_field plain = {"plain", NULL, PORTICO_KIND_UNSIGNED, 0, 4, 1, 0, 0};
        const portico_fields inside = {"inside", &plain, 1, sizeof plain, 4, 0};
        uint32_t count = random_below(5);
        portico_field *fields = calloc(count + 1, sizeof *fields);
        CHECK(fields != NULL);
        portico_fields table = {random_below(40) == 0 ? NULL : "s",
                                random_below(40) == 0 ? NULL : fields,
                                count,
                                random_below(20) == 0
                                    ? random_below(40)
                                    : sizeof *fields, /* a longer way would leave the table */
                                random_number(),
                                0};
        uint32_t offset = 0;
        bool wild = random_below(2) != 0;
        for (uint32_t i = 0; i < count; i++) {
            bool is_struct = random_below(3) == 0;
            fields[i] =
                (portico_field){.name = names[random_below(NAMES)],
                                .fields = !is_struct             ? NULL
                                          : random_below(8) == 0 ? &table
                                                                 : &inside,
                                .kind = is_struct ? PORTICO_KIND_STRUCT : PORTICO_KIND_SIGNED,
                                .offset = offset,
                                .size = 4,
                                .count = 1};
            offset += 4;
            uint32_t *numbers[] = {&fields[i].kind, &fields[i].offset, &fields[i].size,
                                   &fields[i].count, &fields[i].part};
            if (wild) {
                *numbers[random_below(5)] = random_number();
                *numbers[random_below(4)] = random_number();
            }
            fields[i].name = random_below(40) == 0 ? NULL : fields[i].name;
        }
        state_shape s;
        char why[SHAPE_WHY_MAX] = "";
        uint32_t size = random_below(20) == 0 ? random_number() : table.size;
        portico_status status = shape_init(&s, size, 1, &table, why, sizeof why);
        CHECK(status == PORTICO_OK || status == PORTICO_E_INVALID);
        CHECK_INT(why[0] == '\0', status == PORTICO_OK);
        taken += status == PORTICO_OK && s.field_count > 0;
        for (uint32_t i = 0; i < s.field_count; i++) {
            with_structs += s.fields[i].fields != NULL;
        }
        check_promises(&s);
        shape_fini(&s);
        free(fields);
    }
    printf("%u of %u tables taken, with %u structs inside\n", taken, rounds, with_structs);
    CHECK(rounds < 1000 || (taken > rounds / 100 && taken < rounds && with_structs > rounds / 200));
}

SCENARIO(state_shape_random) {
    const char *wanted = scenario_argument(0);
    uint32_t rounds = wanted != NULL ? (uint32_t)strtoul(wanted, NULL, 10) : ROUNDS;
    random_pairs(rounds);
    random_tables(rounds);
}
