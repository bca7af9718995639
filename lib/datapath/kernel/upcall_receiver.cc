// See upcall_receiver.h.
#include "lib/datapath/kernel/upcall_receiver.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include "lib/base/counters.h"
#include "lib/base/log.h"
#include "lib/base/rcu.h"
#include "lib/base/worker_thread.h"
#include "lib/datapath/userspace_cookie.h"
#include "lib/datapath/kernel/action_codec.h"
#include "lib/datapath/kernel/flows.h"
#include "lib/datapath/kernel/key_codec.h"
#include "lib/netlink/burst.h"

namespace turnout::datapath::kernel {
namespace {

Log log_dpif{"dpif_netlink"};
Counter count_overflow{"dpif_netlink_upcall_overflow"};
Counter count_malformed{"dpif_netlink_upcall_malformed"};

constexpr int kReceiveBuffer = 4 << 20;
constexpr size_t kLongestUpcall = 72 << 10;          // a packet of 64 kB, its key and userdata

struct ParsedUpcall {
  UpcallKind kind = UpcallKind::kMiss;
  std::span<const uint8_t> packet, key_attributes, userdata;
};

std::optional<ParsedUpcall> parse(const Answer& message) {
  ParsedUpcall upcall;
  AttributeReader reader(message.attributes);
  while (auto a = reader.next()) {
    switch (a->type) {
      case OVS_PACKET_ATTR_PACKET: upcall.packet = a->payload; break;
      case OVS_PACKET_ATTR_KEY: upcall.key_attributes = a->payload; break;
      case OVS_PACKET_ATTR_USERDATA: upcall.userdata = a->payload; break;
    }
  }
  if (upcall.key_attributes.empty()) return std::nullopt;
  if (message.command == OVS_PACKET_CMD_ACTION)
    upcall.kind = slow_path_reasons(upcall.userdata) ? UpcallKind::kSlowPath : UpcallKind::kAction;
  return upcall;
}

class Worker {
 public:
  Worker(int dp_ifindex, UpcallSink& sink, std::unique_ptr<netlink::Socket> upcalls, std::unique_ptr<Connection> kernel)
      : dp_ifindex_(dp_ifindex), sink_(sink), upcalls_(std::move(upcalls)), kernel_(std::move(kernel)),
        pid_(upcalls_->port_id()), stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    upcalls_->set_buffers(kReceiveBuffer, 0);
    thread_ = start_worker([this] { run(); });
  }
  ~Worker() {
    const uint64_t one = 1;
    (void)!write(stop_, &one, sizeof one);
    thread_.join();
    close(stop_);
  }

  uint32_t pid() const { return pid_; }
  uint64_t overflows() const { return overflows_.load(std::memory_order_relaxed); }

 private:
  void run() {
    pthread_setname_np(pthread_self(), "handler");
    RcuThread rcu;
    for (;;) {
      pollfd fds[] = {{upcalls_->fd(), POLLIN, 0}, {stop_, POLLIN, 0}};
      if (poll(fds, 2, -1) < 0 && errno != EINTR) return;
      if (fds[1].revents) return;
      if (fds[0].revents) take_all();
    }
  }

  void take_all() {
    do {
      if (const Status read = burst_.read(upcalls_->fd()); !read) {
        if (read.error().code != ENOBUFS) return;
        count_overflow.add();
        overflows_.fetch_add(1, std::memory_order_relaxed);
        static LogRateLimit limit{5};
        log_dpif.limited(limit, LogLevel::kWarn, "upcalls were lost: the queue of a handler was full");
        continue;                                  // with what the queue holds
      }
      for (size_t i = 0; i < burst_.size(); ++i) take(burst_[i]);
      send();
    } while (!burst_.size() || burst_.is_full());
  }

  void take(std::span<const uint8_t> datagram) {
    nlmsghdr header;
    if (datagram.size() < sizeof header) return count_malformed.add();
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len > datagram.size()) return count_malformed.add();
    const Answer message = read_answer(*reinterpret_cast<const nlmsghdr*>(datagram.data()));
    if (message.dp_ifindex != dp_ifindex_) return;
    auto upcall = parse(message);
    auto key = upcall ? decode_key(upcall->key_attributes) : Result<flow::FlowKey>(fail("no key"));
    if (!key) return count_malformed.add();
    answer_one(*upcall, *key);
    if (requests_.is_full()) send();
  }

  void answer_one(const ParsedUpcall& upcall, const flow::FlowKey& key) {
    net::PacketRef packet = net::PacketPool::local().allocate();
    packet->assign(upcall.packet);
    packet->in_port = DpPort{key.in_port};
    UpcallReply reply = sink_.upcall({upcall.kind, *packet, key, upcall.userdata});
    const KeyView key_as_said(key, upcall.key_attributes);
    if (reply.install) {
      const FlowView flow{reply.ufid, key_as_said, reply.mask, reply.actions};
      const Status put = put_flow_request(requests_, kernel_->families().flow, dp_ifindex_, flow, true, pid());
      if (put) flows_.push_back({requests_.messages() - 1, reply.ufid, {}});
      else refuse(reply.ufid, put);
    }
    if (reply.actions.empty()) return;
    const Status run = execute_request(requests_, kernel_->families().packet, dp_ifindex_, upcall.packet, key_as_said, reply.actions, pid());
    if (!run) warn("failed to execute actions", run);
  }

  void send() {
    if (!requests_.messages()) return;
    size_t next = 0;
    const Status sent = kernel_->exchange(requests_, {}, [&](size_t i, Status failed) {
      while (next < flows_.size() && flows_[next].message < i) ++next;
      if (next < flows_.size() && flows_[next].message == i) flows_[next].status = std::move(failed);
    });
    for (PutFlow& flow : flows_) {
      if (sent && flow.status) sink_.flow_installed(flow.ufid, true);
      else refuse(flow.ufid, sent ? flow.status : sent);
    }
    requests_.clear();
    flows_.clear();
  }

  void refuse(const Ufid& ufid, const Status& why) {
    sink_.flow_installed(ufid, false);
    warn("failed to put a flow", why);
  }
  static void warn(const char* what, const Status& why) {
    static LogRateLimit limit{5};
    log_dpif.limited(limit, LogLevel::kWarn, "{} ({})", what, why.error().message);
  }

  const int dp_ifindex_;
  UpcallSink& sink_;
  std::unique_ptr<netlink::Socket> upcalls_;
  std::unique_ptr<Connection> kernel_;             // this thread's own
  const uint32_t pid_;
  const int stop_;
  netlink::Burst burst_{net::kBatchMax, kLongestUpcall};
  RequestBatch requests_;
  struct PutFlow {
    size_t message;                                // its number among the requests
    Ufid ufid;
    Status status;
  };
  std::vector<PutFlow> flows_;
  std::atomic<uint64_t> overflows_{0};
  std::thread thread_;
};

class Receiver final : public UpcallReceiver {
 public:
  Receiver(std::vector<std::unique_ptr<Worker>> workers) : workers_(std::move(workers)) {
    for (const auto& w : workers_) pids_.push_back(w->pid());
  }
  const std::vector<uint32_t>& pids() const override { return pids_; }
  uint64_t overflows() const override {
    uint64_t sum = 0;
    for (const auto& w : workers_) sum += w->overflows();
    return sum;
  }

 private:
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<uint32_t> pids_;
};

}  // namespace

Result<std::unique_ptr<UpcallReceiver>> UpcallReceiver::start(int dp_ifindex, unsigned n, UpcallSink& sink) {
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < std::max(n, 1u); ++i) {
    auto upcalls = netlink::Socket::open(NETLINK_GENERIC);
    if (!upcalls) return fail(upcalls);
    auto kernel = Connection::open();
    if (!kernel) return fail(kernel);
    workers.push_back(std::make_unique<Worker>(dp_ifindex, sink, std::move(*upcalls), std::move(*kernel)));
  }
  return std::unique_ptr<UpcallReceiver>(new Receiver(std::move(workers)));
}

}  // namespace turnout::datapath::kernel
