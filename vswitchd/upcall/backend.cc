// Wires a datapath to its snapshot, upcalls and revalidators.
#include "vswitchd/upcall/backend.h"

#include <atomic>

namespace turnout::upcall {
namespace {

// Runs a learning table's ageing when it is due. Held by the handle of adopt().
struct Ageing {
  Ageing(io::Loop& l, std::shared_ptr<l2::MacTable> t) : loop(l), table(std::move(t)) {}

  // Entries only get younger, so a run that is early for them does no harm. Disarmed first: what is learned during the
  // run arms again.
  void run() {
    armed = false;
    const TimePoint next = table->run(loop.clock().now());
    if (next == kNever) return;
    armed = true;
    deadline = loop.at(next, [this] { run(); });
  }

  io::Loop& loop;
  std::shared_ptr<l2::MacTable> table;
  io::Handle deadline;
  std::atomic<bool> armed{false};
};

}  // namespace

Backend::Backend(io::Loop& loop, std::unique_ptr<datapath::Datapath> datapath)
    : loop_(loop),
      handler_(std::make_unique<UpcallHandler>(snapshots_, loop.clock())),
      datapath_(std::move(datapath)),
      features_(datapath_->features()),
      revalidator_(std::make_unique<Revalidator>(loop, *datapath_, *handler_, snapshots_)) {
  datapath_->set_upcall_sink(handler_.get());
  snapshots_.on_publish([this] {
    handler_->bump_generation();
    revalidator_->poke();
  });
}

// The revalidators walk the datapath, and its packet threads poke them.
Backend::~Backend() {
  revalidator_->stop();
  datapath_.reset();
}

void Backend::use_features(const datapath::Features& features) {
  features_ = features;
  revalidator_->purge();
}

io::Handle Backend::adopt(std::shared_ptr<l2::MacTable> table) {
  auto ageing = std::make_shared<Ageing>(loop_, table);
  table->on_change([this, weak = std::weak_ptr<Ageing>(ageing)](bool answers) {
    if (answers) {
      handler_->bump_generation();
      revalidator_->poke();
    }
    auto a = weak.lock();
    if (a && !a->armed.exchange(true)) loop_.post([weak] { if (auto b = weak.lock()) b->run(); });
  });
  ageing->run();
  return io::Handle([table, ageing]() mutable {
    table->on_change({});
    ageing.reset();
  });
}

}  // namespace turnout::upcall
