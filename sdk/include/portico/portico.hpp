// portico.hpp: modules in C++17 and later. Handlers are members of the state, and the compiler
// makes the tables of portico.h from them.
//
//     #include <portico/portico.hpp>
//
//     enum { MOVE = 1, CHAT = 2, TICK = 1 };
//     #define STEP(P, F) F(P, FIELD, int16_t, dx) F(P, FIELD, int16_t, dy)
//     PORTICO_PACKET(step, STEP);
//
//     struct player { // the state of a session: zeroed by the host
//         std::uint32_t score;
//         char name[32];
//
//         portico_status on_open(Portico::session me) { return me.send(CHAT, "welcome"); }
//         void on_step(Portico::session me, const step &s) { ... }
//         void on_chat(Portico::session me, std::string_view text) { ... }
//     };
//     PORTICO_DESCRIBE(player, PORTICO_FIELD(player, score), PORTICO_ARRAY(player, name));
//
//     constexpr Portico::opcode_row<player> player_opcodes[] = {
//         PORTICO_HANDLER(MOVE, player::on_step),
//         PORTICO_HANDLER_OF(CHAT, 0, 200, player::on_chat),
//     };
//     constexpr portico_session_type session_types[] = {
//         Portico::session_type<player>("player").opcodes(player_opcodes),
//     };
//     constexpr portico_module game =
//         Portico::module_type<>("game", "1.0").session_types(session_types);
//     PORTICO_MODULE(game);
//
// Write `constexpr`: the host reads the tables from the file, where no code can have made them.
//
// STATES  are structs that PORTICO_STATE has declared, structs derived from such a one that add
// only functions, and structs that PORTICO_DESCRIBE describes. A struct without members needs no
// state in the host. These members of the struct have a meaning, and all may be left out:
//   of a session   portico_status on_open(session)
//                  void on_packet(session, const portico_packet &)    other opcodes
//                  void on_close(session, portico_status reason)
//                  void on_watermark(session, uint32_t queued_bytes, bool above)
//   of a room      portico_status on_open(room, PAYLOAD)
//                  portico_status on_join(room, session)
//                  void on_leave(room, session, portico_status reason)
//                  void on_close(room, portico_status reason)
//   of a module    portico_status start(uint32_t why), void stopping(), void stop(uint32_t why)
//                  portico_status dependency_swaps(const char *name, const char *version)
//   of each        static portico_status migrate(const portico_migration &, S *to)
//                  static constexpr uint32_t state_version = 2;       otherwise 1
//                  static constexpr bool state_is_opaque = true;      its fields are not described
// Those that return a status may return nothing, which is PORTICO_OK. `why` may be left out.
//
// HANDLERS  PORTICO_HANDLER(ID, FUNCTION) is a row for a packet, a message or a job. The function
// is a member of the state, or one with the state as second parameter: (session, player &,
// PAYLOAD). PAYLOAD is what it receives, and may be left out:
//   of a packet         const P &, for a P that PORTICO_PACKET has declared; or the bytes, as
//                       Portico::bytes, std::string_view, or std::span<const uint8_t>; or const
//                       portico_packet &. Without PAYLOAD the packet must be empty.
//                       PORTICO_HANDLER_OF limits the size of a packet that is bytes
//   of a message, and   const T &, a copy of a struct that was posted as it is; or the bytes; or,
//   of of a room's data    a message, const Portico::message &. Of another size than T: not called
//   of a job            as of a message. The job is no member. It returns the reply: nothing, a
//                       struct that is copied as it is, or bytes such as a std::string
//
// EXCEPTIONS  that leave a function of the module are caught and logged with their type and what().
// The function's result is then PORTICO_E_FAULT, for std::bad_alloc PORTICO_E_NO_MEMORY: a session
// or room that opens is closed, one that joins is refused, a module does not start. A handler of
// packets or messages closes its session or room with that status: what it had begun to change may
// be half done, and this player is the one who can tell. A job replies with no bytes. In any other
// function nothing else happens. With -fno-exceptions nothing is caught.
#ifndef PORTICO_PORTICO_HPP
#define PORTICO_PORTICO_HPP

#if !defined(__cplusplus) || \
    (__cplusplus < 201703L && (!defined(_MSVC_LANG) || _MSVC_LANG < 201703L))
#error "portico.hpp needs C++17"
#endif

#include <portico/cpp/members.hpp>

namespace Portico {
namespace detail {

// What PORTICO_HANDLER makes: a row of a table yet to be known.
template <auto Handler> struct handler {
    std::uint32_t id;
    const char *name;
    std::uint32_t size_min;
    std::uint32_t size_max;
};

} // namespace detail

// ---- rows ----------------------------------------------------------------------------------

#define PORTICO_HANDLER(id, function) PORTICO_HANDLER_OF(id, 0, PORTICO_SIZE_ANY, function)
#define PORTICO_HANDLER_OF(id, size_min, size_max, function)        \
    ::Portico::detail::handler<&function> {                         \
        static_cast<std::uint32_t>(id), #id, (size_min), (size_max) \
    }

template <class S> struct opcode_row : portico_opcode {
    template <auto Handler>
    constexpr opcode_row(detail::handler<Handler> from) noexcept
        : portico_opcode{detail::packet_call<S, Handler>::call,
                         detail::packet_call<S, Handler>::fields(),
                         from.name,
                         is_raw<Handler> ? from.size_min : 0,
                         is_raw<Handler> ? from.size_max : 0,
                         static_cast<std::uint16_t>(from.id),
                         0,
                         0} {
        if (from.id > UINT16_MAX) {
            detail::refuse("an opcode has 16 bits");
        }
    }

  private:
    template <auto Handler>
    static constexpr bool is_raw = !std::is_void_v<detail::payload<Handler>> &&
                                   !detail::packet<detail::payload<Handler>>::value;
};

template <class S> struct session_message : portico_session_message {
    template <auto Handler>
    constexpr session_message(detail::handler<Handler> from) noexcept
        : portico_session_message{detail::message_call<S, Handler, session, portico_session>::call,
                                  from.name, from.id, 0} {
    }
};
template <class S> struct room_message : portico_room_message {
    template <auto Handler>
    constexpr room_message(detail::handler<Handler> from) noexcept
        : portico_room_message{detail::message_call<S, Handler, room, portico_room>::call,
                               from.name, from.id, 0} {
    }
};
template <class S> struct module_message : portico_module_message {
    template <auto Handler>
    constexpr module_message(detail::handler<Handler> from) noexcept
        : portico_module_message{detail::message_call<S, Handler, entity, portico_entity>::call,
                                 from.name, from.id, 0} {
    }
};
struct job : portico_job {
    template <auto Handler>
    constexpr job(detail::handler<Handler> from) noexcept
        : portico_job{detail::job_call<Handler>::call, from.name, from.id, 0} {
    }
};

// ---- types ---------------------------------------------------------------------------------

// Each becomes a row of portico.h, or its portico_module. Each function returns a copy that has
// more.
template <class S> class session_type {
  public:
    constexpr explicit session_type(const char *name) noexcept : type_() {
        static_assert(sizeof(S) <= std::size_t{1} << 20, "a session's state has at most 1 MiB");
        type_.name = name;
        type_.state = detail::state_of<S>();
        if constexpr (detail::has<S, detail::has_on_open>) {
            type_.on_open = detail::member_call<S, &S::on_open>::open;
        }
        if constexpr (detail::has<S, detail::has_on_packet>) {
            type_.on_packet = detail::packet_call<S, &S::on_packet>::call;
        }
        if constexpr (detail::has<S, detail::has_on_close>) {
            type_.on_close = detail::member_call<S, &S::on_close>::close;
        }
        if constexpr (detail::has<S, detail::has_on_watermark>) {
            type_.on_watermark = detail::member_call<S, &S::on_watermark>::watermark;
        }
    }
    template <std::size_t Count>
    constexpr session_type opcodes(const opcode_row<S> (&rows)[Count]) const noexcept {
        session_type more = *this;
        more.type_.opcodes = detail::table_of(rows);
        return more;
    }
    template <std::size_t Count>
    constexpr session_type messages(const session_message<S> (&rows)[Count]) const noexcept {
        session_type more = *this;
        more.type_.messages = detail::table_of(rows);
        return more;
    }
    // Rows of PORTICO_SENDS.
    template <std::size_t Count>
    constexpr session_type sends(const portico_opcode (&rows)[Count]) const noexcept {
        session_type more = *this;
        more.type_.sends = detail::table_of(rows);
        return more;
    }
    constexpr operator portico_session_type() const noexcept {
        return type_;
    }

  private:
    portico_session_type type_;
};

template <class S> class room_type {
  public:
    constexpr explicit room_type(const char *name) noexcept : type_() {
        static_assert(sizeof(S) <= std::size_t{16} << 20, "a room's state has at most 16 MiB");
        type_.name = name;
        type_.state = detail::state_of<S>();
        if constexpr (detail::has<S, detail::has_on_open>) {
            type_.on_open = detail::member_call<S, &S::on_open>::open_room;
        }
        if constexpr (detail::has<S, detail::has_on_join>) {
            type_.on_join = detail::member_call<S, &S::on_join>::join;
        }
        if constexpr (detail::has<S, detail::has_on_leave>) {
            type_.on_leave = detail::member_call<S, &S::on_leave>::leave;
        }
        if constexpr (detail::has<S, detail::has_on_close>) {
            type_.on_close = detail::member_call<S, &S::on_close>::close_room;
        }
    }
    constexpr room_type max_members(std::uint32_t count) const noexcept {
        room_type more = *this;
        more.type_.max_members = count;
        return more;
    }
    template <std::size_t Count>
    constexpr room_type messages(const room_message<S> (&rows)[Count]) const noexcept {
        room_type more = *this;
        more.type_.messages = detail::table_of(rows);
        return more;
    }
    constexpr operator portico_room_type() const noexcept {
        return type_;
    }

  private:
    portico_room_type type_;
};

struct no_state {};

template <class S = no_state> class module_type {
  public:
    constexpr module_type(const char *name, const char *version) noexcept : module_() {
        static_assert(sizeof(S) <= std::size_t{1} << 20, "a module's state has at most 1 MiB");
        module_.name = name;
        module_.version = version;
        module_.state = detail::state_of<S>();
        if constexpr (detail::has<S, detail::has_start>) {
            module_.start = detail::member_call<S, &S::start>::why;
        }
        if constexpr (detail::has<S, detail::has_stopping>) {
            module_.stopping = detail::member_call<S, &S::stopping>::stopping;
        }
        if constexpr (detail::has<S, detail::has_stop>) {
            module_.stop = detail::member_call<S, &S::stop>::stop;
        }
        if constexpr (detail::has<S, detail::has_dependency_swaps>) {
            module_.dependency_swaps = detail::member_call<S, &S::dependency_swaps>::dependency;
        }
    }
    constexpr module_type description(const char *sentence) const noexcept {
        module_type more = *this;
        more.module_.description = sentence;
        return more;
    }
    // Names of modules, ended by nullptr.
    template <std::size_t Count>
    constexpr module_type required(const char *const (&names)[Count]) const noexcept {
        if (names[Count - 1] != nullptr) {
            detail::refuse("the names of required modules end with nullptr");
        }
        module_type more = *this;
        more.module_.required = names;
        return more;
    }
    template <std::size_t Count>
    constexpr module_type session_types(const portico_session_type (&rows)[Count]) const noexcept {
        module_type more = *this;
        more.module_.session_types = detail::table_of(rows);
        return more;
    }
    template <std::size_t Count>
    constexpr module_type room_types(const portico_room_type (&rows)[Count]) const noexcept {
        module_type more = *this;
        more.module_.room_types = detail::table_of(rows);
        return more;
    }
    template <std::size_t Count>
    constexpr module_type messages(const module_message<S> (&rows)[Count]) const noexcept {
        module_type more = *this;
        more.module_.messages = detail::table_of(rows);
        return more;
    }
    template <std::size_t Count>
    constexpr module_type jobs(const job (&rows)[Count]) const noexcept {
        module_type more = *this;
        more.module_.jobs = detail::table_of(rows);
        return more;
    }
    // Rows of PORTICO_U32 and the like.
    template <std::size_t Count>
    constexpr module_type settings(const portico_setting (&rows)[Count]) const noexcept {
        module_type more = *this;
        more.module_.settings = detail::table_of(rows);
        return more;
    }
    constexpr operator portico_module() const noexcept {
        return module_;
    }

  private:
    portico_module module_;
};

} // namespace Portico
#endif
