// See feature_commands.h.
#include "vswitchd/upcall/feature_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/strings.h"
#include "lib/datapath/features.h"

namespace turnout::upcall {
namespace {

using datapath::Feature;
using datapath::Features;
using unixctl::Args;
using unixctl::Reply;

// The daemon cannot do without what these say: every flow has a name, and is compared as deep as packets are parsed.
constexpr std::string_view kNeeded[] = {"ufid", "max_vlan_headers", "max_mpls_depth"};

Backend* backend_of(const Directory& directory, std::string_view bridge, const Reply& reply) {
  for (const BridgeRef& one : directory.bridges())
    if (one.sw->name() == bridge) return one.backend;
  reply.error("no such bridge");
  return nullptr;
}

std::string feature_line(Backend& backend, const Feature& feature) {
  return fmt::format("{} ({}) : [run time]:{}, [boot time]:{}\n", feature.key, feature.name,
                     datapath::feature_value(backend.features(), feature),
                     datapath::feature_value(backend.datapath().features(), feature));
}

// Features can be taken away and given back, never invented.
Result<Features> changed(Backend& backend, const Feature& feature, std::string_view value) {
  Features wanted = backend.features();
  const Features& can = backend.datapath().features();
  if (const auto* flag = std::get_if<bool Features::*>(&feature.member)) {
    const bool on = equal_ignore_case(value, "true");
    if (!on && !equal_ignore_case(value, "false")) return fail("Boolean value expected");
    if (on && !(can.**flag)) return fail("Can not enable features not supported by the datapath");
    wanted.**flag = on;
  } else {
    const auto number = parse_unsigned(value);
    const auto member = std::get<unsigned Features::*>(feature.member);
    if (!number) return fail("Integer number expected");
    if (*number > can.*member) return fail("Can not set value beyond the datapath capability");
    wanted.*member = static_cast<unsigned>(*number);
  }
  if (wanted != backend.features() && std::ranges::find(kNeeded, feature.key) != std::end(kNeeded))
    return fail(fmt::format("ovs-vswitchd cannot do without {}", feature.key));
  return wanted;
}

void set_command(const Directory& directory, Args args, const Reply& reply) {
  Backend* backend = backend_of(directory, args[0], reply);
  if (!backend) return;
  if (args.size() == 1) {
    std::string text;
    for (const Feature& one : datapath::feature_table())
      if (one.where != Feature::kDatabaseOnly) text += feature_line(*backend, one);
    return reply.ok(text);
  }
  const Feature* feature = datapath::find_feature(args[1]);
  if (!feature || feature->where == Feature::kDatabaseOnly) return reply.error("Unexpected support field");
  if (args.size() == 2) return reply.ok(feature_line(*backend, *feature));
  const auto wanted = changed(*backend, *feature, args[2]);
  if (!wanted) return reply.error(wanted.error().message);
  backend->use_features(*wanted);
  reply.ok("");
}

}  // namespace

void add_feature_commands(unixctl::Server& server, Directory directory) {
  server.add("dpif/show-dp-features", "bridge", 1, 1, [directory](Args args, const Reply& reply) {
    if (Backend* backend = backend_of(directory, args[0], reply))
      reply.ok(datapath::format_features(backend->datapath().features()));
  });
  server.add("dpif/set-dp-features", "bridge [feature [value]]", 1, 3,
             [directory](Args args, const Reply& reply) { set_command(directory, args, reply); });
}

}  // namespace turnout::upcall
