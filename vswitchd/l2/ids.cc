// Numbers for bundles, each given once.
#include "vswitchd/l2/ids.h"

namespace turnout::l2 {

BundleId next_bundle_id() {
  static uint32_t last = 0;
  return BundleId{++last};
}

}  // namespace turnout::l2
