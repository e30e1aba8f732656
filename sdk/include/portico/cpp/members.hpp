// members.hpp: what portico.hpp finds in a class by the names of its members: handlers, and what
// its state is. Included by portico.hpp.
#ifndef PORTICO_CPP_MEMBERS_HPP
#define PORTICO_CPP_MEMBERS_HPP

#include <portico/cpp/call.hpp>

namespace Portico {
namespace detail {

// Whether S has a member of that name, whatever it is: a class that inherits it twice cannot name
// it.
#define PORTICO_MEMBER_NAMED(name)                                                \
    struct has_##name {                                                           \
        struct other {                                                            \
            int name;                                                             \
        };                                                                        \
        template <class S> struct both : S, other {};                             \
        template <class S, class = void> struct in : std::true_type {};           \
        template <class S>                                                        \
        struct in<S, std::void_t<decltype(&both<S>::name)>> : std::false_type {}; \
    };
PORTICO_MEMBER_NAMED(on_open)
PORTICO_MEMBER_NAMED(on_packet)
PORTICO_MEMBER_NAMED(on_close)
PORTICO_MEMBER_NAMED(on_watermark)
PORTICO_MEMBER_NAMED(on_join)
PORTICO_MEMBER_NAMED(on_leave)
PORTICO_MEMBER_NAMED(start)
PORTICO_MEMBER_NAMED(stopping)
PORTICO_MEMBER_NAMED(stop)
PORTICO_MEMBER_NAMED(dependency_swaps)
PORTICO_MEMBER_NAMED(migrate)
PORTICO_MEMBER_NAMED(state_version)
PORTICO_MEMBER_NAMED(state_is_opaque)
#undef PORTICO_MEMBER_NAMED
template <class S, class Name> constexpr bool has = Name::template in<S>::value;

// The functions of portico.h that call a member of S.
template <class S, auto Handler> struct member_call {
    static status open(portico_session id, void *state) noexcept {
        return run<S, Handler, session>(state, id);
    }
    static void close(portico_session id, void *state, status reason) noexcept {
        (void)run<S, Handler, session>(state, id, reason);
    }
    static void watermark(portico_session id, void *state, std::uint32_t queued,
                          std::uint32_t above) noexcept {
        (void)run<S, Handler, session>(state, id, queued, above != 0);
    }
    static status open_room(portico_room id, void *state, const void *data,
                            std::uint32_t size) noexcept {
        return run_with<S, Handler, room>(state, id, data, size, PORTICO_E_INVALID);
    }
    static status join(portico_room id, void *state, portico_session who) noexcept {
        return run<S, Handler, room, session>(state, id, who);
    }
    static void leave(portico_room id, void *state, portico_session who, status reason) noexcept {
        (void)run<S, Handler, room, session>(state, id, who, reason);
    }
    static void close_room(portico_room id, void *state, status reason) noexcept {
        (void)run<S, Handler, room>(state, id, reason);
    }
    static status why(void *state, std::uint32_t why) noexcept {
        if constexpr (shape_at<Handler>::count == 0) {
            (void)why;
            return run<S, Handler>(state);
        } else {
            return run<S, Handler>(state, why);
        }
    }
    static void stop(void *state, std::uint32_t reason) noexcept {
        (void)why(state, reason);
    }
    static void stopping(void *state) noexcept {
        (void)run<S, Handler>(state);
    }
    static status dependency(void *state, const char *name, const char *version) noexcept {
        return run<S, Handler>(state, name, version);
    }
    static status migrate(const portico_migration *from, void *to) noexcept {
        return guarded<Handler>([&]() -> status { return Handler(*from, static_cast<S *>(to)); });
    }
};

template <class S> constexpr std::uint32_t version_of() noexcept {
    if constexpr (has<S, has_state_version>) {
        return S::state_version;
    } else {
        return 1;
    }
}

template <class S> constexpr bool is_opaque() noexcept {
    if constexpr (has<S, has_state_is_opaque>) {
        return S::state_is_opaque;
    } else {
        return false;
    }
}

template <class S> constexpr portico_state state_of() noexcept {
    static_assert(std::is_class_v<S> && !std::is_final_v<S>, "a state is a struct, not final");
    portico_state state = {};
    if constexpr (!std::is_empty_v<S>) {
        static_assert(std::is_standard_layout_v<S> && std::is_trivially_copyable_v<S>,
                      "a state is kept by the host as bytes: no virtual functions, constructors "
                      "for copies, destructors, references or private members");
        static_assert(alignof(S) <= alignof(std::max_align_t), "a state is not aligned that far");
        static_assert(described<S>::value || is_opaque<S>(),
                      "describe the fields of a state with PORTICO_DESCRIBE, or add `static "
                      "constexpr bool state_is_opaque = true;`");
        state.size = static_cast<std::uint32_t>(sizeof(S));
        state.version = version_of<S>();
        if constexpr (!is_opaque<S>()) {
            constexpr const portico_fields *fields =
                portico_fields_of(static_cast<const S *>(nullptr));
            static_assert(fields->size == sizeof(S),
                          "a struct derived from a state adds functions only");
            state.fields = fields;
        }
        if constexpr (has<S, has_migrate>) {
            state.migrate = member_call<S, &S::migrate>::migrate;
        }
    }
    return state;
}

template <class Row, std::size_t Count>
constexpr portico_table table_of(const Row (&rows)[Count]) noexcept {
    return {rows, static_cast<std::uint32_t>(Count), static_cast<std::uint32_t>(sizeof(Row))};
}

// Not constexpr: what calls it is no constant, and does not compile.
inline void refuse(const char *) noexcept {
}

} // namespace detail
} // namespace Portico
#endif
