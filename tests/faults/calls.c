/* Each call of the seam that returns a status fails in every way that it may. */
#include "faults.h"

#define FOLDER "faults_calls"
#define MODULE "faults_calls/file"

static void nothing(void) {
}

static void nothing_with(void *arg) {
    (void)arg;
}

static void no_name(void *arg, const char *name) {
    (void)arg;
    (void)name;
}

static portico_status port_create(void) {
    os_port *port = NULL;
    portico_status status = os_port_create(&port);
    if (status == PORTICO_OK) {
        os_port_destroy(port);
    }
    return status;
}

static portico_status thread_start(void) {
    os_thread *thread = NULL;
    portico_status status = os_thread_start(&thread, "thread", nothing_with, NULL);
    if (status == PORTICO_OK) {
        os_thread_join(thread);
    }
    return status;
}

static portico_status alarm_create(void) {
    os_alarm *alarm = NULL;
    portico_status status = os_alarm_create(&alarm);
    if (status == PORTICO_OK) {
        os_alarm_destroy(alarm);
    }
    return status;
}

static portico_status listen(void) {
    os_address other = faults_address;
    os_socket *listener = NULL;
    const os_listen_options options = {.backlog = 1};
    other.port++;
    portico_status status = os_listen(faults_port, &other, &options, &listener);
    if (status == PORTICO_OK) {
        os_close(listener, false);
    }
    return status;
}

static portico_status resolve(void) {
    os_address address;
    return os_address_resolve("localhost", 1, &address);
}

static portico_status address_check(void) {
    return os_address_check(&faults_address);
}

static portico_status configure(void) {
    const os_socket_options options = {.linger_s = -1};
    return os_socket_configure(faults_listener, &options);
}

static portico_status socket_address(void) {
    os_address address;
    return os_socket_address(faults_listener, &address);
}

static portico_status post(void) {
    static os_op op;
    portico_status status = os_port_post(faults_port, &op);
    return status == PORTICO_OK ? faults_wait() : status;
}

static portico_status random_bytes(void) {
    uint8_t byte;
    return os_random(&byte, sizeof byte);
}

static portico_status on_signals(void) {
    return os_on_signals(nothing, NULL);
}

static portico_status library_check(void) {
    char why[64];
    return os_library_check(MODULE, why, sizeof why);
}

static portico_status library_open(void) {
    char why[64] = "";
    os_library *library = NULL;
    portico_status status = os_library_open(MODULE, false, &library, why, sizeof why);
    CHECK((status == PORTICO_OK) == (why[0] == '\0'));
    if (status == PORTICO_OK) {
        (void)os_library_close(library);
    }
    return status;
}

static portico_status file_look(void) {
    os_file_info info;
    return os_file_look(MODULE, &info);
}

static portico_status file_rename(void) {
    return os_file_rename(MODULE, MODULE);
}

static portico_status folder_create(void) {
    return os_folder_create(FOLDER);
}

static portico_status folder_add(void) {
    portico_status status = os_folder_add(FOLDER "/new");
    if (status == PORTICO_OK) {
        sim_spare_this_thread(true);
        CHECK(os_folder_remove(FOLDER "/new") == PORTICO_OK);
        sim_spare_this_thread(false);
    }
    return status;
}

static portico_status folder_check(void) {
    return os_folder_check(FOLDER);
}

static portico_status folder_list(void) {
    return os_folder_list(FOLDER, no_name, NULL);
}

static portico_status folder_delete(void) {
    return os_folder_delete("nowhere");
}

static portico_status folder_remove(void) {
    return os_folder_remove("nowhere");
}

static portico_status file_remove(void) {
    return os_file_remove("nowhere");
}

static portico_status path_absolute(void) {
    char path[1024];
    return os_path_absolute("name", path, sizeof path);
}

static portico_status executable_path(void) {
    char path[1024];
    return os_executable_path(path, sizeof path);
}

static const struct {
    const char *name;
    portico_status (*act)(void);
    uint64_t expected; /* besides success */
} calls[] = {
#define MEMORY STATUS_BIT(E_NO_MEMORY)
#define HANDLES (MEMORY + STATUS_BIT(E_NO_HANDLES))
#define FILES (STATUS_BIT(E_ACCESS) + STATUS_BIT(E_SYSTEM))
    {"port_create", port_create, HANDLES},
    {"thread_start", thread_start, HANDLES},
    {"alarm_create", alarm_create, HANDLES},
    {"listen", listen,
     HANDLES + STATUS_BIT(E_ADDRESS_IN_USE) + STATUS_BIT(E_ADDRESS) + STATUS_BIT(E_ACCESS)},
    {"address_resolve", resolve, MEMORY + STATUS_BIT(E_NOT_FOUND)},
    {"address_check", address_check, HANDLES},
    {"socket_configure", configure, MEMORY + STATUS_BIT(E_INVALID)},
    {"socket_address", socket_address, MEMORY},
    {"port_post", post, HANDLES},
    {"random", random_bytes, STATUS_BIT(E_SYSTEM)},
    {"on_signals", on_signals, HANDLES},
    {"library_check", library_check, HANDLES + STATUS_BIT(E_ACCESS)},
    {"library_open", library_open,
     HANDLES + STATUS_BIT(E_ACCESS) + STATUS_BIT(E_DEPENDENCY) + STATUS_BIT(E_NOT_A_MODULE) +
         STATUS_BIT(E_LOAD)},
    {"file_look", file_look, FILES},
    {"file_rename", file_rename, FILES},
    {"folder_create", folder_create, FILES},
    {"folder_add", folder_add, FILES},
    {"folder_check", folder_check, FILES},
    {"folder_list", folder_list, HANDLES + FILES},
    {"path_absolute", path_absolute, FILES},
    {"executable_path", executable_path, FILES},
};

/* These never succeed: there is nothing to remove. */
static void check_removals(void) {
    uint64_t expected = FILES + STATUS_BIT(E_NOT_FOUND);
    faults_expect("file_remove", file_remove, expected);
    faults_expect("folder_remove", folder_remove, expected);
    faults_expect("folder_delete", folder_delete, expected + HANDLES);
}

SCENARIO(calls) {
    sim_spare_this_thread(true);
    sim_library_add("nothing", "nothing", NULL);
    CHECK(os_folder_create(FOLDER) == PORTICO_OK);
    FILE *file = os_fopen(MODULE, "wb");
    CHECK(file != NULL && fputs(SIM_LIBRARY_MAGIC "nothing\n", file) >= 0 && fclose(file) == 0);
    sim_spare_this_thread(false);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        faults_expect(calls[i].name, calls[i].act, calls[i].expected + STATUS_BIT(OK));
    }
    check_removals();
}
