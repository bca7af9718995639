// ovs-vsctl commands on a replica without a server, so that tests see what they do to rows and what they print.
#pragma once

#include <string>
#include <vector>

#include "utilities/ovs-vsctl/command.h"

namespace turnout::vsctl {

class VsctlReplica {
 public:
  using Words = std::vector<std::string>;

  // A command line; its commands see what those of earlier calls did. The output of all its commands in the form of a
  // list, or "error: " and the message of the first that failed.
  std::string run(const Words& words) {
    auto commands = parse_commands(words);
    if (!commands) return "error: " + commands.error().message;
    std::string out;
    for (Command& command : *commands) {
      Status done = command.info->prepare ? command.info->prepare(idl_, command) : Status{};
      Context ctx{idl_, txn_, topology_, symbols_, command, root_, false, &warnings_};
      if (done) done = command.info->run(ctx);
      if (!done) return "error: " + done.error().message;
      out += command.table ? format(*command.table) : command.output;
    }
    return out;
  }

  vswitch::Idl& idl() { return idl_; }
  ovsdb::IdlTxn& txn() { return txn_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  // In every form, so that each is tried; a list is what is returned.
  static std::string format(const cli::Table& table) {
    using Format = cli::TableStyle::Format;
    cli::TableStyle style;
    std::string text;
    for (Format f : {Format::kTable, Format::kHtml, Format::kCsv, Format::kJson, Format::kList}) {
      style.format = f;
      text = table.format(style, true);
    }
    return text;
  }

  io::Loop loop_;
  vswitch::Idl idl_{loop_, "unix:/nonexistent"};
  ovsdb::IdlTxn txn_{idl_};
  Topology topology_{idl_};
  Symbols symbols_;
  vswitch::OpenVSwitch& root_ = txn_.insert<vswitch::OpenVSwitch>();
  std::vector<std::string> warnings_;
};

}  // namespace turnout::vsctl
