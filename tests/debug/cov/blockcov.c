// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which basic blocks of gmem.ko have run, whoever ran them: KCOV's instrumentation with a collector of our own.
 * KCOV itself follows single tasks that ask for it; it would miss workers, RCU callbacks, other users' tasks, the
 * module's own init and exit, and every test that is killed. Survives reloads of gmem.ko. tests/debug/cov/collect.sh
 * reads debugfs blockcov/hits.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

/* One stretch of gmem.ko's code: offsets in it are the same at every load. */
struct blockcov_area {
	const char *name;
	enum mod_mem_type type;
	unsigned long base;
	unsigned long size;
	unsigned long room; /* bytes of @hits */
	u8 *hits;	    /* per byte of code, whether a block's call returns there */
};

static struct blockcov_area areas[] = {
	{ .name = "text", .type = MOD_TEXT },
	{ .name = "init", .type = MOD_INIT_TEXT },
};

static struct dentry *dir;

void blockcov_hit(void);
void notrace blockcov_hit(void)
{
	unsigned long ip = _RET_IP_;
	int i;

	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		if (ip - areas[i].base < areas[i].size) {
			WRITE_ONCE(areas[i].hits[ip - areas[i].base], 1);
			return;
		}
	}
}
EXPORT_SYMBOL_GPL(blockcov_hit);

/* Before gmem's init runs. The code of one build is as long at every load. */
static int blockcov_notify(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *mod = data;
	int i;

	if (state != MODULE_STATE_COMING || strcmp(mod->name, "gmem"))
		return NOTIFY_DONE;
	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		const struct module_memory *mem = &mod->mem[areas[i].type];

		if (!areas[i].hits) {
			areas[i].hits = vzalloc(mem->size);
			areas[i].room = areas[i].hits ? mem->size : 0;
		}
		areas[i].base = (unsigned long)mem->base;
		areas[i].size = min_t(unsigned long, mem->size, areas[i].room);
	}
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = blockcov_notify };

/* One line a block that has run: area and offset of the instruction after its call. */
static int hits_show(struct seq_file *seq, void *unused)
{
	unsigned long offset;
	int i;

	for (i = 0; i < ARRAY_SIZE(areas); i++)
		for (offset = 0; offset < areas[i].size; offset++)
			if (areas[i].hits[offset])
				seq_printf(seq, "%s %lx\n", areas[i].name, offset);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(hits);

static int __init blockcov_init(void)
{
	dir = debugfs_create_dir("blockcov", NULL);
	debugfs_create_file("hits", 0400, dir, NULL, &hits_fops);
	return register_module_notifier(&notifier);
}
module_init(blockcov_init);

static void __exit blockcov_exit(void)
{
	int i;

	unregister_module_notifier(&notifier);
	debugfs_remove(dir);
	for (i = 0; i < ARRAY_SIZE(areas); i++)
		vfree(areas[i].hits);
}
module_exit(blockcov_exit);

MODULE_DESCRIPTION("Coverage of gmem.ko");
MODULE_LICENSE("GPL");
