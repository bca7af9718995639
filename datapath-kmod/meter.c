// SPDX-License-Identifier: GPL-2.0
/* Meters: token buckets by id, and their netlink family ovs_meter.
 *
 * Each band is a bucket that fills at its rate. A packet for which a bucket has too little exceeds that band; it is dropped
 * and counted at the exceeded band of the highest rate (OpenFlow 1.3 §5.7.1). Buckets hold thousandths of the
 * meter's unit, kilobits or packets, so that a rate times milliseconds is what flowed in.
 */
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include "datapath.h"
#include "meter.h"
#include "nl.h"

#define METERS_MAX	(1u << 18)
#define BANDS_MAX	8
#define PACKET_COST	1000

struct band {
	u32 rate, burst;		/* kilobits or packets, per second and at once; fixed */
	u64 room;			/* what the bucket holds when full; fixed */
	u64 bucket;			/* meter.lock */
	struct ovs_flow_stats stats;	/* packets dropped; meter.lock */
};

struct meter {
	struct rcu_head rcu;
	spinlock_t lock;		/* BH */
	u32 id;				/* fixed */
	bool kbps;			/* fixed */
	u64 used;			/* ms of the monotonic clock, 0: never; lock */
	u64 filled;			/* ms up to which the buckets are filled; lock */
	struct ovs_flow_stats stats;	/* lock */
	u32 n_bands;			/* fixed */
	struct band bands[];
};

struct tn_meters {
	struct xarray by_id;	/* struct meter; written under dp->lock, read under RCU */
	u32 n;			/* dp->lock */
};

int tn_meters_init(struct tn_dp *dp)
{
	dp->meters = kzalloc(sizeof(*dp->meters), GFP_KERNEL);
	if (!dp->meters)
		return -ENOMEM;
	xa_init(&dp->meters->by_id);
	return 0;
}

void tn_meters_destroy(struct tn_dp *dp)
{
	struct meter *meter;
	unsigned long id;

	xa_for_each(&dp->meters->by_id, id, meter)
		kfree_rcu(meter, rcu);
	xa_destroy(&dp->meters->by_id);
	kfree(dp->meters);
	dp->meters = NULL;
}

static u64 now_ms(void)
{
	return ktime_to_ms(ktime_get());
}

/* Lets flow in what is due; meter->lock. */
static void fill(struct meter *meter, u64 now)
{
	u64 elapsed = now - meter->filled;
	u32 i;

	for (i = 0; i < meter->n_bands; i++) {
		struct band *band = &meter->bands[i];

		/* an hour at the highest rate stays below 64 bits */
		band->bucket = min(band->room, band->bucket + min_t(u64, elapsed, 3600 * MSEC_PER_SEC) * band->rate);
	}
	meter->filled = now;
}

/* The exceeded band of the highest rate, or NULL; takes the packet's cost from the others. meter->lock. */
static struct band *exceeded(struct meter *meter, u64 cost)
{
	struct band *worst = NULL;
	u32 i;

	for (i = 0; i < meter->n_bands; i++) {
		struct band *band = &meter->bands[i];

		if (band->bucket >= cost)
			band->bucket -= cost;
		else if (!worst || band->rate > worst->rate)
			worst = band;
	}
	return worst;
}

/* BH off, RCU read side. See meter.h. */
bool tn_meter_execute(struct tn_dp *dp, const struct sk_buff *skb, u32 id)
{
	struct meter *meter = xa_load(&dp->meters->by_id, id);
	struct band *band;
	u64 now;

	if (!meter)
		return false;
	spin_lock(&meter->lock);
	now = now_ms();	/* under the lock: time does not run backwards for the buckets */
	if (now > meter->filled)
		fill(meter, now);
	meter->used = now;
	meter->stats.n_packets++;
	meter->stats.n_bytes += skb->len;
	band = exceeded(meter, meter->kbps ? (u64)skb->len * BITS_PER_BYTE : PACKET_COST);
	if (band) {
		band->stats.n_packets++;
		band->stats.n_bytes += skb->len;
	}
	spin_unlock(&meter->lock);
	return band;
}

/* --- netlink; process context ------------------------------------------------------------------------------- */

static const struct nla_policy policy[OVS_METER_ATTR_MAX + 1] = {
	[OVS_METER_ATTR_ID] = { .type = NLA_U32 },
	[OVS_METER_ATTR_KBPS] = { .type = NLA_FLAG },
	[OVS_METER_ATTR_STATS] = { .type = NLA_BINARY, .len = sizeof(struct ovs_flow_stats) },
	[OVS_METER_ATTR_BANDS] = { .type = NLA_NESTED },
	[OVS_METER_ATTR_USED] = { .type = NLA_U64 },
	[OVS_METER_ATTR_CLEAR] = { .type = NLA_FLAG },
	[OVS_METER_ATTR_MAX_METERS] = { .type = NLA_U32 },
	[OVS_METER_ATTR_MAX_BANDS] = { .type = NLA_U32 },
};

static const struct nla_policy band_policy[OVS_BAND_ATTR_MAX + 1] = {
	[OVS_BAND_ATTR_TYPE] = { .type = NLA_U32 },
	[OVS_BAND_ATTR_RATE] = { .type = NLA_U32 },
	[OVS_BAND_ATTR_BURST] = { .type = NLA_U32 },
	[OVS_BAND_ATTR_STATS] = { .type = NLA_BINARY, .len = sizeof(struct ovs_flow_stats) },
};

/* A reply of command @cmd with its header; *header is for genlmsg_end(). NULL: no memory. */
static struct sk_buff *new_reply(struct genl_info *info, u8 cmd, struct ovs_header **header)
{
	const struct ovs_header *asked = info->userhdr;
	struct sk_buff *reply = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!reply)
		return NULL;
	*header = genlmsg_put_reply(reply, info, &tn_meter_family, 0, cmd);
	if (!*header) {
		nlmsg_free(reply);
		return NULL;
	}
	(*header)->dp_ifindex = asked->dp_ifindex;
	return reply;
}

static int send_reply(struct sk_buff *reply, struct ovs_header *header, struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, header);
	return genlmsg_reply(reply, info);
}

/* Statistics of @meter and its bands. dp->lock. */
static int put_meter(struct sk_buff *reply, struct meter *meter)
{
	struct nlattr *bands, *band;
	int err = -EMSGSIZE;
	u32 i;

	spin_lock_bh(&meter->lock);
	if (nla_put(reply, OVS_METER_ATTR_STATS, sizeof(meter->stats), &meter->stats) ||
	    nla_put_u64_64bit(reply, OVS_METER_ATTR_USED, meter->used, OVS_METER_ATTR_PAD))
		goto out;
	bands = nla_nest_start_noflag(reply, OVS_METER_ATTR_BANDS);
	if (!bands)
		goto out;
	for (i = 0; i < meter->n_bands; i++) {
		const struct band *b = &meter->bands[i];

		band = nla_nest_start_noflag(reply, OVS_BAND_ATTR_UNSPEC);
		if (!band || nla_put(reply, OVS_BAND_ATTR_STATS, sizeof(b->stats), &b->stats))
			goto out;
		nla_nest_end(reply, band);
	}
	nla_nest_end(reply, bands);
	err = 0;
out:
	spin_unlock_bh(&meter->lock);
	return err;
}

static int meter_features(struct sk_buff *skb, struct genl_info *info)
{
	struct ovs_header *header;
	struct nlattr *bands, *band;
	struct sk_buff *reply = new_reply(info, OVS_METER_CMD_FEATURES, &header);
	int err = -EMSGSIZE;

	if (!reply)
		return -ENOMEM;
	if (nla_put_u32(reply, OVS_METER_ATTR_MAX_METERS, METERS_MAX) ||
	    nla_put_u32(reply, OVS_METER_ATTR_MAX_BANDS, BANDS_MAX))
		goto out;
	bands = nla_nest_start_noflag(reply, OVS_METER_ATTR_BANDS);
	band = bands ? nla_nest_start_noflag(reply, OVS_BAND_ATTR_UNSPEC) : NULL;
	if (!band || nla_put_u32(reply, OVS_BAND_ATTR_TYPE, OVS_METER_BAND_TYPE_DROP))
		goto out;
	nla_nest_end(reply, band);
	nla_nest_end(reply, bands);
	err = 0;
out:
	return send_reply(reply, header, info, err);
}

static int parse_band(const struct nlattr *nest, struct band *band, struct netlink_ext_ack *extack)
{
	struct nlattr *a[OVS_BAND_ATTR_MAX + 1];
	int err = nla_parse_deprecated_strict(a, OVS_BAND_ATTR_MAX, nla_data(nest), nla_len(nest), band_policy, extack);

	if (err)
		return err;
	if (!a[OVS_BAND_ATTR_TYPE] || !a[OVS_BAND_ATTR_RATE] || !a[OVS_BAND_ATTR_BURST])
		return FAIL(extack, nest,
			    "OVS_METER_ATTR_BANDS: a band wants a type, rate and burst");
	if (nla_get_u32(a[OVS_BAND_ATTR_TYPE]) != OVS_METER_BAND_TYPE_DROP)
		return FAIL(extack, a[OVS_BAND_ATTR_TYPE],
			    "OVS_BAND_ATTR_TYPE: bands can only drop");
	band->rate = nla_get_u32(a[OVS_BAND_ATTR_RATE]);
	band->burst = nla_get_u32(a[OVS_BAND_ATTR_BURST]);
	band->room = ((u64)band->rate + band->burst) * 1000;
	band->bucket = band->room;
	return 0;
}

/* A meter from the request, not known yet, or ERR_PTR. */
static struct meter *parse_meter(struct genl_info *info)
{
	const struct nlattr *bands = info->attrs[OVS_METER_ATTR_BANDS], *nest;
	struct meter *meter;
	u32 n = 0;
	int rem, err;

	if (!info->attrs[OVS_METER_ATTR_ID] || !bands)
		return ERR_PTR(FAIL(info->extack, NULL,
				    "OVS_METER_ATTR_ID or OVS_METER_ATTR_BANDS is missing"));
	nla_for_each_nested(nest, bands, rem)
		n++;
	if (n > BANDS_MAX || rem)
		return ERR_PTR(FAIL(info->extack, bands,
				    "OVS_METER_ATTR_BANDS has too many bands or bytes left over"));
	meter = kzalloc(struct_size(meter, bands, n), GFP_KERNEL_ACCOUNT);
	if (!meter)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&meter->lock);
	meter->id = nla_get_u32(info->attrs[OVS_METER_ATTR_ID]);
	meter->kbps = !!info->attrs[OVS_METER_ATTR_KBPS];
	meter->filled = now_ms();
	nla_for_each_nested(nest, bands, rem) {
		err = parse_band(nest, &meter->bands[meter->n_bands++], info->extack);
		if (err) {
			kfree(meter);
			return ERR_PTR(err);
		}
	}
	return meter;
}

/* The one that replaces @old goes on with its statistics. dp->lock. */
static void inherit(struct meter *meter, struct meter *old)
{
	u32 i;

	spin_lock_bh(&old->lock);
	meter->stats = old->stats;
	meter->used = old->used;
	for (i = 0; i < min(meter->n_bands, old->n_bands); i++)
		meter->bands[i].stats = old->bands[i].stats;
	spin_unlock_bh(&old->lock);
}

/* Answers with what the meter counted so far, if it was there. */
static int meter_set(struct sk_buff *skb, struct genl_info *info)
{
	struct meter *meter = parse_meter(info), *old;
	struct ovs_header *header;
	struct sk_buff *reply;
	struct tn_dp *dp;
	int err;

	if (IS_ERR(meter))
		return PTR_ERR(meter);
	reply = new_reply(info, OVS_METER_CMD_SET, &header);
	err = -ENOMEM;
	if (!reply)
		goto free_meter;
	dp = tn_dp_lock(info);
	err = PTR_ERR_OR_ZERO(dp);
	if (err)
		goto free_reply;
	old = xa_load(&dp->meters->by_id, meter->id);
	err = -EFBIG;
	if (!old && dp->meters->n >= METERS_MAX)
		goto unlock;
	err = nla_put_u32(reply, OVS_METER_ATTR_ID, meter->id);
	if (!err && old)
		err = put_meter(reply, old);
	if (err)
		goto unlock;
	if (old && !info->attrs[OVS_METER_ATTR_CLEAR])
		inherit(meter, old);
	err = xa_err(xa_store(&dp->meters->by_id, meter->id, meter, GFP_KERNEL_ACCOUNT));
	if (err)
		goto unlock;
	if (old)
		kfree_rcu(old, rcu);
	else
		dp->meters->n++;
	tn_dp_unlock(dp);
	return send_reply(reply, header, info, 0);

unlock:
	tn_dp_unlock(dp);
free_reply:
	nlmsg_free(reply);
free_meter:
	kfree(meter);
	return err;
}

/* Get and delete: both answer with what the meter counted. */
static int meter_get_or_del(struct sk_buff *skb, struct genl_info *info)
{
	u8 cmd = info->genlhdr->cmd;
	struct ovs_header *header;
	struct sk_buff *reply;
	struct meter *meter;
	struct tn_dp *dp;
	u32 id;
	int err;

	if (!info->attrs[OVS_METER_ATTR_ID])
		return FAIL(info->extack, NULL, "OVS_METER_ATTR_ID is missing");
	id = nla_get_u32(info->attrs[OVS_METER_ATTR_ID]);
	reply = new_reply(info, cmd, &header);
	if (!reply)
		return -ENOMEM;
	dp = tn_dp_lock(info);
	if (IS_ERR(dp)) {
		nlmsg_free(reply);
		return PTR_ERR(dp);
	}
	/* To delete what is not there is well, and answered with nothing. */
	err = cmd == OVS_METER_CMD_DEL ? 0 : -ENOENT;
	meter = xa_load(&dp->meters->by_id, id);
	if (meter)
		err = nla_put_u32(reply, OVS_METER_ATTR_ID, id) ?: put_meter(reply, meter);
	if (meter && !err && cmd == OVS_METER_CMD_DEL) {
		xa_erase(&dp->meters->by_id, id);
		dp->meters->n--;
		kfree_rcu(meter, rcu);
	}
	tn_dp_unlock(dp);
	return send_reply(reply, header, info, err);
}

static const struct genl_small_ops ops[] = {
	TN_COMMAND(OVS_METER_CMD_FEATURES, .doit = meter_features),
	TN_COMMAND(OVS_METER_CMD_SET, .doit = meter_set, TN_ADMIN),
	TN_COMMAND(OVS_METER_CMD_GET, .doit = meter_get_or_del),
	TN_COMMAND(OVS_METER_CMD_DEL, .doit = meter_get_or_del, TN_ADMIN),
};

static const struct genl_multicast_group groups[] = { { .name = OVS_METER_MCGROUP } };

struct genl_family tn_meter_family __ro_after_init = {
	TN_FAMILY(METER, METER, policy, ops),
	.resv_start_op = OVS_METER_CMD_GET + 1,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};
