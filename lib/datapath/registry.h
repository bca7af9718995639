// The datapaths of this process by TYPE@NAME. Does not own them. Main thread only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/datapath/datapath.h"

namespace turnout::datapath {

class DatapathRegistry {
 public:
  void add(Datapath& datapath);
  void remove(const Datapath& datapath);        // before it is destroyed
  const std::vector<Datapath*>& all() const { return all_; }   // sorted by TYPE@NAME
  // "TYPE@NAME", or "NAME" alone: type "system".
  Result<Datapath*> find(std::string_view spec) const;
  // The only one there is: what a command without a datapath argument means.
  Result<Datapath*> only() const;

 private:
  std::vector<Datapath*> all_;
};

std::string full_name(const Datapath& datapath);   // "system@ovs-system"
// Type and name of "TYPE@NAME"; "NAME" alone is of type "system".
std::pair<std::string_view, std::string_view> split_full_name(std::string_view spec);

}  // namespace turnout::datapath
