// The program itself: its name, how it fails, and how it runs out of time.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace turnout::cli {

// First thing in main(): names the program (without directories) for messages, logs and pid files.
void set_program_name(std::string_view argv0);
const std::string& program_name();

// Prints "PROGRAM: message" and a newline to standard error and ends the program.
[[noreturn]] void fatal_text(std::string_view message, int status = 1);
template <typename... A>
[[noreturn]] void fatal(fmt::format_string<A...> f, A&&... a) {
  fatal_text(fmt::format(f, std::forward<A>(a)...));
}

// After so many seconds of real time SIGALRM ends the program with the reference's line on standard error; 0: never.
void set_timeout(unsigned seconds);

}  // namespace turnout::cli
