/* Counts the instructions that the guest executes between two marks, by address: a plugin for qemu (-plugin
 * PATH,out=FILE), used by tests/bench/kernel_profile. It writes one line for each block of code: its address (hexadecimal), its number
 * of instructions, how often it ran. The marks are guest/marks.py's. Debian has no header for plugins, so what is used of the
 * interface (its documentation: docs/devel/tcg-plugins of qemu 7.2) is declared here.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START 0x200000000000ull
#define STOP (START + 0x40)

struct qemu_plugin_tb;
typedef uint64_t qemu_plugin_id_t;
enum { INLINE_ADD_U64 = 0, CB_NO_REGS = 0 };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned int, void *), int, void *);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*)(qemu_plugin_id_t, void *), void *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);

int qemu_plugin_version = 1;

struct block {
	struct block *next;
	uint64_t address, instructions;
	uint64_t running;	/* executions since START */
	uint64_t counted;	/* between START and STOP */
};

static struct block *blocks;	/* one virtual CPU: no lock */

static void start(unsigned int cpu, void *unused)
{
	for (struct block *b = blocks; b; b = b->next)
		b->running = 0;
}

static void stop(unsigned int cpu, void *unused)
{
	for (struct block *b = blocks; b; b = b->next) {
		b->counted += b->running;
		b->running = 0;
	}
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	struct block *b;

	if (address == START || address == STOP)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, address == START ? start : stop, CB_NO_REGS, NULL);
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->address = address;
	b->instructions = qemu_plugin_tb_n_insns(tb);
	b->next = blocks;
	blocks = b;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &b->running, 1);
}

static void finish(qemu_plugin_id_t id, void *path)
{
	FILE *file = fopen(path, "w");

	if (!file) {
		perror(path);
		return;
	}
	for (struct block *b = blocks; b; b = b->next)
		if (b->counted)
			fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", b->address, b->instructions, b->counted);
	fclose(file);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "instructions: wants out=FILE\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finish, strdup(argv[0] + 4));
	return 0;
}
