// ids.hpp: sessions, rooms, entities, timers and channels as C++ values. Included by portico.hpp.
//
// Each class is the C id of portico.h with functions: it converts to and from it at no cost, can be
// a field of a state, and is empty (`!session`) if its id is 0. The functions do what those of
// portico.h do, with the same statuses; what portico.h says about them holds here.
#ifndef PORTICO_CPP_IDS_HPP
#define PORTICO_CPP_IDS_HPP

#include <portico/cpp/bytes.hpp>

#include <functional>

// Ids compare, and can be keys: of std::map, std::unordered_map and the like.
#define PORTICO_COMPARES(id_type)                              \
    constexpr bool operator==(id_type a, id_type b) noexcept { \
        return a.id == b.id;                                   \
    }                                                          \
    constexpr bool operator!=(id_type a, id_type b) noexcept { \
        return a.id != b.id;                                   \
    }                                                          \
    constexpr bool operator<(id_type a, id_type b) noexcept {  \
        return a.id < b.id;                                    \
    }                                                          \
    template <> struct std::hash<id_type> {                    \
        std::size_t operator()(id_type value) const noexcept { \
            return std::hash<std::uint64_t>()(value.id);       \
        }                                                      \
    }
PORTICO_COMPARES(portico_session);
PORTICO_COMPARES(portico_room);
PORTICO_COMPARES(portico_entity);
PORTICO_COMPARES(portico_timer);
#undef PORTICO_COMPARES

namespace Portico {

struct timer : portico_timer {
    constexpr timer(portico_timer value = {0}) noexcept : portico_timer(value) {
    }
    constexpr explicit operator bool() const noexcept {
        return id != 0;
    }
    status cancel() const noexcept {
        return portico->timer_cancel(*this);
    }
};

// What sessions, rooms and modules have in common: they receive messages. A message carries bytes,
// or a struct that is copied as it is; the handler's parameter says which.
template <class Id> struct receiver : Id {
    constexpr receiver(Id value) noexcept : Id(value) {
    }
    constexpr explicit operator bool() const noexcept {
        return this->id != 0;
    }

    status post(std::uint32_t what, bytes data = {}) const noexcept {
        return portico->post({this->id}, what, data.data(), detail::size_of(data));
    }
    status post_after(std::uint32_t what, bytes data, std::uint32_t delay_ms,
                      timer *started = nullptr) const noexcept {
        return portico->post_after({this->id}, what, data.data(), detail::size_of(data), delay_ms,
                                   started);
    }
    status post_every(std::uint32_t what, bytes data, std::uint32_t period_ms,
                      timer *started = nullptr) const noexcept {
        return portico->post_every({this->id}, what, data.data(), detail::size_of(data), period_ms,
                                   started);
    }
    status request(std::uint32_t what, bytes data, std::uint32_t reply_id, std::uint32_t timeout_ms,
                   std::uint64_t *number = nullptr) const noexcept {
        return portico->request({this->id}, what, data.data(), detail::size_of(data), reply_id,
                                timeout_ms, number);
    }
    // Runs a job of this module, whose reply comes here.
    status run_job(std::uint32_t job, bytes data = {}) const noexcept {
        return portico->run_job(job, data.data(), detail::size_of(data), {this->id});
    }

    status post_after(std::uint32_t what, std::uint32_t delay_ms,
                      timer *started = nullptr) const noexcept {
        return post_after(what, bytes(), delay_ms, started);
    }
    status post_every(std::uint32_t what, std::uint32_t period_ms,
                      timer *started = nullptr) const noexcept {
        return post_every(what, bytes(), period_ms, started);
    }

    template <class T, class = detail::if_struct<T>>
    status post(std::uint32_t what, const T &value) const noexcept {
        return post(what, bytes(&value, sizeof value));
    }
    template <class T, class = detail::if_struct<T>>
    status post_after(std::uint32_t what, const T &value, std::uint32_t delay_ms,
                      timer *started = nullptr) const noexcept {
        return post_after(what, bytes(&value, sizeof value), delay_ms, started);
    }
    template <class T, class = detail::if_struct<T>>
    status post_every(std::uint32_t what, const T &value, std::uint32_t period_ms,
                      timer *started = nullptr) const noexcept {
        return post_every(what, bytes(&value, sizeof value), period_ms, started);
    }
    template <class T, class = detail::if_struct<T>>
    status request(std::uint32_t what, const T &value, std::uint32_t reply_id,
                   std::uint32_t timeout_ms, std::uint64_t *number = nullptr) const noexcept {
        return request(what, bytes(&value, sizeof value), reply_id, timeout_ms, number);
    }
    template <class T, class = detail::if_struct<T>>
    status run_job(std::uint32_t job, const T &value) const noexcept {
        return run_job(job, bytes(&value, sizeof value));
    }
};

struct entity : receiver<portico_entity> {
    constexpr entity(portico_entity value = {0}) noexcept : receiver(value) {
    }
    constexpr entity(portico_session session) noexcept : receiver({session.id}) {
    }
    constexpr entity(portico_room room) noexcept : receiver({room.id}) {
    }
};

struct room;

struct session : receiver<portico_session> {
    constexpr session(portico_session value = {0}) noexcept : receiver(value) {
    }

    status send(std::uint16_t opcode, bytes data = {}) const noexcept {
        return portico->session_send(*this, opcode, data.data(), detail::size_of(data));
    }
    template <class P, class = detail::if_packet<P>>
    status send(std::uint16_t opcode, const P &packet) const noexcept {
        return portico_packet_send(static_cast<portico_session>(*this), opcode, &packet);
    }
    status close(status reason = PORTICO_E_CLOSED) const noexcept {
        return portico->session_close(*this, reason);
    }

    // All zero if the session has ended.
    portico_session_info info() const noexcept {
        portico_session_info info = {};
        info.struct_size = sizeof info;
        (void)portico->session_info(*this, &info);
        return info;
    }
    status set_label(const detail::name &label) const noexcept {
        return portico->session_set_label(*this, label);
    }
    label_text label() const noexcept {
        label_text label = {};
        (void)portico->session_label(*this, label.text);
        return label;
    }

    status join(portico_room room, std::uint32_t told = 0) const noexcept {
        return portico->session_join(*this, room, told);
    }
    status leave() const noexcept {
        return portico->session_leave(*this);
    }
    inline Portico::room room() const noexcept;

    static session find(const char *type, const detail::name &label) noexcept {
        return portico->session_find(type, label);
    }
};

struct room : receiver<portico_room> {
    constexpr room(portico_room value = {0}) noexcept : receiver(value) {
    }

    // `created` (may be nullptr) receives the room; with PORTICO_E_EXISTS the one that there is.
    static status create(const char *type, const detail::name &name, bytes data = {},
                         room *created = nullptr) noexcept {
        return portico->room_create(type, name, data.data(), detail::size_of(data), created);
    }
    template <class T, class = detail::if_struct<T>>
    static status create(const char *type, const detail::name &name, const T &value,
                         room *created = nullptr) noexcept {
        return create(type, name, bytes(&value, sizeof value), created);
    }
    static room find(const char *type, const detail::name &name) noexcept {
        return portico->room_find(type, name);
    }

    status close(status reason = PORTICO_E_CLOSED) const noexcept {
        return portico->room_close(*this, reason);
    }
    // To all members, or to all but one; returns to how many.
    std::uint32_t send(std::uint16_t opcode, bytes data = {},
                       portico_session except = {0}) const noexcept {
        return portico->room_send(*this, opcode, data.data(), detail::size_of(data), except);
    }
    template <class P, class = detail::if_packet<P>>
    std::uint32_t send(std::uint16_t opcode, const P &packet,
                       portico_session except = {0}) const noexcept {
        return portico_packet_send(static_cast<portico_room>(*this), opcode, &packet, except);
    }
    std::uint32_t members(portico_session *members, std::uint32_t capacity) const noexcept {
        return portico->room_members(*this, members, capacity);
    }
    // The state of the room; nullptr outside its turn, and if `S` is not the state of its type.
    template <class S> S *state() const noexcept {
        return static_cast<S *>(portico->room_state(*this));
    }
    // All zero if the room has ended.
    portico_room_info info() const noexcept {
        portico_room_info info = {};
        info.struct_size = sizeof info;
        (void)portico->room_info(*this, &info);
        return info;
    }
};

inline Portico::room session::room() const noexcept {
    return portico->session_room(*this);
}

// A channel by its name: `Portico::channel{"chat.all"}.send(SAY, text)`.
struct channel {
    const char *name;

    status join(portico_session session) const noexcept {
        return portico->channel_join(name, session);
    }
    status leave(portico_session session) const noexcept {
        return portico->channel_leave(name, session);
    }
    std::uint32_t send(std::uint16_t opcode, bytes data = {},
                       portico_session except = {0}) const noexcept {
        return portico->channel_send(name, opcode, data.data(), detail::size_of(data), except);
    }
    template <class P, class = detail::if_packet<P>>
    std::uint32_t send(std::uint16_t opcode, const P &packet,
                       portico_session except = {0}) const noexcept {
        return portico_packet_send(name, opcode, &packet, except);
    }
    std::uint32_t members(portico_session *members, std::uint32_t capacity) const noexcept {
        return portico->channel_members(name, members, capacity);
    }
    std::uint32_t close() const noexcept {
        return portico->channel_close(name);
    }
};

// The module itself.
inline entity self() noexcept {
    return portico->self();
}
inline entity find_module(const char *name) noexcept {
    return portico->module_find(name);
}

} // namespace Portico

// Classes made from ids are keys, too.
template <> struct std::hash<Portico::session> : std::hash<portico_session> {};
template <> struct std::hash<Portico::room> : std::hash<portico_room> {};
template <> struct std::hash<Portico::entity> : std::hash<portico_entity> {};
template <> struct std::hash<Portico::timer> : std::hash<portico_timer> {};

#endif
