/* swap_fields.c: ten generations of a module, whose states gain, lose, reorder and widen fields.
 * After each swap and each rollback every value of every session, of the rooms and of the module is
 * right.
 *
 * The right values come from a model that knows the fields' names and values, but not their bytes:
 * tests/abi/reshaped.h has the shapes. Some sessions are silent over several generations. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include "../abi/reshaped.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PORTICO_STATE(shape_1, FIELDS_1);
PORTICO_STATE(shape_2, FIELDS_2);
PORTICO_STATE(shape_3, FIELDS_3);
PORTICO_STATE(shape_4, FIELDS_4);
PORTICO_STATE(shape_5, FIELDS_5);
PORTICO_STATE(shape_6, FIELDS_6);
PORTICO_STATE(shape_7, FIELDS_7);
PORTICO_STATE(shape_8, FIELDS_8);
PORTICO_STATE(shape_9, FIELDS_9);
PORTICO_STATE(shape_10, FIELDS_10);

enum { FIELDS_MAX = 16, ELEMENTS_MAX = 40, ROOMS = 8, STATE_MAX = 1000, SILENT_EVERY = 3 };

typedef struct shape {
    const portico_fields *fields;
    uint32_t size;
    const char
        *back; /* why a rollback to the previous generation is impossible; NULL: it is possible */
} shape;

static const shape shapes[FIELDS_GENERATIONS + 1] = {
    {NULL, 0, NULL},
    {&shape_1_fields, sizeof(shape_1), ""},
    {&shape_2_fields, sizeof(shape_2), "field level was unsigned 16 bits and is unsigned 8 bits"},
    {&shape_3_fields, sizeof(shape_3), NULL},
    {&shape_4_fields, sizeof(shape_4), "field hp was signed 32 bits and is unsigned 16 bits"},
    {&shape_5_fields, sizeof(shape_5),
     "field items was 5 x unsigned 16 bits and is 3 x unsigned 16 bits"},
    {&shape_6_fields, sizeof(shape_6), NULL},
    {&shape_7_fields, sizeof(shape_7), "field gold was float 64 bits and is signed 32 bits"},
    {&shape_8_fields, sizeof(shape_8), "its migrate refuses version 3 of "},
    {&shape_9_fields, sizeof(shape_9), NULL},
    {&shape_10_fields, sizeof(shape_10), "its migrate refuses version 3 of "},
};

/* A field's value: integers, text and opaque bytes in `whole`. */
typedef struct value {
    const portico_field *field;
    int64_t whole[ELEMENTS_MAX];
    double real[ELEMENTS_MAX];
} value;

/* The values that one entity's state must hold, in the shape of one generation. */
typedef struct model {
    int generation;
    uint32_t count;
    value values[FIELDS_MAX];
} model;

typedef struct entity {
    net_socket client; /* reads and writes it */
    uint32_t where;
    bool silent;
    model model;
} entity;

static host *h;
static uint64_t random_state;
static entity *entities; /* sessions, then rooms, then the module */
static int session_count;
static int entity_count;
static int images; /* loaded so far, over all rounds */

/* ---- the model ------------------------------------------------------------------------------- */

static const portico_field *field_at(int generation, uint32_t i) {
    return &shapes[generation].fields->fields[i];
}

static const value *model_find(const model *m, const char *name) {
    for (uint32_t i = 0; i < m->count; i++) {
        if (strcmp(m->values[i].field->name, name) == 0) {
            return &m->values[i];
        }
    }
    return NULL;
}

/* Models what the migrate functions of tests/abi/reshaped.c do beyond matching names. */
static void model_migrate(const model *old, model *fresh) {
    for (uint32_t i = 0; i < fresh->count; i++) {
        value *v = &fresh->values[i];
        const value *before = model_find(old, v->field->name);
        if (fresh->generation == 7 && strcmp(v->field->name, "gold") == 0) {
            v->real[0] = (double)before->whole[0] * 2.5;
        } else if (fresh->generation == 9 && strcmp(v->field->name, "level") == 0) {
            v->whole[0] = (int64_t)((uint64_t)before->whole[0] % FIELDS_LEVELS);
        }
    }
}

/* By name. New fields, and new elements of an array, are zero. */
static void model_follow(model *m, int generation) {
    model fresh = {.generation = generation, .count = shapes[generation].fields->field_count};
    CHECK(fresh.count <= FIELDS_MAX);
    for (uint32_t i = 0; i < fresh.count; i++) {
        value *v = &fresh.values[i];
        v->field = field_at(generation, i);
        const value *old = model_find(m, v->field->name);
        CHECK(v->field->count <= ELEMENTS_MAX);
        for (uint32_t e = 0; old != NULL && e < v->field->count && e < old->field->count; e++) {
            v->whole[e] = old->whole[e];
            v->real[e] = old->real[e];
        }
    }
    if (generation == m->generation + 1) {
        model_migrate(m, &fresh);
    }
    *m = fresh;
}

static void all_follow(int generation) {
    for (int i = 0; i < entity_count; i++) {
        model_follow(&entities[i].model, generation);
    }
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void element_write(const portico_field *f, const value *v, uint32_t element, uint8_t *to) {
    float real = (float)v->real[element];
    uint64_t whole = (uint64_t)v->whole[element];
    if (f->kind == PORTICO_KIND_FLOAT && f->size == sizeof real) {
        memcpy(to, &real, sizeof real);
    } else if (f->kind == PORTICO_KIND_FLOAT) {
        memcpy(to, &v->real[element], sizeof v->real[element]);
    } else {
        memcpy(to, &whole, f->size); /* little endian, like every system Portico runs on */
    }
}

static void element_check(int index, const portico_field *f, const value *v, uint32_t element,
                          const uint8_t *state) {
    uint8_t right[sizeof(uint64_t)];
    const uint8_t *found = state + f->offset + element * f->size;
    CHECK(f->size <= sizeof right);
    element_write(f, v, element, right);
    if (memcmp(found, right, f->size) != 0) {
        uint64_t bits = 0;
        memcpy(&bits, found, f->size);
        fprintf(stderr, "entity %d: field %s[%u] is %llx, its model says %lld or %g\n", index,
                f->name, element, (unsigned long long)bits, (long long)v->whole[element],
                v->real[element]);
        CHECK(false);
    }
}

static void state_check(int index, const uint8_t *state) {
    const model *m = &entities[index].model;
    for (uint32_t i = 0; i < m->count; i++) {
        const value *v = &m->values[i];
        for (uint32_t e = 0; e < v->field->count; e++) {
            element_check(index, v->field, v, e, state);
        }
    }
}

/* ---- talking --------------------------------------------------------------------------------- */

/* Writes `size` bytes (possibly none) to the entity's state and checks all of it. */
static void entity_ask(int index, uint32_t offset, const void *bytes, uint32_t size) {
    const entity *e = &entities[index];
    uint8_t out[sizeof(fields_request) + 64];
    uint8_t in[sizeof(fields_answer) + STATE_MAX];
    const fields_request r = {.where = e->where, .offset = offset, .size = size};
    fields_answer head;
    CHECK(size <= 64);
    memcpy(out, &r, sizeof r);
    memcpy(out + sizeof r, bytes, size);
    int64_t got = wire_ask(e->client, FIELDS_SET, out, (uint32_t)sizeof r + size, in, sizeof in);
    CHECK(got >= (int64_t)sizeof head);
    memcpy(&head, in, sizeof head);
    CHECK_INT(head.generation, e->model.generation);
    CHECK_INT(head.size, shapes[e->model.generation].size);
    CHECK_INT(got, sizeof head + head.size);
    state_check(index, in + sizeof head);
}

static void all_check(bool silent_too) {
    for (int i = 0; i < entity_count; i++) {
        if (silent_too || !entities[i].silent) {
            entity_ask(i, 0, "", 0);
        }
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Every other value is the smallest or the largest that the field can hold. */
static int64_t random_whole(const portico_field *f) {
    uint32_t bits = f->size * 8;
    uint64_t v = wire_random(&random_state);
    uint64_t most = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    switch (f->kind) {
    case PORTICO_KIND_BOOL: return (int64_t)(v & 1);
    case PORTICO_KIND_CHAR: return (int64_t)(v % 4 == 0 ? 0 : 'a' + v % 26);
    case PORTICO_KIND_UNSIGNED:
        return (int64_t)(v % 4 == 0 ? most : v % 4 == 1 ? 0 : v >> 2 & most);
    case PORTICO_KIND_SIGNED:
        v = v % 4 == 0 ? most >> 1 : v % 4 == 1 ? (most >> 1) + 1 : v >> 2 & most;
        v |= (v & ((most >> 1) + 1)) != 0 ? ~most : 0; /* its sign */
        return (int64_t)v;
    default: return (int64_t)(v & most);
    }
}

static double random_real(const portico_field *f) {
    int64_t v = (int64_t)(wire_random(&random_state) >> 40) - (1 << 23); /* fits both */
    double most = f->size == sizeof(float) ? (double)FLT_MAX : DBL_MAX;
    return v % 4 == 0 ? most : v % 4 == 1 ? -most : (double)v / 8;
}

static void field_change(int index, uint32_t number) {
    value *v = &entities[index].model.values[number];
    uint8_t bytes[sizeof(uint64_t)];
    uint32_t element = (uint32_t)(wire_random(&random_state) % v->field->count);
    if (v->field->kind == PORTICO_KIND_FLOAT) {
        v->real[element] = random_real(v->field);
    } else {
        v->whole[element] = random_whole(v->field);
    }
    element_write(v->field, v, element, bytes);
    entity_ask(index, v->field->offset + element * v->field->size, bytes, v->field->size);
}

static void all_change(bool silent_too) {
    for (int i = 0; i < entity_count; i++) {
        for (uint32_t f = 0; f < entities[i].model.count && (silent_too || !entities[i].silent);
             f++) {
            if (wire_random(&random_state) % 2 == 0) {
                field_change(i, f);
            }
        }
    }
}

/* ---- swaps ----------------------------------------------------------------------------------- */

static void swap_to(int generation) {
    char name[32];
    char path[1024];
    char command[1100];
    char answer[2048];
    snprintf(name, sizeof name, generation == 1 ? "reshaped" : "reshaped_%d", generation);
    host_module_path(name, path, sizeof path);
    snprintf(command, sizeof command, "swap reshaped %s", path);
    host_admin(h, command, answer, sizeof answer);
    images++;
    all_follow(generation);
}

/* If every value fits, the rollback is done, and undone by another swap. Otherwise nothing
 * changes. */
static void try_back(int generation) {
    char answer[2048];
    const char *why = shapes[generation].back;
    if (why == NULL) {
        host_admin(h, "rollback reshaped", answer, sizeof answer);
        all_follow(generation - 1);
        all_check(false);
        all_change(false);
        swap_to(generation);
    } else {
        CHECK(!host_try_admin(h, "rollback reshaped", answer, sizeof answer));
        if (strstr(answer, why) == NULL) {
            fprintf(stderr, "refused, but with: %s\n", answer);
            CHECK(false);
        }
    }
    all_check(false);
}

/* Each state was passed to `migrate` once, also those of silent sessions. */
static void check_migrated(int generation) {
    uint32_t count = 0;
    uint32_t right = generation == 7 || generation == 9 ? (uint32_t)entity_count : 0;
    uint64_t end_ms = clock_now_ms() + 20000;
    do {
        CHECK(clock_now_ms() < end_ms);
        CHECK_INT(wire_ask(entities[0].client, FIELDS_COUNT, NULL, 0, &count, sizeof count),
                  sizeof count);
    } while (count < right);
    CHECK_INT(count, right);
}

/* ---- one round ------------------------------------------------------------------------------- */

static void entities_come(uint16_t port) {
    for (int i = 0; i < entity_count; i++) {
        entity *e = &entities[i];
        int32_t joined = -1;
        if (i < session_count) {
            uint8_t room = (uint8_t)(i % ROOMS);
            *e = (entity){.client = net_connect(port),
                          .silent = i % SILENT_EVERY == 0 && i >= ROOMS};
            if (i < 2 * ROOMS) {
                CHECK_INT(wire_ask(e->client, FIELDS_JOIN, &room, 1, &joined, sizeof joined),
                          sizeof joined);
                CHECK_INT(joined, 0);
            }
        } else if (i < session_count + ROOMS) {
            *e = (entity){.client = entities[i - session_count].client, .where = FIELDS_ROOM};
        } else {
            *e = (entity){.client = entities[0].client, .where = FIELDS_MODULE};
        }
        model_follow(&e->model, 1);
    }
}

static void entities_go(void) {
    for (int i = 0; i < session_count; i++) {
        net_close(entities[i].client);
    }
    host_wait_figure(h, "sessions", 0);
}

static void play(uint16_t port) {
    entities_come(port);
    all_check(true); /* zeros */
    all_change(true);
    for (int generation = 2; generation <= FIELDS_GENERATIONS; generation++) {
        bool silent_too = generation % 3 == 1;
        swap_to(generation);
        all_check(silent_too);
        check_migrated(generation);
        try_back(generation);
        all_change(silent_too);
        check_migrated(generation);
    }
    all_check(true);
    CHECK_INT(host_figure(h, "sessions"), session_count);
    CHECK_INT(host_figure(h, "rooms"), ROOMS);
    entities_go();
}

SCENARIO(swap_fields) {
    host_options options = {
        .name = "swap_fields",
        .modules = "reshaped",
        .listeners = {{"game", "reshaped.session", "max_sessions = 20000\n"}},
    };
    char path[1024];
    char command[1100];
    h = host_start(&options);
    host_expect_error(h, "is not swapped");
    host_expect_error(h, "rollback"); /* for the refused command */
    host_module_path("reshaped", path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    session_count = scale(120, 30);
    entity_count = session_count + ROOMS + 1;
    entities = calloc((size_t)entity_count, sizeof *entities);
    CHECK(entities != NULL);
    for (int round = 0; round < scale(4, 1); round++) {
        random_state = 1000u + (uint64_t)round;
        play(host_port(h, "game"));
        host_admin(h, "unload reshaped", NULL, 0);
        host_admin(h, command, NULL, 0);
    }
    printf("%d swaps\n", images);
    free(entities);
    host_stop(h);
}
