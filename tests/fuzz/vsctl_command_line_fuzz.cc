// ovs-vsctl command lines, a word on each line of the input, run on a replica without a server: names, values of every
// form, conditions, options. Whatever they did must make a transaction that is valid JSON, and print in every form.
#include <cstdlib>
#include <string>
#include <vector>

#include "lib/ovsdb/txn_writer.h"
#include "utilities/ovs-vsctl/command.h"
#include "utilities/ovs-vsctl/narrow.h"

namespace {

using namespace turnout;
using namespace turnout::vsctl;

using Words = std::vector<std::string>;

// What there is before the input's commands run.
const Words kGround = {"add-br", "br0", "--", "add-port", "br0", "p1", "tag=5", "other_config:a=b", "--",
                       "add-bond", "br0", "b0", "e0", "e1", "--", "add-br", "v7", "br0", "7", "--",
                       "--id=@d", "create", "Datapath", "datapath_version=x", "ct_zones:1=@z", "--",
                       "--id=@z", "create", "CT_Zone", "limit=5", "--", "set", "Open_vSwitch", ".", "datapaths:netdev=@d", "--",
                       "set-controller", "br0", "tcp:1.2.3.4", "--", "add-aa-mapping", "br0", "1", "2"};

Words split(std::string_view text) {
  Words words(1);
  for (char c : text) {
    if (c == '\n') words.emplace_back();
    else if (c) words.back() += c;
  }
  return words;
}

void format(const Command& command) {
  using Format = cli::TableStyle::Format;
  cli::TableStyle style;
  for (Format f : {Format::kTable, Format::kList, Format::kHtml, Format::kCsv, Format::kJson}) {
    style.format = f;
    (void)command.table->format(style, true);
  }
}

void run(const Words& words, vswitch::Idl& idl, ovsdb::IdlTxn& txn, Topology& topology, Symbols& symbols) {
  auto commands = parse_commands(words);
  if (!commands) return;
  std::vector<std::string> warnings;
  for (Command& command : *commands) {
    if (command.info->prepare && !command.info->prepare(idl, command)) return;
    (void)command.text();
  }
  vswitch::OpenVSwitch* root = idl.open_vswitch();
  if (!root) root = &txn.insert<vswitch::OpenVSwitch>();
  for (Command& command : *commands) {
    Context ctx{idl, txn, topology, symbols, command, *root, false, &warnings};
    if (!command.info->run(ctx)) return;
    if (command.table) format(command);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static io::Loop loop;
  vswitch::Idl idl(loop, "unix:/nonexistent");
  ovsdb::IdlTxn txn(idl);
  Topology topology(idl);
  Symbols symbols;
  run(kGround, idl, txn, topology, symbols);
  if (!idl.open_vswitch() || !topology.bridge("br0")) abort();
  run(split({reinterpret_cast<const char*>(data), size}), idl, txn, topology, symbols);
  auto sent = ovsdb::TxnWriter(txn).write();
  if (sent && !json::Json::parse(*sent)) abort();
  txn.abort();
  return 0;
}
