// Work that any thread hands to a loop. Outlives the loop as long as somebody may post; then nothing comes of it.
// For .cc files of lib/io only.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

namespace turnout::io {

class Inbox {
 public:
  using Work = std::vector<std::function<void()>>;
  Inbox();
  ~Inbox();
  Inbox(const Inbox&) = delete;

  int wake_fd() const { return wake_fd_; }   // readable when the loop has to stop waiting; to be watched for edges only
  // Any thread.
  void post(std::function<void()> work);
  void wake();
  void close();                              // the loop is gone: what is posted is dropped
  // The loop's thread. Adds nothing to `into`, which is empty, if there is nothing.
  void take(Work& into);
  // Before and after the loop waits: a post between them wakes it. False: there is work already, it must not wait.
  bool may_sleep();
  void awake();

 private:
  const int wake_fd_;
  std::mutex mutex_;
  Work work_;
  bool asleep_ = false, closed_ = false;
};

}  // namespace turnout::io
