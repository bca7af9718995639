// See tunnel_push_text.h. RFC 2784 and 2890 (GRE), 7348 (VXLAN), 8926 (Geneve), the ERSPAN draft, 3GPP TS 29.281 (GTP-U).
#include "lib/datapath/tunnel_push_text.h"

#include <fmt/format.h>

#include "lib/datapath/sub_field_text.h"
#include "lib/datapath/tunnel_text.h"
#include "lib/net/checksum.h"
#include "lib/net/headers.h"
#include "lib/net/parse.h"

namespace turnout::datapath {
namespace {

using namespace text;

// enum ovs_vport_type and those that the reference's userspace adds: the sorts of headers that UDP does not tell apart.
enum TunnelType : uint32_t { kVxlan = 4, kGeneve = 5, kErspan = 107, kIp6Erspan = 108, kGtpu = 110 };
constexpr size_t kMaxHeader = 512;
constexpr uint16_t kGreChecksum = 0x8000, kGreKey = 0x2000, kGreSequence = 0x1000;
constexpr uint16_t kErspanType2 = 0x88be, kErspanType3 = 0x22eb;
constexpr uint8_t kGeneveOam = 0x80, kGeneveCritical = 0x40;

struct VxlanHeader { net::Wire32 flags, vni; };
struct GeneveHeader { uint8_t version_length, flags; net::Wire16 protocol; net::Wire32 vni; };
struct GtpuHeader { uint8_t flags, type; net::Wire16 length; net::Wire32 teid; };
struct GreHeader { net::Wire16 flags, protocol; };

// Prints one header after the other; false where bytes are missing or no one knows what they are.
class HeaderWriter {
 public:
  HeaderWriter(std::string& out, const TunnelHeader& header) : out_(out), type_(header.type), cursor_(header.bytes) {}

  bool run() {
    const auto* eth = cursor_.take<net::EthHeader>();
    if (!eth) return false;
    const uint16_t type = Be16(eth->type).host();
    add("eth(dst={},src={},dl_type=0x{:04x}),", eth->dst.to_string(), eth->src.to_string(), type);
    if (type == net::kEthTypeIpv4) return ipv4();
    return type == net::kEthTypeIpv6 && ipv6();
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  bool ipv4() {
    const auto* ip = cursor_.take<net::Ipv4Header>();
    if (!ip || ip->version_ihl != 0x45) return false;
    add("ipv4(src={},dst={},proto={},tos={},ttl={},frag=0x{:x}),", net::ipv4_to_string(ip->src), net::ipv4_to_string(ip->dst),
        ip->protocol, alternate_hex(ip->tos), ip->ttl, Be16(ip->fragment).host());
    return transport(ip->protocol);
  }

  bool ipv6() {
    const auto* ip = cursor_.take<net::Ipv6Header>();
    if (!ip) return false;
    const uint32_t first = Be32(ip->version_class_label).host();
    add("ipv6(src={},dst={},label={},proto={},tclass=0x{:x},hlimit={}),", ip->src.to_string(), ip->dst.to_string(), first & 0xfffff,
        ip->next_header, first >> 20 & 0xff, ip->hop_limit);
    return transport(ip->next_header);
  }

  bool transport(uint8_t protocol) {
    if (protocol == net::kIpUdp) return udp();
    return protocol == net::kIpGre && (type_ == kErspan || type_ == kIp6Erspan ? erspan() : gre());
  }

  bool udp() {
    const auto* udp = cursor_.take<net::UdpHeader>();
    if (!udp) return false;
    add("udp(src={},dst={},csum=0x{:x}),", Be16(udp->src).host(), Be16(udp->dst).host(), Be16(udp->checksum).host());
    switch (type_) {
      case kVxlan: return vxlan();
      case kGeneve: return geneve();
      case kGtpu: return gtpu();
    }
    return false;
  }

  bool vxlan() {
    const auto* h = cursor_.take<VxlanHeader>();
    if (h) add("vxlan(flags=0x{:x},vni=0x{:x})", Be32(h->flags).host(), Be32(h->vni).host() >> 8);
    return whole(h);
  }

  bool geneve() {
    const auto* h = cursor_.take<GeneveHeader>();
    if (!h) return false;
    add("geneve({}{}vni=0x{:x}", h->flags & kGeneveOam ? "oam," : "", h->flags & kGeneveCritical ? "crit," : "",
        Be32(h->vni).host() >> 8);
    const size_t length = (h->version_length & 0x3fu) * 4;
    flow::TunnelKey tunnel{};
    if (length > cursor_.left() || length > sizeof tunnel.options) return false;
    if (length) {
      tunnel.options_length = static_cast<uint32_t>(length);
      std::memcpy(tunnel.options, cursor_.at(), length);
      out_ += ",options(";
      append_geneve_options(out_, tunnel);
      out_ += ')';
    }
    out_ += ')';
    return cursor_.skip(length) && whole(h);
  }

  bool gtpu() {
    const auto* h = cursor_.take<GtpuHeader>();
    if (h) add("gtpu(flags=0x{:x},msgtype={},teid=0x{:x})", h->flags, h->type, Be32(h->teid).host());
    return whole(h);
  }

  bool gre() {
    const auto* h = cursor_.take<GreHeader>();
    if (!h) return false;
    const uint16_t flags = Be16(h->flags).host();
    add("gre((flags=0x{:x},proto=0x{:x})", flags, Be16(h->protocol).host());
    const net::Wire32 *checksum = nullptr, *key = nullptr, *sequence = nullptr;
    if ((flags & kGreChecksum && !(checksum = cursor_.take<net::Wire32>())) || (flags & kGreKey && !(key = cursor_.take<net::Wire32>())) ||
        (flags & kGreSequence && !(sequence = cursor_.take<net::Wire32>())))
      return false;
    if (checksum) add(",csum=0x{:x}", Be32(*checksum).host() >> 16);
    if (key) add(",key=0x{:x}", Be32(*key).host());
    if (sequence) add(",seq=0x{:x}", Be32(*sequence).host());
    out_ += ')';
    return whole(h);
  }

  bool erspan() {
    const auto* h = cursor_.take<GreHeader>();
    const auto* sequence = cursor_.take<net::Wire32>();
    const auto* base = cursor_.take<net::Wire32>();
    const auto* first = cursor_.take<net::Wire32>();
    if (!h || !sequence || !base || !first) return false;
    const uint32_t session = Be32(*base).host() & 0x3ff;
    if (Be16(h->protocol) == Be16{kErspanType2}) {
      add("erspan(ver=1,sid=0x{:x},idx=0x{:x})", session, Be32(*first).host() & 0xfffff);
      return whole(h);
    }
    const auto* second = cursor_.take<net::Wire32>();
    if (!second || Be16(h->protocol) != Be16{kErspanType3}) return false;
    const uint32_t bits = Be32(*second).host();
    add("erspan(ver=2,sid=0x{:x},dir={},hwid=0x{:x})", session, bits >> 3 & 1, bits >> 4 & 0x3f);
    return whole(h);
  }

  bool whole(const void* header) const { return header && !cursor_.left(); }

  std::string& out_;
  const uint32_t type_;
  net::Cursor cursor_;
};

// Takes literals and values off the front of a text. Once something does not fit, everything fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : left_(text) {}
  bool maybe(std::string_view literal) {
    if (!ok_ || !left_.starts_with(literal)) return false;
    left_.remove_prefix(literal.size());
    return true;
  }
  void expect(std::string_view literal) { ok_ = maybe(literal); }
  uint32_t number(std::string_view name, uint64_t most) {
    expect(name);
    const auto value = parse_unsigned(word());
    ok_ = ok_ && value && *value <= most;
    return ok_ ? static_cast<uint32_t>(*value) : 0;
  }
  template <typename T>
  T address(std::string_view name, std::optional<T> (*parse)(std::string_view)) {
    expect(name);
    const auto value = parse(word());
    ok_ = ok_ && value;
    return ok_ ? *value : T{};
  }
  // Up to the parenthesis that closes what was opened before.
  std::string_view inside() {
    size_t end = 0;
    for (int depth = 0; end < left_.size() && (depth || left_[end] != ')'); ++end) depth += (left_[end] == '(') - (left_[end] == ')');
    const std::string_view text = left_.substr(0, end);
    left_.remove_prefix(end);
    return text;
  }
  void fail() { ok_ = false; }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && left_.empty(); }

 private:
  std::string_view word() {
    const std::string_view text = left_.substr(0, left_.find_first_of(",)"));
    left_.remove_prefix(text.size());
    return text;
  }
  std::string_view left_;
  bool ok_ = true;
};

class HeaderParser {
 public:
  explicit HeaderParser(std::string_view body) : in_(body) {}

  std::optional<TunnelHeader> run() {
    out_.tunnel_port = DpPort{in_.number("tnl_port(", 0xffffffff)};
    const uint32_t size = in_.number("),header(size=", kMaxHeader);
    out_.type = in_.number(",type=", 0xffffffff);
    in_.expect(",");
    if (in_.maybe("data(")) raw();
    else headers();
    out_.out_port = DpPort{in_.number("),out_port(", 0xffffffff)};
    in_.expect(")");
    return in_.done() && size == out_.bytes.size() ? std::optional(std::move(out_)) : std::nullopt;
  }

 private:
  template <typename T>
  void put(const T& header) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&header);
    out_.bytes.insert(out_.bytes.end(), bytes, bytes + sizeof header);
  }
  void put32(uint32_t value) { put(Be32{value}); }

  void raw() {
    auto bytes = parse_hex(in_.inside());
    if (bytes) out_.bytes = std::move(*bytes);
    else in_.fail();
    in_.expect(")");
  }

  void headers() {
    net::EthHeader eth{};
    eth.dst = in_.address<net::Mac>("eth(dst=", net::Mac::parse);
    eth.src = in_.address<net::Mac>(",src=", net::Mac::parse);
    const auto type = static_cast<uint16_t>(in_.number(",dl_type=", 0xffff));
    eth.type = Be16{type};
    in_.expect("),");
    put(eth);
    if (type == net::kEthTypeIpv4) transport(ipv4());
    else if (type == net::kEthTypeIpv6) transport(ipv6());
    else in_.fail();
  }

  uint32_t ipv4() {
    net::Ipv4Header ip{};
    ip.version_ihl = 0x45;
    ip.src = in_.address<Be32>("ipv4(src=", net::parse_ipv4);
    ip.dst = in_.address<Be32>(",dst=", net::parse_ipv4);
    ip.protocol = static_cast<uint8_t>(in_.number(",proto=", 0xff));
    ip.tos = static_cast<uint8_t>(in_.number(",tos=", 0xff));
    ip.ttl = static_cast<uint8_t>(in_.number(",ttl=", 0xff));
    ip.fragment = Be16{static_cast<uint16_t>(in_.number(",frag=", 0xffff))};
    in_.expect("),");
    ip.checksum = net::checksum({reinterpret_cast<const uint8_t*>(&ip), sizeof ip});
    put(ip);
    return ip.protocol;
  }

  uint32_t ipv6() {
    net::Ipv6Header ip{};
    ip.src = in_.address<net::Ipv6>("ipv6(src=", net::Ipv6::parse);
    ip.dst = in_.address<net::Ipv6>(",dst=", net::Ipv6::parse);
    const uint32_t label = in_.number(",label=", 0xfffff);
    ip.next_header = static_cast<uint8_t>(in_.number(",proto=", 0xff));
    const uint32_t traffic_class = in_.number(",tclass=", 0xff);
    ip.hop_limit = static_cast<uint8_t>(in_.number(",hlimit=", 0xff));
    ip.version_class_label = Be32{6u << 28 | traffic_class << 20 | label};
    in_.expect("),");
    put(ip);
    return ip.next_header;
  }

  void transport(uint32_t protocol) {
    if (protocol == net::kIpUdp) return udp();
    if (protocol != net::kIpGre) return in_.fail();
    if (in_.maybe("gre(")) gre();
    else erspan();
  }

  void udp() {
    net::UdpHeader udp{};
    udp.src = Be16{static_cast<uint16_t>(in_.number("udp(src=", 0xffff))};
    udp.dst = Be16{static_cast<uint16_t>(in_.number(",dst=", 0xffff))};
    udp.checksum = Be16{static_cast<uint16_t>(in_.number(",csum=", 0xffff))};
    in_.expect("),");
    put(udp);
    if (in_.maybe("vxlan(")) vxlan();
    else if (in_.maybe("geneve(")) geneve();
    else gtpu();
  }

  void vxlan() {
    put32(in_.number("flags=", 0xffffffff));
    put32(in_.number(",vni=", 0xffffff) << 8);
    in_.expect(")");
  }

  void geneve() {
    GeneveHeader h{};
    if (in_.maybe("oam,")) h.flags |= kGeneveOam;
    if (in_.maybe("crit,")) h.flags |= kGeneveCritical;
    h.protocol = Be16{net::kEthTypeTeb};
    h.vni = Be32{in_.number("vni=", 0xffffff) << 8};
    flow::TunnelKey tunnel{};
    if (in_.maybe(",options(")) {
      // The length field counts to 63 words.
      if (!parse_geneve_options(tunnel, in_.inside()) || tunnel.options_length > 63 * 4) in_.fail();
      in_.expect(")");
    }
    in_.expect(")");
    if (!in_.ok()) return;
    h.version_length = static_cast<uint8_t>(tunnel.options_length / 4);
    put(h);
    out_.bytes.insert(out_.bytes.end(), tunnel.options, tunnel.options + tunnel.options_length);
  }

  void gtpu() {
    GtpuHeader h{};
    h.flags = static_cast<uint8_t>(in_.number("gtpu(flags=", 0xff));
    h.type = static_cast<uint8_t>(in_.number(",msgtype=", 0xff));
    h.teid = Be32{in_.number(",teid=", 0xffffffff)};
    in_.expect(")");
    put(h);
  }

  void gre() {
    const uint32_t flags = in_.number("(flags=", 0xffff);
    put32(flags << 16 | in_.number(",proto=", 0xffff));
    in_.expect(")");
    if (flags & kGreChecksum) put32(in_.number(",csum=", 0xffff) << 16);
    if (flags & kGreKey) put32(in_.number(",key=", 0xffffffff));
    if (flags & kGreSequence) put32(in_.number(",seq=", 0xffffffff));
    in_.expect(")");
  }

  void erspan() {
    const uint32_t version = in_.number("erspan(ver=", 2);
    const uint32_t session = in_.number(",sid=", 0x3ff);
    put32(uint32_t{kGreSequence} << 16 | (version == 1 ? kErspanType2 : kErspanType3));
    put32(0);                                     // the sequence number, counted as packets are sent
    put32(version << 28 | session);
    if (version == 1) {
      put32(in_.number(",idx=", 0xfffff));
    } else {
      const uint32_t direction = in_.number(",dir=", 1);
      put32(0);                                   // the time stamp
      put32(in_.number(",hwid=", 0x3f) << 4 | direction << 3);
    }
    in_.expect(")");
    if (version == 0) in_.fail();
  }

  Scanner in_;
  TunnelHeader out_;
};

}  // namespace

std::string format_tunnel_push(const TunnelHeader& header) {
  std::string inside;
  if (!HeaderWriter(inside, header).run()) inside = "data(" + hex_bytes(header.bytes) + ")";
  return fmt::format("tnl_push(tnl_port({}),header(size={},type={},{}),out_port({}))", header.tunnel_port.value, header.bytes.size(),
                     header.type, inside, header.out_port.value);
}

std::optional<TunnelHeader> parse_tunnel_push(std::string_view body) { return HeaderParser(body).run(); }

}  // namespace turnout::datapath
