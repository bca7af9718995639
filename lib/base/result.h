// Errors are values: Result<T> is a T or an Error. Everything that comes from outside fails through it; a broken
// invariant aborts instead, and no exception crosses a folder.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace turnout {

// What went wrong, in words a user reads, and an errno value where the system said one (0 otherwise).
struct Error {
  std::string message;
  int code = 0;

  explicit Error(std::string text, int errno_value = 0) : message(std::move(text)), code(errno_value) {}
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

using Status = Result<void>;

// `return fail("…");` in a function that returns a Result of anything.
inline tl::unexpected<Error> fail(std::string message, int code = 0) {
  return tl::unexpected<Error>(Error(std::move(message), code));
}

// Passes the error of one Result on as the failure of another: `if (!r) return fail(r);`
template <typename T>
tl::unexpected<Error> fail(const Result<T>& failed) {
  return tl::unexpected<Error>(failed.error());
}

// fail_errno("/some/path", ENOENT) says "/some/path: No such file or directory".
tl::unexpected<Error> fail_errno(std::string_view what, int code);

}  // namespace turnout
