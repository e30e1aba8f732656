// bytes.hpp: bytes, names and structs as portico.h takes them: as a pointer and a size. Included by
// portico.hpp.
#ifndef PORTICO_CPP_BYTES_HPP
#define PORTICO_CPP_BYTES_HPP

#include <portico/packet.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#if __cplusplus >= 202002L
#include <span>
#endif

// `portico` is the pointer to the host, in C++ as in C, so the namespace has a capital letter.
namespace Portico {

using status = portico_status;

namespace detail {

template <class T> using plain = std::remove_cv_t<std::remove_reference_t<T>>;

// Whether PORTICO_STATE, PORTICO_DESCRIBE or PORTICO_PACKET has described T, or a base of it.
template <class T, class = void> struct described : std::false_type {};
template <class T>
struct described<T, std::void_t<decltype(portico_fields_of(static_cast<const T *>(nullptr)))>>
    : std::true_type {};

// Whether PORTICO_PACKET has declared T.
template <class T, class = void> struct packet : std::false_type {};
template <class T>
struct packet<T, std::void_t<decltype(portico_packet_read(static_cast<T *>(nullptr), nullptr, 0u))>>
    : std::true_type {};

// Whether T can be sent inside the host as it is.
template <class T>
constexpr bool copies =
    std::is_trivially_copyable_v<T> && !std::is_pointer_v<T> && !std::is_array_v<T>;

} // namespace detail

// ---- bytes and texts -----------------------------------------------------------------------

// Some bytes of somebody else's: a std::span<const uint8_t>, which C++17 does not have. Converts to
// std::string_view, and in C++20 to std::span. From a packet or message they are valid until the
// handler returns.
class bytes {
  public:
    constexpr bytes() noexcept = default;
    bytes(const void *data, std::size_t size) noexcept
        : data_(static_cast<const std::uint8_t *>(data)), size_(size) {
    }
    bytes(const char *text) noexcept : bytes(text, std::strlen(text)) {
    }
    // Of a std::string, std::string_view, std::vector<uint8_t>, std::span and the like.
    template <class C, class E = std::remove_pointer_t<decltype(std::declval<const C &>().data())>,
              class = std::enable_if_t<sizeof(E) == 1 && !std::is_same_v<C, bytes>>>
    bytes(const C &container) noexcept : bytes(container.data(), container.size()) {
    }

    constexpr const std::uint8_t *data() const noexcept {
        return data_;
    }
    constexpr std::size_t size() const noexcept {
        return size_;
    }
    constexpr bool empty() const noexcept {
        return size_ == 0;
    }
    constexpr const std::uint8_t *begin() const noexcept {
        return data_;
    }
    constexpr const std::uint8_t *end() const noexcept {
        return data_ + size_;
    }
    constexpr std::uint8_t operator[](std::size_t at) const noexcept {
        return data_[at];
    }
    std::string_view text() const noexcept {
        return {reinterpret_cast<const char *>(data_), size_};
    }
    operator std::string_view() const noexcept {
        return text();
    }
#if __cplusplus >= 202002L
    constexpr operator std::span<const std::uint8_t>() const noexcept {
        return {data_, size_};
    }
#endif

  private:
    const std::uint8_t *data_ = nullptr;
    std::size_t size_ = 0;
};

// A label, by value: `me.label().view()`.
struct label_text {
    char text[PORTICO_LABEL_MAX];

    std::string_view view() const noexcept {
        return text;
    }
};

namespace detail {

// A name as the host takes it. A std::string_view is copied, since it need not end with a zero; if
// the name is too long or has a zero inside, so is the copy wrong, and the host refuses it.
class name {
  public:
    name(const char *text) noexcept : text_(text) {
    }
    template <class S,
              class = std::enable_if_t<std::is_convertible_v<const S &, std::string_view> &&
                                       !std::is_convertible_v<const S &, const char *>>>
    name(const S &from) noexcept {
        std::string_view view = from;
        std::size_t size = view.size() < sizeof copy_ - 1 ? view.size() : sizeof copy_ - 1;
        for (std::size_t i = 0; i < size; i++) {
            copy_[i] = view[i] != '\0' ? view[i] : '\1';
        }
        copy_[size] = '\0';
        text_ = copy_;
    }
    name(const name &) = delete;
    name &operator=(const name &) = delete;

    operator const char *() const noexcept {
        return text_;
    }

  private:
    const char *text_;
    char copy_[PORTICO_LABEL_MAX + 1];
};

// What portico.h takes: a pointer and 32 bits. A larger size is more than any limit.
inline std::uint32_t size_of(bytes data) noexcept {
    return data.size() < UINT32_MAX ? static_cast<std::uint32_t>(data.size()) : UINT32_MAX;
}

// Makes a function that takes bytes take a struct as well.
template <class T>
using if_struct = std::enable_if_t<copies<T> && !std::is_convertible_v<T, bytes>>;
template <class T> using if_packet = std::enable_if_t<packet<T>::value>;

} // namespace detail
} // namespace Portico
#endif
