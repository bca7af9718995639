// The record of internal ports in the run directory (design decision 15): which taps are ours, and where they are, so
// that a daemon which was killed finds them again and a foreign device is never taken for one. Plain values and one file.
#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>

#include "lib/base/result.h"

namespace turnout::netdev {

struct InternalPort {
  int ifindex = 0;
  ino_t ns_inode = 0;          // the namespace that it is in
  std::string ns_path;         // where that namespace was found, a hint; may be empty
  friend bool operator==(const InternalPort&, const InternalPort&) = default;
};

// After a line with the boot that they belong to, lines NAME IFINDEX NS-INODE [NS-PATH]; the last one of a name counts,
// IFINDEX 0 takes it out. A change is appended, and the file written anew once most of it is old. A last line without its
// end is ignored. A record of an earlier boot, or one that cannot be read, is empty: its taps are gone.
class InternalPortRecord {
 public:
  explicit InternalPortRecord(std::string path);
  void load();                              // at start
  Status save();                            // what changed since the last call that succeeded
  const std::map<std::string, InternalPort, std::less<>>& all() const { return ports_; }
  void put(const std::string& name, InternalPort port);
  void erase(std::string_view name);

 private:
  Status rewrite();
  std::string line(const std::string& name) const;

  std::string path_;
  std::map<std::string, InternalPort, std::less<>> ports_;
  std::set<std::string> changed_;           // names
  size_t lines_ = 0;                        // in the file
  bool stale_ = true;                       // the file is to be written anew
};

}  // namespace turnout::netdev
