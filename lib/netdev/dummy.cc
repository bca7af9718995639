// The registry of dummy devices and the words of their commands.
#include "lib/netdev/dummy.h"

#include <arpa/inet.h>

#include <cerrno>
#include <cstdlib>
#include <list>

#include "lib/base/strings.h"
#include "lib/netdev/dummy_device.h"

namespace turnout::netdev {

class DummyDevice final : public Device {
 public:
  DummyDevice(DummyRegistry& registry, std::shared_ptr<DummyState> state) : registry_(registry), state_(std::move(state)) {}
  ~DummyDevice() override;
  const std::string& name() const override { return state_->name; }
  std::string_view type() const override { return state_->type; }
  int readiness_fd() const override { return state_->ready_fd(); }
  size_t receive(net::Batch& batch, size_t room) override { return state_->receive(batch, room); }
  void send(const net::Batch& batch) override { state_->send(batch); }
  Capabilities capabilities() const override { return {}; }
  LinkState link_state() const override {
    std::lock_guard hold(state_->lock);
    return state_->link;
  }
  Result<Statistics> statistics() const override {
    std::lock_guard hold(state_->lock);
    return state_->statistics;
  }
  Status set_admin_up(bool up) override {
    state_->set_admin_up(up);
    return {};
  }
  Status set_mtu(int mtu) override {
    if (mtu < 68 || mtu > 65535) return fail_errno(name(), EINVAL);
    std::lock_guard hold(state_->lock);
    state_->link.mtu = mtu;
    return {};
  }
  Status set_mac(const net::Mac& mac) override {
    std::lock_guard hold(state_->lock);
    state_->link.mac = mac;
    return {};
  }

 private:
  DummyRegistry& registry_;
  std::shared_ptr<DummyState> state_;
};

struct DummyRegistry::Impl {
  io::Loop& loop;
  std::map<std::string, std::shared_ptr<DummyState>, std::less<>> devices;
  unsigned next_serial = 0;
  std::shared_ptr<std::list<std::function<void(const std::string&)>>> listeners =
      std::make_shared<std::list<std::function<void(const std::string&)>>>();

  DummyState* find(std::string_view name) const {
    auto it = devices.find(name);
    return it == devices.end() ? nullptr : it->second.get();
  }
  void tell(const std::string& name) {
    for (const auto& listener : *listeners)
      if (listener) listener(name);
  }
};

DummyDevice::~DummyDevice() { registry_.impl_->devices.erase(state_->name); }

DummyRegistry::DummyRegistry(io::Loop& loop) : impl_(std::make_unique<Impl>(Impl{loop})) {}
DummyRegistry::~DummyRegistry() = default;

Result<std::unique_ptr<Device>> DummyRegistry::open(const OpenRequest& request) {
  if (impl_->devices.count(request.name)) return fail_errno(request.name, EBUSY);
  auto state = std::make_shared<DummyState>(impl_->loop, request, impl_->next_serial++);
  if (state->ready_fd() < 0) return fail_errno(request.name, EMFILE);
  if (Status s = state->apply_options(request); !s) return fail(s);
  impl_->devices[request.name] = state;
  return std::unique_ptr<Device>(new DummyDevice(*this, std::move(state)));
}

namespace {
constexpr size_t kShortestFrame = 14;

std::optional<Frame> from_hex(std::string_view text) {
  if (text.size() % 2) return {};
  Frame bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return {};
    bytes.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  if (bytes.size() < kShortestFrame) return {};
  return bytes;
}

// ADDR or ADDR/LENGTH (IPv4 also ADDR/MASK).
struct Prefixed { Frame bytes; int prefix; };

Result<Prefixed> parse_prefixed(std::string_view text, int family) {
  const bool v4 = family == AF_INET;
  const int bits = v4 ? 32 : 128;
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash)), whole(text);
  Prefixed out{Frame(static_cast<size_t>(bits / 8)), bits};
  if (inet_pton(family, address.c_str(), out.bytes.data()) != 1)
    return fail(whole + (v4 ? ": invalid IP address" : ": invalid IPv6 address"), EINVAL);
  if (slash == std::string_view::npos) return out;
  const std::string length(text.substr(slash + 1));
  uint8_t mask[16];
  if (inet_pton(family, length.c_str(), mask) == 1) {
    out.prefix = 0;
    for (int i = 0; i < bits / 8; ++i) out.prefix += __builtin_popcount(mask[i]);
    return out;
  }
  char* end = nullptr;
  const long n = std::strtol(length.c_str(), &end, 10);
  if (length.empty() || *end) return fail(whole + (v4 ? ": invalid IP address" : ": invalid IPv6 address"), EINVAL);
  if (n < 0 || n > bits)
    return fail(whole + ": " + (v4 ? "IPv4" : "IPv6") + " network prefix bits not between 0 and " + std::to_string(bits) + ", inclusive",
                EINVAL);
  out.prefix = static_cast<int>(n);
  return out;
}
}  // namespace

Status DummyRegistry::receive(std::string_view name, std::span<const std::string> words, const ParseFlow& parse_flow) {
  DummyState* device = impl_->find(name);
  if (!device) return fail("no such dummy netdev", ENODEV);
  std::vector<Frame> frames;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--qid" && i + 1 < words.size()) {
      const long queue = std::strtol(words[++i].c_str(), nullptr, 10);
      if (queue < 0 || static_cast<unsigned long>(queue) >= device->queues) return fail("bad rx queue id.", EINVAL);
      continue;
    }
    if (auto bytes = from_hex(words[i])) {
      frames.push_back(std::move(*bytes));
      continue;
    }
    const std::string& flow = words[i];
    size_t length = 0;
    const bool sized = i + 2 < words.size() && words[i + 1] == "--len";
    if (sized) length = std::strtoul(words[i + 2].c_str(), nullptr, 10);
    if (!parse_flow || flow.starts_with("--")) return fail("syntax error at " + flow, EINVAL);
    auto bytes = parse_flow(flow, length);
    if (!bytes) return fail("syntax error at " + flow, EINVAL);
    if (sized) i += 2;
    frames.push_back(std::move(*bytes));
  }
  for (const Frame& frame : frames) device->inject(frame);
  return {};
}

Status DummyRegistry::receive(std::string_view name, std::span<const uint8_t> frame) {
  DummyState* device = impl_->find(name);
  if (!device) return fail("no such dummy netdev", ENODEV);
  device->inject(frame);
  return {};
}

Status DummyRegistry::set_admin_state(std::optional<std::string_view> name, std::string_view state) {
  if (!equal_ignore_case(state, "up") && !equal_ignore_case(state, "down")) return fail("Invalid Admin State", EINVAL);
  const bool up = (state[0] | 32) == 'u';
  if (name && !impl_->find(*name)) return fail("Unknown Dummy Interface", ENODEV);
  std::vector<std::string> changed;
  for (const auto& [each, device] : impl_->devices)
    if ((!name || each == *name) && device->set_admin_up(up)) changed.push_back(each);
  for (const std::string& each : changed) impl_->tell(each);
  return {};
}

Result<std::string> DummyRegistry::connection_state(std::optional<std::string_view> name) const {
  auto text = [](const DummyState& device) -> std::string {
    const auto connected = device.stream() ? device.stream()->connected() : std::nullopt;
    return !connected ? "unknown" : *connected ? "connected" : "disconnected";
  };
  if (name) {
    const DummyState* device = impl_->find(*name);
    return std::string(*name) + ": " + (device ? text(*device) : "unknown") + "\n";
  }
  std::string out;
  for (const auto& [each, device] : impl_->devices)
    if (const std::string state = text(*device); state != "unknown") out += each + ": " + state + "\n";
  return out;
}

Status DummyRegistry::set_ip4(std::string_view name, std::string_view address) {
  DummyState* device = impl_->find(name);
  if (!device) return fail("Unknown Dummy Interface", ENODEV);
  auto parsed = parse_prefixed(address, AF_INET);
  if (!parsed) return fail(parsed);
  {
    std::lock_guard hold(device->lock);
    device->ip4 = std::move(parsed->bytes);
    device->ip4_prefix = parsed->prefix;
  }
  impl_->tell(device->name);
  return {};
}

Status DummyRegistry::set_ip6(std::string_view name, std::string_view address) {
  DummyState* device = impl_->find(name);
  if (!device) return fail("Unknown Dummy Interface", ENODEV);
  auto parsed = parse_prefixed(address, AF_INET6);
  if (!parsed) return fail(parsed);
  {
    std::lock_guard hold(device->lock);
    device->ip6 = std::move(parsed->bytes);
    device->ip6_prefix = parsed->prefix;
  }
  impl_->tell(device->name);
  return {};
}

std::vector<DummyRegistry::InterfaceAddress> DummyRegistry::addresses() const {
  std::vector<InterfaceAddress> out;
  for (const auto& [name, device] : impl_->devices) {
    std::lock_guard hold(device->lock);
    if (device->ip4) out.push_back({name, AF_INET, *device->ip4, device->ip4_prefix});
    if (device->ip6) out.push_back({name, AF_INET6, *device->ip6, device->ip6_prefix});
  }
  return out;
}

std::vector<std::string> DummyRegistry::names() const {
  std::vector<std::string> out;
  for (const auto& [name, device] : impl_->devices) out.push_back(name);
  return out;
}

std::vector<std::vector<uint8_t>> DummyRegistry::take_sent(std::string_view name) {
  DummyState* device = impl_->find(name);
  return device ? device->take_sent() : std::vector<Frame>();
}

io::Handle DummyRegistry::on_change(std::function<void(const std::string& name)> changed) {
  auto it = impl_->listeners->insert(impl_->listeners->end(), std::move(changed));
  return io::Handle([it, still = std::weak_ptr(impl_->listeners)] {
    if (!still.expired()) *it = nullptr;
  });
}

}  // namespace turnout::netdev
