// See vswitch.h.
#include "vswitchd/bridge/vswitch.h"

#include <sched.h>

#include "lib/base/counters.h"
#include "lib/base/log.h"
#include "lib/base/version.h"
#include "lib/io/daemon.h"
#include "lib/io/tls.h"
#include "ovsdb/schema/vswitch_idl.h"
#include "vswitchd/bridge/commands.h"
#include "vswitchd/bridge/status.h"
#include "vswitchd/bridge/validate.h"

namespace turnout::bridge {

namespace {

Log log_bridge{"bridge"};
constexpr auto kSampleInterval = std::chrono::seconds(5);
constexpr auto kContended = std::chrono::seconds(2);

unsigned usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

// Only what configuration reads and what is written back; a change of the latter is our own and needs no answer.
void choose_columns(vswitch::Idl& idl) {
  using vswitch::Bridge, vswitch::Datapath, vswitch::Interface, vswitch::OpenVSwitch, vswitch::Port;
  for (ovsdb::ColumnId c :
       {OpenVSwitch::kBridges, OpenVSwitch::kOtherConfig, OpenVSwitch::kNextCfg, OpenVSwitch::kDatapaths, OpenVSwitch::kSsl, vswitch::SSL::kPrivateKey,
        vswitch::SSL::kCertificate, vswitch::SSL::kCaCert, vswitch::SSL::kBootstrapCaCert, Bridge::kName, Bridge::kPorts,
        Bridge::kDatapathType, Bridge::kFailMode, Bridge::kFloodVlans, Bridge::kOtherConfig, Port::kName, Port::kInterfaces,
        Port::kTag, Port::kTrunks, Port::kCvlans, Port::kVlanMode, Port::kMac, Port::kFakeBridge, Port::kProtected,
        Port::kOtherConfig, Interface::kName, Interface::kType, Interface::kOptions, Interface::kMac,
        Interface::kOfportRequest, Interface::kMtuRequest, Datapath::kCtZones, Datapath::kCtZoneDefaultLimit,
        vswitch::CTZone::kLimit})
    idl.monitor(c);
  for (ovsdb::ColumnId c :
       {OpenVSwitch::kCurCfg, OpenVSwitch::kOvsVersion, OpenVSwitch::kDbVersion, OpenVSwitch::kSystemType,
        OpenVSwitch::kSystemVersion, OpenVSwitch::kExternalIds, OpenVSwitch::kDatapathTypes, OpenVSwitch::kIfaceTypes,
        OpenVSwitch::kDpdkVersion, OpenVSwitch::kDpdkInitialized, Bridge::kDatapathId, Bridge::kDatapathVersion,
        Interface::kOfport, Interface::kError, Interface::kMacInUse, Interface::kIfindex, Interface::kAdminState,
        Interface::kLinkState, Interface::kLinkResets, Interface::kLinkSpeed, Interface::kDuplex, Interface::kMtu,
        Interface::kStatus, Interface::kStatistics, Datapath::kCapabilities}) {
    idl.monitor(c);
    idl.omit_alert(c);
  }
  idl.track(idl.table(Port::kTable).schema());
  idl.track(idl.table(Interface::kTable).schema());
  idl.set_lock("ovs_vswitchd");
}

ovsdb::Idl::Options idl_options() {
  ovsdb::Idl::Options options;
  options.monitor_all = false;
  return options;
}

}  // namespace

struct Vswitch::Impl {
  Impl(io::Loop& loop, unixctl::Server& server, VswitchOptions options, std::function<void()> started);
  void database_changed();
  void reconfigure();
  void use_tls(const std::optional<DesiredTls>& wanted);
  void say(const std::vector<Complaint>& complaints);
  std::optional<uint16_t> remembered_ofport(const Uuid& row);
  void arm_statistics(int64_t interval_ms);
  uint64_t memory_cells() const { return idl.memory_cells(); }

  io::Loop& loop;
  const io::TlsSettings command_line_tls;
  std::function<void()> started;
  KernelProbe kernel;
  netdev::Environment devices;
  datapath::DatapathRegistry registry;
  Backers backers;
  vswitch::Idl idl;
  Running running;
  DesiredReader reader;
  Desired current;
  std::unique_ptr<StatusWriter> status;
  std::set<std::string> said;            // complaints that are in the log
  uint64_t configured_seqno = 0;
  bool was_connected = false, configured_once = false;
  io::Handle contended;   // says it, once the lock has been another's for a while
  int64_t stats_interval_ms = 0;
  io::Handle statistics_timer, sampler, monitor_handle;
};

Vswitch::Impl::Impl(io::Loop& l, unixctl::Server& server, VswitchOptions options, std::function<void()> on_started)
    : loop(l),
      command_line_tls(l.tls().settings()),
      started(std::move(on_started)),
      devices(l, io::run_dir()),
      backers(l, devices, registry, kernel, usable_cpus()),
      idl(l, options.database, idl_options()),
      running(Running::Context{devices, backers, l.clock(), [this](const Uuid& row) { return remembered_ofport(row); }}),
      reader(usable_cpus()) {
  if (options.dummy != netdev::DummyMode::kOff) devices.enable_dummy(options.dummy);
  if (options.disable_system) devices.disable_system();
  if (options.dummy != netdev::DummyMode::kOverride) kernel.start();
  status = std::make_unique<StatusWriter>(
      idl, running, devices,
      StatusWriter::Facts{read_system_identity(io::sysconf_dir()), io::run_dir(), backers.types(), devices.types()});
  running.on_dirty([this] { status->flush(); });
  monitor_handle = devices.monitor().listen(
      [this](const std::string& name, netdev::DeviceEvent event) { running.device_event(name, event); });
  sampler = loop.every(kSampleInterval, [] { sample_counters(); });
  add_commands(server, loop, CommandContext{running, backers, registry, devices, [this] { return memory_cells(); }});
  choose_columns(idl);
  idl.on_change([this] { database_changed(); });
  idl.start();
}

std::optional<uint16_t> Vswitch::Impl::remembered_ofport(const Uuid& row) {
  const vswitch::Interface* i = idl.interfaces().find(row);
  if (!i) return std::nullopt;
  const auto number = i->ofport();
  if (!number || *number < 1 || *number >= kOfPortMax.value) return std::nullopt;
  return static_cast<uint16_t>(*number);
}

void Vswitch::Impl::database_changed() {
  if (!idl.has_contents()) return;
  const bool connected = idl.is_connected();
  if (connected && !idl.has_lock()) {   // the answer is not here yet, or another process has it
    // One that was killed just now is about to go: only a lock that stays is worth a word.
    if (idl.lock_contended() && !contended)
      contended = loop.after(kContended, [] {
        log_bridge.err("another ovs-vswitchd process is running, disabling this process until it goes away");
      });
    return;
  }
  contended.reset();
  if (connected && !was_connected && configured_once) status->forget();
  was_connected = connected;
  if (idl.seqno() != configured_seqno)
    reconfigure();
  else
    status->flush();
}

void Vswitch::Impl::reconfigure() {
  configured_seqno = idl.seqno();
  if (!idl.open_vswitch()) {
    // An empty database: `ovs-vsctl init` has not run yet. What runs goes on.
    if (!configured_once && started) std::exchange(started, nullptr)();
    return;
  }
  Desired desired = reader.read(idl);
  idl.clear_tracked();
  std::vector<Complaint> complaints = validate(desired);
  say(complaints);
  use_tls(desired.tls);
  running.reconfigure(current, desired);
  current = std::move(desired);
  if (!std::exchange(configured_once, true)) {
    log_bridge.info("ovs-vswitchd (Open vSwitch) {}", kPromisedRelease);
    devices.remove_orphans();
    backers.remove_strangers();
  }
  arm_statistics(current.global.stats_interval_ms);
  status->configured(current.next_cfg, std::move(complaints));
  if (started) std::exchange(started, nullptr)();
}

void Vswitch::Impl::use_tls(const std::optional<DesiredTls>& wanted) {
  io::TlsSettings settings = command_line_tls;
  if (wanted) {
    settings.private_key = wanted->private_key;
    settings.certificate = wanted->certificate;
    settings.ca_cert = wanted->ca_cert;
    settings.bootstrap_ca_cert = wanted->bootstrap_ca_cert;
  }
  loop.tls().configure(std::move(settings));
}

void Vswitch::Impl::say(const std::vector<Complaint>& complaints) {
  std::set<std::string> now;
  for (const Complaint& c : complaints) {
    now.insert(c.text);
    if (said.contains(c.text)) continue;
    if (c.is_error)
      log_bridge.err("{}", c.text);
    else
      log_bridge.warn("{}", c.text);
  }
  said = std::move(now);
}

void Vswitch::Impl::arm_statistics(int64_t interval_ms) {
  if (interval_ms == stats_interval_ms) return;
  stats_interval_ms = interval_ms;
  statistics_timer = loop.every(std::chrono::milliseconds(interval_ms), [this] { status->write_statistics(); });
}

Vswitch::Vswitch(io::Loop& loop, unixctl::Server& server, VswitchOptions options, std::function<void()> started)
    : impl_(std::make_unique<Impl>(loop, server, std::move(options), std::move(started))) {}

Vswitch::~Vswitch() = default;

void Vswitch::clean_up() {
  impl_->monitor_handle.reset();
  impl_->running.close_all(true);
}

}  // namespace turnout::bridge
