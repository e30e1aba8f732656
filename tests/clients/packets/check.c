/* check.c: see check.py. */
#include "typed_packets.h"

#include "hostile_names_packets.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t bytes[256];
static size_t size;

static void check(bool condition, const char *words) {
    if (!condition) {
        printf("%s\n", words);
        exit(1);
    }
}

static void show(int opcode) {
    printf("%d ", opcode);
    for (size_t i = 0; i < size; i++) {
        printf("%02x", bytes[i]);
    }
    printf("\n");
}

/* Encodes, shows, decodes, and encodes again. */
#define TRY(packet, opcode, value)                                                        \
    do {                                                                                  \
        typed_##packet decoded;                                                           \
        uint8_t again[sizeof bytes];                                                      \
        size_t again_size = 0;                                                            \
        check(typed_##packet##_encode((value), bytes, sizeof bytes, &size), "encode");    \
        show(opcode);                                                                     \
        check(!typed_##packet##_encode((value), bytes, size - 1, &size), "capacity");     \
        check(typed_##packet##_decode(&decoded, bytes, size), "decode");                  \
        check(typed_##packet##_encode(&decoded, again, sizeof again, &again_size) &&      \
                  again_size == size && memcmp(again, bytes, size) == 0,                  \
              "decoded otherwise");                                                       \
        check(!typed_##packet##_decode(&decoded, bytes, typed_##packet##_size_max + 100), \
              "too long");                                                                \
    } while (0)

int main(void) {
    const typed_everything every = {.i8 = -5,
                                    .u64 = UINT64_MAX - 1,
                                    .ready = true,
                                    .f64 = 0.1,
                                    .i16 = {1, -2, INT16_MIN},
                                    .name = "caf\xC3\xA9",
                                    .home = {7, 1.5f, true},
                                    .away = {{8, -1.5f, false}, {9, 0, true}}};
    const typed_saying saying = {1, "twenty bytes of text", 20};
    const typed_blob blob = {(const uint8_t *)"\0\xFF\x80\0\0\1", 6};
    typed_hand hand = {1, {1, 2, UINT32_MAX}, 3};
    const typed_scene scene = {
        99, {{0, 0.5f, false}, {1, 0.5f, false}, {2, 0.5f, true}, {3, 0.5f, false}}, 4};
    typed_everything e;
    TRY(everything, TYPED_EVERY, &every);
    TRY(saying, TYPED_SAY, &saying);
    TRY(blob, TYPED_BLOB, &blob);
    TRY(hand, TYPED_CARDS, &hand);
    TRY(scene, TYPED_SCENE, &scene);
    check(!typed_everything_decode(&e, bytes, typed_everything_size_max - 1), "too short");
    check(!typed_hand_decode(&hand, "\1\0\2", 3), "a part of a number");
    check(!typed_hand_decode(&hand, "", 0), "nothing");
    hand.cards_count = 4;
    check(!typed_hand_encode(&hand, bytes, sizeof bytes, &size), "four cards");
    return 0;
}
