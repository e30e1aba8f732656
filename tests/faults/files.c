/* Full disks and media that cannot be read, as the C library reports them. */
#include "faults.h"

#include <errno.h>

#define PATH "faults_files"
#define LINE "0123456789abcdef\n"

enum { TRIES = 200, LINE_BYTES = sizeof LINE - 1 };

/* Opens and reads without faults. */
static FILE *file_open(const char *mode) {
    sim_spare_this_thread(true);
    FILE *file = os_fopen(PATH, mode);
    CHECK(file != NULL);
    sim_spare_this_thread(false);
    return file;
}

static size_t size_on_disk(void) {
    os_file_info info;
    sim_spare_this_thread(true);
    CHECK(os_file_look(PATH, &info) == PORTICO_OK);
    sim_spare_this_thread(false);
    return (size_t)info.size;
}

/* A write that loses bytes says so itself or when the file is closed. */
static void check_write(void) {
    uint32_t whole = 0;
    uint32_t short_counts = 0;
    uint32_t late = 0;
    for (int i = 0; i < TRIES; i++) {
        FILE *file = file_open("wb");
        size_t written = i % 2 == 0 ? fwrite(LINE, 1, LINE_BYTES, file)
                                    : (size_t)(fprintf(file, "%s", LINE) + 1) - 1;
        bool flushed = i % 4 < 2 || fflush(file) == 0;
        bool error = ferror(file) != 0;
        bool closed = fclose(file) == 0;
        bool good = written == LINE_BYTES && flushed && closed;
        CHECK(!good || (!error && size_on_disk() == LINE_BYTES));
        CHECK(error || written == LINE_BYTES);
        whole += good;
        short_counts += written < LINE_BYTES;
        late += written == LINE_BYTES && size_on_disk() < LINE_BYTES;
    }
    CHECK(whole > 0 && short_counts > 0 && late > 0);
}

static void check_read(void) {
    uint32_t failed = 0;
    uint32_t seeks = 0;
    uint32_t lines = 0;
    sim_spare_this_thread(true);
    FILE *file = os_fopen(PATH, "wb");
    CHECK(file != NULL && fwrite(LINE, 1, LINE_BYTES, file) == LINE_BYTES && fclose(file) == 0);
    sim_spare_this_thread(false);
    for (int i = 0; i < TRIES; i++) {
        char bytes[LINE_BYTES];
        file = file_open("rb");
        size_t size = fread(bytes, 1, sizeof bytes, file);
        CHECK((size == sizeof bytes) == (ferror(file) == 0));
        CHECK(memcmp(bytes, LINE, size) == 0);
        failed += ferror(file) != 0;
        clearerr(file);
        CHECK(ferror(file) == 0);
        bool rewound = fseek(file, 0, SEEK_SET) == 0;
        CHECK(rewound || errno == EIO);
        seeks += !rewound;
        lines += rewound && fgets(bytes, sizeof bytes, file) == NULL;
        (void)fclose(file);
    }
    CHECK(failed > 0 && failed < TRIES && seeks > 0 && lines > 0);
}

SCENARIO(files) {
    check_write();
    check_read();
    sim_fault_rate(SIM_FAULT_FILES, 0);
}
