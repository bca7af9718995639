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

#define VARIABLE	(-1)
static const s16 tunnel_lens[OVS_TUNNEL_KEY_ATTR_MAX + 1] = {
	[OVS_TUNNEL_KEY_ATTR_ID] = sizeof(__be64),
	[OVS_TUNNEL_KEY_ATTR_IPV4_SRC] = sizeof(__be32),
	[OVS_TUNNEL_KEY_ATTR_IPV4_DST] = sizeof(__be32),
	[OVS_TUNNEL_KEY_ATTR_TOS] = 1,
	[OVS_TUNNEL_KEY_ATTR_TTL] = 1,
	[OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT] = 0,
	[OVS_TUNNEL_KEY_ATTR_CSUM] = 0,
	[OVS_TUNNEL_KEY_ATTR_OAM] = 0,
	[OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS] = VARIABLE,
	[OVS_TUNNEL_KEY_ATTR_TP_SRC] = sizeof(__be16),
	[OVS_TUNNEL_KEY_ATTR_TP_DST] = sizeof(__be16),
	[OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS] = VARIABLE,
	[OVS_TUNNEL_KEY_ATTR_IPV6_SRC] = sizeof(struct in6_addr),
	[OVS_TUNNEL_KEY_ATTR_IPV6_DST] = sizeof(struct in6_addr),
	[OVS_TUNNEL_KEY_ATTR_PAD] = VARIABLE,
	[OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS] = VARIABLE,
	[OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE] = 0,
};

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
	struct ip_tunnel_key *tun = &key->tun;

	switch (nla_type(attr)) {
	case OVS_TUNNEL_KEY_ATTR_ID:
		tun->tun_id = nla_get_be64(attr);
		tun->tun_flags |= TUNNEL_KEY;
		return 0;
	case OVS_TUNNEL_KEY_ATTR_IPV4_SRC:
		tun->u.ipv4.src = nla_get_in_addr(attr);
		return 0;
	case OVS_TUNNEL_KEY_ATTR_IPV4_DST:
		tun->u.ipv4.dst = nla_get_in_addr(attr);
		return 0;
	case OVS_TUNNEL_KEY_ATTR_IPV6_SRC:
		tun->u.ipv6.src = nla_get_in6_addr(attr);
		return 0;
	case OVS_TUNNEL_KEY_ATTR_IPV6_DST:
		tun->u.ipv6.dst = nla_get_in6_addr(attr);
		return 0;
	case OVS_TUNNEL_KEY_ATTR_TOS:
		tun->tos = nla_get_u8(attr);
		return 0;
	case OVS_TUNNEL_KEY_ATTR_TTL:
		tun->ttl = nla_get_u8(attr);
		return 0;
	case OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT:
		tun->tun_flags |= TUNNEL_DONT_FRAGMENT;
		return 0;
	case OVS_TUNNEL_KEY_ATTR_CSUM:
		tun->tun_flags |= TUNNEL_CSUM;
		return 0;
	case OVS_TUNNEL_KEY_ATTR_OAM:
		tun->tun_flags |= TUNNEL_OAM;
		return 0;
	case OVS_TUNNEL_KEY_ATTR_TP_SRC:
		tun->tp_src = nla_get_be16(attr);
		return 0;
	case OVS_TUNNEL_KEY_ATTR_TP_DST:
		tun->tp_dst = nla_get_be16(attr);
		return 0;
	case OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS:
		return take_geneve(key, attr, extack);
	case OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS:
		return take_vxlan(key, attr, extack);
	case OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS:
		return take_erspan(key, attr, extack);
	default:	/* PAD; IPV4_INFO_BRIDGE concerns the set action alone */
		return 0;
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

		if (type > OVS_TUNNEL_KEY_ATTR_MAX)
			return FAIL(extack, attr, "OVS_TUNNEL_KEY_ATTR is of no known type");
		if (tunnel_lens[type] != VARIABLE && nla_len(attr) != tunnel_lens[type])
			return FAIL(extack, attr, "OVS_TUNNEL_KEY_ATTR has the wrong length");
		if (seen & BIT(type) && type != OVS_TUNNEL_KEY_ATTR_PAD)
			return FAIL(extack, attr, "OVS_TUNNEL_KEY_ATTR is given twice");
		seen |= BIT(type);
		err = take_one(key, attr, extack);
		if (err)
			return err;
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

static int put_addresses(struct sk_buff *msg, const struct ip_tunnel_key *tun, u8 tun_proto)
{
	if (tun_proto == AF_INET)
		return (tun->u.ipv4.src &&
			nla_put_in_addr(msg, OVS_TUNNEL_KEY_ATTR_IPV4_SRC, tun->u.ipv4.src)) ||
		       (tun->u.ipv4.dst &&
			nla_put_in_addr(msg, OVS_TUNNEL_KEY_ATTR_IPV4_DST, tun->u.ipv4.dst));
	return (!ipv6_addr_any(&tun->u.ipv6.src) &&
		nla_put_in6_addr(msg, OVS_TUNNEL_KEY_ATTR_IPV6_SRC, &tun->u.ipv6.src)) ||
	       (!ipv6_addr_any(&tun->u.ipv6.dst) &&
		nla_put_in6_addr(msg, OVS_TUNNEL_KEY_ATTR_IPV6_DST, &tun->u.ipv6.dst));
}

int tn_nl_put_tunnel(struct sk_buff *msg, const struct ip_tunnel_key *tun, u8 tun_proto, const void *opts,
		     unsigned int opts_len)
{
	__be16 flags = tun->tun_flags;

	if ((flags & TUNNEL_KEY &&
	     nla_put_be64(msg, OVS_TUNNEL_KEY_ATTR_ID, tun->tun_id, OVS_TUNNEL_KEY_ATTR_PAD)) ||
	    put_addresses(msg, tun, tun_proto) ||
	    (tun->tos && nla_put_u8(msg, OVS_TUNNEL_KEY_ATTR_TOS, tun->tos)) ||
	    nla_put_u8(msg, OVS_TUNNEL_KEY_ATTR_TTL, tun->ttl) ||
	    (flags & TUNNEL_DONT_FRAGMENT && nla_put_flag(msg, OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT)) ||
	    (flags & TUNNEL_CSUM && nla_put_flag(msg, OVS_TUNNEL_KEY_ATTR_CSUM)) ||
	    (tun->tp_src && nla_put_be16(msg, OVS_TUNNEL_KEY_ATTR_TP_SRC, tun->tp_src)) ||
	    (tun->tp_dst && nla_put_be16(msg, OVS_TUNNEL_KEY_ATTR_TP_DST, tun->tp_dst)) ||
	    (flags & TUNNEL_OAM && nla_put_flag(msg, OVS_TUNNEL_KEY_ATTR_OAM)))
		return -EMSGSIZE;
	return put_opts(msg, flags, opts, opts_len);
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
