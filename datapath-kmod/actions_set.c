// SPDX-License-Identifier: GPL-2.0
/* set() and masked set: rewrites a header, its checksums, and the key.
 *
 * Context of every function: BH off, RCU read side, skb->data at the MAC header, headers of the skb set, the
 * key fresh. Consumes nothing. An action was checked against the flow's key when it was built; packets are
 * still checked for being long enough. One setter is one function (noinline): none pays for the registers of all.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ipv6.h>
#include <net/mpls.h>
#include <net/nsh.h>
#include <net/sctp/checksum.h>
#include "actions.h"

/* Bits of @value under @mask, the others of @old. */
#define BLEND(old, value, mask) (((old) & ~(mask)) | ((value) & (mask)))

/* Makes @len bytes from @offset writable. 0 or -ENOMEM. */
static inline int writable(struct sk_buff *skb, unsigned int offset, unsigned int len)
{
	if (likely(!skb_cloned(skb) && offset + len <= skb_headlen(skb)))
		return 0;
	return skb_ensure_writable(skb, offset + len);
}

/* Replaces bytes that no checksum in the packet covers; @at and @len are even. */
static void replace(struct sk_buff *skb, void *at, const void *bytes, unsigned int len)
{
	skb_postpull_rcsum(skb, at, len);
	memcpy(at, bytes, len);
	skb_postpush_rcsum(skb, at, len);
}

/* An Ethernet address, wherever it stands. */
struct address {
	u32 head;
	u16 tail;
} __packed;

static void blend_address(void *address, const void *value, const void *mask)
{
	const struct address *v = value, *m = mask;
	struct address *a = address;

	a->head = BLEND(a->head, v->head, m->head);
	a->tail = BLEND(a->tail, v->tail, m->tail);
}

static noinline int set_ethernet(struct sk_buff *skb, struct tn_key *key, const struct ovs_key_ethernet *value,
				 const struct ovs_key_ethernet *mask)
{
	struct ethhdr *eth;
	int err = writable(skb, 0, ETH_HLEN);

	if (err)
		return err;
	eth = eth_hdr(skb);
	skb_postpull_rcsum(skb, eth, 2 * ETH_ALEN);
	blend_address(eth->h_source, value->eth_src, mask->eth_src);
	blend_address(eth->h_dest, value->eth_dst, mask->eth_dst);
	skb_postpush_rcsum(skb, eth, 2 * ETH_ALEN);
	ether_addr_copy(key->eth_src, eth->h_source);
	ether_addr_copy(key->eth_dst, eth->h_dest);
	return 0;
}

/* --- checksums of layer 4 -------------------------------------------------------------------------------- */

/* Where the checksum stands that covers the addresses, behind the transport header's start; -1: none does. */
static int checksum_offset(u8 proto, bool ipv6)
{
	switch (proto) {
	case IPPROTO_TCP:
		return offsetof(struct tcphdr, check);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return offsetof(struct udphdr, check);
	case IPPROTO_DCCP:
		return 6;	/* RFC 4340 §5.1 */
	case IPPROTO_ICMPV6:
		return ipv6 ? 2 : -1;
	}
	return -1;
}

/* The checksum that covers the addresses, writable; NULL: none, or it is not in this packet, or the sender left it
 * out. -ENOMEM. May move headers.
 */
static __sum16 *address_checksum(struct sk_buff *skb, const struct tn_key *key, bool ipv6)
{
	int at = checksum_offset(key->ip.proto, ipv6);
	unsigned int offset = skb_transport_offset(skb);
	__sum16 *sum;

	if (at < 0 || key->ip.frag == OVS_FRAG_TYPE_LATER || offset + at + sizeof(*sum) > skb->len)
		return NULL;
	if (writable(skb, offset, at + sizeof(*sum)))
		return ERR_PTR(-ENOMEM);
	sum = (__sum16 *)(skb_transport_header(skb) + at);
	if (key->ip.proto == IPPROTO_UDP && !*sum && skb->ip_summed != CHECKSUM_PARTIAL)
		return NULL;
	return sum;
}

/* After a change of an UDP checksum: 0 would mean that there is none. */
static void finish_checksum(const struct tn_key *key, const struct sk_buff *skb, __sum16 *sum)
{
	if (key->ip.proto == IPPROTO_UDP && !*sum && skb->ip_summed != CHECKSUM_PARTIAL)
		*sum = CSUM_MANGLED_0;
}

/* --- IPv4 -------------------------------------------------------------------------------------------------- */

/* Returns @now, for the key. */
static __be32 set_ipv4_address(struct sk_buff *skb, const struct tn_key *key, __be32 *address, __be32 now,
			       __sum16 *sum)
{
	if (sum) {
		inet_proto_csum_replace4(sum, skb, *address, now, true);
		finish_checksum(key, skb, sum);
	}
	csum_replace4(&ip_hdr(skb)->check, *address, now);
	*address = now;
	skb_clear_hash(skb);
	return now;
}

static noinline int set_ipv4(struct sk_buff *skb, struct tn_key *key, const struct ovs_key_ipv4 *value,
			     const struct ovs_key_ipv4 *mask)
{
	struct iphdr *ip;
	__sum16 *sum;
	int err = writable(skb, skb_network_offset(skb), sizeof(*ip));

	if (err)
		return err;
	if (mask->ipv4_src || mask->ipv4_dst) {
		sum = address_checksum(skb, key, false);
		if (IS_ERR(sum))
			return PTR_ERR(sum);
		ip = ip_hdr(skb);
		if ((ip->saddr ^ value->ipv4_src) & mask->ipv4_src)
			key->ipv4.src = set_ipv4_address(skb, key, &ip->saddr,
							 BLEND(ip->saddr, value->ipv4_src, mask->ipv4_src), sum);
		if ((ip->daddr ^ value->ipv4_dst) & mask->ipv4_dst)
			key->ipv4.dst = set_ipv4_address(skb, key, &ip->daddr,
							 BLEND(ip->daddr, value->ipv4_dst, mask->ipv4_dst), sum);
	}
	ip = ip_hdr(skb);
	if (mask->ipv4_tos) {
		ipv4_change_dsfield(ip, 0, BLEND(ip->tos, value->ipv4_tos, mask->ipv4_tos));
		key->ip.tos = ip->tos;
	}
	if (mask->ipv4_ttl) {
		u8 ttl = BLEND(ip->ttl, value->ipv4_ttl, mask->ipv4_ttl);

		csum_replace2(&ip->check, htons(ip->ttl << 8), htons(ttl << 8));
		ip->ttl = ttl;
		key->ip.ttl = ttl;
	}
	return 0;
}

/* --- IPv6 -------------------------------------------------------------------------------------------------- */

static void blend_ipv6_address(struct in6_addr *now, const struct in6_addr *old, const __be32 value[4],
			       const __be32 mask[4])
{
	int i;

	for (i = 0; i < 4; i++)
		now->s6_addr32[i] = BLEND(old->s6_addr32[i], value[i], mask[i]);
}

static void set_ipv6_address(struct sk_buff *skb, struct tn_key *key, struct in6_addr *address,
			     const struct in6_addr *now, __sum16 *sum)
{
	if (ipv6_addr_equal(address, now))
		return;
	if (sum) {
		inet_proto_csum_replace16(sum, skb, address->s6_addr32, now->s6_addr32, true);
		finish_checksum(key, skb, sum);
		*address = *now;
	} else {
		replace(skb, address, now, sizeof(*now));
	}
	skb_clear_hash(skb);
}

/* True where the destination in the header is not the one that checksums cover: segments are left of a routing
 * header (RFC 8200 §8.1).
 */
static bool has_segments_left(const struct sk_buff *skb)
{
	int flags = IP6_FH_F_SKIP_RH;
	unsigned int offset = 0;

	return ipv6_find_hdr(skb, &offset, NEXTHDR_ROUTING, NULL, &flags) == NEXTHDR_ROUTING;
}

/* Traffic class, flow label and hop limit: the first eight bytes of the header. */
static void set_ipv6_words(struct sk_buff *skb, struct tn_key *key, const struct ovs_key_ipv6 *value,
			   const struct ovs_key_ipv6 *mask)
{
	struct ipv6hdr *ip = ipv6_hdr(skb);
	u8 tclass = BLEND(ipv6_get_dsfield(ip), value->ipv6_tclass, mask->ipv6_tclass);
	__be32 label = BLEND(ip6_flowlabel(ip), value->ipv6_label & IPV6_FLOWLABEL_MASK, mask->ipv6_label);
	struct ipv6hdr now;

	memcpy(&now, ip, 8);
	ip6_flow_hdr(&now, tclass, label);
	now.hop_limit = BLEND(ip->hop_limit, value->ipv6_hlimit, mask->ipv6_hlimit);
	replace(skb, ip, &now, 8);
	key->ip.tos = tclass;
	key->ip.ttl = now.hop_limit;
	key->ipv6.label = label;
}

static noinline int set_ipv6(struct sk_buff *skb, struct tn_key *key, const struct ovs_key_ipv6 *value,
			     const struct ovs_key_ipv6 *mask)
{
	__sum16 *sum = NULL;
	struct in6_addr now;
	struct ipv6hdr *ip;
	int err = writable(skb, skb_network_offset(skb), sizeof(*ip));

	if (err)
		return err;
	if (memchr_inv(mask->ipv6_src, 0, sizeof(mask->ipv6_src) + sizeof(mask->ipv6_dst))) {
		sum = address_checksum(skb, key, true);
		if (IS_ERR(sum))
			return PTR_ERR(sum);
	}
	ip = ipv6_hdr(skb);
	blend_ipv6_address(&now, &ip->saddr, value->ipv6_src, mask->ipv6_src);
	set_ipv6_address(skb, key, &ip->saddr, &now, sum);
	blend_ipv6_address(&now, &ip->daddr, value->ipv6_dst, mask->ipv6_dst);
	if (sum && !ipv6_addr_equal(&now, &ip->daddr) && has_segments_left(skb))
		sum = NULL;
	set_ipv6_address(skb, key, &ip->daddr, &now, sum);
	key->ipv6.src = ip->saddr;
	key->ipv6.dst = ip->daddr;
	if (mask->ipv6_tclass || mask->ipv6_label || mask->ipv6_hlimit)
		set_ipv6_words(skb, key, value, mask);
	return 0;
}

/* --- ports, MPLS, NSH --------------------------------------------------------------------------------------- */

static inline void set_port(struct sk_buff *skb, __be16 *port, __be16 now, __sum16 *sum)
{
	if (*port == now)
		return;
	if (sum)
		inet_proto_csum_replace2(sum, skb, *port, now, false);
	else if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->csum = csum_add(csum_sub(skb->csum, (__force __wsum)*port), (__force __wsum)now);
	*port = now;
	skb_clear_hash(skb);
}

/* TCP and UDP: ports at the start of the header, the checksum at @check. */
static noinline int set_ports(struct sk_buff *skb, struct tn_key *key, const __be16 value[2], const __be16 mask[2],
			      unsigned int header_len, unsigned int check)
{
	unsigned int offset = skb_transport_offset(skb);
	__be16 *ports;
	__sum16 *sum;
	int err;

	if (key->ip.frag == OVS_FRAG_TYPE_LATER || offset + header_len > skb->len)
		return 0;
	err = writable(skb, offset, header_len);
	if (err)
		return err;
	ports = (__be16 *)skb_transport_header(skb);
	sum = (__sum16 *)(skb_transport_header(skb) + check);
	if (key->ip.proto == IPPROTO_UDP && !*sum && skb->ip_summed != CHECKSUM_PARTIAL)
		sum = NULL;
	set_port(skb, &ports[0], BLEND(ports[0], value[0], mask[0]), sum);
	set_port(skb, &ports[1], BLEND(ports[1], value[1], mask[1]), sum);
	if (sum)
		finish_checksum(key, skb, sum);
	key->tp.src = ports[0];
	key->tp.dst = ports[1];
	return 0;
}

/* The CRC covers the whole packet; a wrong one stays as wrong as it was. */
static noinline int set_sctp(struct sk_buff *skb, struct tn_key *key, const struct ovs_key_sctp *value,
			     const struct ovs_key_sctp *mask)
{
	unsigned int offset = skb_transport_offset(skb);
	bool offloaded = skb->ip_summed == CHECKSUM_PARTIAL;
	__le32 old_right = 0;
	struct sctphdr *sctp;
	int err;

	if (key->ip.frag == OVS_FRAG_TYPE_LATER || offset + sizeof(*sctp) > skb->len)
		return 0;
	err = writable(skb, offset, sizeof(*sctp));
	if (err)
		return err;
	sctp = (struct sctphdr *)skb_transport_header(skb);
	if (!offloaded)
		old_right = sctp_compute_cksum(skb, offset);
	sctp->source = BLEND(sctp->source, value->sctp_src, mask->sctp_src);
	sctp->dest = BLEND(sctp->dest, value->sctp_dst, mask->sctp_dst);
	if (!offloaded)
		sctp->checksum ^= old_right ^ sctp_compute_cksum(skb, offset);
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
	key->tp.src = sctp->source;
	key->tp.dst = sctp->dest;
	skb_clear_hash(skb);
	return 0;
}

static noinline int set_mpls(struct sk_buff *skb, struct tn_key *key, const struct ovs_key_mpls *value,
			     const struct ovs_key_mpls *mask)
{
	unsigned int offset = skb_network_offset(skb);
	int err = writable(skb, offset, MPLS_HLEN);
	__be32 *lse, now;

	if (err)
		return err;
	lse = (__be32 *)skb_network_header(skb);
	now = BLEND(*lse, value->mpls_lse, mask->mpls_lse);
	replace(skb, lse, &now, sizeof(now));
	key->mpls.lse[0] = now;
	return 0;
}

/* @value and @mask are struct tn_key_nsh; mdtype and np never change. */
static noinline int set_nsh(struct sk_buff *skb, struct tn_key *key, const struct tn_key_nsh *value,
			    const struct tn_key_nsh *mask)
{
	unsigned int offset = skb_network_offset(skb), len = NSH_BASE_HDR_LEN;
	struct nshhdr *nsh, now;
	int i, err;

	if (key->nsh.base.mdtype == NSH_M_TYPE1)
		len = NSH_M_TYPE1_LEN;
	if (offset + len > skb->len)
		return -EINVAL;
	err = writable(skb, offset, len);
	if (err)
		return err;
	nsh = nsh_hdr(skb);
	memcpy(&now, nsh, len);
	nsh_set_flags_and_ttl(&now, BLEND(nsh_get_flags(nsh), value->base.flags, mask->base.flags),
			      BLEND(nsh_get_ttl(nsh), value->base.ttl, mask->base.ttl));
	now.path_hdr = BLEND(nsh->path_hdr, value->base.path_hdr, mask->base.path_hdr);
	for (i = 0; len == NSH_M_TYPE1_LEN && i < NSH_MD1_CONTEXT_SIZE; i++) {
		now.md1.context[i] = BLEND(nsh->md1.context[i], value->context[i], mask->context[i]);
		key->nsh.context[i] = now.md1.context[i];
	}
	replace(skb, nsh, &now, len);
	key->nsh.base.flags = nsh_get_flags(nsh);
	key->nsh.base.ttl = nsh_get_ttl(nsh);
	key->nsh.base.path_hdr = nsh->path_hdr;
	return 0;
}

int tn_set_execute(struct sk_buff *skb, struct tn_key *key, u32 key_attr, const struct tn_act_set *set)
{
	const void *value = tn_set_value(set), *mask = tn_set_mask(set);
	int err = tn_key_freshen(skb, key);

	if (err)
		return err;
	switch (key_attr) {
	case OVS_KEY_ATTR_PRIORITY:
		skb->priority = BLEND(skb->priority, *(const u32 *)value, *(const u32 *)mask);
		key->priority = skb->priority;
		return 0;
	case OVS_KEY_ATTR_SKB_MARK:
		skb->mark = BLEND(skb->mark, *(const u32 *)value, *(const u32 *)mask);
		key->skb_mark = skb->mark;
		return 0;
	case OVS_KEY_ATTR_ETHERNET:
		return set_ethernet(skb, key, value, mask);
	case OVS_KEY_ATTR_IPV4:
		return set_ipv4(skb, key, value, mask);
	case OVS_KEY_ATTR_IPV6:
		return set_ipv6(skb, key, value, mask);
	case OVS_KEY_ATTR_TCP:
		return set_ports(skb, key, value, mask, sizeof(struct tcphdr), offsetof(struct tcphdr, check));
	case OVS_KEY_ATTR_UDP:
		return set_ports(skb, key, value, mask, sizeof(struct udphdr), offsetof(struct udphdr, check));
	case OVS_KEY_ATTR_SCTP:
		return set_sctp(skb, key, value, mask);
	case OVS_KEY_ATTR_MPLS:
		return set_mpls(skb, key, value, mask);
	case OVS_KEY_ATTR_NSH:
		return set_nsh(skb, key, value, mask);
	}
	return -EINVAL;
}
