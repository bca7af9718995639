/* SPDX-License-Identifier: GPL-2.0 */
/* The flow key: every field a flow can match, laid out so that look-up works on 64-bit words.
 *
 * The key is an array of words. What every packet has comes first (TN_KEY_BASE_WORDS), then one
 * union for layer 3 and 4 above the common fields, then the tunnel the packet arrived by. Words
 * that cannot mean anything for a packet (IPv6 words of an IPv4 packet, the tunnel words of a
 * packet that came by none) are NOT initialised: extraction costs what the packet has. This is
 * sound because a mask never covers such a word without also covering, exactly, the field that
 * gives it meaning (eth_type, ip.proto, tun_proto, tun_opts_len): see tn_mask_trim().
 *
 * All fields are in network byte order where the type says __be*, else in host order. Padding
 * named "zero" is always 0. Keys are plain values: no ownership, no lock.
 */
#ifndef TN_KEY_H
#define TN_KEY_H

#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/openvswitch.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/types.h>
#include <net/ip_tunnels.h>

#define TN_NO_PORT		((u32)0xffff)	/* in_port of a packet that came by no port */
#define TN_MAX_PORTS		0xffff		/* port numbers are 0..TN_MAX_PORTS - 1 */
#define TN_MPLS_DEPTH		3
#define TN_TUN_OPTS_MAX		255

enum tn_mac_proto {
	TN_MAC_NONE = 0,	/* the packet starts at layer 3 */
	TN_MAC_ETHERNET = 1,
	TN_MAC_STALE = 0x80,	/* flag: the packet changed, layer 2 and up must be extracted anew */
};

struct tn_vlan {
	__be16 tpid;		/* 0: no tag */
	__be16 tci;		/* VLAN_CFI_MASK is set where a tag is present */
};

struct tn_ct_orig4 {
	__be32 src, dst;
	__be16 tp_src, tp_dst;
	u32 zero;
};

struct tn_ct_orig6 {
	struct in6_addr src, dst;
	__be16 tp_src, tp_dst;
	u32 zero;
};

struct tn_key_ipv4 {
	__be32 src, dst;			/* of ARP: sip and tip */
	union {
		struct tn_ct_orig4 ct_orig;	/* valid when ct_orig_proto != 0, else zeros */
		struct {
			u8 sha[ETH_ALEN], tha[ETH_ALEN];
			u32 zero;
		} arp;				/* eth_type ARP and RARP */
	};
};

struct tn_key_ipv6 {
	struct in6_addr src, dst;
	__be32 label;				/* 20 bits */
	u16 exthdrs;				/* OFPIEH12_* as in OVS_KEY_ATTR_IPV6_EXTHDRS */
	u16 zero;
	union {
		struct tn_ct_orig6 ct_orig;	/* valid when ct_orig_proto != 0, else zeros */
		struct {
			struct in6_addr target;
			u8 sll[ETH_ALEN], tll[ETH_ALEN];
			u32 zero[3];
		} nd;				/* ICMPv6 135 and 136, which ct does not track */
	};
};

struct tn_key_mpls {
	__be32 lse[TN_MPLS_DEPTH];
	u32 depth_mask;				/* bit n: lse[n] is present */
};

struct tn_key_nsh {
	struct ovs_nsh_key_base base;
	__be32 context[NSH_MD1_CONTEXT_SIZE];	/* MD type 1, else zeros */
};

struct tn_key {
	union {
		u64 w[0];
		struct {
			/* 0 */
			u32 in_port;
			u32 recirc_id;
			/* 1 */
			u8 eth_dst[ETH_ALEN];
			__be16 eth_type;	/* ETH_P_802_2 where the frame has none */
			/* 2 */
			u8 eth_src[ETH_ALEN];
			u8 mac_proto;		/* enum tn_mac_proto */
			u8 tun_proto;		/* AF_INET, AF_INET6; 0: came by no tunnel */
			/* 3: zeros unless IPv4, IPv6, ARP; tp is zeros in later fragments */
			struct {
				u8 proto;	/* of ARP: the low byte of the operation */
				u8 tos, ttl;
				u8 frag;	/* enum ovs_frag_type */
			} ip;
			struct {
				__be16 src, dst;	/* of ICMP: type and code, htons()ed */
			} tp;
			/* 4 */
			struct_group(vlans,
				struct tn_vlan vlan;	/* outermost tag */
				struct tn_vlan cvlan;	/* the tag inside it */
			);
			/* 5 */
			u8 ct_state;		/* OVS_CS_F_* */
			u8 ct_orig_proto;	/* 0: there is no original tuple */
			u16 ct_zone;
			u32 ct_mark;
			/* 6, 7 */
			struct ovs_key_ct_labels ct_labels;
			/* 8 */
			u32 skb_mark;
			u32 priority;
			/* 9 */
			u32 dp_hash;
			__be16 tcp_flags;	/* 12 bits */
			u8 tun_opts_len;	/* bytes of tun_opts */
			u8 n_words;		/* bookkeeping, never matched: words valid from w[0] */
			/* 10 */
			union {
				struct tn_key_ipv4 ipv4;
				struct tn_key_ipv6 ipv6;
				struct tn_key_mpls mpls;
				struct tn_key_nsh nsh;
			};
			/* 20: valid when tun_proto != 0 */
			struct ip_tunnel_key tun;
			/* 27: valid up to tun_opts_len, which is rounded up with zeros to a word.
			 * Geneve options, struct vxlan_metadata or struct erspan_metadata, as
			 * tun.tun_flags say.
			 */
			u8 tun_opts[TN_TUN_OPTS_MAX + 1] __aligned(8);
			/* 59: never matched; look-up takes it where a mask has an odd number of words */
			u64 nothing;
		};
	};
};

/* For a key on the stack: kernels that clear all automatic variables shall not clear this one. */
#ifdef __has_attribute
#if __has_attribute(uninitialized)
#define TN_UNINITIALIZED	__attribute__((uninitialized))
#endif
#endif
#ifndef TN_UNINITIALIZED
#define TN_UNINITIALIZED
#endif

#define TN_KEY_WORDS		(sizeof(struct tn_key) / 8)
#define TN_KEY_WORD(member)	(offsetof(struct tn_key, member) / 8)
#define TN_KEY_BASE_WORDS	TN_KEY_WORD(ipv4)
#define TN_KEY_TUN_WORD		TN_KEY_WORD(tun)
#define TN_KEY_OPTS_WORD	TN_KEY_WORD(tun_opts)

static inline u64 *tn_key_words(struct tn_key *key)
{
	return (u64 *)key;
}

static inline const u64 *tn_key_words_c(const struct tn_key *key)
{
	return (const u64 *)key;
}

/* Number of the tunnel words that mean something. Any context. */
static inline unsigned int tn_key_tun_words(const struct tn_key *key)
{
	return key->tun_proto ? TN_KEY_OPTS_WORD - TN_KEY_TUN_WORD +
				DIV_ROUND_UP(key->tun_opts_len, 8) : 0;
}

/* Copies the words that mean something. Any context. */
static inline void tn_key_copy(struct tn_key *dst, const struct tn_key *src)
{
	memcpy(tn_key_words(dst), tn_key_words_c(src), src->n_words * sizeof(u64));
	if (src->tun_proto)	/* the options as well: by words, for the compiler checks copies against members */
		memcpy(tn_key_words(dst) + TN_KEY_TUN_WORD, tn_key_words_c(src) + TN_KEY_TUN_WORD,
		       tn_key_tun_words(src) * sizeof(u64));
}

/* Actions that change the packet's headers so that the key no longer tells them (push, pop) call
 * this; the next recirculation extracts anew. Set-field actions update the key themselves instead.
 */
static inline void tn_key_make_stale(struct tn_key *key)
{
	key->mac_proto |= TN_MAC_STALE;
}

static inline bool tn_key_is_stale(const struct tn_key *key)
{
	return key->mac_proto & TN_MAC_STALE;
}

static inline u8 tn_key_mac_proto(const struct tn_key *key)
{
	return key->mac_proto & ~TN_MAC_STALE;
}

static inline bool tn_eth_type_is_mpls(__be16 type)
{
	return type == htons(ETH_P_MPLS_UC) || type == htons(ETH_P_MPLS_MC);
}

static inline bool tn_key_is_ip(const struct tn_key *key)
{
	return key->eth_type == htons(ETH_P_IP) || key->eth_type == htons(ETH_P_IPV6);
}

/* Bytes of the layer 3 union that mean something for packets of this type. Any context. flow.c */
unsigned int tn_key_l3_size(__be16 eth_type);

/* True for the neighbour messages whose addresses use the words of the ct tuple. Any context. */
static inline bool tn_key_is_nd(const struct tn_key *key)
{
	return key->eth_type == htons(ETH_P_IPV6) && key->ip.proto == IPPROTO_ICMPV6 &&
	       key->tp.dst == 0 && (key->tp.src == htons(135) || key->tp.src == htons(136));
}

/* Fills @key from a packet that has just arrived: metadata from the skb, its port
 * (tn_cb(skb)->in_port) and @tun (NULL: no tunnel), layers 2 to 4 from its bytes. skb->data is at
 * the MAC header (or at layer 3 where skb->protocol and the device say so); on return mac, network
 * and transport headers of the skb are set. A VLAN tag stays where it is, in the skb's metadata or
 * in the bytes. ct fields come from the conntrack entry on the skb, if any.
 * Softirq or BH off, RCU read side. May linearise headers of @skb. 0, or -errno where the packet cannot be read
 * (-EINVAL: a frame shorter than its header, or a malformed NSH): the caller drops it.
 */
int tn_key_extract(const struct ip_tunnel_info *tun, struct sk_buff *skb, struct tn_key *key);

/* Extracts layers 2 to 4 anew after the packet's bytes changed, keeps the metadata (port, tunnel,
 * ct, marks, dp_hash, recirc_id) and clears TN_MAC_STALE. Context and errors as above.
 */
int tn_key_refresh(struct sk_buff *skb, struct tn_key *key);

/* The same for layers 3 and 4 alone: skb_network_header() and key->eth_type are right. For ct after
 * reassembly and NAT. Context and errors as above.
 */
int tn_key_refresh_l3(struct sk_buff *skb, struct tn_key *key);

#endif
