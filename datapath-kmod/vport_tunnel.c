// SPDX-License-Identifier: GPL-2.0
/* VXLAN, Geneve and GRE ports: the module asks the kernel's tunnel drivers for a device in metadata
 * mode and is its owner; from then on it is a network device as any. Where such a device was made through
 * rtnetlink instead (the only way for ERSPAN), it is an OVS_VPORT_TYPE_NETDEV port. RTNL, but for
 * udp_get_options(): RCU read side.
 */
#include <linux/rtnetlink.h>
#include <net/geneve.h>
#include <net/gre.h>
#include <net/vxlan.h>

#include "datapath.h"
#include "nl.h"
#include "vport.h"

static const struct nla_policy tunnel_policy[OVS_TUNNEL_ATTR_MAX + 1] = {
	[OVS_TUNNEL_ATTR_DST_PORT] = { .type = NLA_U16 },
	[OVS_TUNNEL_ATTR_EXTENSION] = { .type = NLA_NESTED },
};

static const struct nla_policy ext_policy[OVS_VXLAN_EXT_MAX + 1] = {
	[OVS_VXLAN_EXT_GBP] = { .type = NLA_FLAG },
};

/* Reads OVS_VPORT_ATTR_OPTIONS of a UDP tunnel. */
static int parse_options(struct tn_port *port, const struct tn_port_parms *parms)
{
	struct nlattr *a[OVS_TUNNEL_ATTR_MAX + 1], *ext[OVS_VXLAN_EXT_MAX + 1];
	int err;

	if (!parms->options)
		return FAIL(parms->extack, NULL, "OVS_VPORT_ATTR_OPTIONS is missing");
	err = nla_parse_nested_deprecated(a, OVS_TUNNEL_ATTR_MAX, parms->options, tunnel_policy,
					  parms->extack);
	if (err)
		return err;
	if (!a[OVS_TUNNEL_ATTR_DST_PORT])
		return FAIL(parms->extack, NULL, "OVS_TUNNEL_ATTR_DST_PORT is missing");
	port->tnl_port = nla_get_u16(a[OVS_TUNNEL_ATTR_DST_PORT]);
	if (!a[OVS_TUNNEL_ATTR_EXTENSION])
		return 0;
	err = nla_parse_nested_deprecated(ext, OVS_VXLAN_EXT_MAX, a[OVS_TUNNEL_ATTR_EXTENSION], ext_policy,
					  parms->extack);
	if (!err && ext[OVS_VXLAN_EXT_GBP])
		port->exts |= BIT(OVS_VXLAN_EXT_GBP);
	return err;
}

/* RTNL. */
static void delete_device(struct net_device *dev)
{
	LIST_HEAD(kill);

	dev->rtnl_link_ops->dellink(dev, &kill);
	unregister_netdevice_many(&kill);
}

/* Takes over a device that was just made, and brings it up. RTNL. */
static int adopt(struct tn_port *port, struct net_device *dev, struct netlink_ext_ack *extack)
{
	int err;

	if (IS_ERR(dev)) {
		NL_SET_ERR_MSG(extack, "the tunnel device could not be made");
		return PTR_ERR(dev);
	}
	err = dev_change_flags(dev, dev->flags | IFF_UP, extack);
	if (err) {
		delete_device(dev);
		return err;
	}
	port->dev = dev;
	netdev_hold(dev, &port->dev_tracker, GFP_KERNEL);
	return 0;
}

/* The maker is looked up when it is needed, so that the module loads where the driver is not. */
#define MAKE(maker, ...)								\
({											\
	typeof(&maker) make = symbol_get(maker);					\
	struct net_device *made = ERR_PTR(-EAFNOSUPPORT);				\
											\
	if (make) {									\
		made = make(__VA_ARGS__);						\
		symbol_put(maker);							\
	}										\
	made;										\
})

static int vxlan_create(struct tn_port *port, const struct tn_port_parms *parms)
{
	struct vxlan_config conf = {
		.no_share = true,
		.flags = VXLAN_F_COLLECT_METADATA | VXLAN_F_UDP_ZERO_CSUM6_RX,
		.mtu = IP_MAX_MTU,	/* the outer path decides */
	};
	int err = parse_options(port, parms);

	if (err)
		return err;
	conf.dst_port = htons(port->tnl_port);
	if (port->exts & BIT(OVS_VXLAN_EXT_GBP))
		conf.flags |= VXLAN_F_GBP;
	return adopt(port, MAKE(vxlan_dev_create, port->dp->net, parms->name,
				NET_NAME_USER, &conf), parms->extack);
}

static int geneve_create(struct tn_port *port, const struct tn_port_parms *parms)
{
	int err = parse_options(port, parms);

	if (err)
		return err;
	return adopt(port, MAKE(geneve_dev_create_fb, port->dp->net, parms->name,
				NET_NAME_USER, port->tnl_port), parms->extack);
}

static int gre_create(struct tn_port *port, const struct tn_port_parms *parms)
{
	return adopt(port, MAKE(gretap_fb_dev_create, port->dp->net, parms->name,
				NET_NAME_USER), parms->extack);
}

/* RTNL. The device may be going by itself: then only the reference is dropped. */
static void tunnel_destroy(struct tn_port *port)
{
	struct net_device *dev = port->dev;
	bool ours = dev->reg_state == NETREG_REGISTERED && net_eq(dev_net(dev), port->dp->net);

	netdev_put(dev, &port->dev_tracker);
	if (ours)
		delete_device(dev);
}

static int udp_get_options(const struct tn_port *port, struct sk_buff *msg)
{
	struct nlattr *nest;

	if (nla_put_u16(msg, OVS_TUNNEL_ATTR_DST_PORT, port->tnl_port))
		return -EMSGSIZE;
	if (!port->exts)
		return 0;
	nest = nla_nest_start_noflag(msg, OVS_TUNNEL_ATTR_EXTENSION);
	if (!nest || (port->exts & BIT(OVS_VXLAN_EXT_GBP) && nla_put_flag(msg, OVS_VXLAN_EXT_GBP)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

#define TUNNEL_OPS				\
	.attach = tn_netdev_attach,		\
	.detach = tn_netdev_detach,		\
	.destroy = tunnel_destroy

const struct tn_port_ops tn_vxlan_ops = {
	TUNNEL_OPS, .type = OVS_VPORT_TYPE_VXLAN, .create = vxlan_create, .get_options = udp_get_options,
};

const struct tn_port_ops tn_geneve_ops = {
	TUNNEL_OPS, .type = OVS_VPORT_TYPE_GENEVE, .create = geneve_create, .get_options = udp_get_options,
};

const struct tn_port_ops tn_gre_ops = {
	TUNNEL_OPS, .type = OVS_VPORT_TYPE_GRE, .create = gre_create,
};
