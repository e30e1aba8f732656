/* os_file_look while other threads write, rename and delete the file: the result follows the file,
 * no other access is hindered, and os_file_is_written sees a writer. */
#include "contract.h"

#include <stdatomic.h>

#define FOLDER "contract_file_look"
#define NAME FOLDER "/library"

enum { ROUNDS = 500 };

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0);
    CHECK_EQ(fclose(file), 0);
}

static os_file_info look(void) {
    os_file_info info = {0};
    CHECK_OK(os_file_look(NAME, &info));
    return info;
}

static bool same(os_file_info a, os_file_info b) {
    return a.size == b.size && a.modified_ns == b.modified_ns && a.id == b.id;
}

static void check_changes(void) {
    os_file_info absent = {.size = 77};
    CHECK_STATUS(os_file_look(NAME, &absent), PORTICO_E_NOT_FOUND);
    CHECK_EQ(absent.size, 77);
    CHECK(os_file_look(FOLDER, &absent) != PORTICO_OK); /* not a regular file */

    write_file(NAME, "12345");
    os_file_info first = look();
    CHECK_EQ(first.size, 5);
    int64_t age_ms = (int64_t)os_wall_ms() - (int64_t)(first.modified_ns / 1000000);
    /* The same calendar; the clock of a file server may be off. */
    CHECK(age_ms > -86400000 && age_ms < 86400000);
    CHECK(same(first, look()));

    write_file(FOLDER "/other", "abcde");
    CHECK_OK(os_file_rename(FOLDER "/other", NAME));
    os_file_info second = look();
    CHECK_EQ(second.size, 5);
    CHECK(second.id != first.id);
}

/* As linkers do that write in place: truncates the old content, then the file grows. */
static void check_written(void) {
    CHECK(!os_file_is_written(NAME));
    FILE *file = fopen(NAME, "wb");
    CHECK(file != NULL);
    CHECK_EQ(look().size, 0);
    bool told = os_file_is_written(NAME);
    CHECK(os_file_is_written(NAME) == told);
    CHECK(fputs("123", file) >= 0);
    CHECK_EQ(fflush(file), 0);
    CHECK(os_file_is_written(NAME) == told);
    CHECK_EQ(fclose(file), 0);
    CHECK(!os_file_is_written(NAME));
    CHECK_EQ(look().size, 3);

    file = os_fopen(NAME, "rb"); /* a reader is not a writer */
    CHECK(file != NULL);
    CHECK(!os_file_is_written(NAME));
    fclose(file);
    CHECK(!os_file_is_written(FOLDER "/absent"));
    CHECK(!os_file_is_written(FOLDER));
    if (!told) {
        printf("not to be found out here: whether a file is being written\n");
    }
}

static atomic_bool end;
static uint64_t looks;

static void look_often(void *arg) {
    (void)arg;
    os_file_info info;
    while (!end) {
        (void)os_file_look(NAME, &info);
        looks++;
    }
}

static void ask_often(void *arg) {
    (void)arg;
    while (!end) {
        (void)os_file_is_written(NAME);
        looks++;
    }
}

/* A thread looks while the file is written and replaced again and again. */
static void check_beside(void (*fn)(void *), bool refusable) {
    os_thread *thread = NULL;
    uint32_t refused = 0;
    end = false;
    looks = 0;
    CHECK_OK(os_thread_start(&thread, "look", fn, NULL));
    for (int i = 0; i < ROUNDS; i++) {
        FILE *file = fopen(NAME, "wb");
        refused += file == NULL;
        CHECK(file != NULL || refusable);
        if (file != NULL) {
            CHECK(fputs("x", file) >= 0);
            CHECK_EQ(fclose(file), 0);
        }
    }
    end = true;
    os_thread_join(thread);
    printf("%llu looks, %u of %d opens refused\n", (unsigned long long)looks, refused, ROUNDS);
}

SCENARIO(file_look) {
    CHECK_OK(os_folder_create(FOLDER));
    (void)os_file_remove(NAME); /* left by an interrupted run */
    (void)os_file_remove(FOLDER "/other");
    check_changes();
    check_written();
    check_beside(look_often, false);
    /* Windows may refuse the writer; on Linux no signal of the lease ends the process. */
    check_beside(ask_often, true);
    CHECK(os_folder_remove(FOLDER) != PORTICO_OK); /* not empty */
    CHECK_OK(os_file_remove(NAME));
    CHECK_OK(os_folder_remove(FOLDER));
    CHECK_STATUS(os_folder_remove(FOLDER), PORTICO_E_NOT_FOUND);
}
