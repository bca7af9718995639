// What the loop keeps. For .cc files of lib/io only.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <vector>

#include "lib/io/deadlines.h"
#include "lib/io/inbox.h"
#include "lib/io/loop.h"
#include "lib/io/poller.h"
#include "lib/io/tls.h"

namespace turnout::io {

// Something that collects what is to be written and writes it at the end of the turn.
class Flushable {
 public:
  virtual ~Flushable() = default;
  virtual void flush() = 0;
};

// Shared, because handles may outlive the loop and then must do nothing.
//
// A turn of the loop is one wait and then, one after the other: what is ready, deadlines that are due, posted work with the
// work that it posts, writes. So a request is read, run and answered in one turn, and all that was sent to a peer in it
// leaves in one call.
struct Loop::Impl : std::enable_shared_from_this<Loop::Impl> {
  explicit Impl(Clock& c) : clock(c) {}
  ~Impl() { inbox->close(); }

  void open();           // after construction, once
  // Runs one piece of what this turn has to do; false when the turn is over.
  bool step();
  // Begins the next turn; waits for something to do, at most for `limit`.
  void wait(std::optional<Duration> limit);
  bool run_due();        // false: nothing was due
  void flush_later(std::shared_ptr<Flushable> writer) { to_flush.push_back(std::move(writer)); }

  Clock& clock;
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  Poller poller;
  Deadlines deadlines;
  std::list<std::function<void()>> rounds;
  Tls tls;
  std::atomic<bool> stopped{false};

 private:
  bool run_posted();
  bool flush_one();
  int timeout_ms(std::optional<Duration> limit) const;

  Inbox::Work posted;              // what runs now
  size_t next_posted = 0;
  int generations_left = 0;        // work posted by work: so many times, then others have their turn
  bool deadlines_due = false;      // this turn has not looked yet
  std::vector<std::shared_ptr<Flushable>> to_flush, flushing;
  size_t next_flush = 0;
  bool may_flush = false;          // once a turn; what is sent after that leaves in the next
};

}  // namespace turnout::io
