// SPDX-License-Identifier: GPL-2.0
/* From packet to key. A header that is cut short or malformed leaves its fields zero; only memory that runs
 * out, a frame shorter than its Ethernet header, and an NSH that is not whole or of no known kind, are errors.
 *
 * Context of every function: tn_key_extract().
 */
#include <linux/etherdevice.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mpls.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/mpls.h>
#include <net/ndisc.h>
#include <net/nsh.h>
#include <net/pkt_cls.h>

#include "conntrack.h"
#include "datapath.h"
#include "key.h"
#include "key_parse.h"

/* Clears fields which a packet without that header leaves zero. Any context. */
static inline void clear_l4(struct tn_key *key)
{
	key->tp.src = 0;
	key->tp.dst = 0;
	key->tcp_flags = 0;
}

static inline void clear_ip(struct tn_key *key)
{
	memset(&key->ip, 0, sizeof(key->ip));
	clear_l4(key);
}

/* ICMP of either version; its type and code stand where ports do. */
static int parse_icmp(struct sk_buff *skb, struct tn_key *key, unsigned int at)
{
	const struct icmphdr *icmp;
	int err = pull(skb, at + sizeof(*icmp));

	if (err <= 0)
		return err;
	icmp = (const struct icmphdr *)(skb->data + at);
	key->tp.src = htons(icmp->type);
	key->tp.dst = htons(icmp->code);
	return tn_key_is_nd(key) ? tn_parse_nd(skb, key, at) : 0;
}

/* Layer 4 at offset @at; key->ip is set. */
static inline int parse_l4(struct sk_buff *skb, struct tn_key *key, unsigned int at)
{
	const struct tcphdr *tcp;
	int err;

	clear_l4(key);
	switch (key->ip.proto) {
	case IPPROTO_TCP:
		err = pull(skb, at + sizeof(*tcp));
		if (err <= 0)
			return err;
		tcp = (const struct tcphdr *)(skb->data + at);
		if (unlikely(tcp->doff < 5 || at + tcp->doff * 4 > skb->len))
			return 0;
		key->tp.src = tcp->source;
		key->tp.dst = tcp->dest;
		key->tcp_flags = ((const __be16 *)tcp)[6] & htons(0x0fff);
		return 0;
	case IPPROTO_UDP:
		err = pull(skb, at + sizeof(struct udphdr));
		break;
	case IPPROTO_SCTP:
		err = pull(skb, at + sizeof(struct sctphdr));
		break;
	case IPPROTO_ICMP:
		return key->eth_type == htons(ETH_P_IP) ? parse_icmp(skb, key, at) : 0;
	case IPPROTO_ICMPV6:
		return key->eth_type == htons(ETH_P_IPV6) ? parse_icmp(skb, key, at) : 0;
	default:
		return 0;
	}
	if (err <= 0)
		return err;
	memcpy(&key->tp, skb->data + at, sizeof(key->tp));
	return 0;
}

static int parse_ipv4(struct sk_buff *skb, struct tn_key *key, unsigned int at)
{
	const struct iphdr *ip;
	unsigned int len;
	int err;

	key->n_words = TN_KEY_BASE_WORDS + sizeof(key->ipv4) / 8;
	memset(&key->ipv4.ct_orig, 0, sizeof(key->ipv4.ct_orig));
	err = pull(skb, at + sizeof(*ip));
	if (unlikely(err <= 0))
		goto malformed;
	ip = (const struct iphdr *)(skb->data + at);
	len = ip->ihl * 4;
	if (unlikely(len < sizeof(*ip) || at + len > skb->len))
		goto malformed;
	skb_set_transport_header(skb, at + len);
	key->ipv4.src = ip->saddr;
	key->ipv4.dst = ip->daddr;
	key->ip.proto = ip->protocol;
	key->ip.tos = ip->tos;
	key->ip.ttl = ip->ttl;
	key->ip.frag = OVS_FRAG_TYPE_NONE;
	if (unlikely(ip->frag_off & htons(IP_OFFSET))) {
		key->ip.frag = OVS_FRAG_TYPE_LATER;
		clear_l4(key);
		return 0;
	}
	if (unlikely(ip->frag_off & htons(IP_MF) || skb_shinfo(skb)->gso_type & SKB_GSO_UDP))
		key->ip.frag = OVS_FRAG_TYPE_FIRST;
	return parse_l4(skb, key, at + len);

malformed:
	key->ipv4.src = 0;
	key->ipv4.dst = 0;
	clear_ip(key);
	skb->transport_header = skb->network_header;
	return err < 0 ? err : 0;
}

static int parse_ipv6(struct sk_buff *skb, struct tn_key *key, unsigned int at)
{
	const struct ipv6hdr *ip;
	int err;
	u8 next;

	key->n_words = TN_KEY_BASE_WORDS + sizeof(key->ipv6) / 8;
	memset_startat(&key->ipv6, 0, label);
	err = pull(skb, at + sizeof(*ip));
	if (unlikely(err <= 0)) {
		memset(&key->ipv6, 0, sizeof(key->ipv6));
		goto malformed;
	}
	ip = (const struct ipv6hdr *)(skb->data + at);
	key->ipv6.src = ip->saddr;
	key->ipv6.dst = ip->daddr;
	key->ipv6.label = *(const __be32 *)ip & htonl(0x000fffff);
	key->ip.tos = ipv6_get_dsfield(ip);
	key->ip.ttl = ip->hop_limit;
	key->ip.frag = OVS_FRAG_TYPE_NONE;
	next = ip->nexthdr;
	at += sizeof(*ip);
	if (unlikely(next != IPPROTO_TCP && next != IPPROTO_UDP)) {
		err = tn_walk_exthdrs(skb, key, &at, &next);
		if (err <= 0) {
			key->ipv6.label = 0;
			key->ipv6.exthdrs = 0;
			goto malformed;
		}
	}
	key->ip.proto = next;
	skb_set_transport_header(skb, at);
	if (unlikely(key->ip.frag == OVS_FRAG_TYPE_LATER)) {
		clear_l4(key);
		return 0;
	}
	if (unlikely(skb_shinfo(skb)->gso_type & SKB_GSO_UDP))
		key->ip.frag = OVS_FRAG_TYPE_FIRST;
	return parse_l4(skb, key, at);

malformed:
	clear_ip(key);
	skb->transport_header = skb->network_header;
	return err < 0 ? err : 0;
}

static int parse_arp(struct sk_buff *skb, struct tn_key *key, unsigned int at)
{
	struct wire {
		struct arphdr hdr;
		u8 sha[ETH_ALEN];
		__be32 sip;
		u8 tha[ETH_ALEN];
		__be32 tip;
	} __packed;
	const struct wire *arp;
	int err;

	clear_ip(key);
	memset(&key->ipv4, 0, sizeof(key->ipv4));
	key->n_words = TN_KEY_BASE_WORDS + sizeof(key->ipv4) / 8;
	err = pull(skb, at + sizeof(*arp));
	if (err <= 0)
		return err;
	arp = (const struct wire *)(skb->data + at);
	if (arp->hdr.ar_hrd != htons(ARPHRD_ETHER) || arp->hdr.ar_pro != htons(ETH_P_IP) ||
	    arp->hdr.ar_hln != ETH_ALEN || arp->hdr.ar_pln != 4)
		return 0;
	if (ntohs(arp->hdr.ar_op) <= 0xff)
		key->ip.proto = ntohs(arp->hdr.ar_op);
	key->ipv4.src = arp->sip;
	key->ipv4.dst = arp->tip;
	ether_addr_copy(key->ipv4.arp.sha, arp->sha);
	ether_addr_copy(key->ipv4.arp.tha, arp->tha);
	return 0;
}

static int parse_mpls(struct sk_buff *skb, struct tn_key *key, unsigned int at)
{
	unsigned int n = 0;
	int err = 1;

	clear_ip(key);
	memset(&key->mpls, 0, sizeof(key->mpls));
	key->n_words = TN_KEY_BASE_WORDS + sizeof(key->mpls) / 8;
	for (;;) {
		__be32 lse;

		err = pull(skb, at + MPLS_HLEN);
		if (err <= 0)
			break;
		memcpy(&lse, skb->data + at, MPLS_HLEN);
		if (n < TN_MPLS_DEPTH)
			key->mpls.lse[n++] = lse;
		at += MPLS_HLEN;
		if (lse & htonl(MPLS_LS_S_MASK))
			break;
	}
	key->mpls.depth_mask = n ? GENMASK(n - 1, 0) : 0;
	skb_set_inner_network_header(skb, at);
	return err < 0 ? err : 0;
}

/* The one header whose faults the stock module takes for errors. */
static int parse_nsh(struct sk_buff *skb, struct tn_key *key, unsigned int at)
{
	const struct nshhdr *nsh;
	unsigned int len;
	int err;

	clear_ip(key);
	memset(&key->nsh, 0, sizeof(key->nsh));
	key->n_words = TN_KEY_BASE_WORDS + sizeof(key->nsh) / 8;
	err = pull(skb, at + NSH_BASE_HDR_LEN);
	if (err <= 0)
		return err ?: -EINVAL;
	nsh = (const struct nshhdr *)(skb->data + at);
	len = nsh_hdr_len(nsh);
	if (nsh_get_ver(nsh))
		return -EINVAL;
	err = pull(skb, at + len);
	if (err <= 0)
		return err ?: -EINVAL;
	nsh = (const struct nshhdr *)(skb->data + at);
	if (nsh->mdtype == NSH_M_TYPE1 ? len != NSH_M_TYPE1_LEN : nsh->mdtype != NSH_M_TYPE2)
		return -EINVAL;
	key->nsh.base.flags = nsh_get_flags(nsh);
	key->nsh.base.ttl = nsh_get_ttl(nsh);
	key->nsh.base.mdtype = nsh->mdtype;
	key->nsh.base.np = nsh->np;
	key->nsh.base.path_hdr = nsh->path_hdr;
	if (nsh->mdtype == NSH_M_TYPE1)
		memcpy(key->nsh.context, &nsh->md1, sizeof(key->nsh.context));
	return 0;
}

/* Layers 3 and 4 from the network header on; key->eth_type is set. Context of tn_key_extract(). */
static inline int parse_l3(struct sk_buff *skb, struct tn_key *key)
{
	unsigned int at = skb_network_offset(skb);

	if (likely(key->eth_type == htons(ETH_P_IP)))
		return parse_ipv4(skb, key, at);
	switch (key->eth_type) {
	case htons(ETH_P_IPV6):
		return parse_ipv6(skb, key, at);
	case htons(ETH_P_ARP):
	case htons(ETH_P_RARP):
		return parse_arp(skb, key, at);
	case htons(ETH_P_MPLS_UC):
	case htons(ETH_P_MPLS_MC):
		return parse_mpls(skb, key, at);
	case htons(ETH_P_NSH):
		return parse_nsh(skb, key, at);
	default:
		clear_ip(key);
		key->n_words = TN_KEY_BASE_WORDS;
		return 0;
	}
}

/* Reads a tag in the bytes at *at, where the type field stands; false: there is none that is whole. */
static bool take_tag(struct sk_buff *skb, unsigned int *at, struct tn_vlan *tag, int *err)
{
	__be16 word[3];

	*err = pull(skb, *at + sizeof(word));
	if (*err <= 0)
		return false;
	memcpy(word, skb->data + *at, sizeof(word));
	if (!eth_type_vlan(word[0]))
		return false;
	tag->tpid = word[0];
	tag->tci = word[1] | htons(VLAN_CFI_MASK);
	*at += VLAN_HLEN;
	return true;
}

/* The type that follows a length field: SNAP's, or ETH_P_802_2. *at is past the length field. */
static int parse_llc(struct sk_buff *skb, unsigned int *at, __be16 *type)
{
	static const u8 snap[6] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };
	int err = pull(skb, *at + 8);

	*type = htons(ETH_P_802_2);
	if (err <= 0)
		return err;
	if (memcmp(skb->data + *at, snap, sizeof(snap)))
		return 0;
	memcpy(type, skb->data + *at + sizeof(snap), sizeof(*type));
	*at += 8;
	if (!eth_proto_is_802_3(*type))
		*type = htons(ETH_P_802_2);
	return 0;
}

/* Tags in metadata and bytes, and a length in place of the type skb->protocol. The offset of layer 3, or -errno. */
static noinline int parse_tags(struct sk_buff *skb, struct tn_key *key)
{
	bool tagged = skb_vlan_tag_present(skb);
	unsigned int at = 2 * ETH_ALEN;
	__be16 type = skb->protocol;
	int err = 0;

	if (tagged) {
		key->vlan.tpid = skb->vlan_proto;
		key->vlan.tci = htons(skb_vlan_tag_get(skb)) | htons(VLAN_CFI_MASK);
	}
	if (eth_type_vlan(type)) {
		if (take_tag(skb, &at, tagged ? &key->cvlan : &key->vlan, &err) && !tagged)
			take_tag(skb, &at, &key->cvlan, &err);
		if (err < 0)
			return err;
		memcpy(&type, skb->data + at, sizeof(type));
	}
	at += sizeof(type);
	if (!eth_proto_is_802_3(type)) {
		err = parse_llc(skb, &at, &type);
		if (err < 0)
			return err;
		if (!eth_proto_is_802_3(skb->protocol))
			skb->protocol = type;
	}
	key->eth_type = type;
	return at;
}

/* Layer 2, and the network header's place. skb->protocol becomes the type behind the tag in metadata. */
static __always_inline int parse_l2(struct sk_buff *skb, struct tn_key *key)
{
	const struct ethhdr *eth;
	int at = pull(skb, ETH_HLEN);
	__be16 type;

	memset(&key->vlans, 0, sizeof(key->vlans));
	if (unlikely(at <= 0))
		return at ?: -EINVAL;
	skb_reset_mac_header(skb);
	eth = (const struct ethhdr *)skb->data;
	ether_addr_copy(key->eth_dst, eth->h_dest);
	ether_addr_copy(key->eth_src, eth->h_source);
	type = eth->h_proto;
	key->eth_type = type;
	skb->protocol = type;
	at = ETH_HLEN;
	if (unlikely(skb_vlan_tag_present(skb) || eth_type_vlan(type) || !eth_proto_is_802_3(type))) {
		at = parse_tags(skb, key);
		if (at < 0)
			return at;
	}
	skb_set_network_header(skb, at);
	skb_reset_mac_len(skb);
	return 0;
}

/* A packet without Ethernet header: skb->data is at layer 3, skb->protocol tells which. */
static void parse_no_l2(struct sk_buff *skb, struct tn_key *key)
{
	memset(&key->vlans, 0, sizeof(key->vlans));
	memset(key->eth_dst, 0, ETH_ALEN);
	memset(key->eth_src, 0, ETH_ALEN);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb_reset_mac_len(skb);
	key->eth_type = skb->protocol;
}

/* Layers 2 to 4. The hit path. */
static noinline int parse_all(struct sk_buff *skb, struct tn_key *key)
{
	if (likely(key->mac_proto == TN_MAC_ETHERNET)) {
		int err = parse_l2(skb, key);

		if (unlikely(err))
			return err;
	} else {
		parse_no_l2(skb, key);
	}
	return parse_l3(skb, key);
}

static void take_tunnel(const struct ip_tunnel_info *tun, struct tn_key *key)
{
	unsigned int len = tun->options_len;

	key->tun_proto = ip_tunnel_info_af(tun);
	memset(&key->tun, 0, sizeof(key->tun));
	memcpy(&key->tun, &tun->key, offsetofend(struct ip_tunnel_key, tp_dst));
	if (key->tun_proto == AF_INET)	/* the union's rest may hold anything */
		memset((u8 *)&key->tun.u + sizeof(key->tun.u.ipv4), 0,
		       sizeof(key->tun.u) - sizeof(key->tun.u.ipv4));
	if (!(tun->key.tun_flags & TUNNEL_OPTIONS_PRESENT))
		len = 0;
	key->tun_opts_len = len;
	if (len) {
		memset(key->tun_opts + ((len - 1) & ~7u), 0, 8);
		ip_tunnel_info_opts_get(key->tun_opts, tun);
	}
}

/* Whether the packet starts with an Ethernet header, by the device it came from. */
static u8 arrival_mac_proto(const struct sk_buff *skb)
{
	return skb->dev->type == ARPHRD_NONE && skb->protocol != htons(ETH_P_TEB) ? TN_MAC_NONE : TN_MAC_ETHERNET;
}

/* Fields that only tc's chains or ct() set. */
static inline void take_ct(struct sk_buff *skb, struct tn_key *key, bool post_ct)
{
	key->ct_state = 0;
	key->ct_orig_proto = 0;
	key->ct_zone = 0;
	key->ct_mark = 0;
	memset(&key->ct_labels, 0, sizeof(key->ct_labels));
	if (unlikely(skb_nfct(skb) || post_ct))
		tn_ct_fill_key(skb, key, post_ct);
}

int tn_key_extract(const struct ip_tunnel_info *tun, struct sk_buff *skb, struct tn_key *key)
{
	const struct tn_port *in_port = tn_cb(skb)->in_port;
	bool post_ct = false;
	int err;

	key->in_port = in_port->port_no;
	key->recirc_id = 0;
	key->mac_proto = arrival_mac_proto(skb);
	key->tun_proto = 0;
	key->tun_opts_len = 0;
	if (unlikely(tun))
		take_tunnel(tun, key);
	key->skb_mark = skb->mark;
	key->priority = skb->priority;
	key->dp_hash = 0;
#if IS_ENABLED(CONFIG_NET_TC_SKB_EXT)
	if (tc_skb_ext_tc_enabled()) {
		const struct tc_skb_ext *ext = skb_ext_find(skb, TC_SKB_EXT);

		if (ext) {
			key->recirc_id = ext->chain;
			tn_cb(skb)->mru = ext->mru;
			post_ct = ext->post_ct;
		}
	}
#endif
	if (skb->protocol == htons(ETH_P_TEB) && key->mac_proto == TN_MAC_ETHERNET)
		skb->protocol = 0;	/* parse_l2() says */
	err = parse_all(skb, key);
	if (likely(!err))
		take_ct(skb, key, post_ct);
	return err;
}

int tn_key_refresh(struct sk_buff *skb, struct tn_key *key)
{
	int err;

	key->mac_proto = tn_key_mac_proto(key);
	err = parse_all(skb, key);
	if (!err && key->ct_orig_proto)		/* the tuple's words moved or went with the headers */
		tn_ct_fill_key(skb, key, key->ct_state & OVS_CS_F_TRACKED);
	return err;
}

int tn_key_refresh_l3(struct sk_buff *skb, struct tn_key *key)
{
	int err = parse_l3(skb, key);

	if (!err && key->ct_orig_proto)
		tn_ct_fill_key(skb, key, key->ct_state & OVS_CS_F_TRACKED);
	return err;
}
