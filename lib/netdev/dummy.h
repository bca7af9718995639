// Interface types "dummy" and "dummy-internal": devices that exist in this process only, so that a whole switch runs
// without root. Packets are injected by name, sent ones are recorded. Pure functions here; lib/datapath registers the
// netdev-dummy/* commands on them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/io/loop.h"
#include "lib/netdev/netdev.h"

namespace turnout::netdev {

class DummyDevice;

// All dummy devices of the process by name. Owned by the Environment. Main thread, but for what DummyDevice says.
// Error messages are the texts that ovs-appctl prints.
class DummyRegistry {
 public:
  explicit DummyRegistry(io::Loop& loop);
  ~DummyRegistry();

  // Options: pcap, tx_pcap, rxq_pcap, stream, pstream, ifindex, n_rxq.
  Result<std::unique_ptr<Device>> open(const OpenRequest& request);

  // netdev-dummy/receive NAME PACKET...: turns words into frames. A word is hex digits or, with parse_flow, flow
  // text; `--len N` after flow text gives the frame that length, `--qid N` in front picks a queue. All words are checked
  // before the first frame is queued. parse_flow gets length 0 where there was no --len.
  using ParseFlow = std::function<Result<std::vector<uint8_t>>(std::string_view flow, size_t length)>;
  Status receive(std::string_view name, std::span<const std::string> words, const ParseFlow& parse_flow);
  Status receive(std::string_view name, std::span<const uint8_t> frame);

  // netdev-dummy/set-admin-state [NAME] up|down: all devices without a name.
  Status set_admin_state(std::optional<std::string_view> name, std::string_view state);
  // netdev-dummy/conn-state [NAME]: the text.
  Result<std::string> connection_state(std::optional<std::string_view> name) const;
  // netdev-dummy/ip4addr NAME ADDR/LEN, netdev-dummy/ip6addr NAME ADDR/LEN.
  Status set_ip4(std::string_view name, std::string_view address);
  Status set_ip6(std::string_view name, std::string_view address);

  struct InterfaceAddress { std::string device; int family; std::vector<uint8_t> bytes; int prefix; };
  std::vector<InterfaceAddress> addresses() const;

  std::vector<std::string> names() const;
  // What the device sent since the last call (tests). Empty for an unknown name.
  std::vector<std::vector<uint8_t>> take_sent(std::string_view name);
  // Fires on the main thread when a dummy's link state was changed by a command.
  io::Handle on_change(std::function<void(const std::string& name)> changed);

 private:
  friend class DummyDevice;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace turnout::netdev
