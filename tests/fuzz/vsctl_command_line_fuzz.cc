// ovs-vsctl command lines, a word on each line of the input, run on a replica without a server: names, values of every
// form, conditions, options. Whatever they did must make a transaction that is valid JSON, and print in every form.
#include <cstdlib>
#include <string>

#include "lib/ovsdb/txn_writer.h"
#include "tests/support/vsctl_replica.h"

namespace {

using namespace turnout;
using namespace turnout::vsctl;

// What there is before the input's commands run.
const VsctlReplica::Words kGround = {
    "add-br", "br0", "--", "add-port", "br0", "p1", "tag=5", "other_config:a=b", "--", "add-bond", "br0", "b0", "e0", "e1", "--",
    "add-br", "v7", "br0", "7", "--", "--id=@d", "create", "Datapath", "datapath_version=x", "ct_zones:1=@z", "--",
    "--id=@z", "create", "CT_Zone", "limit=5", "--", "set", "Open_vSwitch", ".", "datapaths:netdev=@d", "--",
    "set-controller", "br0", "tcp:1.2.3.4", "--", "add-aa-mapping", "br0", "1", "2"};

VsctlReplica::Words split(std::string_view text) {
  VsctlReplica::Words words(1);
  for (char c : text) {
    if (c == '\n') words.emplace_back();
    else if (c) words.back() += c;
  }
  return words;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  VsctlReplica replica;
  if (replica.run(kGround).starts_with("error")) abort();
  (void)replica.run(split({reinterpret_cast<const char*>(data), size}));
  auto sent = ovsdb::TxnWriter(replica.txn()).write();
  if (sent && !json::Json::parse(*sent)) abort();
  return 0;
}
