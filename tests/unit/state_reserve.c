/* state_reserve.c: blocks are zeroed whatever they held, as many as were asked for, of any size. */
#include "module/state_reserve.h"

#include "support/check.h"

#include <stdlib.h>
#include <string.h>

SCENARIO(state_reserve) {
    static const uint8_t zero[100];
    static const uint32_t sizes[] = {0, 1, 7, 8, 100};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        state_reserve r = {0};
        CHECK(state_reserve_take(&r, sizes[i]) == NULL);
        CHECK(state_reserve_fill(&r, sizes[i], 3));
        CHECK(state_reserve_fill(&r, sizes[i], 2)); /* there are enough */
        CHECK(state_reserve_count(&r) == 3);
        for (uint32_t left = 3; left-- > 1;) {
            void *block = state_reserve_take(&r, sizes[i]);
            CHECK(block != NULL && memcmp(block, zero, sizes[i]) == 0);
            CHECK(state_reserve_count(&r) == left);
            memset(block, 0xff, sizes[i]);
            free(block);
        }
        state_reserve_empty(&r);
        CHECK(state_reserve_count(&r) == 0 && state_reserve_take(&r, sizes[i]) == NULL);
    }
}
