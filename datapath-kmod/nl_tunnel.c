// SPDX-License-Identifier: GPL-2.0
/* Tunnel keys and NSH headers to and from netlink: the two nested attributes of a key. Contexts:
 * nl_key.h.
 */
#include <linux/erspan.h>
#include <net/geneve.h>
#include <net/ip_tunnels.h>
#include <net/nsh.h>
#include <net/vxlan.h>

#include "nl.h"
#include "nl_key.h"

/* A member of struct ip_tunnel_key and its attribute, in the order in which they are put. */
struct tunnel_field {
	u8 attr;
	u8 len, at;		/* of the member; flags have none */
	u8 family;		/* of an address; 0: it is none */
	__be16 flag;		/* of tun_flags: the attribute is there; 0: it is where the member is not zero */
};

#define ATTR(name)		.attr = OVS_TUNNEL_KEY_ATTR_##name
#define MEMBER(member)		.len = sizeof_field(struct ip_tunnel_key, member), \
				.at = offsetof(struct ip_tunnel_key, member)

static const struct tunnel_field fields[] = {
	{ ATTR(ID), MEMBER(tun_id), .flag = TUNNEL_KEY },
	{ ATTR(IPV4_SRC), MEMBER(u.ipv4.src), .family = AF_INET },
	{ ATTR(IPV4_DST), MEMBER(u.ipv4.dst), .family = AF_INET },
	{ ATTR(IPV6_SRC), MEMBER(u.ipv6.src), .family = AF_INET6 },
	{ ATTR(IPV6_DST), MEMBER(u.ipv6.dst), .family = AF_INET6 },
	{ ATTR(TOS), MEMBER(tos) },
	{ ATTR(TTL), MEMBER(ttl) },
	{ ATTR(DONT_FRAGMENT), .flag = TUNNEL_DONT_FRAGMENT },
	{ ATTR(CSUM), .flag = TUNNEL_CSUM },
	{ ATTR(TP_SRC), MEMBER(tp_src) },
	{ ATTR(TP_DST), MEMBER(tp_dst) },
	{ ATTR(OAM), .flag = TUNNEL_OAM },
	{ ATTR(IPV4_INFO_BRIDGE) },	/* is the set action's alone */
};

/* NULL: the attribute is no such field. */
static const struct tunnel_field *find_field(unsigned int attr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].attr == attr)
			return &fields[i];
	return NULL;
}

/* Stores options of one kind. */
static int take_opts(struct tn_key *key, const struct nlattr *attr, const void *data, unsigned int len,
		     __be16 flag, struct netlink_ext_ack *extack)
{
	if (key->tun_opts_len)
		return FAIL(extack, attr, "OVS_TUNNEL_KEY_ATTR: options of more than one kind");
	memcpy(key->tun_opts, data, len);
	key->tun_opts_len = len;
	key->tun.tun_flags |= flag;
	return 0;
}

static int take_geneve(struct tn_key *key, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	unsigned int len = nla_len(attr);

	if (len > TN_TUN_OPTS_MAX || len % 4)
		return FAIL(extack, attr, "OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS is too long or no multiple of four");
	return len ? take_opts(key, attr, nla_data(attr), len, TUNNEL_GENEVE_OPT, extack) : 0;
}

static int take_vxlan(struct tn_key *key, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct vxlan_metadata md = { 0 };
	const struct nlattr *a;
	int rem;

	nla_for_each_nested(a, attr, rem) {
		if (nla_type(a) != OVS_VXLAN_EXT_GBP || nla_len(a) != sizeof(u32))
			return FAIL(extack, a, "OVS_VXLAN_EXT is of no known type or has the wrong length");
		md.gbp = nla_get_u32(a);
	}
	if (rem)
		return FAIL(extack, attr, "OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS has bytes left over");
	return take_opts(key, attr, &md, sizeof(md), TUNNEL_VXLAN_OPT, extack);
}

static int take_erspan(struct tn_key *key, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) > sizeof(struct erspan_metadata))
		return FAIL(extack, attr, "OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS is too long");
	return take_opts(key, attr, nla_data(attr), nla_len(attr), TUNNEL_ERSPAN_OPT, extack);
}

/* One attribute of a tunnel key. */
static int take_one(struct tn_key *key, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	const struct tunnel_field *field = find_field(nla_type(attr));

	if (field) {
		if (nla_len(attr) != field->len)
			return FAIL(extack, attr, "OVS_TUNNEL_KEY_ATTR has the wrong length");
		memcpy((u8 *)&key->tun + field->at, nla_data(attr), field->len);
		key->tun.tun_flags |= field->flag;
		return 0;
	}
	switch (nla_type(attr)) {
	case OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS:
		return take_geneve(key, attr, extack);
	case OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS:
		return take_vxlan(key, attr, extack);
	case OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS:
		return take_erspan(key, attr, extack);
	case OVS_TUNNEL_KEY_ATTR_PAD:
		return 0;
	default:
		return FAIL(extack, attr, "OVS_TUNNEL_KEY_ATTR is of no known type");
	}
}

int tn_nl_get_tunnel(const struct nlattr *nest, struct tn_key *key, bool is_mask,
		     struct netlink_ext_ack *extack)
{
	const u32 v4 = BIT(OVS_TUNNEL_KEY_ATTR_IPV4_SRC) | BIT(OVS_TUNNEL_KEY_ATTR_IPV4_DST);
	const u32 v6 = BIT(OVS_TUNNEL_KEY_ATTR_IPV6_SRC) | BIT(OVS_TUNNEL_KEY_ATTR_IPV6_DST);
	const struct nlattr *attr;
	u32 seen = 0;
	int rem, err;

	nla_for_each_nested(attr, nest, rem) {
		unsigned int type = nla_type(attr);

		err = take_one(key, attr, extack);
		if (err)
			return err;
		if (seen & BIT(type) && type != OVS_TUNNEL_KEY_ATTR_PAD)
			return FAIL(extack, attr, "OVS_TUNNEL_KEY_ATTR is given twice");
		seen |= BIT(type);
	}
	if (rem)
		return FAIL(extack, nest, "OVS_KEY_ATTR_TUNNEL has bytes left over");
	if (seen & v4 && seen & v6)
		return FAIL(extack, nest, "OVS_KEY_ATTR_TUNNEL has addresses of both IP versions");
	if (is_mask) {
		key->tun_proto = 0xff;
		return 0;
	}
	key->tun_proto = seen & v6 ? AF_INET6 : AF_INET;
	if (!(seen & (v4 | v6)))
		return FAIL(extack, nest, "OVS_KEY_ATTR_TUNNEL has no address");
	if (seen & v4 && !key->tun.u.ipv4.dst && !(seen & BIT(OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE)))
		return FAIL(extack, nest, "OVS_TUNNEL_KEY_ATTR_IPV4_DST is missing or zero");
	if (seen & v6 && ipv6_addr_any(&key->tun.u.ipv6.dst))
		return FAIL(extack, nest, "OVS_TUNNEL_KEY_ATTR_IPV6_DST is missing or zero");
	if (!(seen & BIT(OVS_TUNNEL_KEY_ATTR_TTL)))
		return FAIL(extack, nest, "OVS_TUNNEL_KEY_ATTR_TTL is missing");
	return 0;
}

static int put_opts(struct sk_buff *msg, __be16 flags, const void *opts, unsigned int len)
{
	struct nlattr *nest;

	if (!len)
		return 0;
	if (flags & TUNNEL_GENEVE_OPT)
		return nla_put(msg, OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS, len, opts);
	if (flags & TUNNEL_ERSPAN_OPT)
		return nla_put(msg, OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS, len, opts);
	if (!(flags & TUNNEL_VXLAN_OPT))
		return 0;
	nest = nla_nest_start_noflag(msg, OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS);
	if (!nest || nla_put_u32(msg, OVS_VXLAN_EXT_GBP, ((const struct vxlan_metadata *)opts)->gbp))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

int tn_nl_put_tunnel(struct sk_buff *msg, const struct ip_tunnel_key *tun, u8 tun_proto, const void *opts,
		     unsigned int opts_len)
{
	const struct tunnel_field *field;

	for (field = fields; field < fields + ARRAY_SIZE(fields); field++) {
		const void *value = (const u8 *)tun + field->at;
		bool there = field->attr == OVS_TUNNEL_KEY_ATTR_TTL || memchr_inv(value, 0, field->len);

		if (field->family && field->family != tun_proto)
			continue;
		if (field->flag ? !(tun->tun_flags & field->flag) : !there)
			continue;
		if (field->len == sizeof(u64) ? nla_put_64bit(msg, field->attr, field->len, value, OVS_TUNNEL_KEY_ATTR_PAD) :
		    nla_put(msg, field->attr, field->len, value))
			return -EMSGSIZE;
	}
	return put_opts(msg, tun->tun_flags, opts, opts_len);
}

int tn_nl_put_tunnel_info(struct sk_buff *msg, const struct ip_tunnel_info *info)
{
	return tn_nl_put_tunnel(msg, &info->key, ip_tunnel_info_af(info), info + 1, info->options_len);
}

int tn_nl_get_nsh(const struct nlattr *nest, struct tn_key_nsh *nsh, bool is_mask,
		  struct netlink_ext_ack *extack)
{
	bool base = false, md1 = false;
	const struct nlattr *attr;
	int rem;

	nla_for_each_nested(attr, nest, rem) {
		switch (nla_type(attr)) {
		case OVS_NSH_KEY_ATTR_BASE:
			if (base || nla_len(attr) != sizeof(nsh->base))
				return FAIL(extack, attr, "OVS_NSH_KEY_ATTR_BASE has the wrong length or is given twice");
			memcpy(&nsh->base, nla_data(attr), sizeof(nsh->base));
			base = true;
			break;
		case OVS_NSH_KEY_ATTR_MD1:
			if (md1 || nla_len(attr) != sizeof(nsh->context))
				return FAIL(extack, attr, "OVS_NSH_KEY_ATTR_MD1 has the wrong length or is given twice");
			memcpy(nsh->context, nla_data(attr), sizeof(nsh->context));
			md1 = true;
			break;
		case OVS_NSH_KEY_ATTR_MD2:
			return FAIL(extack, attr, "OVS_NSH_KEY_ATTR_MD2 cannot be matched or set");
		default:
			return FAIL(extack, attr, "OVS_NSH_KEY_ATTR is of no known type");
		}
	}
	if (rem)
		return FAIL(extack, nest, "OVS_KEY_ATTR_NSH has bytes left over");
	if (is_mask)
		return 0;
	if (!base)
		return FAIL(extack, nest, "OVS_NSH_KEY_ATTR_BASE is missing");
	if (md1 && nsh->base.mdtype != NSH_M_TYPE1)
		return FAIL(extack, nest, "OVS_NSH_KEY_ATTR_MD1 does not go with the mdtype");
	return 0;
}
