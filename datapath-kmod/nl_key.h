/* SPDX-License-Identifier: GPL-2.0 */
/* Flow keys and masks to and from OVS_KEY_ATTR_*. Process context for reading, any context with RCU for
 * writing. Errors from reading are -EINVAL unless stated, with extack that names the attribute.
 */
#ifndef TN_NL_KEY_H
#define TN_NL_KEY_H

#include <linux/netlink.h>
#include <linux/skbuff.h>
#include "key.h"

struct ip_tunnel_info;
struct net;

#define TN_NL_TUNNEL_MAX	448	/* most bytes of attributes of a tunnel key */
#define TN_NL_KEY_MAX		(TN_NL_TUNNEL_MAX + 512)	/* and of a whole key */

/* The attribute of the header that packets of @key have in layer 3: OVS_KEY_ATTR_IPV4 and so on; in layer 4: OVS_KEY_ATTR_TCP
 * and so on. 0: none. Any context. nl_key.c
 */
unsigned int tn_nl_l3_attr(const struct tn_key *key);
unsigned int tn_nl_l4_attr(const struct tn_key *key);

/* A flow's key and mask from OVS_FLOW_ATTR_KEY and _MASK. Without @mask_attr every field that the
 * key names is matched exactly. @mask is trimmed (tn_mask_trim()); @key is as given, not masked.
 * @mask may be NULL: then only the key is read.
 */
int tn_nl_get_match(const struct nlattr *key_attr, const struct nlattr *mask_attr, struct tn_key *key,
		    struct tn_key *mask, struct netlink_ext_ack *extack);

/* What a packet cannot tell by itself, from OVS_PACKET_ATTR_KEY: port, tunnel, marks, ct fields and original
 * tuple, recirculation, whether it has an Ethernet header (else its type in eth_type). The original tuple is
 * that of the IP version whose attribute there was: *ct_version, 0 for none. The rest of @key is zeros.
 */
int tn_nl_get_metadata(const struct nlattr *attr, struct tn_key *key, u8 *ct_version,
		       struct netlink_ext_ack *extack);

/* OVS_KEY_ATTR_TUNNEL into key->tun*, or its mask. */
int tn_nl_get_tunnel(const struct nlattr *attr, struct tn_key *key, bool is_mask,
		     struct netlink_ext_ack *extack);

/* Nested OVS_KEY_ATTR_NSH into key->nsh, or its mask. MD type 2 is refused here. */
int tn_nl_get_nsh(const struct nlattr *attr, struct tn_key_nsh *nsh, bool is_mask,
		  struct netlink_ext_ack *extack);

/* Puts @key, or @mask in the form that belongs to @key, as nested attribute @type. -EMSGSIZE. */
int tn_nl_put_key(struct sk_buff *msg, int type, const struct tn_key *key, const struct tn_key *mask);

/* Puts the attributes of a tunnel key; the caller nests. @opts: as tn_key.tun_opts. -EMSGSIZE. */
int tn_nl_put_tunnel(struct sk_buff *msg, const struct ip_tunnel_key *tun, u8 tun_proto, const void *opts,
		     unsigned int opts_len);
int tn_nl_put_tunnel_info(struct sk_buff *msg, const struct ip_tunnel_info *info);

#endif
