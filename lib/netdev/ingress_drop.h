// Keeps the frames that a packet socket receives from the host's own stack (design decision 12): a drop at ingress,
// behind the packet tap. Without it the host would answer ARP, count, and route what the switch already forwards.
//
// Mechanisms, the first that the kernel has and that leaves other people's configuration alone:
//   tcx       a BPF link on the device (Linux 6.6). Not where a clsact or ingress qdisc stands: its filters would no
//             longer be reached.
//   nftables  a base chain with policy drop in a table that belongs to our socket (Linux 5.12), behind tc's filters.
//   tc        clsact with a BPF filter of ours. Where a clsact stood before, only the filter is added and removed.
// The first two disappear with the process, however it ends; the third is recognised and taken over at the next start.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace turnout::netdev {

// Removes the drop when destroyed.
class IngressDrop {
 public:
  virtual ~IngressDrop() = default;
  virtual std::string_view mechanism() const = 0;   // "tcx", "nftables", "tc"
};

// Owner of what the drops share. Main thread only; outlives the drops that it gave.
class IngressDropper {
 public:
  IngressDropper();
  ~IngressDropper();
  // only: one mechanism by name, for tests; empty for the best.
  Result<std::unique_ptr<IngressDrop>> install(int ifindex, const std::string& name, std::string_view only = {});

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace turnout::netdev
