/* config.h: what the ini file says, typed, checked and immutable.
 *
 * config_load reads a file through inih, checks every key against one table (config_schema.c) and
 * reports all that is wrong, each with file, line, key, what was found, what is allowed and the
 * nearest right name. The result is never written again and may be read from any thread.
 */
#ifndef PORTICO_CONFIG_H
#define PORTICO_CONFIG_H

#include "base/log.h"
#include "os/os.h"
#include "wire/frame.h"

enum { CONFIG_NAME_MAX = 64 }; /* bytes of a section's NAME, its zero included */

typedef enum config_backlog { CONFIG_BACKLOG_CLOSE, CONFIG_BACKLOG_DROP } config_backlog;
typedef enum config_unknown_opcode {
    CONFIG_UNKNOWN_IGNORE,
    CONFIG_UNKNOWN_CLOSE
} config_unknown_opcode;

/* One [listener NAME], [connector NAME] or [admin]: where sessions come from and their limits. */
typedef struct config_service {
    char name[CONFIG_NAME_MAX]; /* "admin" for [admin] */
    uint32_t line;              /* of the section's header, for messages; 0: the file has none */
    bool outgoing;              /* a connector */
    char *address; /* as written; a numeric address, for a connector also a host name */
    uint16_t port; /* 0 (listener): the system picks one */
    char *type;    /* session type, "module.type" */
    frame_kind framing;
    uint32_t max_sessions; /* listener: at most so many at once; connector: keeps so many open */

    uint32_t frame_limit_bytes;    /* whole frame, header included */
    uint32_t send_limit_bytes;     /* queued to send, per session */
    config_backlog backlog_policy; /* key `backlog`: what happens at that limit */
    config_unknown_opcode unknown_opcode;
    uint32_t packets_per_second; /* per session, 0: no limit; bursts up to one second's worth */
    uint32_t idle_timeout_s;     /* no complete packet for so long: closed. 0: never */
    uint32_t frame_timeout_s;    /* a begun frame must be complete after so long. 0: never */
    uint32_t close_timeout_ms;   /* for what is queued, when a session closes */

    uint32_t max_per_address; /* listener: sessions per client address, 0: no limit */
    uint32_t accepts;         /* listener: accepts kept in flight */
    os_listen_options listen; /* listener: listen_backlog, reuse_address, dual_stack */

    uint32_t connect_timeout_ms; /* connector */
    uint32_t reconnect_min_ms;   /* connector: first pause, doubled after each failure ... */
    uint32_t reconnect_max_ms;   /* ... up to this */
    char *bind_address;          /* connector: local address, NULL: any */

    os_socket_options
        socket; /* no_delay, keep_alive_s, linger_s, send_buffer_bytes, recv_buffer_bytes */
} config_service;

typedef struct config_pair {
    char *key;
    char *value;
    uint32_t line;
} config_pair;

/* One [module NAME]: `file` and `load` are the host's, every other key is the module's own. */
typedef struct config_module {
    char name[CONFIG_NAME_MAX];
    uint32_t line;
    char *
        file; /* path, absolute or from the working folder; NULL: NAME + suffix in the modules' folder */
    bool load; /* load at the start */
    config_pair *pairs;
    size_t pair_count;
} config_module;

typedef struct config {
    char *path;           /* the file, as given */
    uint32_t workers;     /* [host] workers; never 0: 0 in the file is resolved to the processors */
    uint32_t watchdog_ms; /* [host] 0: off */
    uint32_t blocking_threads; /* [host] */
    uint32_t blocking_queue;   /* [host] */
    uint32_t stop_timeout_ms;  /* [host] */
    char *run_dir;             /* [host] for the token and private copies; usable path */
    char *ready_file;          /* [host] NULL: none */

    log_options log; /* [log] */

    bool admin_enabled;   /* [admin] enabled */
    config_service admin; /* [admin] address, port; the rest is fixed */
    char *admin_token;    /* [admin] token; NULL: the host makes one in run_dir/admin.token */

    char *modules_dir;       /* [modules] dir; usable path */
    bool modules_autoload;   /* [modules] autoload: every library in dir */
    bool modules_watch;      /* [modules] watch: swap a module when its file was rebuilt */
    bool modules_swap_check; /* [modules] swap_check: look for addresses of old code in states */
    uint32_t modules_swap_timeout_ms; /* [modules] */

    config_service *listeners;
    size_t listener_count;
    config_service *connectors;
    size_t connector_count;
    config_module *modules; /* in the order of the file */
    size_t module_count;
} config;

/* Is called once for each thing that is wrong, in the order of the lines; `text` is one line without
 * an end such as "conf/portico.ini:12: [listener game] port = 99999: allowed is 0 to 65535". */
typedef void (*config_report)(void *arg, const char *text);

/* Reads `path`. Relative paths in it start from the file's own folder. On PORTICO_OK *result is the caller's
 * until config_free. PORTICO_E_NOT_FOUND: cannot be read; PORTICO_E_INVALID: something is
 * wrong; in both cases `report` was called at least once and *result is NULL. */
portico_status config_load(const char *path, config_report report, void *arg,
                           const config **result);

/* The same with the `size` bytes of a file that was read already; `path` is what messages and
 * relative paths begin with. */
portico_status config_parse(const char *path, const char *bytes, size_t size, config_report report,
                            void *arg, const config **result);

void config_free(const config *c);

/* The [module NAME] section, or NULL. */
const config_module *config_find_module(const config *c, const char *name);

/* The module's own key, or NULL. */
const config_pair *config_find_pair(const config_module *m, const char *key);

/* Every key that the host knows: what `portico check` could print, and what a test holds conf/portico.ini
 * against. The fields after `help` are for config_value.c. */
typedef enum config_kind {
    CONFIG_BOOL,    /* bool: yes no true false on off */
    CONFIG_U16,     /* uint16_t */
    CONFIG_U32,     /* uint32_t */
    CONFIG_I32,     /* int32_t */
    CONFIG_BYTES,   /* uint32_t, K and M are understood */
    CONFIG_BYTES64, /* uint64_t, K and M are understood */
    CONFIG_WORD,    /* an enum: one of `words` */
    CONFIG_PATH,    /* char *, relative to the ini's folder; NULL when empty */
    CONFIG_ADDRESS, /* char *, numeric; NULL when empty */
    CONFIG_HOST,    /* char *, numeric or a host name */
    CONFIG_TYPE,    /* char *, "module.type" */
    CONFIG_SECRET   /* char *, never shown in a message; NULL when empty */
} config_kind;

typedef struct config_key {
    const char *section; /* "host", "log", "admin", "modules", "module", "listener", "connector" */
    const char *key;
    const char *default_text; /* as it would be written; "" where there is none */
    const char *help;         /* one line */
    const char *words;        /* CONFIG_WORD: "close|drop", else NULL */
    int64_t min;              /* of numbers; CONFIG_WORD: the value of the first word */
    int64_t max;
    size_t offset; /* in config, config_service or config_module */
    config_kind kind;
    bool required;
} config_key;

const config_key *config_keys(size_t *count);

#endif
