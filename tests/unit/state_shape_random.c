/* state_shape_random.c: random pairs of states, with fields of any kind, order and padding, are
 * compared and converted; a slow second implementation, which works with ranges and single bytes,
 * must give the same result. Then tables of random numbers: each is accepted or refused, and an
 * accepted one keeps what a shape promises. The first argument is the number of rounds; the numbers
 * are the same each time. */
#include "module/state_shape.h"

#include "support/check.h"

enum { ROUNDS = 50000, FIELDS_MAX = 12, STATE_MAX = 1024 };

static uint32_t random_state = 3;

static uint32_t random_below(uint32_t bound) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % bound;
}

/* A type that a field can have. Integers have a range of values: from 0 or -most - 1 to most. */
typedef struct type {
    uint32_t kind;
    uint32_t size;
    uint64_t most; /* 0: no integer */
} type;

/* Neighbours often lose values, those two away often widen. */
static const type types[] = {
    {PORTICO_KIND_SIGNED, 1, INT8_MAX},  {PORTICO_KIND_UNSIGNED, 1, UINT8_MAX},
    {PORTICO_KIND_SIGNED, 2, INT16_MAX}, {PORTICO_KIND_UNSIGNED, 2, UINT16_MAX},
    {PORTICO_KIND_SIGNED, 4, INT32_MAX}, {PORTICO_KIND_UNSIGNED, 4, UINT32_MAX},
    {PORTICO_KIND_SIGNED, 8, INT64_MAX}, {PORTICO_KIND_UNSIGNED, 8, UINT64_MAX},
    {PORTICO_KIND_FLOAT, 4, 0},          {PORTICO_KIND_FLOAT, 8, 0},
    {PORTICO_KIND_BOOL, 1, 0},           {PORTICO_KIND_CHAR, 1, 0},
    {PORTICO_KIND_BYTES, 5, 0},          {PORTICO_KIND_BYTES, 8, 0},
};

enum { TYPES = sizeof types / sizeof types[0] };

static const char *const names[] = {"score",  "x",     "y",     "name",  "level", "at.x",
                                    "at.y",   "rival", "Score", "a",     "aa",    "gold",
                                    "scores", "team",  "_",     "items", "items2"};

enum { NAMES = sizeof names / sizeof names[0] };

typedef struct state {
    uint32_t size, version, count;
    bool declared;
    portico_field fields[FIELDS_MAX];
    const type *types[FIELDS_MAX];
    state_shape shape;
} state;

static void state_shuffle(state *s) {
    for (uint32_t i = s->count; i > 1; i--) {
        uint32_t k = random_below(i);
        portico_field field = s->fields[i - 1];
        const type *t = s->types[i - 1];
        s->fields[i - 1] = s->fields[k];
        s->types[i - 1] = s->types[k];
        s->fields[k] = field;
        s->types[k] = t;
    }
}

static void state_declare(state *s) {
    const portico_state_fields table = {sizeof table, sizeof s->fields[0], s->count, 0, s->fields};
    char why[SHAPE_WHY_MAX] = "";
    portico_status status =
        shape_init(&s->shape, s->size, s->version, s->declared ? &table : NULL, why, sizeof why);
    CHECK_TEXT(why, "");
    CHECK_INT(status, PORTICO_OK);
}

/* Few types a round, so that many fields of two states fit. */
static void state_make(state *s, uint32_t first_type, uint32_t type_count) {
    *s = (state){.version = 1 + random_below(2), .declared = random_below(8) != 0};
    bool used[NAMES] = {false};
    uint32_t count = 1 + random_below(FIELDS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t name = random_below(NAMES);
        if (used[name]) {
            continue;
        }
        used[name] = true;
        const type *t = &types[(first_type + random_below(type_count)) % TYPES];
        s->size += random_below(3) * random_below(5); /* padding */
        s->types[s->count] = t;
        s->fields[s->count] =
            (portico_field){names[name], t->kind, s->size, t->size, 1 + random_below(4)};
        s->size += t->size * s->fields[s->count++].count;
    }
    s->size += random_below(4);
    CHECK(s->size <= STATE_MAX);
    state_shuffle(s);
    state_declare(s);
}

/* ---- the second implementation ------------------------------------------------------------- */

static bool type_holds(const type *a, const type *b) {
    if (a->most == 0 || b->most == 0) {
        return a->kind == b->kind &&
               (a->size == b->size || (a->kind == PORTICO_KIND_FLOAT && a->size < b->size));
    }
    bool negative = a->kind == PORTICO_KIND_SIGNED;
    return b->most >= a->most && (!negative || b->kind == PORTICO_KIND_SIGNED);
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
    return type_holds(from->types[i], to->types[k]) && from->fields[i].count <= to->fields[k].count;
}

static bool slow_equal(const state *a, const state *b) {
    bool equal = a->size == b->size && a->version == b->version;
    if (!equal || !a->declared || !b->declared) {
        return equal;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        int k = slow_find(b, a->fields[i].name);
        equal = equal && k >= 0 && a->types[i] == b->types[k] &&
                a->fields[i].offset == b->fields[k].offset &&
                a->fields[i].count == b->fields[k].count;
    }
    return equal && a->count == b->count;
}

/* The first field of `to` that cannot be carried over; -1: all can. */
static int slow_unfit(const state *from, const state *to) {
    int first = -1;
    for (uint32_t k = 0; k < to->count; k++) {
        int i = slow_find(from, to->fields[k].name);
        if (i >= 0 && !slow_fits(from, i, to, k) &&
            (first < 0 || to->fields[k].offset < to->fields[first].offset)) {
            first = (int)k;
        }
    }
    return first;
}

/* Little endian: the lower bytes are the same, the others are the sign. */
static void slow_element(const type *a, const uint8_t *old, const type *b, uint8_t *fresh) {
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

static void slow_convert(const state *from, const uint8_t *old, const state *to, uint8_t *fresh) {
    memset(fresh, 0, STATE_MAX);
    if (slow_equal(from, to)) {
        memcpy(fresh, old, to->size);
        return;
    }
    for (uint32_t k = 0; from->declared && to->declared && k < to->count; k++) {
        int i = slow_find(from, to->fields[k].name);
        for (uint32_t n = 0; i >= 0 && slow_fits(from, i, to, k) && n < from->fields[i].count;
             n++) {
            slow_element(from->types[i], old + from->fields[i].offset + n * from->types[i]->size,
                         to->types[k], fresh + to->fields[k].offset + n * to->types[k]->size);
        }
    }
}

/* ---- both ---------------------------------------------------------------------------------- */

static uint32_t refused, equal_pairs, converted;

static void compare(const state *from, const state *to) {
    bool equal = slow_equal(from, to);
    CHECK_INT(shape_equal(&from->shape, &to->shape), equal);
    char why[SHAPE_WHY_MAX] = "";
    portico_status status = shape_check(&from->shape, &to->shape, why, sizeof why);
    bool known = from->declared && to->declared;
    int unfit = known ? slow_unfit(from, to) : -1;
    bool good = equal || (known && unfit < 0);
    CHECK_INT(status, good ? PORTICO_OK : PORTICO_E_INVALID);
    if (unfit >= 0 && !good) {
        char start[96];
        (void)snprintf(start, sizeof start, "field %s was ", to->fields[unfit].name);
        CHECK(strncmp(why, start, strlen(start)) == 0);
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

/* Makes a field one of a neighbouring type, at the end. */
static void state_retype(state *s) {
    uint32_t i = random_below(s->count);
    s->types[i] = &types[(uint32_t)(s->types[i] - types) ^ 1U];
    s->fields[i] =
        (portico_field){s->fields[i].name, s->types[i]->kind, s->size, s->types[i]->size, 1};
    s->size += s->types[i]->size;
}

/* The same state with its table in another order, mostly with one difference. */
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
    state_declare(s);
}

/* Both implementations turn a signalling NaN into a quiet one when converting it to a double. */
static void random_pairs(uint32_t rounds) {
    for (uint32_t round = 0; round < rounds; round++) {
        static state a;
        static state b;
        uint32_t first = random_below(TYPES);
        uint32_t count = 1 + random_below(4);
        state_make(&a, first, count);
        if (random_below(4) == 0) {
            state_vary(&a, &b);
        } else {
            state_make(&b, first, count);
        }
        compare(&a, &b);
        convert(&a, &b);
        convert(&b, &a);
        shape_fini(&a.shape);
        shape_fini(&b.shape);
    }
    printf("%u pairs equal, %u converted, %u refused\n", equal_pairs, converted, refused);
    CHECK(rounds < 1000 ||
          (equal_pairs > rounds / 50 && converted > rounds / 50 && refused > rounds / 50));
}

/* ---- garbage ------------------------------------------------------------------------------- */

static uint32_t random_number(void) {
    static const uint32_t edges[] = {0,  1,  2,  3,    4,    7,          8,          23,
                                     24, 25, 64, 1024, 1025, 0x7FFFFFFF, 0x80000000, UINT32_MAX};
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
        CHECK(f->kind >= PORTICO_KIND_BYTES && f->kind <= PORTICO_KIND_CHAR);
        CHECK(f->name[0] != '\0');
        CHECK(i == 0 || strcmp(s->by_name[i - 1]->name, s->by_name[i]->name) < 0);
        uint32_t within = 1;
        CHECK_TEXT(shape_field_at(s, f->offset, &within), f->name);
        CHECK_INT(within, 0);
    }
}

/* Random numbers in a table whose pointers are valid: an invalid pointer cannot be detected. */
static void random_tables(uint32_t rounds) {
    uint32_t taken = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t count = random_below(5);
        portico_field *fields = calloc(count + 1, sizeof *fields);
        CHECK(fields != NULL);
        uint32_t offset = 0;
        bool wild = random_below(2) != 0;
        for (uint32_t i = 0; i < count; i++) {
            fields[i] =
                (portico_field){names[random_below(NAMES)], PORTICO_KIND_SIGNED, offset, 4, 1};
            offset += 4;
            uint32_t *numbers[] = {&fields[i].kind, &fields[i].offset, &fields[i].size,
                                   &fields[i].count};
            if (wild) {
                *numbers[random_below(4)] = random_number();
                *numbers[random_below(4)] = random_number();
            }
            fields[i].name = random_below(40) == 0 ? NULL : fields[i].name;
        }
        const portico_state_fields table = {
            random_below(20) == 0 ? random_number() : sizeof table,
            random_below(20) == 0 ? random_below(24)
                                  : sizeof *fields, /* a longer way would leave the table */
            count, 0, random_below(40) == 0 ? NULL : fields};
        state_shape s;
        char why[SHAPE_WHY_MAX] = "";
        portico_status status = shape_init(&s, random_number(), 1, &table, why, sizeof why);
        CHECK(status == PORTICO_OK || status == PORTICO_E_INVALID);
        CHECK_INT(why[0] == '\0', status == PORTICO_OK);
        taken += status == PORTICO_OK && s.field_count > 0;
        check_promises(&s);
        shape_fini(&s);
        free(fields);
    }
    printf("%u of %u tables taken\n", taken, rounds);
    CHECK(rounds < 1000 || (taken > rounds / 100 && taken < rounds));
}

SCENARIO(state_shape_random) {
    const char *wanted = scenario_argument(0);
    uint32_t rounds = wanted != NULL ? (uint32_t)strtoul(wanted, NULL, 10) : ROUNDS;
    random_pairs(rounds);
    random_tables(rounds);
}
