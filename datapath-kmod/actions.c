// SPDX-License-Identifier: GPL-2.0
/* Runs action lists: output, userspace, sampling, cloning, recirculation, and calls out to the files that
 * change packets.
 *
 * A packet may meet a list while another one is being run on the same CPU: a list sends a packet into a
 * tunnel or an internal device, whose packets come back into a datapath below us on the stack. Stack and
 * work are bounded by three limits, all per CPU:
 *
 *   TN_LEVELS	executions inside each other; what comes deeper is dropped
 *   TN_FIFO	lists and look-ups put off until the outermost execution has nothing else to do:
 *		every recirculation, and clones for which no spare key is left
 *   TN_RECIRCULATIONS	look-ups of one packet and its copies in a chain
 *
 * The outermost execution drains the fifo before it returns, within the same RCU read section, so what the
 * entries point to needs no references.
 */
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "actions.h"
#include "conntrack.h"
#include "datapath.h"
#include "meter.h"
#include "upcall.h"

#define TN_LEVELS		5
#define TN_FIFO			64	/* a power of two */
#define TN_RECIRCULATIONS	32
#define TN_SPARE_KEYS		6

/* One execution of one list. */
struct tn_run {
	struct tn_dp *dp;
	const struct tn_actions *acts;	/* whole list, for userspace() that wants it */
	struct tn_key *key;
};

struct tn_deferred {
	struct tn_dp *dp;
	struct sk_buff *skb;
	const struct tn_actions *acts;
	const struct tn_act_list *list;	/* NULL: look @key up */
	unsigned int chain;
	struct tn_key key;
};

/* What a CPU is executing. Touched with BH off by that CPU alone. */
struct tn_cpu {
	unsigned int level;		/* executions inside each other */
	unsigned int chain;		/* recirculations that led to the current packet */
	unsigned int head, tail;	/* of fifo; tail - head entries are in it */
	unsigned int n_spare;		/* keys in use */
	struct tn_key spare[TN_SPARE_KEYS];
	struct tn_deferred *fifo;	/* [TN_FIFO]; more than one per-CPU allocation may hold */
};

static struct tn_cpu __percpu *cpus;

static int run_list(const struct tn_run *run, struct sk_buff *skb, const struct tn_act_list *list, bool owned);

/* Module exit: no packet is left. */
void tn_actions_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kvfree(per_cpu_ptr(cpus, cpu)->fifo);
	free_percpu(cpus);
}

/* Module init. May sleep. */
int tn_actions_init(void)
{
	int cpu;

	cpus = alloc_percpu(struct tn_cpu);
	if (!cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct tn_deferred *fifo = kvmalloc_node(TN_FIFO * sizeof(*fifo), GFP_KERNEL, cpu_to_node(cpu));

		if (!fifo) {
			tn_actions_exit();
			return -ENOMEM;
		}
		per_cpu_ptr(cpus, cpu)->fifo = fifo;
	}
	return 0;
}

/* Puts work off; consumes @skb. BH off, RCU read side. */
static int defer(const struct tn_run *run, struct sk_buff *skb, const struct tn_act_list *list,
		 u32 recirc_id)
{
	struct tn_cpu *cpu = this_cpu_ptr(cpus);
	unsigned int chain = cpu->chain + !list;
	struct tn_deferred *entry;

	if (cpu->tail - cpu->head == TN_FIFO || chain > TN_RECIRCULATIONS) {
		tn_drop(skb, TN_DROP_DEPTH);
		return -ENETDOWN;
	}
	entry = &cpu->fifo[cpu->tail++ % TN_FIFO];
	entry->dp = run->dp;
	entry->skb = skb;
	entry->acts = run->acts;
	entry->list = list;
	entry->chain = chain;
	tn_key_copy(&entry->key, run->key);
	if (!list)
		entry->key.recirc_id = recirc_id;
	return 0;
}

/* Runs what was put off, and what that puts off. Outermost execution, BH off, RCU read side. */
static void drain(struct tn_cpu *cpu)
{
	while (cpu->head != cpu->tail) {
		/* The slot stays in use while its key is: head moves afterwards. */
		struct tn_deferred *entry = &cpu->fifo[cpu->head % TN_FIFO];
		struct tn_run run = { .dp = entry->dp, .acts = entry->acts, .key = &entry->key };

		cpu->chain = entry->chain;
		if (entry->list)
			run_list(&run, entry->skb, entry->list, true);
		else
			tn_dp_process(entry->dp, entry->skb, &entry->key);
		cpu->head++;
	}
}

/* BH off, RCU read side. Consumes @skb. See actions.h. */
int tn_actions_execute(struct tn_dp *dp, struct sk_buff *skb, struct tn_key *key,
		       const struct tn_actions *acts)
{
	struct tn_run run = { .dp = dp, .acts = acts, .key = key };
	struct tn_cpu *cpu = this_cpu_ptr(cpus);
	int err;

	if (unlikely(cpu->level == TN_LEVELS)) {
		net_crit_ratelimited("turnout: %s: packets run in a circle through more than %d ports, dropping\n",
				     tn_dp_name(dp), TN_LEVELS);
		tn_drop(skb, TN_DROP_DEPTH);
		return -ENETDOWN;
	}
	if (cpu->level++ == 0)
		cpu->chain = 0;
	err = run_list(&run, skb, &acts->list, true);
	if (cpu->level == 1)
		drain(cpu);
	cpu->level--;
	return err;
}

/* Cuts what trunc asked for. Never consumes @skb. BH off. */
static int cut(struct sk_buff *skb)
{
	unsigned int least = min_t(unsigned int, skb->len, ETH_HLEN);
	unsigned int len = skb->len - min(tn_cb(skb)->cutlen, skb->len - least);

	tn_cb(skb)->cutlen = 0;
	/* A cut packet can neither be segmented nor be checksummed by a device any more. */
	if (skb_is_gso(skb)) {
		skb->ip_summed = CHECKSUM_NONE;
		if (skb_unclone(skb, GFP_ATOMIC))
			return -ENOMEM;
		skb_gso_reset(skb);
	} else if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb)) {
		return -ENOMEM;
	}
	return pskb_trim(skb, len);
}

/* Sends @skb out of @port after trunc or reassembly. Consumes @skb. BH off, RCU read side. */
static noinline void output_pieces(const struct tn_run *run, struct tn_port *port, struct sk_buff *skb)
{
	u16 mru = tn_cb(skb)->mru;

	if (tn_cb(skb)->cutlen && cut(skb))
		tn_drop(skb, TN_DROP_ACTION);
	else if (mru && skb->len > mru + skb_network_offset(skb) && !skb_is_gso(skb))
		tn_fragment_and_send(run->dp->net, port, skb, mru, run->key);
	else
		tn_port_send(port, skb, tn_key_mac_proto(run->key));
}

/* Sends @skb out of port @port_no and so consumes it; where it is not @owned, a copy. BH off, RCU read side. */
static __always_inline void output(const struct tn_run *run, struct sk_buff *skb, u32 port_no, bool owned)
{
	struct tn_port *port = tn_dp_port(run->dp, port_no);
	struct sk_buff *out = skb;

	if (unlikely(!port)) {
		tn_drop(owned ? skb : NULL, TN_DROP_NO_PORT);
		return;
	}
	if (!owned) {
		out = skb_clone(skb, GFP_ATOMIC);
		if (unlikely(!out))
			return;
	}
	if (likely(!(tn_cb(out)->cutlen | tn_cb(out)->mru)))
		tn_port_send(port, out, tn_key_mac_proto(run->key));
	else
		output_pieces(run, port, out);
}

/* Sends a copy up. Never consumes @skb. BH off, RCU read side. */
static noinline int userspace(const struct tn_run *run, struct sk_buff *skb, const struct tn_act *act)
{
	const struct tn_act_userspace *arg = (const void *)act->data;
	struct tn_upcall upcall = {
		.cmd = OVS_PACKET_CMD_ACTION,
		.mru = tn_cb(skb)->mru,
		.portid = tn_upcall_action_pid(run->dp, arg->pid),
		.userdata = arg->has_userdata ? arg->userdata : NULL,
		.userdata_len = arg->userdata_len,
		.acts = arg->want_actions ? run->acts : NULL,
	};
	u32 cutlen = tn_cb(skb)->cutlen;
	int err = tn_key_freshen(skb, run->key);

	if (err)
		return err;
	if (arg->has_egress) {
		const struct tn_port *port = tn_dp_port(run->dp, arg->egress_port);

		if (port && !dev_fill_metadata_dst(port->dev, skb))
			upcall.egress_tun = skb_tunnel_info(skb);
	}
	tn_cb(skb)->cutlen = 0;
	/* A lost upcall is counted, the rest of the list goes on. */
	tn_upcall_send(run->dp, skb, run->key, &upcall, cutlen);
	return 0;
}

/* BH off, RCU read side. The packet's flow hash, which is never 0 once it was computed. */
static void hash(struct sk_buff *skb, struct tn_key *key, u32 basis)
{
	u32 value = jhash_1word(skb_get_hash(skb), basis);

	key->dp_hash = value ?: 1;
}

/* Looks the packet up again under another id. Consumes @skb where @owned. BH off, RCU read side. */
static int recirculate(const struct tn_run *run, struct sk_buff *skb, u32 id, bool owned)
{
	int err = tn_key_freshen(skb, run->key);

	if (err) {
		if (owned)
			tn_drop(skb, TN_DROP_ACTION);
		return err;
	}
	if (!owned) {
		skb = skb_clone(skb, GFP_ATOMIC);
		if (!skb)
			return -ENOMEM;
	}
	return defer(run, skb, NULL, id);
}

/* The list of check_pkt_len() for this packet: a packet that will leave as several is judged by the largest
 * of them. RCU read side.
 */
static const struct tn_act_list *list_for_length(const struct sk_buff *skb, const struct tn_act *act)
{
	const struct tn_act_list *greater = tn_act_list(act);
	u16 mru = tn_cb(skb)->mru;
	bool fits;

	if (skb_is_gso(skb))
		fits = skb_gso_validate_mac_len(skb, act->arg);
	else
		fits = (mru ? mru + skb_network_offset(skb) : skb->len) <= act->arg;
	return fits ? tn_act_list_after(greater) : greater;
}

/* Runs the nested list of @act, which must not be felt by what comes after it. Consumes @skb where @owned. BH off,
 * RCU read side.
 */
static int run_nested(const struct tn_run *run, struct sk_buff *skb, const struct tn_act *act, bool owned)
{
	bool by_length = act->type == OVS_ACTION_ATTR_CHECK_PKT_LEN;
	const struct tn_act_list *list = by_length ? list_for_length(skb, act) : tn_act_list(act);
	struct tn_cpu *cpu = this_cpu_ptr(cpus);
	struct tn_run inner = *run;
	int err;

	if (owned)
		return run_list(run, skb, list, true);
	if (!(act->flags & TN_ACT_NESTED_CHANGES)) {
		u32 cutlen = tn_cb(skb)->cutlen;

		err = run_list(run, skb, list, false);
		tn_cb(skb)->cutlen = cutlen;
		return err;
	}
	skb = skb_clone(skb, GFP_ATOMIC);
	if (!skb)
		return 0;	/* the copy is lost, the packet goes on */
	if (cpu->n_spare == TN_SPARE_KEYS)
		return defer(run, skb, list, 0);
	inner.key = &cpu->spare[cpu->n_spare++];
	tn_key_copy(inner.key, run->key);
	err = run_list(&inner, skb, list, true);
	cpu->n_spare--;
	return err;
}

/* True for one packet in 2^32 / @probability. Any context. */
static bool sampled(u32 probability)
{
	return probability == U32_MAX || (probability && get_random_u32() < probability);
}

/* Decrements the TTL or hop limit. 0; -EHOSTUNREACH: it has run out, nothing changed; -errno. BH off. Never
 * consumes @skb.
 */
static int dec_ttl(struct sk_buff *skb, struct tn_key *key)
{
	unsigned int offset = skb_network_offset(skb);
	int err = tn_key_freshen(skb, key);

	if (err)
		return err;
	if (key->eth_type == htons(ETH_P_IP)) {
		err = skb_ensure_writable(skb, offset + sizeof(struct iphdr));
		if (err)
			return err;
		if (ip_hdr(skb)->ttl <= 1)
			return -EHOSTUNREACH;
		ip_decrease_ttl(ip_hdr(skb));
		key->ip.ttl = ip_hdr(skb)->ttl;
	} else if (key->eth_type == htons(ETH_P_IPV6)) {
		err = skb_ensure_writable(skb, offset + sizeof(struct ipv6hdr));
		if (err)
			return err;
		if (ipv6_hdr(skb)->hop_limit <= 1)
			return -EHOSTUNREACH;
		key->ip.ttl = --ipv6_hdr(skb)->hop_limit;
		/* No header checksum makes up for the change. */
		if (skb->ip_summed == CHECKSUM_COMPLETE)
			skb->ip_summed = CHECKSUM_NONE;
	}
	return 0;
}

/* The packet will leave by the tunnel of @act. BH off. Never consumes @skb. */
static void set_tunnel(struct sk_buff *skb, const struct tn_act *act)
{
	const struct tn_act_tunnel *tunnel = (const void *)act->data;

	skb_dst_drop(skb);
	dst_hold((struct dst_entry *)tunnel->dst);
	skb_dst_set(skb, (struct dst_entry *)tunnel->dst);
}

/* Actions that change the packet in place. 0 or -errno; never consumes @skb. BH off, RCU read side. */
static int change(struct sk_buff *skb, struct tn_key *key, const struct tn_act *act)
{
	const void *data = act->data;
	const struct ovs_action_push_mpls *push_mpls = data;
	const struct ovs_action_add_mpls *add_mpls = data;

	switch (act->type) {
	case OVS_ACTION_ATTR_PUSH_VLAN:
		return tn_push_vlan(skb, key, act->arg);
	case OVS_ACTION_ATTR_POP_VLAN:
		return tn_pop_vlan(skb, key);
	case OVS_ACTION_ATTR_PUSH_ETH:
		return tn_push_eth(skb, key, data);
	case OVS_ACTION_ATTR_POP_ETH:
		return tn_pop_eth(skb, key);
	case OVS_ACTION_ATTR_PUSH_MPLS:
		return tn_push_mpls(skb, key, push_mpls->mpls_lse, push_mpls->mpls_ethertype,
				    skb_network_offset(skb));
	case OVS_ACTION_ATTR_ADD_MPLS:
		return tn_push_mpls(skb, key, add_mpls->mpls_lse, add_mpls->mpls_ethertype,
				    add_mpls->tun_flags & OVS_MPLS_L3_TUNNEL_FLAG_MASK ?
				    skb_network_offset(skb) : 0);
	case OVS_ACTION_ATTR_POP_MPLS:
		return tn_pop_mpls(skb, key, htons(act->arg));
	case OVS_ACTION_ATTR_PUSH_NSH:
		return tn_push_nsh(skb, key, data);
	case OVS_ACTION_ATTR_POP_NSH:
		return tn_pop_nsh(skb, key);
	}
	return -EINVAL;
}

/* ct(). 0; 1: consumed on purpose; -errno: consumed. BH off, RCU read side. */
static int track(const struct tn_run *run, struct sk_buff *skb, const struct tn_act *act)
{
	int err = tn_key_freshen(skb, run->key);

	if (err) {
		tn_drop(skb, TN_DROP_ACTION);
		return err;
	}
	err = tn_ct_execute(run->dp->net, skb, run->key, act);
	return err == -EINPROGRESS ? 1 : err;
}

/* Runs @list. Consumes @skb where @owned, never otherwise: a list that is not owned changes nothing. A list ends at the
 * first error. BH off, RCU read side.
 */
static int run_list(const struct tn_run *run, struct sk_buff *skb, const struct tn_act_list *list, bool owned)
{
	u8 consuming = owned ? TN_ACT_LAST : 0;
	enum tn_drop reason = TN_DROP_ACTION;
	const struct tn_act *act;
	int err = 0;

	tn_for_each_act(act, list) {
		bool last = act->flags & consuming;

		if (likely(act->type == OVS_ACTION_ATTR_OUTPUT)) {
			output(run, skb, act->arg, last);
			if (last)
				return 0;
			tn_cb(skb)->cutlen = 0;
			continue;
		}
		switch (act->type) {
		case OVS_ACTION_ATTR_SET_MASKED:
			err = tn_set_execute(skb, run->key, act->arg, (const void *)act->data);
			break;
		case OVS_ACTION_ATTR_TRUNC:
			tn_cb(skb)->cutlen = skb->len > act->arg ? skb->len - act->arg : 0;
			break;
		case OVS_ACTION_ATTR_USERSPACE:
			err = userspace(run, skb, act);
			break;
		case OVS_ACTION_ATTR_HASH:
			hash(skb, run->key, act->arg);
			break;
		case OVS_ACTION_ATTR_RECIRC:
			err = recirculate(run, skb, act->arg, last);
			if (last)
				return err;
			break;
		case OVS_ACTION_ATTR_SAMPLE:
			if (!sampled(act->arg))
				break;
			fallthrough;
		case OVS_ACTION_ATTR_CLONE:
		case OVS_ACTION_ATTR_CHECK_PKT_LEN:
			err = run_nested(run, skb, act, last);
			if (last)
				return err;
			break;
		case OVS_ACTION_ATTR_DEC_TTL:
			err = dec_ttl(skb, run->key);
			if (err == -EHOSTUNREACH) {
				reason = TN_DROP_TTL;
				if (tn_act_list(act)->len)
					return run_list(run, skb, tn_act_list(act), owned);
			}
			break;
		case OVS_ACTION_ATTR_METER:
			if (tn_meter_execute(run->dp, skb, act->arg)) {
				reason = TN_DROP_METER;
				err = -EBUSY;
			}
			break;
		case OVS_ACTION_ATTR_CT:
			err = track(run, skb, act);
			if (err)
				return err > 0 ? 0 : err;
			break;
		case OVS_ACTION_ATTR_CT_CLEAR:
			tn_ct_clear(skb, run->key);
			break;
		case TN_ACT_SET_TUNNEL:
			set_tunnel(skb, act);
			break;
		default:
			err = change(skb, run->key, act);
			break;
		}
		if (unlikely(err)) {
			if (owned)
				tn_drop(skb, reason);
			/* Packets that policy drops were executed well. */
			return reason == TN_DROP_ACTION ? err : 0;
		}
	}
	if (owned)
		consume_skb(skb);
	return 0;
}
