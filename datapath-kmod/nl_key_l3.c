// SPDX-License-Identifier: GPL-2.0
/* Layers 3 and 4 of OVS_KEY_ATTR_*. Process context, no lock. */
#include <linux/etherdevice.h>

#include "nl_key.h"
#include "nl_key_parse.h"

void tn_take_ct_tuple(const struct parse *p, struct tn_key *key)
{
	struct ovs_key_ct_tuple_ipv4 t4;
	struct ovs_key_ct_tuple_ipv6 t6;

	if (has(p, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4)) {
		take(p, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4, &t4, sizeof(t4));
		key->ipv4.ct_orig = (struct tn_ct_orig4) { t4.ipv4_src, t4.ipv4_dst, t4.src_port, t4.dst_port };
		key->ct_orig_proto = t4.ipv4_proto;
	} else if (has(p, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6)) {
		take(p, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6, &t6, sizeof(t6));
		memcpy(&key->ipv6.ct_orig.src, t6.ipv6_src, sizeof(t6.ipv6_src));
		memcpy(&key->ipv6.ct_orig.dst, t6.ipv6_dst, sizeof(t6.ipv6_dst));
		key->ipv6.ct_orig.tp_src = t6.src_port;
		key->ipv6.ct_orig.tp_dst = t6.dst_port;
		key->ct_orig_proto = t6.ipv6_proto;
	}
}

static int take_ipv4(const struct parse *p, struct tn_key *key)
{
	struct ovs_key_ipv4 ip;

	take(p, OVS_KEY_ATTR_IPV4, &ip, sizeof(ip));
	if (!p->is_mask && ip.ipv4_frag > OVS_FRAG_TYPE_MAX)
		return FAIL(p->extack, p->a[OVS_KEY_ATTR_IPV4], "OVS_KEY_ATTR_IPV4: ipv4_frag is out of range");
	key->ipv4.src = ip.ipv4_src;
	key->ipv4.dst = ip.ipv4_dst;
	key->ip.proto = ip.ipv4_proto;
	key->ip.tos = ip.ipv4_tos;
	key->ip.ttl = ip.ipv4_ttl;
	key->ip.frag = ip.ipv4_frag;
	return 0;
}

static int take_ipv6(const struct parse *p, struct tn_key *key)
{
	struct ovs_key_ipv6 ip;

	take(p, OVS_KEY_ATTR_IPV6, &ip, sizeof(ip));
	if (!p->is_mask && ip.ipv6_frag > OVS_FRAG_TYPE_MAX)
		return FAIL(p->extack, p->a[OVS_KEY_ATTR_IPV6], "OVS_KEY_ATTR_IPV6: ipv6_frag is out of range");
	if (!p->is_mask && ip.ipv6_label & htonl(0xfff00000))
		return FAIL(p->extack, p->a[OVS_KEY_ATTR_IPV6], "OVS_KEY_ATTR_IPV6: ipv6_label has more than 20 bits");
	memcpy(&key->ipv6.src, ip.ipv6_src, sizeof(ip.ipv6_src));
	memcpy(&key->ipv6.dst, ip.ipv6_dst, sizeof(ip.ipv6_dst));
	key->ipv6.label = ip.ipv6_label;
	key->ip.proto = ip.ipv6_proto;
	key->ip.tos = ip.ipv6_tclass;
	key->ip.ttl = ip.ipv6_hlimit;
	key->ip.frag = ip.ipv6_frag;
	return 0;
}

static int take_arp(const struct parse *p, struct tn_key *key)
{
	struct ovs_key_arp arp;

	take(p, OVS_KEY_ATTR_ARP, &arp, sizeof(arp));
	if (!p->is_mask && arp.arp_op & htons(0xff00))
		return FAIL(p->extack, p->a[OVS_KEY_ATTR_ARP], "OVS_KEY_ATTR_ARP: arp_op is above 255");
	key->ipv4.src = arp.arp_sip;
	key->ipv4.dst = arp.arp_tip;
	key->ip.proto = ntohs(arp.arp_op) & 0xff;
	ether_addr_copy(key->ipv4.arp.sha, arp.arp_sha);
	ether_addr_copy(key->ipv4.arp.tha, arp.arp_tha);
	return 0;
}

static int take_mpls(const struct parse *p, struct tn_key *key)
{
	const struct nlattr *attr = p->a[OVS_KEY_ATTR_MPLS];
	unsigned int n = nla_len(attr) / sizeof(__be32);

	if (!n || n > TN_MPLS_DEPTH || nla_len(attr) % sizeof(__be32))
		return FAIL(p->extack, attr, "OVS_KEY_ATTR_MPLS holds one to three label stack entries");
	take(p, OVS_KEY_ATTR_MPLS, key->mpls.lse, n * sizeof(__be32));
	key->mpls.depth_mask = GENMASK(n - 1, 0);
	return 0;
}

static void take_l4(const struct parse *p, struct tn_key *key)
{
	static const u8 ports[] = { OVS_KEY_ATTR_TCP, OVS_KEY_ATTR_UDP, OVS_KEY_ATTR_SCTP };
	static const u8 types[] = { OVS_KEY_ATTR_ICMP, OVS_KEY_ATTR_ICMPV6 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ports); i++)
		if (has(p, ports[i]))
			take(p, ports[i], &key->tp, sizeof(key->tp));
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (has(p, types[i])) {
			struct ovs_key_icmp icmp;

			take(p, types[i], &icmp, sizeof(icmp));
			key->tp.src = htons(icmp.icmp_type);
			key->tp.dst = htons(icmp.icmp_code);
		}
	if (has(p, OVS_KEY_ATTR_TCP_FLAGS))
		key->tcp_flags = take_be16(p, OVS_KEY_ATTR_TCP_FLAGS);
	if (has(p, OVS_KEY_ATTR_ND)) {
		struct ovs_key_nd nd;

		take(p, OVS_KEY_ATTR_ND, &nd, sizeof(nd));
		memcpy(&key->ipv6.nd.target, nd.nd_target, sizeof(nd.nd_target));
		ether_addr_copy(key->ipv6.nd.sll, nd.nd_sll);
		ether_addr_copy(key->ipv6.nd.tll, nd.nd_tll);
	}
}

int tn_take_l3(const struct parse *p, struct tn_key *key)
{
	int err = 0;

	if (has(p, OVS_KEY_ATTR_IPV4))
		err = take_ipv4(p, key);
	if (!err && has(p, OVS_KEY_ATTR_IPV6))
		err = take_ipv6(p, key);
	if (!err && has(p, OVS_KEY_ATTR_ARP))
		err = take_arp(p, key);
	if (!err && has(p, OVS_KEY_ATTR_MPLS))
		err = take_mpls(p, key);
	if (!err && has(p, OVS_KEY_ATTR_NSH)) {
		if (p->ones)
			memset(&key->nsh, 0xff, sizeof(key->nsh));
		else
			err = tn_nl_get_nsh(p->a[OVS_KEY_ATTR_NSH], &key->nsh, p->is_mask, p->extack);
	}
	if (err)
		return err;
	if (has(p, OVS_KEY_ATTR_IPV6_EXTHDRS))
		take(p, OVS_KEY_ATTR_IPV6_EXTHDRS, &key->ipv6.exthdrs, sizeof(key->ipv6.exthdrs));
	take_l4(p, key);
	tn_take_ct_tuple(p, key);
	return 0;
}
