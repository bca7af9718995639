// SPDX-License-Identifier: GPL-2.0
/* Set actions from netlink. Process context, may sleep, no lock. */
#include <linux/erspan.h>
#include <net/dst_metadata.h>
#include <net/geneve.h>
#include <net/nsh.h>

#include "nl.h"
#include "nl_actions.h"
#include "nl_key.h"

/* Geneve options that go onto the wire must be whole. *critical: one of them is. */
static int check_geneve_opts(const u8 *opts, int len, bool *critical)
{
	while (len > 0) {
		const struct geneve_opt *opt = (const struct geneve_opt *)opts;
		int size = sizeof(*opt) + opt->length * 4;

		if (len < (int)sizeof(*opt) || size > len)
			return -EINVAL;
		*critical |= opt->type & GENEVE_CRIT_OPT_TYPE;
		opts += size;
		len -= size;
	}
	return 0;
}

static bool has_attr(const struct nlattr *nest, int type)
{
	return nla_find_nested(nest, type);
}

/* The destination that transmission by a tunnel device looks at. */
static int add_tunnel(struct tn_act_builder *b, const struct nlattr *attr)
{
	struct tn_key *key = kzalloc(sizeof(*key), GFP_KERNEL);
	struct ip_tunnel_info *info;
	struct metadata_dst *dst;
	bool critical = false;
	struct tn_act *act;
	int err;

	if (!key)
		return -ENOMEM;
	err = tn_nl_get_tunnel(attr, key, false, b->extack);
	if (err)
		goto out;
	err = -EINVAL;
	if (key->tun.tun_flags & TUNNEL_GENEVE_OPT &&
	    check_geneve_opts(key->tun_opts, key->tun_opts_len, &critical)) {
		NL_SET_ERR_MSG_ATTR(b->extack, attr, "OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS has an option cut short");
		goto out;
	}
	if (critical)
		key->tun.tun_flags |= TUNNEL_CRIT_OPT;
	err = -ENOMEM;
	dst = metadata_dst_alloc(key->tun_opts_len, METADATA_IP_TUNNEL, GFP_KERNEL);
	if (!dst)
		goto out;
	info = &dst->u.tun_info;
#ifdef CONFIG_DST_CACHE
	if (dst_cache_init(&info->dst_cache, GFP_KERNEL)) {
		dst_release(&dst->dst);
		goto out;
	}
#endif
	info->mode = IP_TUNNEL_INFO_TX;
	if (key->tun_proto == AF_INET6)
		info->mode |= IP_TUNNEL_INFO_IPV6;
	else if (has_attr(attr, OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE))
		info->mode |= IP_TUNNEL_INFO_BRIDGE;
	info->key = key->tun;
	ip_tunnel_info_opts_set(info, key->tun_opts, key->tun_opts_len,
				key->tun.tun_flags & TUNNEL_OPTIONS_PRESENT);
	act = tn_act_append(b, TN_ACT_SET_TUNNEL, OVS_KEY_ATTR_TUNNEL, sizeof(struct tn_act_tunnel));
	if (!act) {
		dst_release(&dst->dst);
		goto out;
	}
	((struct tn_act_tunnel *)act->data)->dst = dst;
	err = 0;
out:
	kfree(key);
	return err;
}

/* A masked NSH has value and mask one after the other in each attribute. */
static int split_nsh(struct tn_act_builder *b, const struct nlattr *nest, struct tn_key_nsh *value,
		     struct tn_key_nsh *mask)
{
	const struct nlattr *attr;
	int rem;

	nla_for_each_nested(attr, nest, rem) {
		unsigned int type = nla_type(attr), half = nla_len(attr) / 2;
		const u8 *data = nla_data(attr);

		if (type == OVS_NSH_KEY_ATTR_BASE && nla_len(attr) == 2 * sizeof(value->base)) {
			memcpy(&value->base, data, half);
			memcpy(&mask->base, data + half, half);
		} else if (type == OVS_NSH_KEY_ATTR_MD1 && nla_len(attr) == 2 * sizeof(value->context)) {
			memcpy(value->context, data, half);
			memcpy(mask->context, data + half, half);
		} else {
			return FAIL(b->extack, attr, "OVS_NSH_KEY_ATTR cannot be set or has the wrong length");
		}
	}
	return rem ? FAIL(b->extack, nest, "OVS_KEY_ATTR_NSH has bytes left over") : 0;
}

static int add_nsh(struct tn_act_builder *b, const struct nlattr *attr, const struct tn_key *key, bool masked)
{
	struct tn_key_nsh value, mask;
	struct tn_act_set *set;
	struct tn_act *act;
	int err;

	memset(&value, 0, sizeof(value));
	memset(&mask, masked ? 0 : 0xff, sizeof(mask));
	err = masked ? split_nsh(b, attr, &value, &mask) : tn_nl_get_nsh(attr, &value, false, b->extack);
	if (err)
		return err;
	if (!masked && !has_attr(attr, OVS_NSH_KEY_ATTR_MD1))
		memset(mask.context, 0, sizeof(mask.context));
	if ((masked && (mask.base.mdtype || mask.base.np)) ||
	    (memchr_inv(mask.context, 0, sizeof(mask.context)) && key->nsh.base.mdtype != NSH_M_TYPE1))
		return FAIL(b->extack, attr, "OVS_KEY_ATTR_NSH: mdtype and np cannot be set, contexts only of MD type 1");
	mask.base.mdtype = 0;
	mask.base.np = 0;
	act = tn_act_append(b, OVS_ACTION_ATTR_SET_MASKED, OVS_KEY_ATTR_NSH, sizeof(*set) + 2 * sizeof(value));
	if (!act)
		return -ENOMEM;
	set = (struct tn_act_set *)act->data;
	set->len = sizeof(value);
	memcpy((void *)tn_set_value(set), &value, sizeof(value));
	memcpy((void *)tn_set_mask(set), &mask, sizeof(mask));
	return 0;
}

/* Protocol and fragment type of IPv4: may be given as they are, not changed. */
static int check_ipv4(struct tn_act_builder *b, const struct nlattr *attr, const struct tn_key *key,
		      const struct ovs_key_ipv4 *value, struct ovs_key_ipv4 *mask, bool masked)
{
	if (masked ? mask->ipv4_proto || mask->ipv4_frag :
	    value->ipv4_proto != key->ip.proto || value->ipv4_frag != key->ip.frag)
		return FAIL(b->extack, attr, "OVS_KEY_ATTR_IPV4: ipv4_proto and ipv4_frag cannot be set");
	mask->ipv4_proto = 0;
	mask->ipv4_frag = 0;
	return 0;
}

static int check_ipv6(struct tn_act_builder *b, const struct nlattr *attr, const struct tn_key *key,
		      const struct ovs_key_ipv6 *value, struct ovs_key_ipv6 *mask, bool masked)
{
	if (masked ? mask->ipv6_proto || mask->ipv6_frag :
	    value->ipv6_proto != key->ip.proto || value->ipv6_frag != key->ip.frag)
		return FAIL(b->extack, attr, "OVS_KEY_ATTR_IPV6: ipv6_proto and ipv6_frag cannot be set");
	if (value->ipv6_label & htonl(0xfff00000))
		return FAIL(b->extack, attr, "OVS_KEY_ATTR_IPV6: ipv6_label has more than 20 bits");
	mask->ipv6_proto = 0;
	mask->ipv6_frag = 0;
	mask->ipv6_label &= htonl(0x000fffff);
	return 0;
}

/* Lengths of the attributes that can be set, but for TUNNEL and NSH; 0: it cannot. */
static const u8 lens[OVS_KEY_ATTR_MAX + 1] = {
	[OVS_KEY_ATTR_PRIORITY] = sizeof(u32),
	[OVS_KEY_ATTR_SKB_MARK] = sizeof(u32),
	[OVS_KEY_ATTR_ETHERNET] = sizeof(struct ovs_key_ethernet),
	[OVS_KEY_ATTR_IPV4] = sizeof(struct ovs_key_ipv4),
	[OVS_KEY_ATTR_IPV6] = sizeof(struct ovs_key_ipv6),
	[OVS_KEY_ATTR_TCP] = sizeof(struct ovs_key_tcp),
	[OVS_KEY_ATTR_UDP] = sizeof(struct ovs_key_udp),
	[OVS_KEY_ATTR_SCTP] = sizeof(struct ovs_key_sctp),
	[OVS_KEY_ATTR_MPLS] = sizeof(struct ovs_key_mpls),
};

/* Whether packets of @key have what is set. */
static bool fits(const struct tn_key *key, unsigned int type)
{
	if (type == OVS_KEY_ATTR_PRIORITY || type == OVS_KEY_ATTR_SKB_MARK)
		return true;
	if (type == OVS_KEY_ATTR_ETHERNET)
		return tn_key_mac_proto(key) == TN_MAC_ETHERNET;
	return type == tn_nl_l3_attr(key) || type == tn_nl_l4_attr(key);
}

int tn_add_set(struct tn_act_builder *b, const struct nlattr *outer, struct tn_key *key)
{
	bool masked = nla_type(outer) == OVS_ACTION_ATTR_SET_MASKED;
	const struct nlattr *attr = nla_data(outer);
	struct tn_act_set *set;
	struct tn_act *act;
	unsigned int len, i;
	u8 *value, *mask;

	if (!nla_ok(attr, nla_len(outer)) || nla_total_size(nla_len(attr)) != NLA_ALIGN(nla_len(outer)))
		return FAIL(b->extack, outer, "OVS_ACTION_ATTR_SET holds one OVS_KEY_ATTR");
	if (nla_type(attr) == OVS_KEY_ATTR_TUNNEL) {
		if (masked)
			return FAIL(b->extack, attr, "OVS_KEY_ATTR_TUNNEL cannot be set under a mask");
		return add_tunnel(b, attr);
	}
	if (nla_type(attr) == OVS_KEY_ATTR_NSH) {
		if (key->eth_type != htons(ETH_P_NSH))
			return FAIL(b->extack, attr, "OVS_KEY_ATTR_NSH is set on a packet that is not NSH");
		return add_nsh(b, attr, key, masked);
	}
	len = nla_type(attr) <= OVS_KEY_ATTR_MAX ? lens[nla_type(attr)] : 0;
	if (!len)
		return FAIL(b->extack, attr, "this OVS_KEY_ATTR cannot be set");
	if (!fits(key, nla_type(attr)))
		return FAIL(b->extack, attr, "this OVS_KEY_ATTR cannot be set on packets that the flow matches");
	if (nla_len(attr) != (masked ? 2 * len : len))
		return FAIL(b->extack, attr, "an OVS_KEY_ATTR to set has the wrong length");
	act = tn_act_append(b, OVS_ACTION_ATTR_SET_MASKED, nla_type(attr), sizeof(*set) + ALIGN(len, 8) + len);
	if (!act)
		return -ENOMEM;
	set = (struct tn_act_set *)act->data;
	set->len = len;
	value = (u8 *)tn_set_value(set);
	mask = (u8 *)tn_set_mask(set);
	memcpy(value, nla_data(attr), len);
	if (masked)
		memcpy(mask, nla_data(attr) + len, len);
	else
		memset(mask, 0xff, len);
	for (i = 0; i < len; i++)
		if (value[i] & ~mask[i])
			return FAIL(b->extack, attr, "an OVS_KEY_ATTR to set has bits outside its mask");
	if (nla_type(attr) == OVS_KEY_ATTR_IPV4)
		return check_ipv4(b, attr, key, (void *)value, (void *)mask, masked);
	if (nla_type(attr) == OVS_KEY_ATTR_IPV6)
		return check_ipv6(b, attr, key, (void *)value, (void *)mask, masked);
	return 0;
}
