// SPDX-License-Identifier: GPL-2.0
/* OVS_KEY_ATTR_* into keys and masks. Process context, no lock. */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <net/nsh.h>

#include "conntrack.h"
#include "flow.h"
#include "nl_key.h"
#include "nl_key_parse.h"

#define VARIABLE	(-1)

/* Length of each attribute. */
static const s16 lens[OVS_KEY_ATTR_MAX + 1] = {
	[OVS_KEY_ATTR_ENCAP] = VARIABLE,
	[OVS_KEY_ATTR_PRIORITY] = sizeof(u32),
	[OVS_KEY_ATTR_IN_PORT] = sizeof(u32),
	[OVS_KEY_ATTR_ETHERNET] = sizeof(struct ovs_key_ethernet),
	[OVS_KEY_ATTR_VLAN] = sizeof(__be16),
	[OVS_KEY_ATTR_ETHERTYPE] = sizeof(__be16),
	[OVS_KEY_ATTR_IPV4] = sizeof(struct ovs_key_ipv4),
	[OVS_KEY_ATTR_IPV6] = sizeof(struct ovs_key_ipv6),
	[OVS_KEY_ATTR_TCP] = sizeof(struct ovs_key_tcp),
	[OVS_KEY_ATTR_UDP] = sizeof(struct ovs_key_udp),
	[OVS_KEY_ATTR_ICMP] = sizeof(struct ovs_key_icmp),
	[OVS_KEY_ATTR_ICMPV6] = sizeof(struct ovs_key_icmpv6),
	[OVS_KEY_ATTR_ARP] = sizeof(struct ovs_key_arp),
	[OVS_KEY_ATTR_ND] = sizeof(struct ovs_key_nd),
	[OVS_KEY_ATTR_SKB_MARK] = sizeof(u32),
	[OVS_KEY_ATTR_TUNNEL] = VARIABLE,
	[OVS_KEY_ATTR_SCTP] = sizeof(struct ovs_key_sctp),
	[OVS_KEY_ATTR_TCP_FLAGS] = sizeof(__be16),
	[OVS_KEY_ATTR_DP_HASH] = sizeof(u32),
	[OVS_KEY_ATTR_RECIRC_ID] = sizeof(u32),
	[OVS_KEY_ATTR_MPLS] = VARIABLE,
	[OVS_KEY_ATTR_CT_STATE] = sizeof(u32),
	[OVS_KEY_ATTR_CT_ZONE] = sizeof(u16),
	[OVS_KEY_ATTR_CT_MARK] = sizeof(u32),
	[OVS_KEY_ATTR_CT_LABELS] = sizeof(struct ovs_key_ct_labels),
	[OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4] = sizeof(struct ovs_key_ct_tuple_ipv4),
	[OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6] = sizeof(struct ovs_key_ct_tuple_ipv6),
	[OVS_KEY_ATTR_NSH] = VARIABLE,
	[OVS_KEY_ATTR_IPV6_EXTHDRS] = sizeof(struct ovs_key_ipv6_exthdrs),
};

#define A(name)		BIT_ULL(OVS_KEY_ATTR_##name)
#define A_L4		(A(TCP) | A(UDP) | A(SCTP) | A(ICMP) | A(ICMPV6) | A(TCP_FLAGS) | A(ND))
#define A_L3		(A(IPV4) | A(IPV6) | A(IPV6_EXTHDRS) | A(ARP) | A(MPLS) | A(NSH) | \
			 A(CT_ORIG_TUPLE_IPV4) | A(CT_ORIG_TUPLE_IPV6))

/* A message of a fixed form needs a literal for each attribute. */
static int fail_named(struct netlink_ext_ack *extack, const struct nlattr *attr, unsigned int type,
		      bool missing)
{
	NL_SET_BAD_ATTR(extack, attr);
#define NAMED(n) case OVS_KEY_ATTR_##n:						\
	if (missing)								\
		NL_SET_ERR_MSG(extack, "OVS_KEY_ATTR_" #n " is missing");	\
	else									\
		NL_SET_ERR_MSG(extack, "OVS_KEY_ATTR_" #n " does not go with the rest of the key");	\
	break
	switch (type) {
	NAMED(ENCAP); NAMED(VLAN); NAMED(IPV4); NAMED(IPV6); NAMED(TCP); NAMED(UDP); NAMED(ICMP);
	NAMED(ICMPV6); NAMED(ARP); NAMED(ND); NAMED(SCTP); NAMED(TCP_FLAGS); NAMED(MPLS); NAMED(NSH);
	NAMED(CT_ORIG_TUPLE_IPV4); NAMED(CT_ORIG_TUPLE_IPV6); NAMED(IPV6_EXTHDRS); NAMED(ETHERTYPE);
	default:
		NL_SET_ERR_MSG(extack, "an OVS_KEY_ATTR does not go with the rest of the key");
	}
#undef NAMED
	return -EINVAL;
}

/* Collects the attributes inside @nest; of a mask those that are all zeros are as good as absent, but
 * those that structure it.
 */
static int collect(struct parse *p, const struct nlattr *nest)
{
	const struct nlattr *attr;
	int rem;

	nla_for_each_nested(attr, nest, rem) {
		unsigned int type = nla_type(attr);

		if (type > OVS_KEY_ATTR_MAX || !lens[type])
			return FAIL(p->extack, attr, "OVS_KEY_ATTR is of no known type");
		if (p->present & BIT_ULL(type))
			return FAIL(p->extack, attr, "OVS_KEY_ATTR is given twice");
		if (lens[type] != VARIABLE && nla_len(attr) != lens[type])
			return FAIL(p->extack, attr, "OVS_KEY_ATTR has the wrong length");
		if (p->is_mask && lens[type] != VARIABLE && type != OVS_KEY_ATTR_VLAN &&
		    !memchr_inv(nla_data(attr), 0, nla_len(attr)))
			continue;
		p->a[type] = attr;
		p->present |= BIT_ULL(type);
	}
	if (rem)
		return FAIL(p->extack, nest, "bytes are left over behind the last OVS_KEY_ATTR");
	return 0;
}

/* Takes the tags of the key out of their nests. @n becomes their number. */
static int unwrap_vlans(struct parse *p, struct tn_key *key, unsigned int *n)
{
	struct tn_vlan *tags[2] = { &key->vlan, &key->cvlan };
	const struct nlattr *encap;
	__be16 tpid, tci;
	int err;

	for (*n = 0; *n < 2 && has(p, OVS_KEY_ATTR_ETHERTYPE); (*n)++) {
		tpid = nla_get_be16(p->a[OVS_KEY_ATTR_ETHERTYPE]);
		if (!eth_type_vlan(tpid))
			break;
		if (!has(p, OVS_KEY_ATTR_VLAN))
			return fail_named(p->extack, NULL, OVS_KEY_ATTR_VLAN, true);
		if (!has(p, OVS_KEY_ATTR_ENCAP))
			return fail_named(p->extack, NULL, OVS_KEY_ATTR_ENCAP, true);
		tci = nla_get_be16(p->a[OVS_KEY_ATTR_VLAN]);
		encap = p->a[OVS_KEY_ATTR_ENCAP];
		drop(p, A(VLAN) | A(ENCAP));
		if (!(tci & htons(VLAN_CFI_MASK))) {
			if (tci || nla_len(encap))
				return FAIL(p->extack, encap, "OVS_KEY_ATTR_VLAN lacks the bit that says it is there");
			return 0;	/* a tag cut short: the type is the tag's */
		}
		drop(p, A(ETHERTYPE));
		tags[*n]->tpid = tpid;
		tags[*n]->tci = tci;
		err = collect(p, encap);
		if (err)
			return err;
	}
	if (p->present & (A(VLAN) | A(ENCAP)))
		return FAIL(p->extack, p->a[has(p, OVS_KEY_ATTR_VLAN) ? OVS_KEY_ATTR_VLAN : OVS_KEY_ATTR_ENCAP],
			    "OVS_KEY_ATTR_VLAN and _ENCAP want the type of a VLAN tag");
	return 0;
}

/* The same for a mask whose key has @n tags; without tags it matches that there are none. */
static int unwrap_vlan_masks(struct parse *p, struct tn_key *mask, unsigned int n)
{
	struct tn_vlan *tags[2] = { &mask->vlan, &mask->cvlan };
	unsigned int i;
	int err;

	for (i = 0; i < 2; i++) {
		const struct nlattr *encap = NULL;

		if (i >= n) {
			memset(tags[i], 0xff, sizeof(*tags[i]));
			continue;
		}
		if (has(p, OVS_KEY_ATTR_ETHERTYPE))
			tags[i]->tpid = htons(0xffff);
		if (has(p, OVS_KEY_ATTR_VLAN))
			tags[i]->tci = nla_get_be16(p->a[OVS_KEY_ATTR_VLAN]);
		if (has(p, OVS_KEY_ATTR_ENCAP))
			encap = p->a[OVS_KEY_ATTR_ENCAP];
		drop(p, A(ETHERTYPE) | A(VLAN) | A(ENCAP));
		if (encap) {
			err = collect(p, encap);
			if (err)
				return err;
		}
	}
	if (has(p, OVS_KEY_ATTR_VLAN) && !nla_get_be16(p->a[OVS_KEY_ATTR_VLAN]))
		drop(p, A(VLAN));
	if (p->present & (A(VLAN) | A(ENCAP)))
		return fail_named(p->extack, NULL, has(p, OVS_KEY_ATTR_VLAN) ? OVS_KEY_ATTR_VLAN :
				  OVS_KEY_ATTR_ENCAP, false);
	return 0;
}

/* ct fields that are not in the layer 3 words. */
static int take_ct(const struct parse *p, struct tn_key *key)
{
	if (has(p, OVS_KEY_ATTR_CT_STATE)) {
		u32 state = take_u32(p, OVS_KEY_ATTR_CT_STATE);

		if (!p->is_mask && !tn_ct_state_valid(state))
			return FAIL(p->extack, p->a[OVS_KEY_ATTR_CT_STATE],
				    "OVS_KEY_ATTR_CT_STATE has bits that this module does not know");
		key->ct_state = state;
	}
	if (has(p, OVS_KEY_ATTR_CT_ZONE))
		take(p, OVS_KEY_ATTR_CT_ZONE, &key->ct_zone, sizeof(key->ct_zone));
	if (has(p, OVS_KEY_ATTR_CT_MARK))
		key->ct_mark = take_u32(p, OVS_KEY_ATTR_CT_MARK);
	if (has(p, OVS_KEY_ATTR_CT_LABELS))
		take(p, OVS_KEY_ATTR_CT_LABELS, &key->ct_labels, sizeof(key->ct_labels));
	return 0;
}

static int take_tunnel(const struct parse *p, struct tn_key *key, const struct tn_key *of)
{
	if (!has(p, OVS_KEY_ATTR_TUNNEL))
		return 0;
	if (!p->ones)
		return tn_nl_get_tunnel(p->a[OVS_KEY_ATTR_TUNNEL], key, p->is_mask, p->extack);
	key->tun_proto = 0xff;
	key->tun_opts_len = 0xff;
	memset(&key->tun, 0xff, sizeof(key->tun));
	memset(key->tun_opts, 0xff, of->tun_opts_len);
	return 0;
}

/* Port, tunnel, marks, ct, recirculation. @of: the key, where this is its mask. */
static int take_metadata(const struct parse *p, struct tn_key *key, const struct tn_key *of)
{
	if (has(p, OVS_KEY_ATTR_RECIRC_ID))
		key->recirc_id = take_u32(p, OVS_KEY_ATTR_RECIRC_ID);
	if (has(p, OVS_KEY_ATTR_DP_HASH))
		key->dp_hash = take_u32(p, OVS_KEY_ATTR_DP_HASH);
	if (has(p, OVS_KEY_ATTR_PRIORITY))
		key->priority = take_u32(p, OVS_KEY_ATTR_PRIORITY);
	if (has(p, OVS_KEY_ATTR_SKB_MARK))
		key->skb_mark = take_u32(p, OVS_KEY_ATTR_SKB_MARK);
	if (has(p, OVS_KEY_ATTR_IN_PORT)) {
		key->in_port = take_u32(p, OVS_KEY_ATTR_IN_PORT);
		if (!p->is_mask && key->in_port >= TN_MAX_PORTS)
			return FAIL(p->extack, p->a[OVS_KEY_ATTR_IN_PORT], "OVS_KEY_ATTR_IN_PORT is out of range");
	} else if (!p->is_mask) {
		key->in_port = TN_NO_PORT;
	}
	key->mac_proto = p->is_mask ? 0xff :
			 has(p, OVS_KEY_ATTR_ETHERNET) ? TN_MAC_ETHERNET : TN_MAC_NONE;
	return take_ct(p, key) ?: take_tunnel(p, key, of);
}

static int take_l2(const struct parse *p, struct tn_key *key)
{
	if (has(p, OVS_KEY_ATTR_ETHERNET)) {
		struct ovs_key_ethernet eth;

		take(p, OVS_KEY_ATTR_ETHERNET, &eth, sizeof(eth));
		ether_addr_copy(key->eth_src, eth.eth_src);
		ether_addr_copy(key->eth_dst, eth.eth_dst);
	}
	if (has(p, OVS_KEY_ATTR_ETHERTYPE)) {
		key->eth_type = p->is_mask ? htons(0xffff) : nla_get_be16(p->a[OVS_KEY_ATTR_ETHERTYPE]);
		if (!eth_proto_is_802_3(key->eth_type))
			return FAIL(p->extack, p->a[OVS_KEY_ATTR_ETHERTYPE], "OVS_KEY_ATTR_ETHERTYPE is a length");
	} else if (!p->is_mask) {
		key->eth_type = htons(ETH_P_802_2);
	}
	return 0;
}

unsigned int tn_nl_l3_attr(const struct tn_key *key)
{
	switch (key->eth_type) {
	case htons(ETH_P_IP):
		return OVS_KEY_ATTR_IPV4;
	case htons(ETH_P_IPV6):
		return OVS_KEY_ATTR_IPV6;
	case htons(ETH_P_ARP):
	case htons(ETH_P_RARP):
		return OVS_KEY_ATTR_ARP;
	case htons(ETH_P_MPLS_UC):
	case htons(ETH_P_MPLS_MC):
		return OVS_KEY_ATTR_MPLS;
	case htons(ETH_P_NSH):
		return OVS_KEY_ATTR_NSH;
	default:
		return 0;
	}
}

unsigned int tn_nl_l4_attr(const struct tn_key *key)
{
	if (!tn_key_is_ip(key) || key->ip.frag == OVS_FRAG_TYPE_LATER)
		return 0;
	switch (key->ip.proto) {
	case IPPROTO_TCP:
		return OVS_KEY_ATTR_TCP;
	case IPPROTO_UDP:
		return OVS_KEY_ATTR_UDP;
	case IPPROTO_SCTP:
		return OVS_KEY_ATTR_SCTP;
	case IPPROTO_ICMP:
		return key->eth_type == htons(ETH_P_IP) ? OVS_KEY_ATTR_ICMP : 0;
	case IPPROTO_ICMPV6:
		return key->eth_type == htons(ETH_P_IPV6) ? OVS_KEY_ATTR_ICMPV6 : 0;
	default:
		return 0;
	}
}

/* What a packet of @key has in layers 3 and 4: @must be named by its key, @may be. */
static void allowed(const struct tn_key *key, u64 *must, u64 *may)
{
	unsigned int l3 = tn_nl_l3_attr(key), l4 = tn_nl_l4_attr(key);

	*must = (BIT_ULL(l3) | BIT_ULL(l4)) & ~BIT_ULL(0);
	*may = 0;
	if (l3 == OVS_KEY_ATTR_IPV4)
		*may |= A(CT_ORIG_TUPLE_IPV4);
	if (l3 == OVS_KEY_ATTR_IPV6)
		*may |= A(IPV6_EXTHDRS) | (tn_key_is_nd(key) ? 0 : A(CT_ORIG_TUPLE_IPV6));
	if (l4 == OVS_KEY_ATTR_TCP)
		*may |= A(TCP_FLAGS);
	if (l4 && tn_key_is_nd(key))
		*may |= A(ND);
}

static int check_key(const struct parse *p, const struct tn_key *key)
{
	u64 must, may, bad;

	allowed(key, &must, &may);
	bad = p->present & (A_L3 | A_L4) & ~(must | may);
	if (bad)
		return fail_named(p->extack, p->a[__ffs64(bad)], __ffs64(bad), false);
	bad = must & ~p->present;
	if (bad)
		return fail_named(p->extack, NULL, __ffs64(bad), true);
	return 0;
}

/* A mask may look only at what the fields that it matches exactly make sure of. */
static int check_mask(const struct parse *p, const struct tn_key *key, const struct tn_key *mask)
{
	u64 must, may, bad;

	allowed(key, &must, &may);
	may |= must;
	if (mask->eth_type != htons(0xffff) && key->eth_type != htons(ETH_P_802_2))
		may = 0;
	if (mask->ip.proto != 0xff)
		may &= ~A_L4;
	if (mask->tp.src != htons(0xff) && mask->tp.src != htons(0xffff))
		may &= ~A(ND);
	bad = p->present & (A_L3 | A_L4) & ~may;
	if (bad && !(p->is_mask && (bad & ~(A(MPLS) | A(NSH))) == 0 &&
		     !memchr_inv(nla_data(p->a[__ffs64(bad)]), 0, nla_len(p->a[__ffs64(bad)]))))
		return fail_named(p->extack, p->a[__ffs64(bad)], __ffs64(bad), false);
	return 0;
}

int tn_nl_get_match(const struct nlattr *key_attr, const struct nlattr *mask_attr, struct tn_key *key,
		    struct tn_key *mask, struct netlink_ext_ack *extack)
{
	struct parse p = { .extack = extack }, m = { .extack = extack, .is_mask = true };
	unsigned int n_tags;
	int err;

	memset(key, 0, sizeof(*key));
	err = collect(&p, key_attr) ?: unwrap_vlans(&p, key, &n_tags) ?: take_metadata(&p, key, NULL) ?:
	      take_l2(&p, key) ?: tn_take_l3(&p, key) ?: check_key(&p, key);
	if (err)
		return err;
	key->n_words = TN_KEY_BASE_WORDS + tn_key_l3_size(key->eth_type) / sizeof(u64);
	if (!mask)
		return 0;
	memset(mask, 0, sizeof(*mask));
	if (mask_attr) {
		err = collect(&m, mask_attr) ?: unwrap_vlan_masks(&m, mask, n_tags);
	} else {
		m.present = p.present;
		m.ones = true;
		memcpy(m.a, p.a, sizeof(m.a));
		memset(&mask->vlans, 0xff, sizeof(mask->vlans));
		mask->eth_type = htons(0xffff);
	}
	err = err ?: take_metadata(&m, mask, key) ?: take_l2(&m, mask) ?: tn_take_l3(&m, mask) ?:
	      check_mask(&m, key, mask);
	if (err)
		return err;
	if (mask->tun_opts_len && m.a[OVS_KEY_ATTR_TUNNEL] && !m.ones &&
	    mask->tun_opts_len != key->tun_opts_len)
		return FAIL(extack, m.a[OVS_KEY_ATTR_TUNNEL], "OVS_KEY_ATTR_TUNNEL: the options and their mask differ in length");
	if (mask->tun_opts_len)
		mask->tun_opts_len = 0xff;
	tn_mask_trim(key, mask);
	return 0;
}

int tn_nl_get_metadata(const struct nlattr *attr, struct tn_key *key, u8 *ct_version,
		       struct netlink_ext_ack *extack)
{
	struct parse p = { .extack = extack };
	unsigned int n_tags;
	int err;

	memset(key, 0, sizeof(*key));
	err = collect(&p, attr) ?: unwrap_vlans(&p, key, &n_tags) ?: take_metadata(&p, key, NULL) ?:
	      take_l2(&p, key);
	if (err)
		return err;
	/* Userspace gives metadata alone; of a packet without Ethernet header it gives the type as well. */
	if (!has(&p, OVS_KEY_ATTR_ETHERTYPE))
		key->mac_proto = TN_MAC_ETHERNET;
	tn_take_ct_tuple(&p, key);
	*ct_version = has(&p, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4) ? 4 :
		      has(&p, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6) ? 6 : 0;
	return 0;
}
