// SPDX-License-Identifier: GPL-2.0
/* Internal ports: devices of the module whose other end is the datapath. What the host sends on one
 * enters the datapath; what the datapath outputs to it, the host receives. RTNL, where nothing else is said.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <net/rtnetlink.h>
#include <net/xfrm.h>

#include "datapath.h"
#include "vport.h"

struct internal_priv {
	struct tn_port __rcu *port;	/* NULL once the port is gone; RTNL */
};

/* ndo_start_xmit. BH off. Consumes @skb. */
static netdev_tx_t internal_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct internal_priv *priv = netdev_priv(dev);
	unsigned int len = skb->len;
	struct tn_port *port;

	rcu_read_lock();
	port = rcu_dereference(priv->port);
	if (likely(port)) {
		dev_sw_netstats_tx_add(dev, 1, len);
		tn_port_receive(port, skb, NULL);
	} else {
		dev->stats.tx_errors++;
		kfree_skb(skb);
	}
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

void tn_internal_deliver(struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;

	if (unlikely(!(dev->flags & IFF_UP))) {
		dev->stats.rx_dropped++;
		tn_drop(skb, TN_DROP_DEVICE);
		return;
	}
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	secpath_reset(skb);
	skb->pkt_type = PACKET_HOST;	/* eth_type_trans() looks */
	skb->protocol = eth_type_trans(skb, dev);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	dev_sw_netstats_rx_add(dev, skb->len);
	netif_rx(skb);
}

static int internal_open(struct net_device *dev)
{
	netif_start_queue(dev);
	return 0;
}

static int internal_stop(struct net_device *dev)
{
	netif_stop_queue(dev);
	return 0;
}

static void internal_set_headroom(struct net_device *dev, int headroom)
{
	dev->needed_headroom = headroom < 0 ? 0 : headroom;
}

static const struct net_device_ops internal_netdev_ops = {
	.ndo_open = internal_open,
	.ndo_stop = internal_stop,
	.ndo_start_xmit = internal_xmit,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_get_stats64 = dev_get_tstats64,
	.ndo_set_rx_headroom = internal_set_headroom,
};

static void internal_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "openvswitch", sizeof(info->driver));	/* what tools look for */
}

static const struct ethtool_ops internal_ethtool_ops = {
	.get_drvinfo = internal_get_drvinfo,
	.get_link = ethtool_op_get_link,
};

/* No newlink: only a datapath makes these devices. */
static struct rtnl_link_ops internal_link_ops __read_mostly = {
	.kind = "openvswitch",
};

static void internal_free(struct net_device *dev)
{
	free_percpu(dev->tstats);
	dev->tstats = NULL;	/* a registration that fails late comes here too, see internal_create() */
}

static void internal_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &internal_netdev_ops;
	dev->ethtool_ops = &internal_ethtool_ops;
	dev->rtnl_link_ops = &internal_link_ops;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_OPENVSWITCH | IFF_NO_QUEUE | IFF_PHONY_HEADROOM;
	dev->needs_free_netdev = true;
	dev->priv_destructor = internal_free;
	dev->max_mtu = ETH_MAX_MTU;
	dev->features = NETIF_F_LLTX | NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA |
			NETIF_F_HW_CSUM | NETIF_F_GSO_SOFTWARE | NETIF_F_GSO_ENCAP_ALL;
	dev->vlan_features = dev->features;
	dev->hw_enc_features = dev->features;
	dev->features |= NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_STAG_TX;
	dev->hw_features = dev->features & ~NETIF_F_LLTX;
	eth_hw_addr_random(dev);
}

/* RTNL. */
static int internal_create(struct tn_port *port, const struct tn_port_parms *parms)
{
	struct net_device *dev;
	int err;

	dev = alloc_netdev(sizeof(struct internal_priv), parms->name, NET_NAME_USER, internal_setup);
	if (!dev)
		return -ENOMEM;
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	if (!dev->tstats) {
		free_netdev(dev);
		return -ENOMEM;
	}
	dev_net_set(dev, port->dp->net);
	dev->ifindex = parms->ifindex;
	if (parms->port_no == OVSP_LOCAL)
		dev->features |= NETIF_F_NETNS_LOCAL;	/* its index names the datapath */
	err = register_netdevice(dev);
	if (err) {
		NL_SET_ERR_MSG(parms->extack, "the internal device could not be registered: its name or index is taken");
		if (dev->reg_state == NETREG_UNINITIALIZED)
			internal_free(dev);
		free_netdev(dev);	/* later by itself, where others must let go of it first */
		return err;
	}
	port->dev = dev;
	netdev_hold(dev, &port->dev_tracker, GFP_KERNEL);
	return 0;
}

static int internal_attach(struct tn_port *port, struct netlink_ext_ack *extack)
{
	struct internal_priv *priv = netdev_priv(port->dev);

	rcu_assign_pointer(priv->port, port);
	dev_set_promiscuity(port->dev, 1);
	netif_start_queue(port->dev);
	return 0;
}

static void internal_detach(struct tn_port *port)
{
	struct internal_priv *priv = netdev_priv(port->dev);

	RCU_INIT_POINTER(priv->port, NULL);
	netif_stop_queue(port->dev);
	dev_set_promiscuity(port->dev, -1);
}

static void internal_destroy(struct tn_port *port)
{
	struct net_device *dev = port->dev;

	netdev_put(dev, &port->dev_tracker);
	if (dev->reg_state == NETREG_REGISTERED)	/* else it is going by itself */
		unregister_netdevice(dev);
}

bool tn_is_internal_dev(const struct net_device *dev)
{
	return dev->netdev_ops == &internal_netdev_ops;
}

struct tn_port *tn_internal_port(const struct net_device *dev)
{
	const struct internal_priv *priv = netdev_priv(dev);

	return rcu_dereference_rtnl(priv->port);
}

int tn_internal_init(void)
{
	return rtnl_link_register(&internal_link_ops);
}

void tn_internal_exit(void)
{
	rtnl_link_unregister(&internal_link_ops);
}

const struct tn_port_ops tn_internal_ops = {
	.type = OVS_VPORT_TYPE_INTERNAL,
	.create = internal_create,
	.attach = internal_attach,
	.detach = internal_detach,
	.destroy = internal_destroy,
};
