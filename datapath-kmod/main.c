// SPDX-License-Identifier: GPL-2.0
/* The module: what it registers, in which order, and the way back. Process context, may sleep. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/netns/generic.h>

#include "actions.h"
#include "conntrack.h"
#include "datapath.h"

unsigned int tn_net_id __read_mostly;

static struct genl_family *const families[] = {
	&tn_dp_family, &tn_vport_family, &tn_flow_family, &tn_packet_family, &tn_meter_family,
	&tn_ct_limit_family,
};

static int __net_init net_init(struct net *net)
{
	INIT_LIST_HEAD(&tn_net(net)->dps);
	return tn_ct_net_init(net);
}

/* The namespace is going, or the module is. */
static void __net_exit net_exit(struct net *net)
{
	struct tn_dp *dp, *next;

	rtnl_lock();
	list_for_each_entry_safe(dp, next, &tn_net(net)->dps, node)
		tn_dp_destroy(dp);
	rtnl_unlock();
	tn_ct_net_exit(net);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit = net_exit,
	.id = &tn_net_id,
	.size = sizeof(struct tn_net),
};

static void unregister_families(unsigned int n)
{
	while (n--)
		genl_unregister_family(families[n]);
}

/* All or none. */
static int register_families(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		err = genl_register_family(families[i]);
		if (err) {
			unregister_families(i);
			if (err == -EEXIST) {
				pr_err("the generic netlink family %s is taken: another datapath module is loaded (openvswitch?); remove it first\n",
				       families[i]->name);
				err = -EBUSY;
			}
			return err;
		}
	}
	return 0;
}

static int __init turnout_init(void)
{
	int err;

	err = tn_actions_init();
	if (err)
		return err;
	err = tn_internal_init();
	if (err) {
		if (err == -EEXIST) {
			pr_err("the link kind openvswitch is taken: another datapath module is loaded (openvswitch?); remove it first\n");
			err = -EBUSY;	/* modprobe takes -EEXIST for success */
		}
		goto exit_actions;
	}
	err = register_pernet_device(&net_ops);
	if (err)
		goto exit_internal;
	err = tn_port_init();
	if (err)
		goto exit_net;
	err = register_families();
	if (err)
		goto exit_port;
	return 0;

exit_port:
	tn_port_exit();
exit_net:
	unregister_pernet_device(&net_ops);
exit_internal:
	tn_internal_exit();
exit_actions:
	tn_actions_exit();
	return err;
}

static void __exit turnout_exit(void)
{
	unregister_families(ARRAY_SIZE(families));
	unregister_pernet_device(&net_ops);
	tn_port_exit();
	tn_internal_exit();
	rcu_barrier();		/* flows, lists, tables */
	tn_actions_exit();
}

module_init(turnout_init);
module_exit(turnout_exit);

MODULE_DESCRIPTION("Turnout: the kernel datapath of a virtual switch, with the interface of <linux/openvswitch.h>");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
