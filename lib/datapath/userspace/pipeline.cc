// See pipeline.h.
#include "lib/datapath/userspace/pipeline.h"

#include <algorithm>

#include "lib/datapath/userspace/drops.h"
#include "lib/datapath/userspace/edit.h"
#include "lib/flow/extract.h"

namespace turnout::datapath {
namespace {

constexpr int64_t kRankEveryNs = 1'000'000'000;
constexpr unsigned kRecircWord = offsetof(flow::FlowKey, recirc_id) / 8;

// One writer: no locked instruction needed.
void bump(std::atomic<uint64_t>& count, uint64_t by = 1) {
  count.store(count.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

bool is_zero(const Ufid& ufid) { return ufid == Ufid{}; }

}  // namespace

Pipeline::Pipeline(SharedState& shared) : shared_(shared), executor_(shared, transmit_, *this) {
  batch_.reserve(net::kBatchMax);
  run_.packets.reserve(net::kBatchMax);
}

void Pipeline::clear() {
  cache_.reset();
  batch_.clear();
  run_.packets.clear();
}

size_t Pipeline::serve(Port& port) {
  const size_t received = port.device->receive(batch_, net::kBatchMax);
  if (!received) return 0;
  for (auto& packet : batch_) packet->in_port = port.number;
  process(batch_);
  batch_.clear();
  return received;
}

void Pipeline::process(net::Batch& batch) {
  if (!cache_) cache_ = std::make_unique<ExactCache>();
  now_ns_ = std::max<int64_t>(1, shared_.clock.now().ns);
  unsigned spare = 0;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (i + 1 < batch.size()) __builtin_prefetch(batch[i + 1]->data());
    net::PacketRef& packet = batch[i];
    flow::FlowKey& key = keys_[spare];
    const flow::WordMap map = flow::extract(*packet, key);
    Megaflow* flow = lookup(key, map);
    if (run_.flow != flow) finish(run_);
    if (!flow) {
      miss(std::move(packet), key, 0);
      continue;
    }
    if (!run_.flow) {
      run_.flow = flow;
      run_.key = &key;
      spare ^= 1;
    }
    run_.bytes += packet->size();
    run_.tcp_flags |= key.tcp_flags.host();
    run_.packets.push_back(std::move(packet));
  }
  finish(run_);
  transmit_.flush();
  maybe_rank();
}

Megaflow* Pipeline::lookup(const flow::FlowKey& key, const flow::WordMap& map) {
  const PackedKey packed(key, map);
  Megaflow* flow = cache_ ? cache_->find(packed) : nullptr;
  if (flow) {
    bump(counts_.hit);
    bump(counts_.cache_hits);
    return flow;
  }
  uint64_t visited = 0;
  flow = shared_.flows.find(key, &visited);
  bump(counts_.mask_hits, visited);
  if (!flow) return nullptr;
  bump(counts_.hit);
  ranking_due_ |= visited > 1;
  if (cache_) cache_->insert(packed, flow);
  return flow;
}

void Pipeline::finish(Run& run) {
  if (!run.flow) return;
  run.flow->count(run.packets.size(), run.bytes, run.tcp_flags, now_ns_);
  executor_.run(run.packets, run.flow->actions(), {*run.key, 0});
  run.packets.clear();
  run.flow = nullptr;
  run.bytes = 0;
  run.tcp_flags = 0;
}

void Pipeline::miss(net::PacketRef packet, const flow::FlowKey& key, unsigned depth) {
  bump(counts_.missed);
  UpcallSink* sink = shared_.sink.load(std::memory_order_acquire);
  if (!sink) {
    bump(counts_.lost);
    return drops::upcall_error.add();
  }
  UpcallReply reply = sink->upcall({UpcallKind::kMiss, *packet, key, {}});
  if (reply.install) {
    if (is_zero(reply.ufid)) reply.ufid = make_ufid(key, reply.mask);
    const auto put = shared_.flows.put(reply.ufid, key, reply.mask, reply.actions, true);
    sink->flow_installed(reply.ufid, put == MegaflowTable::Put::kCreated || put == MegaflowTable::Put::kModified);
  }
  executor_.run({&packet, 1}, reply.actions, {key, depth});
}

void Pipeline::recirculate(net::PacketRef packet, uint32_t recirc_id, const ActionContext& context) {
  if (context.depth >= kMaxDepth) return drops::recirc_error.add();
  flow::FlowKey key;
  flow::WordMap map = flow::extract(*packet, key);
  copy_metadata(context.key, key);
  key.recirc_id = recirc_id;
  flow::nonzero_words(key).each([&](unsigned word) { map.set(word); });
  map.set(kRecircWord);
  Megaflow* flow = lookup(key, map);
  if (!flow) return miss(std::move(packet), key, context.depth + 1);
  flow->count(1, packet->size(), key.tcp_flags.host(), now_ns_);
  executor_.run({&packet, 1}, flow->actions(), {key, context.depth + 1});
}

void Pipeline::execute(const net::Packet& packet, const flow::FlowKey& key, const ActionList& actions) {
  RcuThread thread;
  RcuRead read;
  now_ns_ = std::max<int64_t>(1, shared_.clock.now().ns);
  net::PacketRef copy = net::PacketPool::local().clone(packet);
  copy->in_port = DpPort{key.in_port};
  executor_.run({&copy, 1}, actions, {key, 0});
  transmit_.flush();
}

void Pipeline::maybe_rank() {
  if (!ranking_due_ || now_ns_ - ranked_ns_ < kRankEveryNs) return;
  ranking_due_ = false;
  ranked_ns_ = now_ns_;
  shared_.flows.rank();
}

void Pipeline::add_totals(Totals& totals) const {
  totals.hit += counts_.hit.load(std::memory_order_relaxed);
  totals.missed += counts_.missed.load(std::memory_order_relaxed);
  totals.lost += counts_.lost.load(std::memory_order_relaxed);
  totals.mask_hits += counts_.mask_hits.load(std::memory_order_relaxed);
  totals.cache_hits += counts_.cache_hits.load(std::memory_order_relaxed);
}

}  // namespace turnout::datapath
