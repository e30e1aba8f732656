// call.hpp: the functions that the host calls, made from handlers in C++. Included by portico.hpp,
// which says what a handler may look like.
#ifndef PORTICO_CPP_CALL_HPP
#define PORTICO_CPP_CALL_HPP

#include <portico/cpp/ids.hpp>

#include <initializer_list>

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define PORTICO_EXCEPTIONS 1
#include <exception>
#include <new>
#include <typeinfo>
#if defined(__GNUC__)
#include <cstdlib>
#include <cxxabi.h>
#endif
#else
#define PORTICO_EXCEPTIONS 0
#endif

namespace Portico {

// A message as a handler sees it. Valid until the handler returns.
class message {
  public:
    explicit message(const portico_message &from) noexcept : from_(&from) {
    }
    std::uint32_t id() const noexcept {
        return from_->id;
    }
    bytes data() const noexcept {
        return {from_->data, from_->size};
    }
    std::uint32_t missed() const noexcept {
        return from_->missed;
    }
    Portico::status status() const noexcept {
        return from_->status;
    }
    entity from() const noexcept {
        return from_->from;
    }
    std::uint64_t request() const noexcept {
        return from_->request;
    }
    Portico::status reply(bytes answer = {}) const noexcept {
        return portico->reply(from_->request, answer.data(), detail::size_of(answer));
    }
    template <class T, class = detail::if_struct<T>>
    Portico::status reply(const T &answer) const noexcept {
        return reply(bytes(&answer, sizeof answer));
    }
    // Copies a struct out of the message. False: the message has another size.
    template <class T, class = detail::if_struct<T>> bool read(T &value) const noexcept {
        if (from_->size != sizeof value) {
            return false;
        }
        std::memcpy(&value, from_->data, sizeof value);
        return true;
    }

  private:
    const portico_message *from_;
};

namespace detail {

// ---- what a handler is ---------------------------------------------------------------------

template <class... A> struct last { using type = void; };
template <class A> struct last<A> { using type = A; };
template <class A, class B, class... Rest> struct last<A, B, Rest...> : last<B, Rest...> {};

// `Class` is void for a function that is no member.
template <class Class, class Result, class... Arguments> struct shape {
    static constexpr bool is_member = !std::is_void_v<Class>;
    template <class S> static constexpr bool fits = !is_member || std::is_base_of_v<Class, S>;
    static constexpr std::size_t count = sizeof...(Arguments);
    using result = Result;
    using last_argument = typename last<Arguments...>::type;
};
template <class R, class C, class... A> shape<C, R, A...> shape_of(R (C::*)(A...));
template <class R, class C, class... A> shape<C, R, A...> shape_of(R (C::*)(A...) const);
template <class R, class... A> shape<void, R, A...> shape_of(R (*)(A...));
template <auto Handler> using shape_at = decltype(shape_of(Handler));

// The last parameter of a handler of a packet or message: what follows the session or room, and the
// state of a function that is no member. void: there is none.
template <auto Handler> struct payload_of {
    using shape = shape_at<Handler>;
    static constexpr std::size_t must = shape::is_member ? 1 : 2;
    static_assert(shape::count == must || shape::count == must + 1,
                  "a handler takes the session, room or module, and at most one thing more");
    using type =
        plain<std::conditional_t<shape::count == must, void, typename shape::last_argument>>;
};
template <auto Handler> using payload = typename payload_of<Handler>::type;

template <auto Handler>
constexpr bool returns_nothing = std::is_void_v<typename shape_at<Handler>::result>;
template <auto Handler>
constexpr bool returns_status =
    returns_nothing<Handler> || std::is_same_v<typename shape_at<Handler>::result, status>;

// A text with the name of the handler, which handler_name() finds.
template <auto Handler> constexpr const char *signature() noexcept {
#if defined(__GNUC__)
    return __PRETTY_FUNCTION__; // "... [Handler = &player::on_move]"
#else
    return "[Handler = ?]";
#endif
}

inline std::string_view handler_name(std::string_view text) noexcept {
    for (std::string_view before :
         {"Handler = ", "&", "(anonymous namespace)::", "{anonymous}::"}) {
        std::size_t at = text.find(before);
        if (at != text.npos && (at == 0 || before == "Handler = ")) {
            text.remove_prefix(at + before.size());
        }
    }
    return text.substr(0, text.find_first_of("];"));
}

// ---- the boundary --------------------------------------------------------------------------

#if PORTICO_EXCEPTIONS
inline void log_exception(const char *handler, const char *what) noexcept {
    std::string_view name = handler_name(handler);
    const char *type = "an exception";
    char *text = nullptr;
#if defined(__GNUC__)
    int failed = 0;
    if (const std::type_info *info = abi::__cxa_current_exception_type()) {
        text = abi::__cxa_demangle(info->name(), nullptr, nullptr, &failed);
        type = text != nullptr ? text : info->name();
    }
#endif
    portico_logf(PORTICO_LOG_ERROR, "%.*s threw %s%s%s", static_cast<int>(name.size()), name.data(),
                 type, what[0] != '\0' ? ": " : "", what);
    std::free(text);
}

// Logs the exception that is being handled, and says what becomes of the call.
#if defined(__GNUC__)
__attribute__((cold, noinline))
#endif
inline status
caught(const char *handler) noexcept {
    try {
        throw;
    } catch (const std::bad_alloc &e) {
        log_exception(handler, e.what());
        return PORTICO_E_NO_MEMORY;
    } catch (const std::exception &e) {
        log_exception(handler, e.what());
    } catch (...) {
        log_exception(handler, "");
    }
    return PORTICO_E_FAULT;
}
#endif

// Calls `body`, which returns a status. No exception passes.
template <auto Handler, class Body> status guarded(Body &&body) noexcept {
#if PORTICO_EXCEPTIONS
    try {
        return body();
    } catch (...) {
        return caught(signature<Handler>());
    }
#else
    return body();
#endif
}

// The state that the host keeps. An empty class has none.
template <class S, bool = std::is_empty_v<S>> struct borrowed {
    explicit borrowed(void *state) noexcept : value(*static_cast<S *>(state)) {
    }
    S &value;
};
template <class S> struct borrowed<S, true> {
    explicit borrowed(void *) noexcept {
    }
    S value{};
};

template <auto Handler, class S, class Subject, class... A>
decltype(auto) call_free(S &state, Subject &subject, A &...arguments) {
    return Handler(subject, state, arguments...);
}

// Calls a member of the state, or a function that receives the state as its second argument.
template <class S, auto Handler, class... A> status run(void *state, A... arguments) noexcept {
    static_assert(returns_status<Handler>, "a handler returns nothing or a portico_status");
    static_assert(shape_at<Handler>::template fits<S>, "a handler is a member of the state");
    borrowed<S> self(state);
    return guarded<Handler>([&]() -> status {
        if constexpr (!shape_at<Handler>::is_member) {
            if constexpr (returns_nothing<Handler>) {
                call_free<Handler>(self.value, arguments...);
                return PORTICO_OK;
            } else {
                return call_free<Handler>(self.value, arguments...);
            }
        } else if constexpr (returns_nothing<Handler>) {
            (self.value.*Handler)(arguments...);
            return PORTICO_OK;
        } else {
            return (self.value.*Handler)(arguments...);
        }
    });
}

inline void log_misfit(const char *handler, std::uint32_t size, std::size_t expected) noexcept {
    std::string_view name = handler_name(handler);
    portico_logf(PORTICO_LOG_ERROR, "%.*s is not called: its argument has %u bytes instead of %u",
                 static_cast<int>(name.size()), name.data(), static_cast<unsigned>(size),
                 static_cast<unsigned>(expected));
}

// Passes bytes to a handler as its payload: as a view of them, or as a copy of the struct that they
// are. `misfit` is the result if the struct has another size.
template <class S, auto Handler, class Subject>
status run_with(void *state, Subject subject, const void *data, std::uint32_t size,
                status misfit) noexcept {
    using T = payload<Handler>;
    if constexpr (std::is_void_v<T>) {
        return run<S, Handler>(state, subject);
    } else if constexpr (std::is_convertible_v<bytes, T>) {
        return run<S, Handler>(state, subject, static_cast<T>(bytes(data, size)));
    } else {
        static_assert(copies<T>, "a handler's last parameter is bytes, or can be copied as bytes");
        if (size != sizeof(T)) {
            log_misfit(signature<Handler>(), size, sizeof(T));
            return misfit;
        }
        T value;
        std::memcpy(&value, data, sizeof value);
        return run<S, Handler, Subject, const T &>(state, subject, value);
    }
}

// Ends an entity whose handler threw: its state may be half changed.
inline void give_up(portico_session session, status reason) noexcept {
    (void)portico->session_close(session, reason);
}
inline void give_up(portico_room room, status reason) noexcept {
    (void)portico->room_close(room, reason);
}
inline void give_up(portico_entity, status) noexcept {
    // A module cannot end itself. The log has the exception.
}

// ---- packets, messages, jobs ---------------------------------------------------------------

template <class S, auto Handler> struct packet_call {
    using P = payload<Handler>;
    static_assert(returns_nothing<Handler>, "a handler of packets returns nothing");

    static status deliver(portico_session id, void *state, const portico_packet *packet) noexcept {
        if constexpr (std::is_same_v<P, portico_packet>) {
            return run<S, Handler, session, const portico_packet &>(state, id, *packet);
        } else if constexpr (detail::packet<P>::value) {
            P decoded;
            if (!portico_packet_read(&decoded, packet->data, packet->size)) {
                return PORTICO_E_FRAME; // the host has checked it: this does not happen
            }
            return run<S, Handler, session, const P &>(state, id, decoded);
        } else {
            static_assert(std::is_void_v<P> || std::is_convertible_v<bytes, P>,
                          "a packet is bytes, or declared by PORTICO_PACKET");
            return run_with<S, Handler, session>(state, id, packet->data, packet->size, PORTICO_OK);
        }
    }
    static void call(portico_session id, void *state, const portico_packet *packet) noexcept {
        status result = deliver(id, state, packet);
        if (result != PORTICO_OK) {
            give_up(id, result);
        }
    }
    static constexpr const portico_fields *fields() noexcept {
        if constexpr (detail::packet<P>::value) {
            return portico_fields_of(static_cast<const P *>(nullptr));
        } else {
            return nullptr;
        }
    }
};

template <class S, auto Handler, class Subject, class Id> struct message_call {
    static_assert(returns_nothing<Handler>, "a handler of messages returns nothing");

    static status deliver(Id id, void *state, const portico_message *from) noexcept {
        if constexpr (std::is_same_v<payload<Handler>, message>) {
            return run<S, Handler, Subject, message>(state, id, message(*from));
        } else {
            return run_with<S, Handler, Subject>(state, id, from->data, from->size, PORTICO_OK);
        }
    }
    static void call(Id id, void *state, const portico_message *from) noexcept {
        status result = deliver(id, state, from);
        if (result != PORTICO_OK) {
            give_up(id, result);
        }
    }
};

// A job is a function of at most one parameter, like the payload of a message. What it returns is
// the reply. A job that throws replies with no bytes.
template <auto Handler> struct job_call {
    using shape = shape_at<Handler>;
    using result = typename shape::result;
    using In = plain<typename shape::last_argument>;
    static_assert(!shape::is_member && shape::count <= 1,
                  "a job is no member, and has at most one parameter");

    struct reply_space {
        void *at;
        std::uint32_t capacity;
        std::uint32_t size;
    };

    template <class... A> static void answer(reply_space &reply, A &...argument) {
        if constexpr (std::is_void_v<result>) {
            Handler(argument...);
        } else {
            auto value = Handler(argument...);
            if constexpr (std::is_convertible_v<result, bytes>) {
                put(reply, value);
            } else {
                static_assert(copies<result>, "a job returns bytes, or what can be copied as such");
                put(reply, bytes(&value, sizeof value));
            }
        }
    }
    static void put(reply_space &reply, bytes data) noexcept {
        if (data.size() > reply.capacity) {
            log_misfit(signature<Handler>(), size_of(data), reply.capacity);
            return;
        }
        if (!data.empty()) {
            std::memcpy(reply.at, data.data(), data.size());
        }
        reply.size = size_of(data);
    }
    static void work(reply_space &reply, const void *data, std::uint32_t size) {
        if constexpr (std::is_void_v<In>) {
            answer(reply);
        } else if constexpr (std::is_convertible_v<bytes, In>) {
            In view = bytes(data, size);
            answer(reply, view);
        } else if (size != sizeof(In)) {
            log_misfit(signature<Handler>(), size, sizeof(In));
        } else {
            In value;
            std::memcpy(&value, data, sizeof value);
            answer(reply, value);
        }
    }
    static std::uint32_t call(std::uint32_t, const void *data, std::uint32_t size, void *reply,
                              std::uint32_t capacity) noexcept {
        reply_space space = {reply, capacity, 0};
        status done = guarded<Handler>([&]() -> status {
            work(space, data, size);
            return PORTICO_OK;
        });
        return done == PORTICO_OK ? space.size : 0;
    }
};

} // namespace detail
} // namespace Portico
#endif
