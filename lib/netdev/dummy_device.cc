// A dummy device's queues, captures and stream.
#include "lib/netdev/dummy_device.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "lib/base/log.h"

namespace turnout::netdev {

namespace {
Log log_{"netdev_dummy"};
constexpr size_t kMostWaiting = 4096, kMostRecorded = 1024;
constexpr int kDefaultMtu = 1500;
constexpr size_t kLinkHeaders = 18;      // Ethernet and one VLAN tag on top of the MTU
}  // namespace

DummyState::DummyState(io::Loop& loop, const OpenRequest& request, unsigned serial)
    : name(request.name), type(request.type), loop_(loop), ready_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  link.present = link.admin_up = link.carrier = true;
  link.mtu = kDefaultMtu;
  link.mac = request.mac ? *request.mac : net::Mac::from_u64(0xaa55aa550000 | (serial & 0xffff));
}

DummyState::~DummyState() {
  if (ready_ >= 0) close(ready_);
}

Status DummyState::apply_options(const OpenRequest& request) {
  auto option = [&](const char* key) -> const std::string* {
    auto it = request.options.find(key);
    return it == request.options.end() || it->second.empty() ? nullptr : &it->second;
  };
  auto capture = [&](const char* key) -> std::shared_ptr<PcapFile> {
    const std::string* path = option(key);
    if (!path) return nullptr;
    auto file = PcapFile::create(*path);
    if (!file) log_.warn("{}: {}", name, file.error().message);
    return file ? *file : nullptr;
  };
  if (const std::string* index = option("ifindex")) link.ifindex = std::atoi(index->c_str());
  if (const std::string* count = option("n_rxq")) queues = std::max(1, std::atoi(count->c_str()));
  rx_pcap_ = tx_pcap_ = capture("pcap");
  if (!rx_pcap_) {
    rx_pcap_ = capture("rxq_pcap");
    tx_pcap_ = capture("tx_pcap");
  }
  const std::string *active = option("stream"), *passive = option("pstream");
  if (active && passive) log_.warn("Open failed: both {} and {} are configured", *passive, *active);
  auto injected = [this](std::span<const uint8_t> frame) { inject(frame); };
  if (active) {
    stream_ = DummyStream::connect(loop_, *active, injected);
  } else if (passive) {
    auto listening = DummyStream::listen(loop_, *passive, injected);
    if (listening) stream_ = *listening;
    else log_.warn("{}: {}", *passive, listening.error().message);
  }
  return {};
}

void DummyState::inject(std::span<const uint8_t> frame) {
  std::lock_guard hold(lock);
  if (!link.admin_up) return;
  if (incoming_.size() >= kMostWaiting) {
    ++statistics.rx_dropped;
    return;
  }
  if (rx_pcap_) rx_pcap_->write(loop_.clock().wall_ms(), frame);
  incoming_.emplace_back(frame.begin(), frame.end());
  eventfd_write(ready_, 1);
}

size_t DummyState::receive(net::Batch& batch, size_t room) {
  std::lock_guard hold(lock);
  size_t n = 0;
  for (; n < room && !incoming_.empty(); ++n) {
    net::PacketRef packet = net::PacketPool::local().allocate();
    packet->assign(incoming_.front());
    ++statistics.rx_packets;
    statistics.rx_bytes += incoming_.front().size();
    incoming_.pop_front();
    batch.push_back(std::move(packet));
  }
  eventfd_t ignored;
  if (incoming_.empty()) eventfd_read(ready_, &ignored);
  return n;
}

void DummyState::send(const net::Batch& batch) {
  std::vector<Frame> for_stream;
  {
    std::lock_guard hold(lock);
    for (const net::PacketRef& packet : batch) {
      const auto bytes = packet->bytes();
      if (!link.admin_up || bytes.size() > static_cast<size_t>(link.mtu) + kLinkHeaders) {
        ++statistics.tx_dropped;
        continue;
      }
      ++statistics.tx_packets;
      statistics.tx_bytes += bytes.size();
      if (tx_pcap_) tx_pcap_->write(loop_.clock().wall_ms(), bytes);
      sent_.emplace_back(bytes.begin(), bytes.end());
      if (sent_.size() > kMostRecorded) sent_.pop_front();
      if (stream_) for_stream.emplace_back(bytes.begin(), bytes.end());
    }
  }
  if (for_stream.empty()) return;
  loop_.post([wire = std::weak_ptr<DummyStream>(stream_), frames = std::move(for_stream)] {
    if (auto s = wire.lock())
      for (const Frame& frame : frames) s->send(frame);
  });
}

std::vector<Frame> DummyState::take_sent() {
  std::lock_guard hold(lock);
  std::vector<Frame> out(std::make_move_iterator(sent_.begin()), std::make_move_iterator(sent_.end()));
  sent_.clear();
  return out;
}

bool DummyState::set_admin_up(bool up) {
  std::lock_guard hold(lock);
  if (link.admin_up == up) return false;
  link.admin_up = link.carrier = up;
  ++link.resets;
  return true;
}

}  // namespace turnout::netdev
