// SPDX-License-Identifier: GPL-2.0
/* Limits of connections per zone, and their netlink family ovs_ct_limit.
 *
 * Counting is the kernel's nf_conncount, which registers conntrack's hooks in the namespace; it starts with the first
 * limit, so that a host without limits pays nothing.
 */
#include <linux/netfilter.h>
#include <linux/xarray.h>
#include <net/netfilter/nf_conntrack_count.h>
#include "conntrack_action.h"
#include "datapath.h"
#include "nl.h"

#define UNLIMITED	0

struct tn_ct_limits {
	struct mutex lock;			/* writers */
	struct nf_conncount_data *counts;	/* NULL until there was a limit; set once */
	struct xarray limits;			/* zone -> xa_mk_value(limit); RCU readers */
	u32 others;				/* of zones that have none of their own */
};

/* Process context. */
struct tn_ct_limits *tn_ct_limits_new(void)
{
	struct tn_ct_limits *limits = kzalloc(sizeof(*limits), GFP_KERNEL);

	if (limits) {
		mutex_init(&limits->lock);
		xa_init(&limits->limits);
	}
	return limits;
}

/* Process context; no packet of the namespace is left. */
void tn_ct_limits_free(struct net *net, struct tn_ct_limits *limits)
{
	if (!limits)
		return;
	if (limits->counts)
		nf_conncount_destroy(net, NFPROTO_INET, limits->counts);
	xa_destroy(&limits->limits);
	kfree(limits);
}

/* Any context with RCU. */
static u32 limit_of(struct tn_ct_limits *limits, u16 zone)
{
	void *entry = xa_load(&limits->limits, zone);

	return entry ? xa_to_value(entry) : READ_ONCE(limits->others);
}

/* Connections of @zone, with the one of @p counted in where given. BH off or process context, RCU. */
static u32 count(struct net *net, struct nf_conncount_data *counts, u32 zone, const struct tn_ct_packet *p)
{
#ifdef TN_CONNCOUNT_SKB
	return nf_conncount_count_skb(net, p ? p->skb : NULL, p ? p->act->family : NFPROTO_UNSPEC, counts, &zone);
#else
	enum ip_conntrack_info info;
	const struct nf_conn *conn = p ? nf_ct_get(p->skb, &info) : NULL;
	struct nf_conntrack_zone id;

	nf_ct_zone_init(&id, zone, NF_CT_DEFAULT_ZONE_DIR, 0);
	return nf_conncount_count(net, counts, &zone, conn ? nf_ct_tuple(conn, IP_CT_DIR_ORIGINAL) : NULL, &id);
#endif
}

bool tn_ct_limit_allows(const struct tn_ct_packet *p)
{
	struct tn_ct_limits *limits = tn_net(p->net)->ct_limits;
	struct nf_conncount_data *counts = smp_load_acquire(&limits->counts);
	u16 zone = p->act->zone.id;
	u32 limit;

	if (likely(!counts))
		return true;
	limit = limit_of(limits, zone);
	if (limit == UNLIMITED || count(p->net, counts, zone, p) <= limit)
		return true;
	net_warn_ratelimited("turnout: zone %u has its limit of %u connections, dropping\n", zone, limit);
	return false;
}

/* --- netlink; process context ------------------------------------------------------------------------------- */

static const struct nla_policy policy[OVS_CT_LIMIT_ATTR_MAX + 1] = {
	[OVS_CT_LIMIT_ATTR_ZONE_LIMIT] = { .type = NLA_UNSPEC },
};

/* The limits of the namespace: there is one set for all its datapaths, whatever dp_ifindex says. */
static struct tn_ct_limits *limits_of_request(struct genl_info *info)
{
	return tn_net(genl_info_net(info))->ct_limits;
}

/* The request's array of struct ovs_zone_limit, all valid: 0, or -EINVAL with *n of them 0. */
static int zones_of_request(struct genl_info *info, const struct ovs_zone_limit **zones, unsigned int *n)
{
	const struct nlattr *attr = info->attrs[OVS_CT_LIMIT_ATTR_ZONE_LIMIT];
	unsigned int len = attr ? nla_len(attr) : 0, i;

	*n = 0;
	if (!attr)
		return FAIL(info->extack, NULL, "OVS_CT_LIMIT_ATTR_ZONE_LIMIT is missing");
	if (!len || len % sizeof(**zones))
		return FAIL(info->extack, attr, "OVS_CT_LIMIT_ATTR_ZONE_LIMIT is no array of struct ovs_zone_limit");
	*zones = nla_data(attr);
	for (i = 0; i < len / sizeof(**zones); i++)
		if ((*zones)[i].zone_id < OVS_ZONE_LIMIT_DEFAULT_ZONE || (*zones)[i].zone_id > U16_MAX)
			return FAIL(info->extack, attr, "OVS_CT_LIMIT_ATTR_ZONE_LIMIT: a zone is out of range");
	*n = i;
	return 0;
}

/* limits->lock. */
static int start_counting(struct net *net, struct tn_ct_limits *limits)
{
	struct nf_conncount_data *counts;

	if (limits->counts)
		return 0;
	counts = nf_conncount_init(net, NFPROTO_INET, sizeof(u32));
	if (IS_ERR(counts))
		return PTR_ERR(counts);
	smp_store_release(&limits->counts, counts);
	return 0;
}

static int limit_set_or_del(struct sk_buff *skb, struct genl_info *info)
{
	struct tn_ct_limits *limits = limits_of_request(info);
	bool set = info->genlhdr->cmd == OVS_CT_LIMIT_CMD_SET;
	const struct ovs_zone_limit *zone;
	unsigned int n;
	int err;

	err = zones_of_request(info, &zone, &n);
	if (err)
		return err;
	mutex_lock(&limits->lock);
	if (set)
		err = start_counting(genl_info_net(info), limits);
	for (; n && !err; n--, zone++) {
		if (zone->zone_id == OVS_ZONE_LIMIT_DEFAULT_ZONE)
			WRITE_ONCE(limits->others, set ? zone->limit : UNLIMITED);
		else if (set)
			err = xa_err(xa_store(&limits->limits, zone->zone_id, xa_mk_value(zone->limit), GFP_KERNEL));
		else
			xa_erase(&limits->limits, zone->zone_id);
	}
	mutex_unlock(&limits->lock);
	return err;
}

/* Appends one zone's limit and count; the structures follow each other without headers. */
static int put_zone(struct sk_buff *reply, struct net *net, struct tn_ct_limits *limits, int zone_id, u32 limit)
{
	struct ovs_zone_limit zone = { .zone_id = zone_id, .limit = limit };

	if (limits->counts && zone_id != OVS_ZONE_LIMIT_DEFAULT_ZONE) {
		rcu_read_lock();
		local_bh_disable();
		zone.count = count(net, limits->counts, zone_id, NULL);
		local_bh_enable();
		rcu_read_unlock();
	}
	return nla_put_nohdr(reply, sizeof(zone), &zone);
}

/* The zones that the request names. limits->lock. */
static int put_asked(struct sk_buff *reply, struct genl_info *info, struct tn_ct_limits *limits)
{
	const struct ovs_zone_limit *zone;
	unsigned int n;
	int err;

	for (err = zones_of_request(info, &zone, &n); n && !err; n--, zone++) {
		u32 limit = zone->zone_id == OVS_ZONE_LIMIT_DEFAULT_ZONE ? limits->others :
									   limit_of(limits, zone->zone_id);

		err = put_zone(reply, genl_info_net(info), limits, zone->zone_id, limit);
	}
	return err;
}

/* The limit of the others, then all zones with their own. limits->lock. */
static int put_all(struct sk_buff *reply, struct genl_info *info, struct tn_ct_limits *limits)
{
	unsigned long zone;
	void *entry;
	int err = put_zone(reply, genl_info_net(info), limits, OVS_ZONE_LIMIT_DEFAULT_ZONE, limits->others);

	xa_for_each(&limits->limits, zone, entry) {
		if (err)
			break;
		err = put_zone(reply, genl_info_net(info), limits, zone, xa_to_value(entry));
	}
	return err;
}

static int limit_get(struct sk_buff *skb, struct genl_info *info)
{
	struct tn_ct_limits *limits = limits_of_request(info);
	const struct ovs_header *asked = info->userhdr;
	const struct nlattr *zones = info->attrs[OVS_CT_LIMIT_ATTR_ZONE_LIMIT];
	struct ovs_header *header;
	struct sk_buff *reply;
	struct nlattr *nest;
	int err = -EMSGSIZE;

	/* All limits are told as far as one attribute can hold them: more have to be asked for by zone. */
	reply = genlmsg_new(zones ? nla_len(zones) + SZ_256 : SZ_64K - SZ_1K, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	header = genlmsg_put_reply(reply, info, &tn_ct_limit_family, 0, OVS_CT_LIMIT_CMD_GET);
	nest = header ? nla_nest_start_noflag(reply, OVS_CT_LIMIT_ATTR_ZONE_LIMIT) : NULL;
	if (!nest)
		goto free;
	header->dp_ifindex = asked->dp_ifindex;
	mutex_lock(&limits->lock);
	err = zones ? put_asked(reply, info, limits) : put_all(reply, info, limits);
	mutex_unlock(&limits->lock);
	if (err)
		goto free;
	nla_nest_end(reply, nest);
	genlmsg_end(reply, header);
	return genlmsg_reply(reply, info);

free:
	nlmsg_free(reply);
	return err;
}

static const struct genl_small_ops ops[] = {
	TN_COMMAND(OVS_CT_LIMIT_CMD_SET, .doit = limit_set_or_del, TN_ADMIN),
	TN_COMMAND(OVS_CT_LIMIT_CMD_DEL, .doit = limit_set_or_del, TN_ADMIN),
	TN_COMMAND(OVS_CT_LIMIT_CMD_GET, .doit = limit_get),
};

static const struct genl_multicast_group groups[] = { { .name = OVS_CT_LIMIT_MCGROUP } };

struct genl_family tn_ct_limit_family __ro_after_init = {
	TN_FAMILY(CT_LIMIT, CT_LIMIT, policy, ops),
	.resv_start_op = OVS_CT_LIMIT_CMD_GET + 1,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};
