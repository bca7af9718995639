// Hands out OpenFlow port numbers: a requested one if it is free, the remembered one of a name that comes back, or the
// lowest that was never used, and then the one that has been free longest. ovs-vswitchd.conf.db(5) ofport_request.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/strong_id.h"

namespace turnout::ofproto {

class PortNumbers {
 public:
  // The local port is `name` == the bridge's and always kOfPortLocal. Error: no number is left.
  Result<OfPort> allocate(std::string_view name, std::optional<OfPort> wanted, bool local = false);
  void release(OfPort port);
  // The next allocate() of this name prefers this number if it is free (interfaces that keep Interface.ofport).
  std::optional<std::string> name_of(OfPort port) const;
  std::optional<OfPort> find(std::string_view name) const;
  size_t size() const { return by_number_.size(); }

 private:
  std::optional<uint16_t> choose();
  std::map<uint16_t, std::string> by_number_;
  std::map<std::string, uint16_t, std::less<>> by_name_;
  std::map<uint16_t, uint64_t> freed_;             // number -> when (a count), for numbers that were in use once
  uint64_t frees_ = 0;
  uint16_t next_ = 1;                              // lowest number that was never handed out
};

}  // namespace turnout::ofproto
