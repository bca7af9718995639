// SPDX-License-Identifier: GPL-2.0
/* The family ovs_flow. Commands: process context, may sleep, no RTNL; what they do to flows under dp->lock. Reading a
 * request needs no lock.
 */
#include <linux/slab.h>

#include "actions.h"
#include "datapath.h"
#include "nl.h"
#include "nl_key.h"

#define UFID_FLAGS_KNOWN (OVS_UFID_F_OMIT_KEY | OVS_UFID_F_OMIT_MASK | OVS_UFID_F_OMIT_ACTIONS)

static const struct genl_multicast_group flow_group = { .name = OVS_FLOW_MCGROUP };

static const struct nla_policy flow_policy[OVS_FLOW_ATTR_MAX + 1] = {
	[OVS_FLOW_ATTR_KEY] = { .type = NLA_NESTED },
	[OVS_FLOW_ATTR_MASK] = { .type = NLA_NESTED },
	[OVS_FLOW_ATTR_ACTIONS] = { .type = NLA_NESTED },
	[OVS_FLOW_ATTR_CLEAR] = { .type = NLA_FLAG },
	[OVS_FLOW_ATTR_PROBE] = { .type = NLA_FLAG },
	[OVS_FLOW_ATTR_UFID] = { .type = NLA_BINARY, .len = TN_UFID_MAX },
	[OVS_FLOW_ATTR_UFID_FLAGS] = { .type = NLA_U32 },
};

/* What a request says about one flow. */
struct request {
	const u8 *ufid;			/* or NULL */
	u32 ufid_len;
	u32 ufid_flags;
	int dp_ifindex;
	struct match *match;		/* or NULL */
	struct tn_actions *acts;	/* or NULL */
};

struct match {
	struct tn_key key;		/* as given */
	struct tn_key mask;		/* trimmed */
	struct tn_key masked;		/* what the actions have to fit */
};

/* Releases what get_request() took and nobody else has. */
static void put_request(struct request *r)
{
	tn_actions_free(r->acts);
	kfree(r->match);
}

/* The flow of that identity. dp->lock. */
static struct tn_flow *find_flow(const struct tn_dp *dp, const struct request *r)
{
	return r->ufid ? tn_table_find_ufid(&dp->table, r->ufid, r->ufid_len) :
			 tn_table_find_key(&dp->table, &r->match->key);
}

/* Whether the flow has this mask and, under it, this key. dp->lock. */
static bool has_match(const struct tn_flow *flow, const struct match *match)
{
	struct tn_key words;

	tn_mask_key(flow->mask, &words);
	if (memcmp(&words, &match->mask, sizeof(words)))
		return false;
	tn_flow_key(flow, &words);
	return !memcmp(&words, &match->masked, sizeof(words));
}

static int get_match(struct request *r, struct genl_info *info)
{
	struct match *m = kmalloc(sizeof(*m), GFP_KERNEL);
	unsigned int i;
	int err;

	r->match = m;
	if (!m)
		return -ENOMEM;
	err = tn_nl_get_match(info->attrs[OVS_FLOW_ATTR_KEY], info->attrs[OVS_FLOW_ATTR_MASK], &m->key,
			      &m->mask, info->extack);
	for (i = 0; !err && i < TN_KEY_WORDS; i++)
		tn_key_words(&m->masked)[i] = tn_key_words(&m->key)[i] & tn_key_words(&m->mask)[i];
	return err;
}

/* New actions of a flow that stands have to fit that flow, whatever else the request says of it. May sleep. */
static int take_match_of_flow(struct request *r, struct genl_info *info)
{
	struct tn_dp *dp = tn_dp_lock(info);
	struct tn_flow *flow;

	if (IS_ERR(dp))
		return PTR_ERR(dp);
	flow = find_flow(dp, r);
	if (flow) {
		tn_flow_key(flow, &r->match->masked);
		tn_mask_key(flow->mask, &r->match->mask);
	}
	tn_dp_unlock(dp);
	return 0;
}

static int get_actions(struct request *r, struct genl_info *info)
{
	struct tn_actions *acts;
	struct tn_key *masked;
	int err = 0;
	u8 proto;

	if (!r->match)
		return FAIL(info->extack, NULL, "OVS_FLOW_ATTR_ACTIONS wants OVS_FLOW_ATTR_KEY");
	if (info->genlhdr->cmd == OVS_FLOW_CMD_SET)
		err = take_match_of_flow(r, info);
	if (err)
		return err;
	masked = &r->match->masked;
	proto = masked->ip.proto;
	if (r->match->mask.ip.proto != 0xff)
		masked->ip.proto = 0;	/* some of its bits say nothing */
	acts = tn_actions_parse(genl_info_net(info), info->attrs[OVS_FLOW_ATTR_ACTIONS], masked,
				!info->attrs[OVS_FLOW_ATTR_PROBE], info->extack);
	masked->ip.proto = proto;
	if (IS_ERR(acts))
		return PTR_ERR(acts);
	r->acts = acts;
	return 0;
}

/* Reads all that a request may hold; put_request() in any case. May sleep. */
static int get_request(struct request *r, struct genl_info *info)
{
	const struct ovs_header *head = info->userhdr;
	struct nlattr **a = info->attrs, *ufid = a[OVS_FLOW_ATTR_UFID];
	int err = 0;

	memset(r, 0, sizeof(*r));
	r->dp_ifindex = head->dp_ifindex;
	if (ufid) {
		r->ufid = nla_data(ufid);
		r->ufid_len = nla_len(ufid);
		if (!r->ufid_len)
			return FAIL(info->extack, ufid, "OVS_FLOW_ATTR_UFID is empty");
	}
	if (a[OVS_FLOW_ATTR_UFID_FLAGS])
		r->ufid_flags = nla_get_u32(a[OVS_FLOW_ATTR_UFID_FLAGS]) & UFID_FLAGS_KNOWN;
	if (a[OVS_FLOW_ATTR_KEY])
		err = get_match(r, info);
	else if (!ufid && info->genlhdr->cmd != OVS_FLOW_CMD_DEL)
		err = FAIL(info->extack, NULL, "OVS_FLOW_ATTR_KEY is missing");
	if (!err && a[OVS_FLOW_ATTR_ACTIONS])
		err = get_actions(r, info);
	return err;
}

/* --- answers ------------------------------------------------------------------------------------------ */

/* What of the OVS_UFID_F_OMIT_* that somebody asked for holds: a flow without identifier is told by its key. */
static u32 omitted(const struct tn_flow *flow, u32 flags)
{
	return flow->ufid_len ? flags : 0;
}

/* Largest message of a flow. Not much larger than the message: netlink copies one that wastes memory. */
static size_t flow_msg_size(const struct tn_flow *flow, u32 omit)
{
	const struct tn_actions *acts = rcu_dereference_raw(flow->acts);

	omit = omitted(flow, omit);
	return NLMSG_ALIGN(sizeof(struct ovs_header)) + nla_total_size(TN_UFID_MAX) +
	       (omit & OVS_UFID_F_OMIT_KEY ? 0 : nla_total_size(TN_NL_KEY_MAX)) +
	       (omit & OVS_UFID_F_OMIT_MASK ? 0 : nla_total_size(TN_NL_KEY_MAX)) +
	       (omit & OVS_UFID_F_OMIT_ACTIONS ? 0 : nla_total_size(acts->nl_len)) +
	       nla_total_size_64bit(sizeof(struct ovs_flow_stats)) + nla_total_size_64bit(8) + nla_total_size(1);
}

/* Parts of put_flow(), in its context. */
static int put_stats(const struct tn_flow *flow, struct sk_buff *msg)
{
	struct ovs_flow_stats stats;
	unsigned long used;
	u16 tcp_flags;
	u64 ms;

	tn_flow_stats_get(flow, &stats, &used, &tcp_flags);
	if (!stats.n_packets)
		return 0;
	ms = ktime_to_ms(ktime_get_coarse()) - jiffies_to_msecs(jiffies - used);
	if (nla_put_u64_64bit(msg, OVS_FLOW_ATTR_USED, ms, OVS_FLOW_ATTR_PAD) ||
	    nla_put_64bit(msg, OVS_FLOW_ATTR_STATS, sizeof(stats), &stats, OVS_FLOW_ATTR_PAD) ||
	    ((u8)tcp_flags && nla_put_u8(msg, OVS_FLOW_ATTR_TCP_FLAGS, tcp_flags)))
		return -EMSGSIZE;
	return 0;
}

static int put_match(const struct tn_flow *flow, struct sk_buff *msg, u32 omit)
{
	struct tn_key key TN_UNINITIALIZED, mask TN_UNINITIALIZED;

	if (flow->ufid_len) {
		if (nla_put(msg, OVS_FLOW_ATTR_UFID, flow->ufid_len, flow->ufid))
			return -EMSGSIZE;
		if ((omit & (OVS_UFID_F_OMIT_KEY | OVS_UFID_F_OMIT_MASK)) ==
		    (OVS_UFID_F_OMIT_KEY | OVS_UFID_F_OMIT_MASK))
			return 0;
		tn_flow_key(flow, &key);
		if (!(omit & OVS_UFID_F_OMIT_KEY) && tn_nl_put_key(msg, OVS_FLOW_ATTR_KEY, &key, NULL))
			return -EMSGSIZE;
	} else {
		memset(&key, 0, sizeof(key));
		tn_key_copy(&key, flow->id_key);
		if (tn_nl_put_key(msg, OVS_FLOW_ATTR_KEY, &key, NULL))
			return -EMSGSIZE;
	}
	if (omit & OVS_UFID_F_OMIT_MASK)
		return 0;
	tn_mask_key(flow->mask, &mask);
	return tn_nl_put_key(msg, OVS_FLOW_ATTR_MASK, &key, &mask);
}

/* Actions too long for a buffer that holds nothing else are left out: else a dump could never pass them. */
static int put_actions(const struct tn_actions *acts, struct sk_buff *msg, bool first)
{
	return nla_put(msg, OVS_FLOW_ATTR_ACTIONS, acts->nl_len, tn_actions_nl(acts)) && !first ? -EMSGSIZE : 0;
}

/* RCU read side or dp->lock. 0 or -EMSGSIZE. */
static int put_flow(const struct tn_flow *flow, int dp_ifindex, struct sk_buff *msg, u32 portid, u32 seq,
		    int flags, u8 cmd, u32 omit)
{
	bool first = !msg->len;
	struct ovs_header *head = genlmsg_put(msg, portid, seq, &tn_flow_family, flags, cmd);

	if (!head)
		return -EMSGSIZE;
	head->dp_ifindex = dp_ifindex;
	omit = omitted(flow, omit);
	if (put_match(flow, msg, omit) || put_stats(flow, msg) ||
	    (!(omit & OVS_UFID_F_OMIT_ACTIONS) &&
	     put_actions(rcu_dereference_raw(flow->acts), msg, first))) {
		genlmsg_cancel(msg, head);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);
	return 0;
}

/* Whether anybody wants to hear of a change. */
static bool wanted(struct genl_info *info)
{
	return info->nlhdr->nlmsg_flags & NLM_F_ECHO ||
	       genl_has_listeners(&tn_flow_family, genl_info_net(info), 0);
}

/* dp->lock. The message of a flow, or NULL. */
static struct sk_buff *flow_msg(struct request *r, const struct tn_flow *flow, struct genl_info *info, u8 cmd)
{
	struct sk_buff *msg = genlmsg_new(flow_msg_size(flow, r->ufid_flags), GFP_KERNEL);

	if (msg && put_flow(flow, r->dp_ifindex, msg, info->snd_portid, info->snd_seq, 0, cmd,
			    r->ufid_flags)) {
		kfree_skb(msg);
		return NULL;
	}
	return msg;
}

/* Sends what flow_msg() made; a message that could not be made is an error at the listeners. */
static void tell(struct genl_info *info, struct sk_buff *msg)
{
	if (msg)
		genl_notify(&tn_flow_family, msg, info, 0, GFP_KERNEL);
	else
		genl_set_err(&tn_flow_family, genl_info_net(info), 0, 0, -ENOBUFS);
}

/* --- commands ------------------------------------------------------------------------------------------ */

/* A flow of the request, not yet in the table. May sleep. */
static struct tn_flow *make_flow(struct request *r)
{
	const u64 *m = tn_key_words_c(&r->match->mask), *k = tn_key_words_c(&r->match->masked);
	unsigned int i, n = 0;
	struct tn_flow *flow;

	for (i = 0; i < TN_KEY_WORDS; i++)
		n += !!m[i];
	flow = tn_flow_alloc(n);
	if (!flow)
		return NULL;
	for (i = 0, n = 0; i < TN_KEY_WORDS; i++)
		if (m[i])
			flow->w[n++] = k[i];
	if (r->ufid) {
		flow->ufid_len = r->ufid_len;
		memcpy(flow->ufid, r->ufid, r->ufid_len);
	} else if (tn_flow_set_id_key(flow, &r->match->key)) {
		tn_flow_free(flow);
		return NULL;
	}
	return flow;
}

/* Puts @fresh into the table; its mask is taken. dp->lock. */
static int insert(struct tn_dp *dp, struct request *r, struct tn_flow *fresh)
{
	struct tn_mask *mask = tn_table_get_mask(&dp->table, &r->match->mask);
	int err;

	if (IS_ERR(mask))
		return PTR_ERR(mask);
	fresh->mask = mask;
	RCU_INIT_POINTER(fresh->acts, r->acts);
	err = tn_table_insert(&dp->table, fresh);
	if (err) {
		tn_table_put_mask(&dp->table, mask);
		RCU_INIT_POINTER(fresh->acts, NULL);
		return err;
	}
	r->acts = NULL;
	return 0;
}

/* Gives a flow new actions. dp->lock. */
static void replace_actions(struct request *r, struct tn_flow *flow)
{
	struct tn_actions *old = rcu_dereference_raw(flow->acts);

	rcu_assign_pointer(flow->acts, r->acts);
	r->acts = NULL;
	tn_actions_free_rcu(old);
}

/* Inserts *fresh, or changes the flow that is there already. dp->lock. The one in the table, or ERR_PTR. */
static struct tn_flow *insert_or_replace(struct tn_dp *dp, struct request *r, struct genl_info *info,
					 struct tn_flow **fresh)
{
	struct tn_flow *flow = find_flow(dp, r) ?: tn_table_find_match(&dp->table, &r->match->masked);
	int err;

	if (!flow) {
		err = insert(dp, r, *fresh);
		return err ? ERR_PTR(err) : xchg(fresh, NULL);
	}
	if (info->nlhdr->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL))
		return ERR_PTR(FAIL_AS(-EEXIST, info->extack, NULL,
				       "there is such a flow, or one that overlaps"));
	if (!has_match(flow, r->match))
		return ERR_PTR(FAIL_AS(-ENOENT, info->extack, NULL,
				       "another flow has that identifier or overlaps"));
	replace_actions(r, flow);
	return flow;
}

static int flow_new(struct sk_buff *skb, struct genl_info *info)
{
	struct tn_flow *flow, *fresh = NULL;
	struct sk_buff *msg = NULL;
	bool want = wanted(info);
	struct request r;
	struct tn_dp *dp;
	int err;

	err = get_request(&r, info);
	if (!err && (!r.match || !r.acts))
		err = FAIL(info->extack, NULL, "OVS_FLOW_ATTR_KEY or _ACTIONS is missing");
	if (err)
		goto out;
	fresh = make_flow(&r);
	dp = fresh ? tn_dp_lock(info) : ERR_PTR(-ENOMEM);
	err = PTR_ERR_OR_ZERO(dp);
	if (err)
		goto out;
	flow = insert_or_replace(dp, &r, info, &fresh);
	err = PTR_ERR_OR_ZERO(flow);
	if (!err && want)
		msg = flow_msg(&r, flow, info, OVS_FLOW_CMD_NEW);
	tn_dp_unlock(dp);
	if (!err && want)
		tell(info, msg);
out:
	tn_flow_free(fresh);
	put_request(&r);
	return err;
}

/* What DEL and SET do to a flow; GET only looks. *msg tells it, where @want. dp->lock. */
static void take_or_change(struct tn_dp *dp, struct request *r, struct genl_info *info, struct tn_flow *flow,
			   bool want, struct sk_buff **msg)
{
	u8 cmd = info->genlhdr->cmd;

	if (cmd == OVS_FLOW_CMD_DEL)
		tn_table_unlink(&dp->table, flow);
	if (cmd == OVS_FLOW_CMD_SET && r->acts)
		replace_actions(r, flow);
	if (cmd == OVS_FLOW_CMD_SET && info->attrs[OVS_FLOW_ATTR_CLEAR])
		tn_flow_stats_clear(flow);
	*msg = want ? flow_msg(r, flow, info, cmd) : NULL;
	if (cmd == OVS_FLOW_CMD_DEL) {
		tn_table_put_mask(&dp->table, flow->mask);
		tn_flow_free_rcu(flow);
	}
}

/* One flow; DEL also all of them, where the request names none. */
static int flow_del_get_set(struct sk_buff *skb, struct genl_info *info)
{
	bool get = info->genlhdr->cmd == OVS_FLOW_CMD_GET, set = info->genlhdr->cmd == OVS_FLOW_CMD_SET;
	bool want = get || wanted(info);
	struct tn_flow *flow = NULL;
	struct sk_buff *msg = NULL;
	struct request r;
	struct tn_dp *dp;
	int err;

	err = get_request(&r, info);
	if (err)
		goto out;
	dp = tn_dp_lock(info);
	err = PTR_ERR_OR_ZERO(dp);
	if (err)
		goto out;
	if (r.match || r.ufid) {
		flow = find_flow(dp, &r);
		if (flow && set && r.acts && !has_match(flow, r.match))
			flow = NULL;	/* it came or changed since the actions were judged */
		if (flow)
			take_or_change(dp, &r, info, flow, want, &msg);
		else
			err = FAIL_AS(-ENOENT, info->extack, NULL, "there is no such flow");
	} else {
		tn_table_flush(&dp->table);
	}
	tn_dp_unlock(dp);
	if (flow && get)
		err = msg ? genlmsg_reply(msg, info) : -ENOMEM;
	else if (flow && want)
		tell(info, msg);
out:
	put_request(&r);
	return err;
}

static int flow_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	const struct ovs_header *head = genlmsg_data(nlmsg_data(cb->nlh));
	struct nlattr *a[OVS_FLOW_ATTR_MAX + 1];
	u32 bucket = cb->args[0], skip = cb->args[1], omit = 0;
	struct tn_flow *flow;
	struct tn_dp *dp;
	int err;

	err = genlmsg_parse_deprecated(cb->nlh, &tn_flow_family, a, OVS_FLOW_ATTR_MAX, flow_policy, cb->extack);
	if (err)
		return err;
	if (a[OVS_FLOW_ATTR_UFID_FLAGS])
		omit = nla_get_u32(a[OVS_FLOW_ATTR_UFID_FLAGS]);
	rcu_read_lock();
	dp = tn_dp_find(sock_net(msg->sk), head->dp_ifindex);
	if (!dp) {
		rcu_read_unlock();
		return -ENODEV;
	}
	for (;;) {
		cb->args[0] = bucket;
		cb->args[1] = skip;
		flow = tn_table_next(&dp->table, &bucket, &skip);
		if (!flow || put_flow(flow, head->dp_ifindex, msg, NETLINK_CB(cb->skb).portid,
				      cb->nlh->nlmsg_seq, NLM_F_MULTI, OVS_FLOW_CMD_GET, omit))
			break;
	}
	if (!flow)
		cb->args[1] = U32_MAX;
	rcu_read_unlock();
	return msg->len;
}

static const struct genl_small_ops flow_ops[] = {
	TN_COMMAND(OVS_FLOW_CMD_NEW, .doit = flow_new, TN_ADMIN),
	TN_COMMAND(OVS_FLOW_CMD_DEL, .doit = flow_del_get_set, TN_ADMIN),
	TN_COMMAND(OVS_FLOW_CMD_GET, .doit = flow_del_get_set, .dumpit = flow_dump),
	TN_COMMAND(OVS_FLOW_CMD_SET, .doit = flow_del_get_set, TN_ADMIN),
};

struct genl_family tn_flow_family __ro_after_init = {
	TN_FAMILY(FLOW, FLOW, flow_policy, flow_ops),
	.resv_start_op = OVS_FLOW_CMD_SET + 1,
	.mcgrps = &flow_group,
	.n_mcgrps = 1,
};
