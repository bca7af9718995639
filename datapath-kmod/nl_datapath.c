// SPDX-License-Identifier: GPL-2.0
/* The family ovs_datapath. Commands: process context, may sleep; settings and life of datapaths under RTNL. */
#include <linux/rtnetlink.h>

#include "datapath.h"
#include "nl.h"

static const struct genl_multicast_group dp_group = { .name = OVS_DATAPATH_MCGROUP };

static const struct nla_policy dp_policy[OVS_DP_ATTR_MAX + 1] = {
	[OVS_DP_ATTR_NAME] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[OVS_DP_ATTR_UPCALL_PID] = { .type = NLA_U32 },
	[OVS_DP_ATTR_USER_FEATURES] = { .type = NLA_U32 },
	[OVS_DP_ATTR_MASKS_CACHE_SIZE] = { .type = NLA_U32 },
	[OVS_DP_ATTR_PER_CPU_PIDS] = { .type = NLA_UNSPEC },
	[OVS_DP_ATTR_IFINDEX] = NLA_POLICY_MIN(NLA_S32, 0),
};

/* Largest message of a datapath. */
static size_t dp_msg_size(void)
{
	return NLMSG_ALIGN(sizeof(struct ovs_header)) + nla_total_size(IFNAMSIZ) +
	       nla_total_size_64bit(sizeof(struct ovs_dp_stats)) +
	       nla_total_size_64bit(sizeof(struct ovs_dp_megaflow_stats)) +
	       nla_total_size(sizeof(u32)) * 2 + nla_total_size(sizeof(u32) * nr_cpu_ids);
}

/* RTNL or RCU read side. 0 or -EMSGSIZE. */
static int put_dp(struct tn_dp *dp, struct sk_buff *msg, u32 portid, u32 seq, int flags, u8 cmd)
{
	struct ovs_header *head = genlmsg_put(msg, portid, seq, &tn_dp_family, flags, cmd);
	struct ovs_dp_megaflow_stats mega;
	struct ovs_dp_stats stats;
	const struct tn_pids *pids;

	if (!head)
		return -EMSGSIZE;
	head->dp_ifindex = tn_dp_ifindex(dp);
	tn_dp_stats_get(dp, &stats, &mega);
	pids = rcu_dereference_rtnl(dp->cpu_pids);
	if (nla_put_string(msg, OVS_DP_ATTR_NAME, tn_dp_name(dp)) ||
	    nla_put_64bit(msg, OVS_DP_ATTR_STATS, sizeof(stats), &stats, OVS_DP_ATTR_PAD) ||
	    nla_put_64bit(msg, OVS_DP_ATTR_MEGAFLOW_STATS, sizeof(mega), &mega, OVS_DP_ATTR_PAD) ||
	    nla_put_u32(msg, OVS_DP_ATTR_USER_FEATURES, dp->user_features) ||
	    nla_put_u32(msg, OVS_DP_ATTR_MASKS_CACHE_SIZE, tn_table_cache_size(&dp->table)) ||
	    (dp->user_features & OVS_DP_F_DISPATCH_UPCALL_PER_CPU && pids &&
	     nla_put(msg, OVS_DP_ATTR_PER_CPU_PIDS, min(pids->n, nr_cpu_ids) * sizeof(u32), pids->pid))) {
		genlmsg_cancel(msg, head);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);
	return 0;
}

/* RTNL. The datapath that the request names, or ERR_PTR. */
static struct tn_dp *find(struct genl_info *info)
{
	const struct ovs_header *head = info->userhdr;
	struct net *net = genl_info_net(info);
	struct tn_dp *dp;

	if (!info->attrs[OVS_DP_ATTR_NAME]) {
		dp = tn_dp_find(net, head->dp_ifindex);
		if (dp)
			return dp;
	} else {
		list_for_each_entry(dp, &tn_net(net)->dps, node)
			if (!nla_strcmp(info->attrs[OVS_DP_ATTR_NAME], tn_dp_name(dp)))
				return dp;
	}
	NL_SET_ERR_MSG(info->extack, "there is no such datapath");
	return ERR_PTR(-ENODEV);
}

/* Sends @msg to the group, and to the requester who asked for an echo. */
static void notify(struct genl_info *info, struct sk_buff *msg)
{
	genl_notify(&tn_dp_family, msg, info, 0, GFP_KERNEL);
}

/* RTNL. Applies the settings that the request has, until one is refused. */
static int change(struct tn_dp *dp, struct nlattr **a, struct netlink_ext_ack *extack)
{
	int err = 0;

	if (a[OVS_DP_ATTR_USER_FEATURES])
		err = tn_dp_set_features(dp, nla_get_u32(a[OVS_DP_ATTR_USER_FEATURES]), extack);
	if (!err && a[OVS_DP_ATTR_MASKS_CACHE_SIZE]) {
		mutex_lock(&dp->lock);
		err = tn_table_set_cache_size(&dp->table, nla_get_u32(a[OVS_DP_ATTR_MASKS_CACHE_SIZE]));
		mutex_unlock(&dp->lock);
		if (err == -EINVAL)
			NL_SET_ERR_MSG_ATTR(extack, a[OVS_DP_ATTR_MASKS_CACHE_SIZE],
					    "OVS_DP_ATTR_MASKS_CACHE_SIZE is no power of two or too large");
	}
	if (!err && a[OVS_DP_ATTR_PER_CPU_PIDS])
		err = tn_dp_set_cpu_pids(dp, a[OVS_DP_ATTR_PER_CPU_PIDS], extack);
	return err;
}

static int dp_new(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct tn_port_parms local = { .extack = info->extack };
	struct sk_buff *msg;
	char name[IFNAMSIZ];
	struct tn_dp *dp;
	int err;

	if (!a[OVS_DP_ATTR_NAME] || !a[OVS_DP_ATTR_UPCALL_PID])
		return FAIL(info->extack, NULL, "OVS_DP_ATTR_NAME or _UPCALL_PID is missing");
	msg = genlmsg_new(dp_msg_size(), GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	nla_strscpy(name, a[OVS_DP_ATTR_NAME], sizeof(name));
	local.name = name;
	local.upcall_pids = a[OVS_DP_ATTR_UPCALL_PID];
	local.ifindex = a[OVS_DP_ATTR_IFINDEX] ? nla_get_s32(a[OVS_DP_ATTR_IFINDEX]) : 0;
	rtnl_lock();
	dp = tn_dp_create(genl_info_net(info), &local, 0);
	err = PTR_ERR_OR_ZERO(dp);
	if (!err) {
		err = change(dp, a, info->extack);
		if (err)
			tn_dp_destroy(dp);
	}
	if (!err)
		err = put_dp(dp, msg, info->snd_portid, info->snd_seq, 0, OVS_DP_CMD_NEW);
	rtnl_unlock();
	if (err)
		kfree_skb(msg);
	else
		notify(info, msg);
	return err;
}

/* DEL, SET and GET differ in what happens between finding and telling. */
static int dp_del_set_get(struct sk_buff *skb, struct genl_info *info)
{
	u8 cmd = info->genlhdr->cmd;
	struct sk_buff *msg = genlmsg_new(dp_msg_size(), GFP_KERNEL);
	struct tn_dp *dp;
	int err;

	if (!msg)
		return -ENOMEM;
	rtnl_lock();
	dp = find(info);
	err = PTR_ERR_OR_ZERO(dp);
	if (!err && cmd == OVS_DP_CMD_SET)
		err = change(dp, info->attrs, info->extack);
	if (!err)
		err = put_dp(dp, msg, info->snd_portid, info->snd_seq, 0, cmd);
	if (!err && cmd == OVS_DP_CMD_DEL)
		tn_dp_destroy(dp);
	rtnl_unlock();
	if (err)
		kfree_skb(msg);
	else if (cmd == OVS_DP_CMD_GET)
		return genlmsg_reply(msg, info);
	else
		notify(info, msg);
	return err;
}

static int dp_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct tn_net *tnet = tn_net(sock_net(msg->sk));
	long skip = cb->args[0], i = 0;
	struct tn_dp *dp;

	rtnl_lock();
	list_for_each_entry(dp, &tnet->dps, node) {
		if (i++ < skip)
			continue;
		if (put_dp(dp, msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, NLM_F_MULTI,
			   OVS_DP_CMD_GET))
			break;
		cb->args[0] = i;
	}
	rtnl_unlock();
	return msg->len;
}

static const struct genl_small_ops dp_ops[] = {
	TN_COMMAND(OVS_DP_CMD_NEW, .doit = dp_new, TN_ADMIN),
	TN_COMMAND(OVS_DP_CMD_DEL, .doit = dp_del_set_get, TN_ADMIN),
	TN_COMMAND(OVS_DP_CMD_GET, .doit = dp_del_set_get, .dumpit = dp_dump),
	TN_COMMAND(OVS_DP_CMD_SET, .doit = dp_del_set_get, TN_ADMIN),
};

struct genl_family tn_dp_family __ro_after_init = {
	TN_FAMILY(DATAPATH, DP, dp_policy, dp_ops),
	.resv_start_op = OVS_DP_CMD_SET + 1,
	.mcgrps = &dp_group,
	.n_mcgrps = 1,
};
