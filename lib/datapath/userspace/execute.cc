// See execute.h.
#include "lib/datapath/userspace/execute.h"

#include <algorithm>

#include "lib/base/counters.h"
#include "lib/datapath/userspace_cookie.h"
#include "lib/datapath/userspace/drops.h"
#include "lib/datapath/userspace/edit.h"
#include "lib/flow/extract.h"
#include "lib/net/segment.h"

namespace turnout::datapath {
namespace {

template <typename... F>
struct Cases : F... {
  using F::operator()...;
};

// The kinds that run() has a case for; a new kind is refused until it has one.
template <typename A>
constexpr bool kExecutable = std::is_same_v<A, Output> || std::is_same_v<A, PushVlan> || std::is_same_v<A, PopVlan> ||
                             std::is_same_v<A, Userspace> || std::is_same_v<A, Truncate> || std::is_same_v<A, Recirculate> ||
                             std::is_same_v<A, Drop>;

bool executable(const Action& action) {
  return std::visit([]<typename A>(const A&) { return kExecutable<A>; }, action);
}

}  // namespace

bool can_execute(const ActionList& actions) { return std::ranges::all_of(actions, executable); }

void Executor::run(std::span<net::PacketRef> packets, const ActionList& actions, const ActionContext& context) {
  uint32_t truncate = 0;
  for (size_t i = 0; i < actions.size(); ++i) {
    const bool last = i + 1 == actions.size();
    std::visit(Cases{
                   [&](const Output& a) { output(packets, a.port, std::exchange(truncate, 0), last); },
                   [&](const PushVlan& a) { for (auto& p : packets) push_vlan(p, a.tpid, a.tci); },
                   [&](const PopVlan&) { for (auto& p : packets) pop_vlan(p); },
                   [&](const Userspace& a) { userspace(packets, a, context); },
                   [&](const Truncate& a) { truncate = a.max_length; },
                   [&](const Recirculate& a) {
                     for (auto& p : packets) recirculator_.recirculate(last ? std::move(p) : p, a.id, context);
                   },
                   [&](const Drop& a) { count_drop_action(a.reason, packets.size()); },
                   [&]<typename A>(const A&) requires(!kExecutable<A>) { drops::unsupported_action.add(packets.size()); },
               },
               actions[i]);
    if (std::holds_alternative<Drop>(actions[i]) || !executable(actions[i])) return;
  }
}

void Executor::output(std::span<net::PacketRef> packets, DpPort to, uint32_t truncate, bool last) {
  Port* port = shared_.ports.find(to);
  if (!port) return drops::invalid_port.add(packets.size());
  for (auto& packet : packets) {
    if (truncate && packet->size() > truncate) output_truncated(*port, packet, truncate);
    else transmit_.add(*port, last ? std::move(packet) : packet);
  }
}

// A frame is finished before it is cut: what an offload would work on is no longer there afterwards.
void Executor::output_truncated(Port& port, const net::PacketRef& packet, uint32_t length) {
  const Status done = net::segment(*packet, [&](net::PacketRef frame) {
    if (frame->size() > length) frame->set_size(length);
    transmit_.add(port, std::move(frame));
  });
  if (!done) drops::bad_offload.add();
}

void Executor::userspace(std::span<net::PacketRef> packets, const Userspace& action, const ActionContext& context) {
  UpcallSink* sink = shared_.sink.load(std::memory_order_acquire);
  if (!sink || context.depth >= kMaxDepth) return drops::userspace_action_error.add(packets.size());
  const auto kind = slow_path_reasons(action.userdata) ? UpcallKind::kSlowPath : UpcallKind::kAction;
  for (auto& packet : packets) {
    flow::FlowKey key;
    flow::extract(*packet, key);
    copy_metadata(context.key, key);
    UpcallReply reply = sink->upcall({kind, *packet, key, action.userdata});
    if (reply.actions.empty()) continue;
    net::PacketRef copy = packet;
    run({&copy, 1}, reply.actions, {key, context.depth + 1});
  }
}

}  // namespace turnout::datapath
