// See flow_walk.h.
#include "lib/datapath/kernel/flow_walk.h"

#include "lib/base/log.h"
#include "lib/datapath/kernel/flows.h"

namespace turnout::datapath::kernel {
namespace {

Log log_dpif{"dpif_netlink"};

}  // namespace

class FlowWalks::Walk final : public FlowWalk {
 public:
  Walk(FlowWalks& walks, FlowParts parts) : walks_(walks), parts_(parts), connection_(walks.take()) {
    if (connection_)
      dump_ = connection_->begin_dump(dump_flows_request(connection_->families().flow, walks.dp_ifindex_, parts));
  }
  ~Walk() override {
    const bool is_clean = dump_ && dump_->is_settled();
    dump_.reset();
    if (is_clean) walks_.give_back(std::move(connection_));
  }

  void take_part(const std::function<void(const FlowEntry&)>& f) override {
    if (!dump_) return;
    const auto read = parts_ == FlowParts::kWhole ? read_flow : read_flow_statistics;
    uint64_t strange = 0;
    const Status done = dump_->read([&](const nlmsghdr& message) {
      if (auto flow = read(read_answer(message))) f(*flow);
      else ++strange;
    });
    static LogRateLimit limit{5};
    if (!done) log_dpif.limited(limit, LogLevel::kWarn, "{}: reading the flows failed ({})", walks_.name_, done.error().message);
    if (strange) log_dpif.limited(limit, LogLevel::kWarn, "{}: {} flows of another program are not understood", walks_.name_, strange);
  }

 private:
  FlowWalks& walks_;
  const FlowParts parts_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<netlink::Dump> dump_;
};

FlowWalks::FlowWalks(std::unique_ptr<Connection> first, int dp_ifindex, std::string name)
    : dp_ifindex_(dp_ifindex), name_(std::move(name)) {
  idle_.push_back(std::move(first));
}

std::unique_ptr<FlowWalk> FlowWalks::begin(FlowParts parts) { return std::make_unique<Walk>(*this, parts); }

std::unique_ptr<Connection> FlowWalks::take() {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  auto opened = Connection::open();
  if (opened) return std::move(*opened);
  static LogRateLimit limit{5};
  log_dpif.limited(limit, LogLevel::kWarn, "{}: the flows cannot be read ({})", name_, opened.error().message);
  return nullptr;
}

void FlowWalks::give_back(std::unique_ptr<Connection> connection) {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

}  // namespace turnout::datapath::kernel
