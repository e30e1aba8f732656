/* config.h: what the ini file says, typed, checked and immutable. Any thread may read it.
 *
 * load.h makes it: it checks every key against one table (schema.c) and reports every fault with
 * file, line, key, what was found, what is allowed and the nearest valid name.
 */
#ifndef PORTICO_CONFIG_H
#define PORTICO_CONFIG_H

#include "base/log.h"
#include "os/os.h"
#include "wire/frame.h"

enum { CONFIG_NAME_MAX = 64 }; /* bytes of a section's NAME, its zero included */

typedef enum config_backlog { CONFIG_BACKLOG_CLOSE, CONFIG_BACKLOG_DROP } config_backlog;
typedef enum config_transport { CONFIG_TRANSPORT_TCP, CONFIG_TRANSPORT_WEBSOCKET } config_transport;
/* Versions of the header that a balancer puts before a connection's bytes. */
typedef enum config_proxy_protocol {
    CONFIG_PROXY_NO, /* there is none */
    CONFIG_PROXY_V1,
    CONFIG_PROXY_V2,
    CONFIG_PROXY_ANY
} config_proxy_protocol;
typedef enum config_profile { CONFIG_PROFILE_NONE, CONFIG_PROFILE_PUBLIC } config_profile;
typedef enum config_over_rate { CONFIG_OVER_RATE_CLOSE, CONFIG_OVER_RATE_SLOW } config_over_rate;
typedef enum config_unknown_opcode {
    CONFIG_UNKNOWN_IGNORE,
    CONFIG_UNKNOWN_CLOSE
} config_unknown_opcode;

/* The effect of a module's fault. */
typedef enum config_on_fault {
    CONFIG_FAULT_DEFAULT, /* of [module NAME]: what [modules] says; never after the file is read */
    CONFIG_FAULT_CONTAIN,
    CONFIG_FAULT_ABORT
} config_on_fault;

enum { CONFIG_FAULT_LIMIT_MAX = 8 };

typedef enum config_tls_min { CONFIG_TLS_1_2, CONFIG_TLS_1_3 } config_tls_min;

/* TLS of a listener or connector. */
typedef struct config_tls {
    bool on;           /* key `tls` */
    char *certificate; /* paths of PEM files (see config_list_item), by key `certificate` ... */
    char *key;         /* ... and of their private keys, by key `key` */
    config_tls_min min;
    char *ciphers; /* for TLS 1.2, as OpenSSL writes them; NULL: OpenSSL's choice */
    char *alpn;    /* protocols by ALPN, best first (see config_list_item); NULL: none */

    char *client_ca;         /* listener: path; clients need a certificate of these; NULL: no */
    uint32_t handshakes_max; /* listener: at once */

    char *ca;          /* connector: path; NULL: the system's authorities */
    char *server_name; /* connector: NULL: `address` */
    bool verify;       /* connector */
} config_tls;

/* One [listener NAME], [connector NAME] or [admin]: where sessions come from and their limits. */
typedef struct config_service {
    char name[CONFIG_NAME_MAX]; /* "admin" for [admin] */
    uint32_t line;              /* of the section's header, for messages; 0: not in the file */
    bool outgoing;              /* a connector */
    char *address; /* as written; a numeric address, for a connector also a host name */
    uint16_t port; /* 0 (listener): the system picks one */
    char *type;    /* session type, "module.type" */
    frame_kind framing;
    config_transport transport;
    char *path;                           /* of WebSocket */
    char *origins;                        /* listener: which pages may connect; NULL: all */
    char *files;                          /* listener: a folder of files for GET; NULL: none */
    uint32_t ping_s;                      /* of silence before a ping is sent; 0: never */
    uint32_t handshake_timeout_ms;        /* until a session may be opened */
    config_proxy_protocol proxy_protocol; /* listener */
    char *proxy_from;      /* listener: networks that send that header; NULL only without one */
    uint32_t max_sessions; /* listener: most at once; connector: number kept open */

    uint32_t frame_limit_bytes;    /* whole frame, header included */
    uint32_t send_limit_bytes;     /* queued to send, per session */
    config_backlog backlog_policy; /* key `backlog`: what happens at that limit */
    config_unknown_opcode unknown_opcode;
    uint32_t packets_per_second; /* per session, 0: no limit; bursts up to one second's worth */
    uint32_t byte_rate;          /* received per second and session, 0: no limit; bursts likewise */
    uint32_t fanout_rate; /* sent per second by broadcasts of a session's handlers, likewise */
    config_over_rate over_rate; /* what happens at these three */
    uint32_t idle_timeout_s;    /* closes after this time without a complete packet; 0: never */
    uint32_t frame_timeout_s;   /* closes if a frame takes longer to complete; 0: never */
    uint32_t close_timeout_ms;  /* for sending what is queued when a session closes */

    config_profile profile;   /* listener: where the keys that are not set have their values from */
    uint32_t first_packet_ms; /* listener: closes if the first packet takes longer; 0: never */
    uint32_t max_per_address; /* listener: sessions per source, 0: no limit */
    uint32_t connect_rate;    /* listener: connections per second of a source, 0: no limit ... */
    uint32_t connect_burst;   /* ... and how many at once */
    uint32_t ipv6_prefix;     /* listener: bits of an IPv6 address that make a source */
    uint32_t accepts;         /* listener: accepts kept in flight */
    os_listen_options listen; /* listener: listen_backlog, reuse_address, dual_stack */

    uint32_t connect_timeout_ms; /* connector */
    uint32_t reconnect_min_ms;   /* connector: first pause, doubled after each failure ... */
    uint32_t reconnect_max_ms;   /* ... up to this */
    char *bind_address;          /* connector: local address, NULL: any */

    config_tls tls; /* keys tls, certificate, key, tls_... */

    os_socket_options
        socket; /* no_delay, keep_alive_s, linger_s, send_buffer_bytes, recv_buffer_bytes */
} config_service;

typedef struct config_pair {
    char *key;
    char *value;
    uint32_t line;
} config_pair;

/* One [module NAME]. The host reads the keys below; every other key is the module's own. */
typedef struct config_module {
    char name[CONFIG_NAME_MAX];
    uint32_t line;
    char *file; /* path, absolute or from the working folder; NULL: NAME + suffix in the modules'
                   folder */
    bool load;  /* load at the start */
    config_on_fault on_fault;
    int32_t hang_ms;             /* never -1: that is resolved to [modules] hang_ms */
    uint64_t memory_limit_bytes; /* 0: as in [modules] */
    config_pair *pairs;
    size_t pair_count;
} config_module;

/* Where in the file a field was set. */
typedef struct config_mark {
    const void *field;
    uint32_t line;
} config_mark;

typedef struct config {
    char *path;           /* the file, as given */
    uint32_t workers;     /* [host] workers; never 0: 0 in the file is resolved to the processors */
    uint32_t watchdog_ms; /* [host] 0: off */
    uint32_t blocking_threads;     /* [host] */
    uint32_t blocking_queue;       /* [host] */
    uint64_t blocking_queue_bytes; /* [host] */
    uint32_t max_rooms;            /* [host] */
    uint64_t memory_limit_bytes;   /* [host] of all buffers and messages; 0: none */
    uint32_t stack_bytes;          /* [host] of each thread */
    uint32_t stop_timeout_ms;      /* [host] */
    char *run_dir;                 /* [host] for the token and private copies; usable path */
    char *data_dir;                /* [host] for the modules' own files; usable path */
    char *ready_file;              /* [host] NULL: none */

    log_options log; /* [log] */

    bool admin_enabled;        /* [admin] enabled */
    config_service admin;      /* [admin] over TCP; address NULL: only the local socket */
    int32_t admin_http_port;   /* [admin] http_port; -1: none */
    config_service admin_http; /* [admin] http_address, and http_... of its tls */
    char *admin_http_hosts;    /* [admin] http_hosts (see config_list_item); NULL: none */
    char *admin_token;         /* [admin] token; NULL: the host makes one in run_dir/admin.token */

    char *modules_dir;       /* [modules] dir; usable path */
    bool modules_autoload;   /* [modules] autoload: every library in dir */
    bool modules_probe;      /* [modules] probe: load files in a child process first */
    bool modules_watch;      /* [modules] watch: swap a module when its file was rebuilt */
    bool modules_swap_check; /* [modules] swap_check: addresses of old code, spoilt packets */
    uint32_t modules_swap_timeout_ms; /* [modules] */
    uint32_t modules_probation_s;     /* [modules] 0: no probation */
    uint32_t modules_fault_limit;     /* [modules] faults; 0: any number; within ... */
    uint32_t modules_fault_window_s;  /* ... [modules] this time */
    uint32_t modules_frozen_backlog;  /* [modules] sessions that wait to be opened */
    /* [modules] for sessions that wait; 0: none. -1 in the file is resolved to 30, or with watch to
     * 0 */
    int32_t modules_frozen_timeout_s;
    config_on_fault modules_on_fault;        /* [modules] */
    uint32_t modules_hang_ms;                /* [modules] 0: none */
    uint32_t modules_state_copy_limit_bytes; /* [modules] larger states are not restored */

    /* [modules] what one module may have; 0: any number */
    uint64_t modules_memory_limit_bytes;
    uint32_t modules_max_rooms;
    uint32_t modules_max_timers;
    uint32_t modules_max_requests;
    uint32_t modules_max_channels;        /* [modules] of one session; 0: any number */
    uint64_t modules_module_inbox_bytes;  /* [modules] of messages that wait for a module, ... */
    uint64_t modules_room_inbox_bytes;    /* ... a room, ... */
    uint64_t modules_session_inbox_bytes; /* ... a session */

    config_service *listeners;
    size_t listener_count;
    config_service *connectors;
    size_t connector_count;
    config_module *modules; /* in the order of the file */
    size_t module_count;

    config_mark *marks; /* see config_line */
    size_t mark_count;
} config;

/* The [module NAME] section, or NULL. */
const config_module *config_find_module(const config *c, const char *name);

/* The values that apply to the module, whether it has a section or not. */
config_on_fault config_module_on_fault(const config *c, const char *name);
uint32_t config_module_hang_ms(const config *c, const char *name);
uint64_t config_module_memory_limit(const config *c, const char *name);

/* The line that set a field of `c`, of one of its services or of one of its modules, such as
 * &c->run_dir. 0: the field has its default. */
uint32_t config_line(const config *c, const void *field);

enum { CONFIG_PATH_MAX = 4096 };

/* Copies the item of a CONFIG_PATHS or CONFIG_NAMES field, from 0 on, without blanks around it.
 * False: there is none (also in NULL), or it does not fit. */
bool config_list_item(const char *list, uint32_t index, char *item, size_t size);
uint32_t config_list_count(const char *list);

/* The module's own key, or NULL. */
const config_pair *config_find_pair(const config_module *m, const char *key);

#endif
