/* keeps.c: keeps what it is told in a file of its own, in a job.
 *   1 keep     writes the bytes to the file kept.txt; answers the number of bytes written, as
 *              int32, or the status of data_path
 *   2 recall   answers the file's bytes
 * `start` asks for a path on a thread of the module's own, which is refused; a difference fails
 * it. */
#include <portico/portico.h>

#include <stdio.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <pthread.h>
#endif

enum { KEEP = 1, RECALL = 2, PATH_BYTES = 1024 };

static portico_status on_own_thread;

static void ask_for_path(void) {
    char path[PATH_BYTES];
    on_own_thread = portico->data_path("kept.txt", path, sizeof path);
}

#ifdef _WIN32
static DWORD WINAPI run(void *arg) {
    (void)arg;
    ask_for_path();
    return 0;
}

static void run_thread(void) {
    HANDLE thread = CreateThread(NULL, 0, run, NULL, 0, NULL);
    (void)WaitForSingleObject(thread, INFINITE);
    (void)CloseHandle(thread);
}
#else
static void *run(void *arg) {
    ask_for_path();
    return arg;
}

static void run_thread(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, NULL) == 0) {
        (void)pthread_join(thread, NULL);
    }
}
#endif

static uint32_t keep(uint32_t id, const void *data, uint32_t size, void *reply,
                     uint32_t reply_capacity) {
    (void)id, (void)reply_capacity;
    char path[PATH_BYTES];
    int32_t result = portico->data_path("kept.txt", path, sizeof path);
    FILE *file = result == PORTICO_OK ? fopen(path, "wb") : NULL;
    if (file != NULL) {
        result = (int32_t)fwrite(data, 1, size, file);
        (void)fclose(file);
    }
    memcpy(reply, &result, sizeof result);
    return sizeof result;
}

static uint32_t recall(uint32_t id, const void *data, uint32_t size, void *reply,
                       uint32_t reply_capacity) {
    (void)id, (void)data, (void)size;
    char path[PATH_BYTES];
    FILE *file =
        portico->data_path("kept.txt", path, sizeof path) == PORTICO_OK ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        return 0;
    }
    uint32_t found = (uint32_t)fread(reply, 1, reply_capacity, file);
    (void)fclose(file);
    return found;
}

static const portico_job jobs[] = {PORTICO_JOB(KEEP, keep), PORTICO_JOB(RECALL, recall)};

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->run_job(packet->opcode, packet->data, packet->size,
                           portico_session_entity(session));
}

static void on_done(portico_session session, void *state, const portico_message *message) {
    (void)state;
    (void)portico->session_send(session, (uint16_t)message->id, message->data, message->size);
}

static portico_status module_start(void *state, uint32_t why) {
    (void)state, (void)why;
    run_thread();
    return on_own_thread == PORTICO_E_STATE ? PORTICO_OK : PORTICO_E_LOAD;
}

static const portico_session_message messages[] = {PORTICO_MESSAGE(KEEP, on_done),
                                                   PORTICO_MESSAGE(RECALL, on_done)};
static const portico_session_type session_types[] = {{
    .name = "session",
    .on_packet = on_packet,
    .messages = PORTICO_TABLE(messages),
}};

static const portico_module keeps = {
    .name = "keeps",
    .version = "1",
    .session_types = PORTICO_TABLE(session_types),
    .jobs = PORTICO_TABLE(jobs),
    .start = module_start,
};

PORTICO_MODULE(keeps);
