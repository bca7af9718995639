// Types "internal" and "tap": taps of ours. They outlive the daemon, are found again in the namespace they were moved
// to, and are created and removed in batches. TapKeeper owns what they share. Main thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/io/loop.h"
#include "lib/netdev/internal_ports.h"
#include "lib/netdev/monitor.h"
#include "lib/netdev/netdev.h"
#include "lib/netdev/tap_socket.h"
#include "lib/netlink/link.h"

namespace turnout::netdev {

class TapDevice;

class TapKeeper {
 public:
  using Tell = std::function<void(const std::string& name, DeviceEvent event)>;
  // home: the table of the process's own namespace.
  TapKeeper(io::Loop& loop, const std::string& run_directory, netlink::LinkTable& home, Tell tell);
  ~TapKeeper();

  Result<std::unique_ptr<Device>> open(const OpenRequest& request);
  void remove(std::string_view name);       // when the round of the loop ends, or at flush()
  void remove_orphans();
  void remove_all();
  // Deletes what is to go in one batch per namespace, writes the record, then makes new taps persistent: a tap that is
  // not in the record must not outlive this process.
  void flush();
  // An event of the home table. True if it was about a tap of ours and has been dealt with.
  bool handle(netlink::LinkTable::Event event, const netlink::Link& link) { return handle(home_inode_, event, link); }

 private:
  friend class TapDevice;
  struct Tap;
  struct Away;                              // a foreign namespace that holds taps of ours
  using Taps = std::map<std::string, std::shared_ptr<Tap>, std::less<>>;

  bool handle(ino_t inode, netlink::LinkTable::Event event, const netlink::Link& link);
  Result<std::shared_ptr<Tap>> create(const OpenRequest& request);
  Result<std::shared_ptr<Tap>> attach(const std::string& name, const InternalPort& port);
  Result<std::shared_ptr<Tap>> adopt(const std::string& name);
  Result<std::shared_ptr<Tap>> obtain(const OpenRequest& request);
  void locate(Tap& tap);
  netlink::LinkTable* table_of(ino_t inode);
  void released(const std::string& name);
  void schedule();
  void delete_links();

  io::Loop& loop_;
  netlink::LinkTable& home_;
  Tell tell_;
  ino_t home_inode_ = 0;
  InternalPortRecord record_;
  Taps taps_;                               // attached by this process, with or without a Device
  std::map<ino_t, std::unique_ptr<Away>> away_;
  std::set<std::string, std::less<>> removals_;
  bool scheduled_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace turnout::netdev
