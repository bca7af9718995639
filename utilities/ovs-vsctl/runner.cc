// The transaction of a run: fill it, commit it, do it again on fresh contents when it must be, then wait for cur_cfg.
#include "utilities/ovs-vsctl/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "lib/base/log.h"
#include "utilities/ovs-vsctl/narrow.h"

namespace turnout::vsctl {
namespace {

using ovsdb::TxnStatus;

Log idl_log{"ovsdb_idl"};

class Runner {
 public:
  Runner(io::Loop& loop, std::vector<Command>& commands, const RunOptions& options)
      : loop_(loop), commands_(commands), options_(options), idl_(loop, options.db, idl_options(options)) {}

  // What the replica will hold: this, or more where the commands need it.
  Result<Replica> prepare(Replica wanted) {
    if (Status s = choose_columns(); !s) return fail(s);
    return replica_ = restrict_replica(idl_, commands_, wanted);
  }

  // What failed on contents that were there failed for what they are.
  bool had_contents() const { return idl_.has_contents() && idl_.is_alive(); }

  Result<Outcome> run() {
    idl_.start();
    for (;;) {
      if (Status s = wait_connected(); !s) return fail(s);
      if (replica_ == Replica::kNewPorts && idl_.ports().begin() != idl_.ports().end()) return fail("some ports are there");
      uint64_t seqno = idl_.seqno();
      auto done = attempt();
      if (!done) return fail(done);
      if (*done) return std::move(outcome_);
      loop_.run_until([&] { return idl_.seqno() != seqno || !idl_.is_alive(); });
    }
  }

 private:
  static vswitch::Idl::Options idl_options(const RunOptions& options) {
    vswitch::Idl::Options out;
    out.monitor_all = false;
    out.leader_only = options.leader_only;
    out.session.retry = options.retry;
    out.session.shuffle = options.shuffle_remotes;
    out.session.reconnect.probe_interval = Duration(0);
    return out;
  }

  Status choose_columns() {
    idl_.monitor(*idl_.schema().find("Open_vSwitch"));
    bool changes = false;
    for (Command& command : commands_) {
      changes = changes || command.info->changes;
      if (command.info->prepare)
        if (Status s = command.info->prepare(idl_, command); !s) return s;
    }
    if (changes && options_.wait) {
      idl_.monitor(vswitch::OpenVSwitch::kCurCfg);
      idl_.monitor(vswitch::OpenVSwitch::kNextCfg);
      idl_.monitor(vswitch::Interface::kName);
      idl_.monitor(vswitch::Interface::kOfport);
      idl_.monitor(vswitch::Interface::kError);
    }
    return {};
  }

  Status wait_connected() {
    loop_.run_until([&] { return (idl_.has_contents() && idl_.is_connected()) || !idl_.is_alive(); });
    if (idl_.is_alive()) return {};
    std::string_view why = idl_.last_error().message;
    if (why.starts_with(options_.db + ": ")) why.remove_prefix(options_.db.size() + 2);
    return fail(fmt::format("{}: database connection failed ({})", options_.db, why.empty() ? "End of file" : why));
  }

  // True when the run is over, false to do it again after the contents changed.
  Result<bool> attempt() {
    ovsdb::IdlTxn txn(idl_);
    Topology topology(idl_);
    Symbols symbols;
    outcome_ = Outcome{};
    if (options_.dry_run) txn.set_dry_run(true);
    txn.comment("ovs-vsctl: " + options_.args);
    vswitch::OpenVSwitch* root = idl_.open_vswitch();
    if (!root) root = &txn.insert<vswitch::OpenVSwitch>();
    if (options_.wait) txn.increment(*root, idl_.column(vswitch::OpenVSwitch::kNextCfg));

    for (Command& command : commands_) {
      command.output.clear();
      command.table.reset();
      Context ctx{idl_, txn, topology, symbols, command, *root, false, &outcome_.warnings};
      if (Status s = command.info->run(ctx); !s) {
        txn.abort();
        return fail(s);
      }
      if (ctx.try_again) {
        txn.abort();
        return false;
      }
    }
    if (Status s = check_symbols(symbols); !s) return fail(s);
    remember_new_interfaces();
    TxnStatus status = txn.commit_block();
    for (Command& command : commands_) {
      Context ctx{idl_, txn, topology, symbols, command, *root, false, &outcome_.warnings};
      if (status == TxnStatus::kSuccess && command.info->finish && !options_.dry_run) command.info->finish(ctx);
    }
    return judge(txn, status);
  }

  Result<bool> judge(ovsdb::IdlTxn& txn, TxnStatus status) {
    switch (status) {
      case TxnStatus::kUnchanged: return true;
      case TxnStatus::kSuccess:
        if (options_.wait && !options_.dry_run) await_daemon(txn.increment_value());
        return true;
      case TxnStatus::kAborted: return fail("transaction aborted");
      case TxnStatus::kNotLocked: return fail("database not locked");
      case TxnStatus::kError:
        if (replica_ == Replica::kWhole) idl_log.warn("transaction error: {}", txn.error());   // or it is tried again
        return fail(fmt::format("transaction error: {}", txn.error()));
      default: return false;
    }
  }

  Status check_symbols(const Symbols& symbols) {
    for (const auto& [name, symbol] : symbols.all()) {
      if (!symbol.created)
        return fail(fmt::format("row id \"{0}\" is referenced but never created (e.g. with \"-- --id={0} create ...\")", name));
      if (symbol.strong_ref || is_root(symbol)) continue;
      outcome_.name_warnings.push_back(fmt::format("row id \"{}\" was created but {} it was inserted, so it will not actually appear in the database",
                                                   name, symbol.weak_ref ? "only a weak reference to" : "no reference to"));
    }
    return {};
  }

  bool is_root(const ovsdb::Symbol& symbol) const {
    const ovsdb::TableSchema* table = symbol.table ? idl_.schema().find(*symbol.table) : nullptr;
    return table && table->is_root;
  }

  void remember_new_interfaces() {
    new_interfaces_.clear();
    for (vswitch::Interface& interface : idl_.interfaces())
      if (interface.is_new()) new_interfaces_.emplace(interface.name());
  }

  void await_daemon(int64_t next_cfg) {
    loop_.run_until([&] {
      vswitch::OpenVSwitch* root = idl_.open_vswitch();
      return !idl_.is_alive() || (root && root->cur_cfg() >= next_cfg);
    });
    for (vswitch::Interface& interface : idl_.interfaces()) {
      if (!new_interfaces_.contains(std::string(interface.name())) || interface.ofport() != -1) continue;
      auto why = interface.error();
      outcome_.setup_errors.push_back(fmt::format("Error detected while setting up '{}': {}.  See ovs-vswitchd log for details.",
                                              interface.name(), why && !why->empty() ? *why : "no reason was given"));
      outcome_.exit_code = kExitNotApplied;
    }
  }

  io::Loop& loop_;
  std::vector<Command>& commands_;
  const RunOptions& options_;
  vswitch::Idl idl_;
  Replica replica_ = Replica::kWhole;
  Outcome outcome_;
  std::set<std::string, std::less<>> new_interfaces_;
};

}  // namespace

Result<Outcome> run_commands(io::Loop& loop, std::vector<Command>& commands, const RunOptions& options) {
  for (Replica wanted = Replica::kNewPorts;; wanted = static_cast<Replica>(static_cast<int>(wanted) + 1)) {
    Runner runner(loop, commands, options);
    auto replica = runner.prepare(wanted);
    if (!replica) return fail(replica);
    wanted = *replica;
    auto outcome = runner.run();
    if (outcome || wanted == Replica::kWhole || !runner.had_contents()) return outcome;
  }
}

}  // namespace turnout::vsctl
