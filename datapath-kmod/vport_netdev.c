// SPDX-License-Identifier: GPL-2.0
/* Ports on network devices that somebody else made: receive handler and transmission. RTNL, but for
 * the handler.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <net/dst_metadata.h>

#include "datapath.h"
#include "nl.h"
#include "vport.h"

/* Receive handler. Softirq, RCU read side. Consumes the packet unless it is the host's own loopback. */
static rx_handler_result_t handle_frame(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	struct tn_port *port = rcu_dereference(skb->dev->rx_handler_data);

	if (unlikely(skb->pkt_type == PACKET_LOOPBACK))
		return RX_HANDLER_PASS;
	if (unlikely(skb_warn_if_lro(skb)))
		goto drop;
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb))
		return RX_HANDLER_CONSUMED;
	if (likely(skb->dev->type == ARPHRD_ETHER)) {
		if (unlikely(skb_headroom(skb) < ETH_HLEN))
			goto drop;	/* redirected by something that does not know of such headers */
		__skb_push(skb, ETH_HLEN);
		skb_postpush_rcsum(skb, skb->data, ETH_HLEN);
	}
	tn_port_receive(port, skb, skb_tunnel_info(skb));
	return RX_HANDLER_CONSUMED;

drop:
	tn_drop(skb, TN_DROP_DEVICE);
	return RX_HANDLER_CONSUMED;
}

int tn_netdev_attach(struct tn_port *port, struct netlink_ext_ack *extack)
{
	struct tn_port *local = tn_dp_port(port->dp, OVSP_LOCAL);
	struct net_device *dev = port->dev;
	int err;

	err = netdev_master_upper_dev_link(dev, local->dev, NULL, NULL, extack);
	if (err)
		return err;
	err = netdev_rx_handler_register(dev, handle_frame, port);
	if (err) {
		NL_SET_ERR_MSG(extack, "the device's packets go to somebody else already");
		netdev_upper_dev_unlink(dev, local->dev);
		return err;
	}
	dev_disable_lro(dev);
	dev_set_promiscuity(dev, 1);
	dev->priv_flags |= IFF_OVS_DATAPATH;
	port->upper = true;
	return 0;
}

void tn_netdev_detach(struct tn_port *port)
{
	struct tn_port *local = tn_dp_port(port->dp, OVSP_LOCAL);
	struct net_device *dev = port->dev;

	if (!port->upper)
		return;
	port->upper = false;
	dev->priv_flags &= ~IFF_OVS_DATAPATH;
	netdev_rx_handler_unregister(dev);
	if (local)
		netdev_upper_dev_unlink(dev, local->dev);
	netdev_reset_rx_headroom(dev);
	dev_set_promiscuity(dev, -1);
}

void tn_netdev_destroy(struct tn_port *port)
{
	netdev_put(port->dev, &port->dev_tracker);
}

/* RTNL. */
static int netdev_create(struct tn_port *port, const struct tn_port_parms *parms)
{
	struct net_device *dev = __dev_get_by_name(port->dp->net, parms->name);

	if (!dev)
		return FAIL_AS(-ENODEV, parms->extack, NULL, "OVS_VPORT_ATTR_NAME: no such device");
	if (dev->flags & IFF_LOOPBACK || tn_is_internal_dev(dev) || netif_is_ovs_master(dev) ||
	    (dev->type != ARPHRD_ETHER && dev->type != ARPHRD_NONE))
		return FAIL(parms->extack, NULL,
			    "OVS_VPORT_ATTR_NAME: this kind of device cannot be a port");
	if (netif_is_ovs_port(dev) && tn_port_of_dev(dev)->dp == port->dp)
		return FAIL_AS(-EEXIST, parms->extack, NULL,
			       "OVS_VPORT_ATTR_NAME: the device is a port of this datapath");
	if (netdev_is_rx_handler_busy(dev))
		return FAIL_AS(-EBUSY, parms->extack, NULL,
			       "OVS_VPORT_ATTR_NAME: the device belongs to a datapath, bridge or bond");
	port->dev = dev;
	netdev_hold(dev, &port->dev_tracker, GFP_KERNEL);
	return 0;
}

const struct tn_port_ops tn_netdev_ops = {
	.type = OVS_VPORT_TYPE_NETDEV,
	.create = netdev_create,
	.attach = tn_netdev_attach,
	.detach = tn_netdev_detach,
	.destroy = tn_netdev_destroy,
};
