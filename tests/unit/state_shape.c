/* state_shape.c: what the macros make of a struct, every rule by which a field is carried over, the
 * text of every refusal, and tables that no compiler made. */
#include "module/state_shape.h"

#include "support/check.h"

typedef enum colour { NO_COLOUR = -1, RED, GREEN } colour;

typedef struct place {
    float x;
    float y;
} place;

#define OLD_PLAYER(S, F)            \
    F(S, FIELD, uint32_t, score)    \
    F(S, FIELD, int16_t, level)     \
    F(S, FIELD, float, speed)       \
    F(S, ARRAY, char, name, 8)      \
    F(S, FIELD, uint8_t, gone)      \
    F(S, FIELD, place, at)          \
    F(S, ARRAY, uint16_t, items, 3) \
    F(S, FIELD, bool, alive)        \
    F(S, FIELD, portico_session, rival)
PORTICO_STATE(old_player, OLD_PLAYER);

/* In another order, with wider numbers, longer arrays, one field gone, two new. */
#define NEW_PLAYER(S, F)                \
    F(S, FIELD, portico_session, rival) \
    F(S, FIELD, bool, alive)            \
    F(S, ARRAY, uint32_t, items, 5)     \
    F(S, FIELD, double, speed)          \
    F(S, FIELD, colour, team)           \
    F(S, ARRAY, char, name, 16)         \
    F(S, FIELD, place, at)              \
    F(S, FIELD, int64_t, score)         \
    F(S, FIELD, int32_t, level)         \
    F(S, ARRAY, place, path, 2)
PORTICO_STATE(new_player, NEW_PLAYER);

#define MANY_KINDS(S, F)                \
    F(S, FIELD, char, c)                \
    F(S, FIELD, int8_t, i8)             \
    F(S, FIELD, uint8_t, u8)            \
    F(S, FIELD, int16_t, i16)           \
    F(S, FIELD, uint16_t, u16)          \
    F(S, FIELD, int32_t, i32)           \
    F(S, FIELD, uint32_t, u32)          \
    F(S, FIELD, int64_t, i64)           \
    F(S, FIELD, uint64_t, u64)          \
    F(S, FIELD, long, l)                \
    F(S, FIELD, unsigned long long, ll) \
    F(S, FIELD, size_t, size)           \
    F(S, FIELD, float, f)               \
    F(S, FIELD, double, d)              \
    F(S, FIELD, long double, ld)        \
    F(S, FIELD, bool, b)                \
    F(S, FIELD, colour, e)              \
    F(S, FIELD, place, s)               \
    F(S, FIELD, const char *, p)        \
    F(S, ARRAY, int16_t, grid, 12)
PORTICO_STATE(many_kinds, MANY_KINDS);

typedef struct foreign {
    uint8_t skipped;
    place at;
    char word[4];
} foreign;
PORTICO_DESCRIBE(foreign, PORTICO_ARRAY(foreign, word), PORTICO_FIELD(foreign, at.y));

/* A row of a table, and a table, that no macro of state.h made. */
#define FIELD_OF(name, kind, offset, size, count) \
    { (name), NULL, (kind), (offset), (size), (count), PORTICO_PART_FIXED, 0 }
#define FIELDS_OF(count, rows, size) \
    { "s", (rows), (count), (uint32_t)sizeof(portico_field), (size), 0 }

static char why[SHAPE_WHY_MAX];

static state_shape shape_of(uint32_t size, uint32_t version, const portico_fields *fields) {
    state_shape s;
    why[0] = '\0';
    portico_status status = shape_init(&s, size, version, fields, why, sizeof why);
    CHECK_TEXT(why, "");
    CHECK_INT(status, PORTICO_OK);
    return s;
}

static void expect_field(const portico_fields *fields, const char *name, uint32_t kind,
                         size_t offset, size_t size, uint32_t count) {
    for (uint32_t i = 0; i < fields->field_count; i++) {
        const portico_field *f = &fields->fields[i];
        if (strcmp(f->name, name) == 0) {
            CHECK_INT(f->kind, kind);
            CHECK_INT(f->offset, offset);
            CHECK_INT(f->size, size);
            CHECK_INT(f->count, count);
            return;
        }
    }
    CHECK_TEXT("no such field", name);
}

#define EXPECT(name, kind)                                                    \
    expect_field(&many_kinds_fields, #name, kind, offsetof(many_kinds, name), \
                 sizeof(((many_kinds *)0)->name), 1)

static void what_the_macros_make(void) {
    CHECK_INT(many_kinds_fields.field_count, 20);
    EXPECT(c, PORTICO_KIND_CHAR);
    EXPECT(i8, PORTICO_KIND_SIGNED);
    EXPECT(u8, PORTICO_KIND_UNSIGNED);
    EXPECT(i16, PORTICO_KIND_SIGNED);
    EXPECT(u16, PORTICO_KIND_UNSIGNED);
    EXPECT(i32, PORTICO_KIND_SIGNED);
    EXPECT(u32, PORTICO_KIND_UNSIGNED);
    EXPECT(i64, PORTICO_KIND_SIGNED);
    EXPECT(u64, PORTICO_KIND_UNSIGNED);
    EXPECT(l, PORTICO_KIND_SIGNED);
    EXPECT(ll, PORTICO_KIND_UNSIGNED);
    EXPECT(size, PORTICO_KIND_UNSIGNED);
    EXPECT(f, PORTICO_KIND_FLOAT);
    EXPECT(d, PORTICO_KIND_FLOAT);
    EXPECT(ld, PORTICO_KIND_BYTES);
    EXPECT(b, PORTICO_KIND_BOOL);
    EXPECT(e, PORTICO_KIND_SIGNED);
    EXPECT(s, PORTICO_KIND_BYTES);
    EXPECT(p, PORTICO_KIND_BYTES);
    expect_field(&many_kinds_fields, "grid", PORTICO_KIND_SIGNED, offsetof(many_kinds, grid), 2,
                 12);

    CHECK_INT(foreign_fields.field_count, 2);
    expect_field(&foreign_fields, "word", PORTICO_KIND_CHAR, offsetof(foreign, word), 1, 4);
    expect_field(&foreign_fields, "at.y", PORTICO_KIND_FLOAT, offsetof(foreign, at.y), 4, 1);
    state_shape s = shape_of(sizeof(foreign), 1, &foreign_fields);
    CHECK_TEXT(s.fields[0].name, "at.y"); /* in the order of offsets */
    CHECK_TEXT(s.by_name[1]->name, "word");
    shape_fini(&s);
}

static void changes_are(const state_shape *from, const state_shape *to, size_t size,
                        const char *expected) {
    char text[256];
    memset(text, 'x', sizeof text);
    shape_changes_text(from, to, text, size);
    CHECK_TEXT(text, expected);
    CHECK(strlen(text) < size);
}

static void a_struct_that_changed(void) {
    old_player old = {.score = 4000000000U,
                      .level = -7,
                      .speed = 0.1F,
                      .name = "annabel",
                      .gone = 1,
                      .at = {1.5F, -2.5F},
                      .items = {1, 0xFFFF, 3},
                      .alive = true,
                      .rival = {0x123456789ABCDEF0U}};
    new_player fresh = {0};
    state_shape from = shape_of(sizeof old, 1, &old_player_fields);
    state_shape to = shape_of(sizeof fresh, 1, &new_player_fields);
    CHECK(!shape_equal(&from, &to));
    CHECK_INT(shape_check(&from, &to, why, sizeof why), PORTICO_OK);
    shape_convert(&from, &old, &to, &fresh);
    CHECK_INT(fresh.score, 4000000000);
    CHECK_INT(fresh.level, -7);
    CHECK(fresh.speed == (double)0.1F);
    CHECK_TEXT(fresh.name, "annabel");
    CHECK(fresh.at.x == 1.5F && fresh.at.y == -2.5F);
    CHECK_INT(fresh.items[0], 1);
    CHECK_INT(fresh.items[1], 0xFFFF);
    CHECK_INT(fresh.items[2], 3);
    CHECK_INT(fresh.items[3], 0);
    CHECK_INT(fresh.items[4], 0);
    CHECK(fresh.alive);
    CHECK_INT(fresh.rival.id, 0x123456789ABCDEF0);
    CHECK_INT(fresh.team, RED);
    CHECK(fresh.path[0].x == 0 && fresh.path[1].y == 0);
    changes_are(&from, &to, 256,
                "added team, path; dropped gone; widened items, speed, name, score, level");
    changes_are(&to, &from, 256,
                "added gone; dropped team, path; changed score, level, speed, name, items");
    changes_are(&from, &to, 56, "added team, path; dropped gone and 5 more");
    changes_are(&from, &to, 30, " and 8 more");
    changes_are(&from, &from, 256, "");
    /* The opposite direction loses values, and the first such field of the struct is named. */
    CHECK_INT(shape_check(&to, &from, why, sizeof why), PORTICO_E_INVALID);
    CHECK_TEXT(why, "field score was signed 64 bits and is unsigned 32 bits: values could be lost");
    shape_fini(&from);
    shape_fini(&to);
}

/* ---- one field ----------------------------------------------------------------------------- */

enum {
    BYTES = PORTICO_KIND_BYTES,
    SIGNED = PORTICO_KIND_SIGNED,
    UNSIGNED = PORTICO_KIND_UNSIGNED,
    FLOAT = PORTICO_KIND_FLOAT,
    BOOL = PORTICO_KIND_BOOL,
    CHAR = PORTICO_KIND_CHAR
};

typedef struct change {
    uint32_t kind, size, count; /* of the old field */
    uint32_t new_kind, new_size, new_count;
    const char *refused; /* after "field f was "; NULL: taken over */
} change;

static const change changes[] = {
    {UNSIGNED, 1, 1, UNSIGNED, 1, 1, NULL},
    {UNSIGNED, 1, 1, UNSIGNED, 8, 1, NULL},
    {UNSIGNED, 4, 1, SIGNED, 8, 1, NULL},
    {SIGNED, 2, 1, SIGNED, 4, 1, NULL},
    {UNSIGNED, 2, 3, UNSIGNED, 4, 5, NULL},
    {FLOAT, 4, 1, FLOAT, 8, 1, NULL},
    {FLOAT, 4, 2, FLOAT, 8, 2, NULL},
    {BOOL, 1, 1, BOOL, 1, 4, NULL},
    {CHAR, 1, 8, CHAR, 1, 9, NULL},
    {BYTES, 12, 1, BYTES, 12, 2, NULL},
    {UNSIGNED, 4, 1, UNSIGNED, 2, 1,
     "unsigned 32 bits and is unsigned 16 bits: values could be lost"},
    {UNSIGNED, 4, 1, SIGNED, 4, 1, "unsigned 32 bits and is signed 32 bits: values could be lost"},
    {SIGNED, 4, 1, UNSIGNED, 8, 1, "signed 32 bits and is unsigned 64 bits: values could be lost"},
    {SIGNED, 8, 1, SIGNED, 4, 1, "signed 64 bits and is signed 32 bits: values could be lost"},
    {FLOAT, 8, 1, FLOAT, 4, 1, "float 64 bits and is float 32 bits: values could be lost"},
    {SIGNED, 4, 1, FLOAT, 8, 1, "signed 32 bits and is float 64 bits: the kinds differ"},
    {FLOAT, 4, 1, SIGNED, 8, 1, "float 32 bits and is signed 64 bits: the kinds differ"},
    {BOOL, 1, 1, UNSIGNED, 1, 1, "bool and is unsigned 8 bits: the kinds differ"},
    {UNSIGNED, 1, 1, BOOL, 1, 1, "unsigned 8 bits and is bool: the kinds differ"},
    {CHAR, 1, 1, SIGNED, 1, 1, "text of 1 byte and is signed 8 bits: the kinds differ"},
    {CHAR, 1, 4, UNSIGNED, 1, 4, "text of 4 bytes and is 4 x unsigned 8 bits: the kinds differ"},
    {UNSIGNED, 8, 1, BYTES, 8, 1, "unsigned 64 bits and is 8 opaque bytes: the kinds differ"},
    {BYTES, 8, 1, UNSIGNED, 8, 1, "8 opaque bytes and is unsigned 64 bits: the kinds differ"},
    {BYTES, 8, 1, BYTES, 12, 1,
     "8 opaque bytes and is 12 opaque bytes: their contents are not declared"},
    {BYTES, 8, 1, BYTES, 1, 8,
     "8 opaque bytes and is 8 x 1 opaque byte: their contents are not declared"},
    {CHAR, 1, 8, CHAR, 1, 7, "text of 8 bytes and is text of 7 bytes: values could be lost"},
    {UNSIGNED, 2, 3, UNSIGNED, 4, 2,
     "3 x unsigned 16 bits and is 2 x unsigned 32 bits: values could be lost"},
    {BOOL, 1, 2, BOOL, 1, 1, "2 x bool and is bool: values could be lost"},
    {BYTES, 4, 2, BYTES, 4, 1, "2 x 4 opaque bytes and is 4 opaque bytes: values could be lost"},
};

static state_shape one_field(const char *name, uint32_t kind, uint32_t size, uint32_t count) {
    const portico_field field = FIELD_OF(name, kind, 0, size, count);
    const portico_fields fields = FIELDS_OF(1, &field, size * count);
    return shape_of(size * count, 1, &fields);
}

static void every_rule(void) {
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const change *c = &changes[i];
        state_shape from = one_field("f", c->kind, c->size, c->count);
        state_shape to = one_field("f", c->new_kind, c->new_size, c->new_count);
        why[0] = '\0';
        portico_status status = shape_check(&from, &to, why, sizeof why);
        char right[SHAPE_WHY_MAX] = "";
        if (c->refused != NULL) {
            (void)snprintf(right, sizeof right, "field f was %s", c->refused);
        }
        CHECK_TEXT(why, right);
        CHECK_INT(status, c->refused == NULL ? PORTICO_OK : PORTICO_E_INVALID);

        /* A refused field is not touched: a migrate finds zeros there. */
        char old[32];
        char fresh[32] = {0};
        memset(old, 1, sizeof old);
        shape_convert(&from, old, &to, fresh);
        CHECK_INT(fresh[0] != 0 || fresh[7] != 0, c->refused == NULL);
        shape_fini(&from);
        shape_fini(&to);
    }
}

static void signs_are_extended(void) {
    const int8_t old[3] = {-1, 127, -128};
    int64_t fresh[4] = {0};
    state_shape from = one_field("f", SIGNED, 1, 3);
    state_shape to = one_field("f", SIGNED, 8, 4);
    shape_convert(&from, old, &to, fresh);
    CHECK_INT(fresh[0], -1);
    CHECK_INT(fresh[1], 127);
    CHECK_INT(fresh[2], -128);
    CHECK_INT(fresh[3], 0);
    shape_fini(&from);
    shape_fini(&to);
    const uint8_t high = 200;
    int16_t wide = 0;
    from = one_field("f", UNSIGNED, 1, 1);
    to = one_field("f", SIGNED, 2, 1);
    shape_convert(&from, &high, &to, &wide);
    CHECK_INT(wide, 200);
    shape_fini(&from);
    shape_fini(&to);
}

/* ---- whole states -------------------------------------------------------------------------- */

static void expect_states(const state_shape *from, const state_shape *to, bool equal,
                          const char *refused) {
    why[0] = '\0';
    CHECK_INT(shape_equal(from, to), equal);
    portico_status status = shape_check(from, to, why, sizeof why);
    CHECK_TEXT(why, refused);
    CHECK_INT(status, refused[0] == '\0' ? PORTICO_OK : PORTICO_E_INVALID);
}

static void declared_and_not(void) {
    state_shape none = shape_of(0, 1, NULL);
    state_shape bare = shape_of(8, 1, NULL);
    state_shape bare_v2 = shape_of(8, 2, NULL);
    state_shape bare_12 = shape_of(12, 1, NULL);
    state_shape number = one_field("f", UNSIGNED, 8, 1);
    state_shape other = one_field("g", UNSIGNED, 8, 1);
    expect_states(&bare, &bare, true, "");
    expect_states(&bare, &number, true, ""); /* who begins to declare keeps what is there */
    expect_states(&number, &bare, true, "");
    expect_states(&number, &number, true, "");
    expect_states(&number, &other, false, ""); /* f is gone, g is new */
    expect_states(&none, &bare, false, "");
    expect_states(&none, &number, false, "");
    expect_states(&number, &none, false, ""); /* all fields are gone */
    expect_states(&bare, &none, false,
                  "the state was 8 bytes, version 1, and is 0 bytes, version 1, "
                  "but the old module declares no fields");
    expect_states(&bare, &bare_v2, false,
                  "the state was 8 bytes, version 1, and is 8 bytes, version 2, "
                  "but the old module declares no fields");
    expect_states(&number, &bare_12, false,
                  "the state was 8 bytes, version 1, and is 12 bytes, version 1, "
                  "but the new module declares no fields");
    state_shape number_v2 = one_field("f", UNSIGNED, 8, 1);
    number_v2.version = 2;
    expect_states(&number, &number_v2, false, ""); /* by name: the version alone does not refuse */

    const uint64_t old = 77;
    uint64_t fresh = 0;
    shape_convert(&number, &old, &number_v2, &fresh);
    CHECK_INT(fresh, 77);
    fresh = 0;
    shape_convert(&bare, &old, &number, &fresh);
    CHECK_INT(fresh, 77);
    fresh = 0;
    shape_convert(&bare, &old, &bare_v2, &fresh); /* before a migrate: nothing is known */
    CHECK_INT(fresh, 0);
    shape_convert(&number, &old, &other, &fresh);
    CHECK_INT(fresh, 0);
    shape_convert(&none, NULL, &number, &fresh);
    CHECK_INT(fresh, 0);
    shape_convert(&number, &old, &none, NULL);
    shape_convert(&none, NULL, &none, NULL);
    shape_fini(&number);
    shape_fini(&number_v2);
    shape_fini(&other);
}

/* The same field in a state of the same size, at another place: nothing else differs. */
static void a_field_that_moved(void) {
    const portico_field before = FIELD_OF("f", UNSIGNED, 0, 4, 1);
    const portico_field after = FIELD_OF("f", UNSIGNED, 4, 4, 1);
    state_shape from = shape_of(8, 1, &(portico_fields)FIELDS_OF(1, &before, 8));
    state_shape to = shape_of(8, 1, &(portico_fields)FIELDS_OF(1, &after, 8));
    const uint32_t old[2] = {5, 6};
    uint32_t fresh[2] = {0};
    expect_states(&from, &to, false, "");
    shape_convert(&from, old, &to, fresh);
    CHECK_INT(fresh[0], 0);
    CHECK_INT(fresh[1], 5);
    shape_fini(&from);
    shape_fini(&to);
}

static void field_is(const state_shape *s, size_t offset, const char *right,
                     uint32_t right_within) {
    char path[SHAPE_PATH_MAX] = "";
    uint32_t within = 99;
    CHECK_INT(shape_field_at(s, (uint32_t)offset, path, &within), right[0] != '\0');
    CHECK_TEXT(path, right);
    CHECK_INT(within, right[0] != '\0' ? right_within : 99);
}

static void field_at(void) {
    state_shape s = shape_of(sizeof(old_player), 1, &old_player_fields);
    field_is(&s, 0, "score", 0);
    field_is(&s, 3, "score", 3);
    field_is(&s, offsetof(old_player, items) + 5, "items", 5);
    field_is(&s, offsetof(old_player, level) + 2, "", 0); /* padding */
    field_is(&s, sizeof(old_player), "", 0);
    field_is(&s, UINT32_MAX, "", 0);
    shape_fini(&s);
    field_is(&s, 0, "", 0);
}

/* ---- tables that no compiler made ---------------------------------------------------------- */

static void expect_refused(uint32_t size, const portico_fields *fields, const char *right) {
    state_shape s;
    why[0] = '\0';
    CHECK_INT(shape_init(&s, size, 1, fields, why, sizeof why), PORTICO_E_INVALID);
    CHECK_TEXT(why, right);
    CHECK(s.fields == NULL && s.field_count == 0);
    shape_fini(&s);
}

static void bad_tables(void) {
    static const char not_a_name[] =
        "the name of the struct is not allowed: allowed are 1 to 63 bytes of text without blanks";
    const portico_field f = FIELD_OF("f", UNSIGNED, 0, 4, 1);
    const portico_fields good = FIELDS_OF(1, &f, 4);
    portico_fields t = good;
    t.name = NULL;
    expect_refused(4, &t,
                   "the name of the struct is NULL: allowed are 1 to 63 bytes of text without "
                   "blanks");
    t.name = "a b";
    expect_refused(4, &t, not_a_name);
    t.name = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    expect_refused(4, &t, not_a_name);
    t = good;
    expect_refused(8, &t,
                   "s_fields is of a struct of 4 bytes, and the state has 8: name its own fields");
    t.field_size = 39;
    expect_refused(4, &t, "s_fields has field_size 39, allowed are 40 to 4096: set it to sizeof");
    t.field_size = UINT32_MAX;
    expect_refused(4, &t,
                   "s_fields has field_size 4294967295, allowed are 40 to 4096: set it to sizeof");
    t = good;
    t.field_count = 1025;
    expect_refused(
        4, &t, "s_fields has field_count 1025: a state has up to 1024, structs within included");
    t = good;
    t.fields = NULL;
    expect_refused(4, &t, "s_fields has field_count 1 and no fields");
    t.field_count = 0;
    expect_refused(4, &t, "s_fields names no field of 4 bytes: leave it NULL, or name the fields");
}

static void expect_field_refused(portico_field field, const char *right) {
    const portico_field both[] = {FIELD_OF("a", UNSIGNED, 0, 4, 1), field};
    expect_refused(16, &(portico_fields)FIELDS_OF(2, both, 16), right);
}

static void bad_fields(void) {
    static const char not_a_name[] =
        "the name of field 1 is not allowed: allowed are 1 to 63 bytes of text without blanks";
    expect_field_refused(
        (portico_field)FIELD_OF(NULL, UNSIGNED, 4, 4, 1),
        "the name of field 1 is NULL: allowed are 1 to 63 bytes of text without blanks");
    expect_field_refused((portico_field)FIELD_OF("", UNSIGNED, 4, 4, 1), not_a_name);
    expect_field_refused((portico_field)FIELD_OF("a b", UNSIGNED, 4, 4, 1), not_a_name);
    expect_field_refused((portico_field)FIELD_OF("a\nb", UNSIGNED, 4, 4, 1), not_a_name);
    expect_field_refused((portico_field)FIELD_OF("\xFF", UNSIGNED, 4, 4, 1), not_a_name);
    expect_field_refused(
        (portico_field)FIELD_OF("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                                SIGNED, 4, 4, 1),
        not_a_name);
    expect_field_refused((portico_field)FIELD_OF("b", 0, 4, 4, 1),
                         "field b has kind 0, allowed are 1 to 7");
    expect_field_refused((portico_field)FIELD_OF("b", 8, 4, 4, 1),
                         "field b has kind 8, allowed are 1 to 7");
    expect_field_refused((portico_field)FIELD_OF("b", SIGNED, 4, 3, 1),
                         "field b has kind 2 and size 3, allowed is 1, 2, 4 or 8");
    expect_field_refused((portico_field)FIELD_OF("b", UNSIGNED, 4, 16, 1),
                         "field b has kind 3 and size 16, allowed is 1, 2, 4 or 8");
    expect_field_refused((portico_field)FIELD_OF("b", FLOAT, 4, 2, 1),
                         "field b has kind 4 and size 2, allowed is 4 or 8");
    expect_field_refused((portico_field)FIELD_OF("b", BOOL, 4, 4, 1),
                         "field b has kind 5 and size 4, allowed is 1");
    expect_field_refused((portico_field)FIELD_OF("b", CHAR, 4, 2, 1),
                         "field b has kind 6 and size 2, allowed is 1");
    expect_field_refused((portico_field)FIELD_OF("b", BYTES, 4, 0, 1),
                         "field b has kind 1 and size 0, allowed is 1 or more");
    expect_field_refused((portico_field)FIELD_OF("b", UNSIGNED, 4, 4, 0),
                         "field b has count 0, allowed are 1 or more");
    expect_field_refused(
        (portico_field)FIELD_OF("b", UNSIGNED, 13, 4, 1),
        "field b with offset 13, size 4, count 1 is not inside the state of 16 bytes");
    expect_field_refused(
        (portico_field)FIELD_OF("b", UNSIGNED, UINT32_MAX, 4, 1),
        "field b with offset 4294967295, size 4, count 1 is not inside the state of 16 bytes");
    expect_field_refused(
        (portico_field)FIELD_OF("b", UNSIGNED, 4, 4, 0x40000001),
        "field b with offset 4, size 4, count 1073741825 is not inside the state of 16 bytes");
    expect_field_refused(
        (portico_field)FIELD_OF("b", BYTES, 4, UINT32_MAX, UINT32_MAX),
        "field b with offset 4, size 4294967295, count 4294967295 is not inside the state of "
        "16 bytes");
    portico_field text = FIELD_OF("b", CHAR, 4, 1, 8);
    text.part = PORTICO_PART_TEXT;
    expect_field_refused(text, "field b is a variable part, which only packets have: a state has a "
                               "fixed size");
    expect_field_refused((portico_field)FIELD_OF("b", UNSIGNED, 2, 4, 1),
                         "fields a and b share bytes");
    expect_field_refused((portico_field)FIELD_OF("a", UNSIGNED, 4, 4, 1),
                         "two fields are called a");
}

/* Unusual and accepted: a later header's longer fields, the most fields, the longest name, no
 * state. */
static void unusual_tables(void) {
    struct longer {
        portico_field known;
        uint64_t later[3];
    } const longer[2] = {{FIELD_OF("second", UNSIGNED, 4, 4, 1), {1, 1, 1}},
                         {FIELD_OF("first", UNSIGNED, 0, 4, 1), {1, 1, 1}}};
    const portico_fields table = {"s", &longer[0].known, 2, sizeof longer[0], 8, 0};
    state_shape s = shape_of(8, 1, &table);
    CHECK_TEXT(s.fields[0].name, "first");
    CHECK_TEXT(s.fields[1].name, "second");
    shape_fini(&s);

    static portico_field most[SHAPE_FIELDS_MAX];
    static char names[SHAPE_FIELDS_MAX][FIELD_NAME_MAX];
    for (uint32_t i = 0; i < SHAPE_FIELDS_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "%063u", i);
        most[i] = (portico_field)FIELD_OF(names[i], UNSIGNED, i, 1, 1);
    }
    s = shape_of(SHAPE_FIELDS_MAX, 1,
                 &(portico_fields)FIELDS_OF(SHAPE_FIELDS_MAX, most, SHAPE_FIELDS_MAX));
    CHECK_TEXT(s.fields[SHAPE_FIELDS_MAX - 1].name, names[SHAPE_FIELDS_MAX - 1]);
    shape_fini(&s);

    s = shape_of(0, 1, &(portico_fields)FIELDS_OF(0, NULL, 0));
    CHECK(s.declared);
    shape_fini(&s);
}

SCENARIO(state_shape) {
    what_the_macros_make();
    a_struct_that_changed();
    every_rule();
    signs_are_extended();
    declared_and_not();
    a_field_that_moved();
    field_at();
    bad_tables();
    bad_fields();
    unusual_tables();
}
