// SPDX-License-Identifier: GPL-2.0
/* The family ovs_vport. Commands: process context, may sleep; what they do to ports under RTNL. */
#include <linux/rtnetlink.h>

#include "datapath.h"
#include "nl.h"

static const struct genl_multicast_group vport_group = { .name = OVS_VPORT_MCGROUP };

static const struct nla_policy vport_policy[OVS_VPORT_ATTR_MAX + 1] = {
	[OVS_VPORT_ATTR_NAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[OVS_VPORT_ATTR_STATS] = { .len = sizeof(struct ovs_vport_stats) },
	[OVS_VPORT_ATTR_PORT_NO] = { .type = NLA_U32 },
	[OVS_VPORT_ATTR_TYPE] = { .type = NLA_U32 },
	[OVS_VPORT_ATTR_UPCALL_PID] = { .type = NLA_UNSPEC },
	[OVS_VPORT_ATTR_OPTIONS] = { .type = NLA_NESTED },
	[OVS_VPORT_ATTR_IFINDEX] = { .type = NLA_U32 },
	[OVS_VPORT_ATTR_NETNSID] = { .type = NLA_S32 },
};

/* RTNL or RCU read side. 0 or -EMSGSIZE. */
static int put_pids(struct sk_buff *msg, const struct tn_port *port)
{
	const struct tn_pids *pids = rcu_dereference_rtnl(port->pids);

	if (!pids)
		return nla_put_u32(msg, OVS_VPORT_ATTR_UPCALL_PID, 0);
	return nla_put(msg, OVS_VPORT_ATTR_UPCALL_PID,
		       (READ_ONCE(port->dp->user_features) & OVS_DP_F_VPORT_PIDS ? pids->n : 1) * sizeof(u32),
		       pids->pid);
}

/* Context as above. */
static int put_options(struct sk_buff *msg, const struct tn_port *port)
{
	struct nlattr *nest;

	if (!port->ops->get_options)
		return 0;
	nest = nla_nest_start_noflag(msg, OVS_VPORT_ATTR_OPTIONS);
	if (!nest || port->ops->get_options(port, msg))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* RTNL or RCU read side. 0 or -EMSGSIZE. */
static int put_port(const struct tn_port *port, struct sk_buff *msg, u32 portid, u32 seq, int flags, u8 cmd,
		    gfp_t gfp)
{
	struct ovs_header *head = genlmsg_put(msg, portid, seq, &tn_vport_family, flags, cmd);
	struct net *net = port->dp->net, *at = dev_net(port->dev);
	struct ovs_vport_stats stats;

	if (!head)
		return -EMSGSIZE;
	head->dp_ifindex = tn_dp_ifindex(port->dp);
	tn_port_stats(port, &stats);
	if (nla_put_u32(msg, OVS_VPORT_ATTR_PORT_NO, port->port_no) ||
	    nla_put_u32(msg, OVS_VPORT_ATTR_TYPE, port->ops->type) ||
	    nla_put_string(msg, OVS_VPORT_ATTR_NAME, port->dev->name) ||
	    nla_put_u32(msg, OVS_VPORT_ATTR_IFINDEX, port->dev->ifindex) ||
	    (!net_eq(net, at) &&
	     nla_put_s32(msg, OVS_VPORT_ATTR_NETNSID, peernet2id_alloc(net, at, gfp))) ||
	    nla_put_64bit(msg, OVS_VPORT_ATTR_STATS, sizeof(stats), &stats, OVS_VPORT_ATTR_PAD) ||
	    put_pids(msg, port) || put_options(msg, port)) {
		genlmsg_cancel(msg, head);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);
	return 0;
}

/* RTNL. The message of one port; the sockets it has may be many. */
static struct sk_buff *port_msg(const struct tn_port *port, struct genl_info *info, u8 cmd)
{
	const struct tn_pids *pids = rtnl_dereference(port->pids);
	struct sk_buff *msg = nlmsg_new(NLMSG_GOODSIZE + (pids ? pids->n * sizeof(u32) : 0), GFP_KERNEL);

	if (msg && put_port(port, msg, info ? info->snd_portid : 0, info ? info->snd_seq : 0, 0, cmd,
			    GFP_KERNEL)) {
		kfree_skb(msg);
		return NULL;
	}
	return msg;
}

struct sk_buff *tn_vport_gone(const struct tn_port *port)
{
	return port_msg(port, NULL, OVS_VPORT_CMD_DEL);
}

void tn_vport_announce(struct net *net, struct sk_buff *msg)
{
	if (msg)
		genlmsg_multicast_netns(&tn_vport_family, net, msg, 0, 0, GFP_KERNEL);
	else
		genl_set_err(&tn_vport_family, net, 0, 0, -ENOBUFS);
}

/* By name: ports are few per datapath, and an internal one may have moved to any namespace. RTNL. */
static struct tn_port *find_name(struct net *net, const struct nlattr *name, int dp_ifindex)
{
	struct tn_dp *dp;
	u32 no;

	list_for_each_entry(dp, &tn_net(net)->dps, node) {
		const struct tn_ports *ports = rtnl_dereference(dp->ports);

		if (dp_ifindex && dp_ifindex != tn_dp_ifindex(dp))
			continue;
		for (no = 0; no < ports->n; no++) {
			struct tn_port *port = rtnl_dereference(ports->port[no]);

			if (port && !nla_strcmp(name, port->dev->name))
				return port;
		}
	}
	return NULL;
}

/* RTNL. The port that the request names, or ERR_PTR. */
static struct tn_port *find(struct genl_info *info)
{
	const struct ovs_header *head = info->userhdr;
	struct net *net = genl_info_net(info);
	struct nlattr **a = info->attrs;
	struct tn_port *port = NULL;
	struct net_device *dev;
	struct tn_dp *dp;
	char name[IFNAMSIZ];

	if (a[OVS_VPORT_ATTR_NAME]) {
		nla_strscpy(name, a[OVS_VPORT_ATTR_NAME], sizeof(name));
		dev = __dev_get_by_name(net, name);
		port = dev ? tn_port_of_dev(dev) : NULL;
		if (!port || !net_eq(port->dp->net, net) ||
		    (head->dp_ifindex && head->dp_ifindex != tn_dp_ifindex(port->dp)))
			port = find_name(net, a[OVS_VPORT_ATTR_NAME], head->dp_ifindex);
		return port ?: ERR_PTR(FAIL_AS(-ENODEV, info->extack, a[OVS_VPORT_ATTR_NAME],
					       "OVS_VPORT_ATTR_NAME: there is no such port"));
	}
	if (!a[OVS_VPORT_ATTR_PORT_NO])
		return ERR_PTR(FAIL(info->extack, NULL,
				    "OVS_VPORT_ATTR_NAME and _PORT_NO are missing"));
	if (nla_get_u32(a[OVS_VPORT_ATTR_PORT_NO]) >= TN_MAX_PORTS)
		return ERR_PTR(FAIL_AS(-EFBIG, info->extack, a[OVS_VPORT_ATTR_PORT_NO],
				       "OVS_VPORT_ATTR_PORT_NO is out of range"));
	dp = tn_dp_find(net, head->dp_ifindex);
	if (!dp)
		return ERR_PTR(FAIL_AS(-ENODEV, info->extack, NULL, "there is no such datapath"));
	port = tn_dp_port(dp, nla_get_u32(a[OVS_VPORT_ATTR_PORT_NO]));
	return port ?: ERR_PTR(FAIL_AS(-ENODEV, info->extack, a[OVS_VPORT_ATTR_PORT_NO],
				       "OVS_VPORT_ATTR_PORT_NO: there is no such port"));
}

/* RTNL. Chooses or checks the number of a new port. */
static int choose_number(const struct tn_dp *dp, const struct nlattr *attr, u32 *no,
			 struct netlink_ext_ack *extack)
{
	*no = attr ? nla_get_u32(attr) : tn_dp_free_port_no(dp);
	if (*no >= TN_MAX_PORTS)
		return FAIL_AS(-EFBIG, extack, attr,
			       "OVS_VPORT_ATTR_PORT_NO is out of range, or all are in use");
	if (tn_dp_port(dp, *no))
		return FAIL_AS(-EBUSY, extack, attr, "OVS_VPORT_ATTR_PORT_NO is in use");
	return 0;
}

/* RTNL. The new port or ERR_PTR. */
static struct tn_port *add(struct genl_info *info, struct tn_port_parms *parms)
{
	const struct ovs_header *head = info->userhdr;
	struct tn_dp *dp = tn_dp_find(genl_info_net(info), head->dp_ifindex);
	int err;

	if (!dp)
		return ERR_PTR(FAIL_AS(-ENODEV, info->extack, NULL, "there is no such datapath"));
	err = choose_number(dp, info->attrs[OVS_VPORT_ATTR_PORT_NO], &parms->port_no, info->extack);
	return err ? ERR_PTR(err) : tn_port_add(dp, parms);
}

static int vport_new(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct tn_port_parms parms = {
		.extack = info->extack, .options = a[OVS_VPORT_ATTR_OPTIONS],
		.upcall_pids = a[OVS_VPORT_ATTR_UPCALL_PID],
	};
	char name[IFNAMSIZ];
	struct tn_port *port;
	struct sk_buff *msg;
	int err;

	if (!a[OVS_VPORT_ATTR_NAME] || !a[OVS_VPORT_ATTR_TYPE] || !a[OVS_VPORT_ATTR_UPCALL_PID])
		return FAIL(info->extack, NULL,
			    "OVS_VPORT_ATTR_NAME, _TYPE or _UPCALL_PID is missing");
	nla_strscpy(name, a[OVS_VPORT_ATTR_NAME], sizeof(name));
	parms.name = name;
	parms.type = nla_get_u32(a[OVS_VPORT_ATTR_TYPE]);
	parms.ifindex = a[OVS_VPORT_ATTR_IFINDEX] ? nla_get_u32(a[OVS_VPORT_ATTR_IFINDEX]) : 0;
	if (parms.ifindex && parms.type != OVS_VPORT_TYPE_INTERNAL)
		return FAIL_AS(-EOPNOTSUPP, info->extack, a[OVS_VPORT_ATTR_IFINDEX],
			       "OVS_VPORT_ATTR_IFINDEX is for internal ports");
	msg = nlmsg_new(NLMSG_GOODSIZE + nla_len(parms.upcall_pids), GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	tn_port_load(parms.type);
	rtnl_lock();
	port = add(info, &parms);
	err = PTR_ERR_OR_ZERO(port);
	if (!err)
		err = put_port(port, msg, info->snd_portid, info->snd_seq, 0, OVS_VPORT_CMD_NEW, GFP_KERNEL);
	rtnl_unlock();
	if (err)
		kfree_skb(msg);
	else
		genl_notify(&tn_vport_family, msg, info, 0, GFP_KERNEL);
	return err;
}

/* RTNL. */
static int change(struct tn_port *port, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	int err;

	if (a[OVS_VPORT_ATTR_TYPE] && nla_get_u32(a[OVS_VPORT_ATTR_TYPE]) != port->ops->type)
		return FAIL(info->extack, a[OVS_VPORT_ATTR_TYPE],
			    "OVS_VPORT_ATTR_TYPE is not the port's");
	if (a[OVS_VPORT_ATTR_OPTIONS]) {
		if (!port->ops->set_options)
			return FAIL_AS(-EOPNOTSUPP, info->extack, a[OVS_VPORT_ATTR_OPTIONS],
				       "OVS_VPORT_ATTR_OPTIONS of such a port cannot change");
		err = port->ops->set_options(port, a[OVS_VPORT_ATTR_OPTIONS], info->extack);
		if (err)
			return err;
	}
	if (a[OVS_VPORT_ATTR_UPCALL_PID])
		return tn_port_set_pids(port, a[OVS_VPORT_ATTR_UPCALL_PID], info->extack);
	return 0;
}

static int vport_del_set_get(struct sk_buff *skb, struct genl_info *info)
{
	u8 cmd = info->genlhdr->cmd;
	struct sk_buff *msg = NULL;
	struct tn_port *port;
	int err;

	rtnl_lock();
	port = find(info);
	err = PTR_ERR_OR_ZERO(port);
	if (!err && cmd == OVS_VPORT_CMD_SET)
		err = change(port, info);
	if (!err && cmd == OVS_VPORT_CMD_DEL && port->port_no == OVSP_LOCAL)
		err = FAIL(info->extack, NULL, "the local port goes with its datapath");
	if (!err) {
		msg = port_msg(port, info, cmd);
		err = msg ? 0 : -ENOMEM;
	}
	if (!err && cmd == OVS_VPORT_CMD_DEL)
		tn_port_del(port);
	rtnl_unlock();
	if (err)
		return err;
	if (cmd == OVS_VPORT_CMD_GET)
		return genlmsg_reply(msg, info);
	genl_notify(&tn_vport_family, msg, info, 0, GFP_KERNEL);
	return 0;
}

static int vport_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	const struct ovs_header *head = genlmsg_data(nlmsg_data(cb->nlh));
	const struct tn_ports *ports;
	struct tn_dp *dp;
	u32 no;

	rcu_read_lock();
	dp = tn_dp_find(sock_net(msg->sk), head->dp_ifindex);
	if (!dp) {
		rcu_read_unlock();
		return -ENODEV;
	}
	ports = rcu_dereference(dp->ports);
	for (no = cb->args[0]; no < ports->n; no++) {
		const struct tn_port *port = rcu_dereference(ports->port[no]);

		if (port && put_port(port, msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, NLM_F_MULTI,
				     OVS_VPORT_CMD_GET, GFP_ATOMIC))
			break;
	}
	cb->args[0] = no;
	rcu_read_unlock();
	return msg->len;
}

static const struct genl_small_ops vport_ops[] = {
	TN_COMMAND(OVS_VPORT_CMD_NEW, .doit = vport_new, TN_ADMIN),
	TN_COMMAND(OVS_VPORT_CMD_DEL, .doit = vport_del_set_get, TN_ADMIN),
	TN_COMMAND(OVS_VPORT_CMD_GET, .doit = vport_del_set_get, .dumpit = vport_dump),
	TN_COMMAND(OVS_VPORT_CMD_SET, .doit = vport_del_set_get, TN_ADMIN),
};

struct genl_family tn_vport_family __ro_after_init = {
	TN_FAMILY(VPORT, VPORT, vport_policy, vport_ops),
	.resv_start_op = OVS_VPORT_CMD_SET + 1,
	.mcgrps = &vport_group,
	.n_mcgrps = 1,
};
