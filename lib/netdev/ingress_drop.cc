// The ways to drop at ingress: a tcx link, an nftables chain, a tc filter.
#include "lib/netdev/ingress_drop.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "lib/base/log.h"
#include "lib/netlink/socket.h"

namespace turnout::netdev {

namespace {
using netlink::Message;
using netlink::Socket;

Log log_{"netdev_linux"};
constexpr uint32_t kBpfTcxIngress = 46;          // enum bpf_attach_type since Linux 6.6
constexpr uint32_t kTableOwner = 0x2;            // NFT_TABLE_F_OWNER since Linux 5.12
constexpr uint16_t kFilterPriority = 49152;      // tc: after whatever a person is likely to have
constexpr uint32_t kFilterHandle = 0x74757231;   // ours among the filters of that priority
constexpr const char* kFilterName = "turnout-drop";

long bpf(int command, void* attributes, unsigned size) { return syscall(SYS_bpf, command, attributes, size); }

// `return TC_ACT_SHOT;`
Result<int> load_drop_program() {
  const bpf_insn program[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, TC_ACT_SHOT}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr a{};
  a.prog_type = BPF_PROG_TYPE_SCHED_CLS;
  a.insn_cnt = 2;
  a.insns = reinterpret_cast<uint64_t>(program);
  a.license = reinterpret_cast<uint64_t>("GPL");
  const long fd = bpf(BPF_PROG_LOAD, &a, sizeof a);
  if (fd < 0) return fail_errno("loading a BPF program", errno);
  return static_cast<int>(fd);
}

class TcxDrop final : public IngressDrop {
 public:
  explicit TcxDrop(int link) : link_(link) {}
  ~TcxDrop() override { close(link_); }
  std::string_view mechanism() const override { return "tcx"; }

 private:
  int link_;
};

tcmsg traffic_header(int ifindex, uint32_t parent, uint32_t handle, uint32_t info) {
  tcmsg header{};
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = ifindex;
  header.tcm_parent = parent;
  header.tcm_handle = handle;
  header.tcm_info = info;
  return header;
}

Message traffic(int type, int flags, const tcmsg& header) {
  Message m(type, flags);
  m.header(&header, sizeof header);
  return m;
}

Message filter_message(int type, int flags, int ifindex) {
  const uint32_t info = TC_H_MAKE(uint32_t{kFilterPriority} << 16, uint32_t{__builtin_bswap16(ETH_P_ALL)});
  Message m = traffic(type, flags, traffic_header(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), kFilterHandle, info));
  m.put_string(TCA_KIND, "bpf");
  return m;
}

Message nft(int type, int flags) {
  Message m((NFNL_SUBSYS_NFTABLES << 8) | type, flags);
  const nfgenmsg header{NFPROTO_NETDEV, NFNETLINK_V0, 0};
  m.header(&header, sizeof header);
  return m;
}

Message nft_bracket(int type) {
  Message m(type, 0);
  const nfgenmsg header{AF_UNSPEC, NFNETLINK_V0, __builtin_bswap16(NFNL_SUBSYS_NFTABLES)};
  m.header(&header, sizeof header);
  return m;
}

// One change between the brackets that nftables wants.
Status nft_commit(Socket& socket, const Message& change) {
  const Message begin = nft_bracket(NFNL_MSG_BATCH_BEGIN), end = nft_bracket(NFNL_MSG_BATCH_END);
  const Message* const all[] = {&begin, &change, &end};
  return socket.batch(all);
}

std::string chain_name(int ifindex) { return "drop-" + std::to_string(ifindex); }
}  // namespace

struct IngressDropper::Impl {
  int program = -1;
  std::unique_ptr<Socket> route, tables;
  std::string table;

  ~Impl() {
    if (program >= 0) close(program);
  }

  Result<int> drop_program() {
    if (program >= 0) return program;
    auto loaded = load_drop_program();
    if (loaded) program = *loaded;
    return loaded;
  }

  Status need_route() {
    if (route) return {};
    auto opened = Socket::open(NETLINK_ROUTE);
    if (!opened) return fail(opened);
    route = std::move(*opened);
    return {};
  }

  Status need_table() {
    if (tables) return {};
    auto socket = Socket::open(NETLINK_NETFILTER);
    if (!socket) return fail(socket);
    table = "turnout-" + std::to_string(getpid());
    Message m = nft(NFT_MSG_NEWTABLE, NLM_F_CREATE);
    m.put_string(NFTA_TABLE_NAME, table);
    m.put_be32(NFTA_TABLE_FLAGS, kTableOwner);
    if (Status s = nft_commit(**socket, m); !s) return s;
    tables = std::move(*socket);
    return {};
  }

  bool has_ingress_qdisc(int ifindex) {
    if (!need_route()) return false;
    bool found = false;
    Message m = traffic(RTM_GETQDISC, 0, traffic_header(ifindex, TC_H_INGRESS, 0, 0));
    Status s = route->request(m, [&](const nlmsghdr& answer) { found |= answer.nlmsg_type == RTM_NEWQDISC; });
    return s && found;
  }

  Result<std::unique_ptr<IngressDrop>> tcx(int ifindex);
  Result<std::unique_ptr<IngressDrop>> nftables(int ifindex, const std::string& name);
  Result<std::unique_ptr<IngressDrop>> tc(int ifindex);
  void forget_leftover(int ifindex);
};

namespace {
class NftDrop final : public IngressDrop {
 public:
  NftDrop(IngressDropper::Impl& owner, std::string chain) : owner_(owner), chain_(std::move(chain)) {}
  ~NftDrop() override {
    Message m = nft(NFT_MSG_DELCHAIN, 0);
    m.put_string(NFTA_CHAIN_TABLE, owner_.table);
    m.put_string(NFTA_CHAIN_NAME, chain_);
    if (Status s = nft_commit(*owner_.tables, m); !s && s.error().code != ENOENT)   // it goes with a vanished link
      log_.dbg("removing {}: {}", chain_, s.error().message);
  }
  std::string_view mechanism() const override { return "nftables"; }

 private:
  IngressDropper::Impl& owner_;
  std::string chain_;
};

class TcDrop final : public IngressDrop {
 public:
  TcDrop(IngressDropper::Impl& owner, int ifindex, bool own_qdisc) : owner_(owner), ifindex_(ifindex), own_qdisc_(own_qdisc) {}
  ~TcDrop() override {
    Status s = own_qdisc_ ? owner_.route->request(traffic(RTM_DELQDISC, 0, traffic_header(ifindex_, TC_H_CLSACT, 0xffff0000, 0)))
                          : owner_.route->request(filter_message(RTM_DELTFILTER, 0, ifindex_));
    if (!s) log_.dbg("removing the tc filter of ifindex {}: {}", ifindex_, s.error().message);
  }
  std::string_view mechanism() const override { return "tc"; }

 private:
  IngressDropper::Impl& owner_;
  int ifindex_;
  bool own_qdisc_;
};
}  // namespace

Result<std::unique_ptr<IngressDrop>> IngressDropper::Impl::tcx(int ifindex) {
  if (has_ingress_qdisc(ifindex)) return fail("an ingress qdisc stands there", EBUSY);
  auto loaded = drop_program();
  if (!loaded) return fail(loaded);
  // As BPF_LINK_CREATE reads it; older headers lack the tcx part, which may stay zero.
  struct { uint32_t program, ifindex, type, flags; uint64_t rest[4]; } a{};
  a.program = static_cast<uint32_t>(*loaded);
  a.ifindex = static_cast<uint32_t>(ifindex);
  a.type = kBpfTcxIngress;
  const long link = bpf(BPF_LINK_CREATE, &a, sizeof a);
  if (link < 0) return fail_errno("attaching a BPF program", errno);
  return std::unique_ptr<IngressDrop>(new TcxDrop(static_cast<int>(link)));
}

Result<std::unique_ptr<IngressDrop>> IngressDropper::Impl::nftables(int ifindex, const std::string& name) {
  if (Status s = need_table(); !s) return fail(s);
  Message m = nft(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  m.put_string(NFTA_CHAIN_TABLE, table);
  m.put_string(NFTA_CHAIN_NAME, chain_name(ifindex));
  m.put_string(NFTA_CHAIN_TYPE, "filter");
  void* hook = m.nest(NFTA_CHAIN_HOOK);
  m.put_be32(NFTA_HOOK_HOOKNUM, NF_NETDEV_INGRESS);
  m.put_be32(NFTA_HOOK_PRIORITY, static_cast<uint32_t>(INT32_MAX));   // behind every other chain
  m.put_string(NFTA_HOOK_DEV, name);
  m.end(hook);
  m.put_be32(NFTA_CHAIN_POLICY, NF_DROP);
  if (Status s = nft_commit(*tables, m); !s) return fail(s);
  return std::unique_ptr<IngressDrop>(new NftDrop(*this, chain_name(ifindex)));
}

Result<std::unique_ptr<IngressDrop>> IngressDropper::Impl::tc(int ifindex) {
  if (Status s = need_route(); !s) return fail(s);
  auto loaded = drop_program();
  if (!loaded) return fail(loaded);
  const bool stood = has_ingress_qdisc(ifindex);
  if (!stood) {
    Message m = traffic(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, traffic_header(ifindex, TC_H_CLSACT, 0xffff0000, 0));
    m.put_string(TCA_KIND, "clsact");
    if (Status s = route->request(m); !s) return fail(s);
  }
  auto drop = std::make_unique<TcDrop>(*this, ifindex, !stood);
  Message m = filter_message(RTM_NEWTFILTER, NLM_F_CREATE, ifindex);
  void* options = m.nest(TCA_OPTIONS);
  m.put_u32(TCA_BPF_FD, static_cast<uint32_t>(*loaded));
  m.put_string(TCA_BPF_NAME, kFilterName);
  m.put_u32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  m.end(options);
  if (Status s = route->request(m); !s) return fail(s);
  return std::unique_ptr<IngressDrop>(std::move(drop));
}

// A tc filter of an earlier process that was killed. Only by its own priority and handle: nobody else's is touched.
void IngressDropper::Impl::forget_leftover(int ifindex) {
  if (!has_ingress_qdisc(ifindex)) return;
  if (Status s = route->request(filter_message(RTM_DELTFILTER, 0, ifindex)); s)
    log_.info("removed the ingress filter that an earlier run left on ifindex {}", ifindex);
}

IngressDropper::IngressDropper() : impl_(std::make_unique<Impl>()) {}
IngressDropper::~IngressDropper() = default;

Result<std::unique_ptr<IngressDrop>> IngressDropper::install(int ifindex, const std::string& name, std::string_view only) {
  impl_->forget_leftover(ifindex);
  std::string reasons;
  Result<std::unique_ptr<IngressDrop>> drop = fail("no mechanism is known by that name", EINVAL);
  for (std::string_view mechanism : {"tcx", "nftables", "tc"}) {
    if (!only.empty() && mechanism != only) continue;
    drop = mechanism == "tcx" ? impl_->tcx(ifindex) : mechanism == "nftables" ? impl_->nftables(ifindex, name) : impl_->tc(ifindex);
    if (drop) return drop;
    reasons += (reasons.empty() ? "" : "; ") + std::string(mechanism) + ": " + drop.error().message;
  }
  return fail(reasons.empty() ? drop.error().message : reasons, drop.error().code);
}

}  // namespace turnout::netdev
