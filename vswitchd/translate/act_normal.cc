// The NORMAL action: a learning switch with VLANs. ovs-actions(7), "normal"; ovs-vswitchd.conf.db(5), table Port.
#include "lib/net/headers.h"
#include "vswitchd/translate/context.h"

namespace turnout::translate {
namespace {

constexpr uint8_t kArpRequest = 1;

// Destinations that switches keep to themselves unless forward-bpdu says otherwise: the table in the manual page.
bool reserved(const net::Mac& mac) {
  const uint64_t address = mac.as_u64();
  if ((address & ~uint64_t{0xf}) == 0x0180c2000000) return true;          // IEEE 802.1D
  if ((address & ~uint64_t{0xf}) == 0x01000cccccc0) return true;          // Cisco CDP, PVST+, CFM
  switch (address) {
    case 0x01000ccdcdcd:                                                  // Cisco STP uplink fast
    case 0x01000c000000:                                                  // Cisco ISL
    case 0x00e02b000000:                                                  // Extreme EDP
    case 0x00e02b000004:
    case 0x00e02b000006: return true;                                     // Extreme EAPS
    default: return false;
  }
}

// A broadcast ARP may be gratuitous, which later decides about learning from bonds: its operation matters, and of a
// request both addresses.
void depend_on_announcement(Context& ctx) {
  if (ctx.key.eth_type != Be16{net::kEthTypeArp} || !ctx.key.eth_dst.is_broadcast()) return;
  TURNOUT_MASK_ALL(ctx.out.mask, nw_proto);
  if (ctx.key.nw_proto != kArpRequest) return;
  TURNOUT_MASK_ALL(ctx.out.mask, nw_src);
  TURNOUT_MASK_ALL(ctx.out.mask, nw_dst);
}

// The one interface of a port, or the first of several that is up.
const Interface* member(const Bundle& bundle) {
  for (const Interface& i : bundle.interfaces)
    if (i.spec.enabled) return &i;
  return bundle.interfaces.empty() ? nullptr : &bundle.interfaces.front();
}

class Normal {
 public:
  Normal(Context& ctx, const Walk& walk, const l2::FrameVlan& frame) : ctx_(ctx), walk_(walk), frame_(frame) {}

  void flood() {
    // Those first that take the tags as they are: fewer changes on the way.
    for (bool as_is : {true, false})
      for (const auto& bundle : walk_.bridge.bundles) {
        if (bundle.get() == walk_.in.bundle || !floodable(*bundle) || !may_go(*bundle)) continue;
        const auto tags = tags_for(*bundle);
        if (tags && unchanged(*tags) == as_is) send(*bundle, *tags);
      }
  }

  void to_one(const Bundle& bundle) {
    if (&bundle == walk_.in.bundle) return ctx_.note(walk_, "the destination is where it came from");
    if (!may_go(bundle)) return;
    if (const auto tags = tags_for(bundle)) send(bundle, *tags);
  }

 private:
  static bool floodable(const Bundle& bundle) {
    for (const Interface& i : bundle.interfaces)
      if (i.spec.no_flood) return false;
    return true;
  }
  bool may_go(const Bundle& to) const {
    return l2::carries(to.spec.vlan, frame_) && !(to.spec.is_protected && walk_.in.bundle->spec.is_protected);
  }
  bool unchanged(const TagStack& tags) const {
    const unsigned n = TagStack::common_bottom(tags, walk_.tags);
    return n == tags.size() && n == walk_.tags.size();
  }
  std::optional<TagStack> tags_for(const Bundle& to) {
    auto tags = walk_.tags.rewritten(frame_.consumed, l2::tag_for(to.spec.vlan, frame_));
    if (!tags) ctx_.set_reason(Reason::kTooDeep);
    return tags;
  }
  void send(const Bundle& to, const TagStack& tags) {
    if (const Interface* interface = member(to)) ctx_.output(walk_, *interface, tags);
  }

  Context& ctx_;
  const Walk& walk_;
  const l2::FrameVlan& frame_;
};

}  // namespace

void act_normal(Context& ctx, const Walk& walk) {
  TURNOUT_MASK_ALL(ctx.out.mask, eth_src);
  TURNOUT_MASK_ALL(ctx.out.mask, eth_dst);
  ctx.depend_on_vlan(walk.tags);
  if (walk.tags.size() == 0 && (ctx.key.eth_type == Be16{net::kEthTypeVlan} || ctx.key.eth_type == Be16{net::kEthTypeQinq}))
    return ctx.set_reason(Reason::kPartialTag);
  const l2::Admission admission = l2::admit(walk.in.bundle->spec.vlan, walk.tags.tags());
  if (!admission.accepted()) return ctx.set_reason(Reason::kVlanNotAdmitted);
  if (!walk.bridge.spec.forward_bpdu && reserved(ctx.key.eth_dst)) return ctx.set_reason(Reason::kReservedAddress);

  const l2::FrameVlan& frame = admission.frame;
  const auto& macs = walk.bridge.spec.macs;
  depend_on_announcement(ctx);
  if (!ctx.key.eth_src.is_multicast())
    ctx.out.effects.writes.push_back(LearnMac{macs, ctx.key.eth_src, frame.vlan, walk.in.bundle->spec.id});

  Normal normal(ctx, walk, frame);
  const Bundle* known = nullptr;
  if (!ctx.key.eth_dst.is_multicast()) {
    // The sender's own address was learned just now, though the write comes after translation.
    if (ctx.key.eth_dst == ctx.key.eth_src) known = walk.in.bundle;
    else if (const auto id = macs->lookup(ctx.key.eth_dst, frame.vlan)) known = walk.bridge.bundle(*id);
  }
  known ? normal.to_one(*known) : normal.flood();
}

}  // namespace turnout::translate
