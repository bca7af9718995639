// netdev-dummy/* on the control socket. Forms and texts as ovs-appctl shows them in dummy mode.
#include "lib/datapath/dummy_commands.h"

#include "lib/datapath/key_text.h"
#include "lib/flow/compose.h"

namespace turnout::datapath {

namespace {
Result<std::vector<uint8_t>> frame_of_flow(std::string_view text, size_t length) {
  auto match = parse_flow(text);
  if (!match) return fail(match);
  return flow::compose(match->key, length ? std::optional<size_t>(length) : std::nullopt);
}

void answer(const unixctl::Reply& reply, const Status& status, const char* text) {
  if (status) reply.ok(text);
  else reply.error(status.error().message);
}
}  // namespace

void add_dummy_commands(unixctl::Server& server, netdev::DummyRegistry& dummies) {
  using unixctl::Args;
  using unixctl::Reply;
  server.add("netdev-dummy/receive", "name [--qid queue_id] packet|flow [--len packet_len]", 2, -1,
             [&dummies](Args args, const Reply& reply) {
               answer(reply, dummies.receive(args[0], args.subspan(1), frame_of_flow), "");
             });
  server.add("netdev-dummy/set-admin-state", "[netdev] up|down", 1, 2, [&dummies](Args args, const Reply& reply) {
    std::optional<std::string_view> name;
    if (args.size() > 1) name = args[0];
    answer(reply, dummies.set_admin_state(name, args.back()), "OK");
  });
  server.add("netdev-dummy/conn-state", "[netdev]", 0, 1, [&dummies](Args args, const Reply& reply) {
    std::optional<std::string_view> name;
    if (!args.empty()) name = args[0];
    auto text = dummies.connection_state(name);
    if (text) reply.ok(*text);
    else reply.error(text.error().message);
  });
  server.add("netdev-dummy/ip4addr", "[netdev] ipaddr/mask-prefix-len", 2, 2, [&dummies](Args args, const Reply& reply) {
    answer(reply, dummies.set_ip4(args[0], args[1]), "OK");
  });
  server.add("netdev-dummy/ip6addr", "[netdev] ip6addr", 2, 2, [&dummies](Args args, const Reply& reply) {
    answer(reply, dummies.set_ip6(args[0], args[1]), "OK");
  });
}

}  // namespace turnout::datapath
