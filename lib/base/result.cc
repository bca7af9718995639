// Texts of errors that the system reports.
#include "lib/base/result.h"

#include <system_error>

namespace turnout {

tl::unexpected<Error> fail_errno(std::string_view what, int code) {
  return fail(std::string(what) + ": " + std::generic_category().message(code), code);
}

}  // namespace turnout
