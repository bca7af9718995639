// Patch ports: a name, a peer, and always up.
#include "lib/netdev/patch.h"

#include <cerrno>

namespace turnout::netdev {

namespace {
class PatchDevice final : public Device {
 public:
  PatchDevice(std::string name, std::string peer) : name_(std::move(name)), peer_(std::move(peer)) {
    // Local and stable: two hosts with the same names never meet on one wire through a patch port.
    uint64_t hash = 0xcbf29ce484222325;
    for (char c : name_) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
    mac_ = net::Mac::from_u64((hash & 0xfcffffffffff) | 0x020000000000);
  }
  const std::string& name() const override { return name_; }
  std::string_view type() const override { return "patch"; }
  const std::string& peer() const { return peer_; }
  int readiness_fd() const override { return -1; }
  size_t receive(net::Batch&, size_t) override { return 0; }
  void send(const net::Batch&) override {}
  Capabilities capabilities() const override { return {true, true, true, true, true}; }
  LinkState link_state() const override {
    LinkState s;
    s.present = s.admin_up = s.carrier = true;
    s.mac = mac_;
    return s;
  }
  Result<Statistics> statistics() const override { return Statistics{}; }
  Status set_admin_up(bool) override { return {}; }
  Status set_mtu(int) override { return fail_errno(name_, EOPNOTSUPP); }
  Status set_mac(const net::Mac& mac) override {
    mac_ = mac;
    return {};
  }

 private:
  std::string name_, peer_;
  net::Mac mac_;
};
}  // namespace

Result<std::unique_ptr<Device>> open_patch(const OpenRequest& request) {
  auto peer = request.options.find("peer");
  if (peer == request.options.end() || peer->second.empty())
    return fail(request.name + ": patch type requires valid 'peer' argument", EINVAL);
  if (peer->second == request.name) return fail(request.name + ": patch peer must not be self", EINVAL);
  return std::unique_ptr<Device>(new PatchDevice(request.name, peer->second));
}

std::string patch_peer(const Device& device) {
  const auto* patch = dynamic_cast<const PatchDevice*>(&device);
  return patch ? patch->peer() : std::string();
}

}  // namespace turnout::netdev
