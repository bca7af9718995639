// Files that must not outlive the process: pid files and sockets. Removed when their owner says so, or by exit(). A
// forked child removes nothing that its parent registered. Main thread only. lib/io only.
#pragma once

#include <string>

namespace turnout::io {

void remove_at_exit(const std::string& path);
void remove_now(const std::string& path);  // and forget it

}  // namespace turnout::io
