// Commands on controllers, fail mode, managers and TLS settings. ovs-vsctl(8), "OpenFlow Controller Connectivity",
// "Manager Connectivity", "SSL Configuration".
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib/base/strings.h"
#include "utilities/ovs-vsctl/command.h"

namespace turnout::vsctl {
namespace {

Result<BridgeInfo*> real_bridge(Context& ctx) {
  auto bridge = ctx.topology.need_bridge(ctx.arg(0));
  if (bridge && (*bridge)->is_fake()) return fail(fmt::format("{} is a fake bridge", ctx.arg(0)));
  return bridge;
}

template <typename Row>
void print_targets(Context& ctx, const std::vector<Row*>& rows) {
  std::set<std::string> targets;
  for (Row* row : rows) targets.emplace(row->target());
  for (const std::string& target : targets) ctx.print(target);
}

Result<std::optional<int64_t>> probe_option(const Context& ctx) {
  auto option = ctx.command.options.find("--inactivity-probe");
  if (option == ctx.command.options.end()) return std::optional<int64_t>();
  auto msecs = parse_unsigned(option->second);
  if (!msecs) return fail(fmt::format("invalid inactivity probe \"{}\"", option->second));
  return std::optional<int64_t>(static_cast<int64_t>(*msecs));
}

template <typename Row>
std::vector<Row*> insert_targets(Context& ctx, size_t first, std::optional<int64_t> probe) {
  std::vector<Row*> rows;
  std::set<std::string> seen;
  for (size_t i = first; i < ctx.n_args(); ++i) {
    if (!seen.insert(ctx.arg(i)).second) continue;
    auto& row = ctx.txn.insert<Row>();
    row.set_target(ctx.arg(i));
    if (probe) row.set_inactivity_probe(*probe);
    rows.push_back(&row);
  }
  return rows;
}

Status get_controller(Context& ctx) {
  auto bridge = ctx.topology.need_bridge(ctx.arg(0));
  if (!bridge) return fail(bridge);
  print_targets(ctx, (*bridge)->row->controller());
  return {};
}
void drop_controllers(vswitch::Bridge& bridge) {
  std::vector<vswitch::Controller*> old = bridge.controller();
  bridge.set_controller({});
  for (vswitch::Controller* row : old) row->erase();
}
Status del_controller(Context& ctx) {
  auto bridge = real_bridge(ctx);
  if (!bridge) return fail(bridge);
  drop_controllers(*(*bridge)->row);
  return {};
}
Status set_controller(Context& ctx) {
  auto bridge = real_bridge(ctx);
  if (!bridge) return fail(bridge);
  auto probe = probe_option(ctx);
  if (!probe) return fail(probe);
  drop_controllers(*(*bridge)->row);
  (*bridge)->row->set_controller(insert_targets<vswitch::Controller>(ctx, 1, *probe));
  return {};
}

Status get_fail_mode(Context& ctx) {
  auto bridge = ctx.topology.need_bridge(ctx.arg(0));
  if (!bridge) return fail(bridge);
  if (auto mode = (*bridge)->row->fail_mode()) ctx.print(*mode);
  return {};
}
Status del_fail_mode(Context& ctx) {
  auto bridge = real_bridge(ctx);
  if (!bridge) return fail(bridge);
  (*bridge)->row->set_fail_mode(std::nullopt);
  return {};
}
Status set_fail_mode(Context& ctx) {
  auto bridge = real_bridge(ctx);
  if (!bridge) return fail(bridge);
  if (ctx.arg(1) != "standalone" && ctx.arg(1) != "secure")
    return fail("fail-mode must be \"standalone\" or \"secure\"");
  (*bridge)->row->set_fail_mode(std::string_view(ctx.arg(1)));
  return {};
}

Status get_manager(Context& ctx) {
  print_targets(ctx, ctx.root.manager_options());
  return {};
}
Status del_manager(Context& ctx) {
  std::vector<vswitch::Manager*> old = ctx.root.manager_options();
  ctx.root.set_manager_options({});
  for (vswitch::Manager* row : old) row->erase();
  return {};
}
Status set_manager(Context& ctx) {
  auto probe = probe_option(ctx);
  if (!probe) return fail(probe);
  if (Status s = del_manager(ctx); !s) return s;
  ctx.root.set_manager_options(insert_targets<vswitch::Manager>(ctx, 0, *probe));
  return {};
}

Status get_ssl(Context& ctx) {
  vswitch::SSL* ssl = ctx.root.ssl();
  if (!ssl) return {};
  ctx.print(fmt::format("Private key: {}", ssl->private_key()));
  ctx.print(fmt::format("Certificate: {}", ssl->certificate()));
  ctx.print(fmt::format("CA Certificate: {}", ssl->ca_cert()));
  ctx.print(fmt::format("Bootstrap: {}", ssl->bootstrap_ca_cert()));
  return {};
}
Status del_ssl(Context& ctx) {
  vswitch::SSL* old = ctx.root.ssl();
  if (!old) return {};
  ctx.root.set_ssl(nullptr);
  old->erase();
  return {};
}
Status set_ssl(Context& ctx) {
  if (Status s = del_ssl(ctx); !s) return s;
  auto& ssl = ctx.txn.insert<vswitch::SSL>();
  ssl.set_private_key(ctx.arg(0));
  ssl.set_certificate(ctx.arg(1));
  ssl.set_ca_cert(ctx.arg(2));
  ssl.set_bootstrap_ca_cert(ctx.command.has("--bootstrap"));
  ctx.root.set_ssl(&ssl);
  return {};
}

Status read_controllers(vswitch::Idl& idl, const Command&) {
  monitor_topology(idl);
  for (ovsdb::ColumnId c : {vswitch::Bridge::kController, vswitch::Bridge::kFailMode, vswitch::Controller::kTarget,
                            vswitch::Controller::kInactivityProbe})
    idl.monitor(c);
  return {};
}
Status read_managers(vswitch::Idl& idl, const Command&) {
  for (ovsdb::ColumnId c : {vswitch::OpenVSwitch::kManagerOptions, vswitch::Manager::kTarget, vswitch::Manager::kInactivityProbe})
    idl.monitor(c);
  return {};
}
Status read_ssl(vswitch::Idl& idl, const Command&) {
  for (ovsdb::ColumnId c : {vswitch::OpenVSwitch::kSsl, vswitch::SSL::kPrivateKey, vswitch::SSL::kCertificate,
                            vswitch::SSL::kCaCert, vswitch::SSL::kBootstrapCaCert})
    idl.monitor(c);
  return {};
}

constexpr CommandInfo kCommands[] = {
    {"get-controller", 1, 1, "", "!BRIDGE", read_controllers, get_controller},
    {"del-controller", 1, 1, "", "!BRIDGE", read_controllers, del_controller, nullptr, true},
    {"set-controller", 1, -1, "--inactivity-probe=", "!BRIDGE +TARGET", read_controllers, set_controller, nullptr, true},
    {"get-fail-mode", 1, 1, "", "!BRIDGE", read_controllers, get_fail_mode},
    {"del-fail-mode", 1, 1, "", "!BRIDGE", read_controllers, del_fail_mode, nullptr, true},
    {"set-fail-mode", 2, 2, "", "!BRIDGE !MODE", read_controllers, set_fail_mode, nullptr, true},
    {"get-manager", 0, 0, "", "", read_managers, get_manager},
    {"del-manager", 0, 0, "", "", read_managers, del_manager, nullptr, true},
    {"set-manager", 1, -1, "--inactivity-probe=", "+TARGET", read_managers, set_manager, nullptr, true},
    {"get-ssl", 0, 0, "", "", read_ssl, get_ssl},
    {"del-ssl", 0, 0, "", "", read_ssl, del_ssl, nullptr, true},
    {"set-ssl", 3, 3, "--bootstrap", "!PRIVATE-KEY !CERTIFICATE !CA-CERT", read_ssl, set_ssl, nullptr, true},
};

}  // namespace

std::span<const CommandInfo> connection_commands() { return kCommands; }

}  // namespace turnout::vsctl
