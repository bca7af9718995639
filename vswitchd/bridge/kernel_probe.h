// Does this host have a kernel datapath? Asked once, in a thread of its own, because loading a module may take its time
// (design decision 2: `modprobe turnout` comes first, for asking after the families would pull in the stock module).
#pragma once

#include <future>

namespace turnout::bridge {

class KernelProbe {
 public:
  void start();                // main thread, once
  bool has_families();         // waits for the answer if it is not there yet; starts if start() was not called

 private:
  std::shared_future<bool> answer_;
};

}  // namespace turnout::bridge
