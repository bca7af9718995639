// Wires a datapath to its snapshot, upcalls and revalidators.
#include "vswitchd/upcall/backend.h"

namespace turnout::upcall {
namespace {

// Runs a learning table's ageing when it is due. Held by the handle of adopt().
struct Ageing : std::enable_shared_from_this<Ageing> {
  Ageing(io::Loop& l, std::shared_ptr<l2::MacTable> t) : loop(l), table(std::move(t)) {}

  // Entries only get younger, so a run that is early for them does no harm; a table that was empty looks again soon.
  void run() {
    const TimePoint next = table->run(loop.clock().now());
    armed = next != kNever;
    if (armed) deadline = loop.at(next, [this] { run(); });
  }
  void arm() {
    if (!armed) run();
  }

  io::Loop& loop;
  std::shared_ptr<l2::MacTable> table;
  io::Handle deadline;
  bool armed = false;
};

}  // namespace

Backend::Backend(io::Loop& loop, std::unique_ptr<datapath::Datapath> datapath)
    : loop_(loop),
      handler_(std::make_unique<UpcallHandler>(snapshots_, loop.clock())),
      datapath_(std::move(datapath)),
      revalidator_(std::make_unique<Revalidator>(loop, *datapath_, *handler_, snapshots_)) {
  datapath_->set_upcall_sink(handler_.get());
  snapshots_.on_publish([this] {
    handler_->bump_generation();
    revalidator_->poke();
  });
}

Backend::~Backend() = default;

io::Handle Backend::adopt(std::shared_ptr<l2::MacTable> table) {
  auto ageing = std::make_shared<Ageing>(loop_, table);
  table->on_change([this, weak = std::weak_ptr<Ageing>(ageing)] {
    handler_->bump_generation();
    revalidator_->poke();
    loop_.post([weak] {
      if (auto a = weak.lock()) a->arm();
    });
  });
  ageing->run();
  return io::Handle([table, ageing]() mutable {
    table->on_change({});
    ageing.reset();
  });
}

}  // namespace turnout::upcall
