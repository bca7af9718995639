// Where syslog lines go: syslog(3), a datagram socket, or nowhere. Callers hold the log's lock. lib/base only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace turnout {

std::optional<int> syslog_facility(std::string_view name);  // LOG_DAEMON for "daemon"

class SyslogSink {
 public:
  void set_program(std::string_view program);
  void set_facility(int facility) { facility_ = facility; }
  int facility() const { return facility_; }
  Status set_target(std::string_view host_port);
  Status set_method(std::string_view method);
  // `body` is for syslog(3), which adds its own header; `framed` has the header and is for datagrams.
  void write(int severity, const std::string& body, const std::string& framed);

 private:
  enum class Method { kLibc, kNull, kDatagram };
  std::string program_ = "turnout";  // openlog keeps the pointer
  int facility_ = 3 << 3;            // LOG_DAEMON
  Method method_ = Method::kLibc;
  bool opened_ = false;
  int method_fd_ = -1, target_fd_ = -1;
};

}  // namespace turnout
