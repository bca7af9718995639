// The kernel's connection tracker of this network namespace: its table over ctnetlink, its limits by zone over the
// datapath module's family ovs_ct_limit. Needs no datapath. Any thread; one call at a time.
#pragma once

#include <memory>
#include <mutex>

#include "lib/datapath/conntrack.h"
#include "lib/datapath/kernel/families.h"

namespace turnout::datapath::kernel {

class KernelConntrack final : public Conntrack {
 public:
  // Code EPROTONOSUPPORT: the kernel has no ctnetlink. The family may be absent: then limits fail with ENOENT.
  Status each(std::optional<uint16_t> zone, const std::function<void(const CtEntry&)>& f) override;
  Status each_expectation(std::optional<uint16_t> zone, const std::function<void(const CtExpectation&)>& f) override;
  Status flush(const CtSelection& selection) override;
  Result<CtLimits> limits(std::span<const uint16_t> zones) override;
  Status set_limits(std::optional<uint32_t> by_default, std::span<const CtLimit> zones) override;
  Status delete_limits(bool by_default, std::span<const uint16_t> zones) override;

 private:
  Status need_table();
  Status need_limits();
  Status flush_selected(const CtSelection& selection);
  Status send_limits(uint8_t command, std::span<const ovs_zone_limit> zones, const std::function<void(const Answer&)>& receive);

  std::mutex mutex_;
  std::unique_ptr<netlink::Socket> table_, limits_;        // opened when first needed
  Family limit_family_;
};

}  // namespace turnout::datapath::kernel
