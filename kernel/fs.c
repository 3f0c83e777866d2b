// SPDX-License-Identifier: GPL-2.0-only
/*
 * The internal mount that gmem inodes live on, and their birth and death. Each file
 * pins the mount, the superblock pins the module through its type: the module cannot
 * go before the last inode has, whoever drops it last.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/mount.h>
#include <linux/module.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "binding.h"
#include "folio.h"
#include "policy.h"
#include "states.h"

#define GMEM_FS_MAGIC 0x676d656d /* "gmem" */

static struct kmem_cache *gmem_cache;
static struct vfsmount *gmem_mnt;
static int gmem_mnt_count;

static struct inode *gmem_alloc_inode(struct super_block *sb)
{
	struct gmem *gm = kmem_cache_alloc(gmem_cache, GFP_KERNEL);
	unsigned int i;

	if (!gm)
		return NULL;
	gm->counters = alloc_percpu_gfp(struct gmem_counters, GFP_KERNEL_ACCOUNT);
	if (!gm->counters)
		goto err_free;
	gm->bindings = gmem_bindings_alloc(gm);
	if (!gm->bindings)
		goto err_free_counters;
	gm->id = 0;
	gm->flags = 0;
	gm->owner = NULL;
	gm->creator.cgroup_ids = NULL;
	INIT_LIST_HEAD(&gm->policies);
	gm->file = NULL;
	for (i = 0; i < nr_node_ids; i++)
		atomic64_set(&gm->node_bytes[i], 0);
	return &gm->inode;

err_free_counters:
	free_percpu(gm->counters);
err_free:
	kmem_cache_free(gmem_cache, gm);
	return NULL;
}

/* After an RCU grace period: readers of the registry are gone. */
static void gmem_free_inode(struct inode *inode)
{
	struct gmem *gm = gmem_of(inode);

	gmem_bindings_put(gm->bindings);
	kfree(gm->creator.cgroup_ids);
	free_percpu(gm->counters);
	kmem_cache_free(gmem_cache, gm);
}

static void gmem_evict_inode(struct inode *inode)
{
	struct gmem *gm = gmem_of(inode);

	/* The root of the mount is an inode of ours, but no gmem. */
	if (gm->id) {
		if (gmem_registry_remove(gm))
			gmem_trace_release(gm);
		filemap_invalidate_lock(inode->i_mapping);
		gmem_states_destroy(gm);
		filemap_invalidate_unlock(inode->i_mapping);
	}
	truncate_inode_pages_final(inode->i_mapping);
	clear_inode(inode);
	if (gm->owner) {
		struct module *module = gm->owner->fops->owner;

		gm->owner->destroy(gm->owner);
		module_put(module);
	}
}

static const struct super_operations gmem_super_ops = {
	.alloc_inode = gmem_alloc_inode,
	.free_inode = gmem_free_inode,
	.evict_inode = gmem_evict_inode,
	.statfs = simple_statfs,
};

static int gmem_init_fs_context(struct fs_context *fc)
{
	struct pseudo_fs_context *ctx = init_pseudo(fc, GMEM_FS_MAGIC);

	if (!ctx)
		return -ENOMEM;
	ctx->ops = &gmem_super_ops;
	fc->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;
	return 0;
}

static struct file_system_type gmem_fs_type = {
	.owner = THIS_MODULE,
	.name = "gmem",
	.init_fs_context = gmem_init_fs_context,
	.kill_sb = kill_anon_super,
};

/* The cgroup of the current task and those around it; a task that moves is asked again. */
static int gmem_creator_fill_cgroups(struct gmem_creator *creator)
{
	struct cgroup *cgroup;
	u32 room = 0, level;

	for (;;) {
		rcu_read_lock();
		cgroup = task_dfl_cgroup(current);
		creator->nr_cgroups = cgroup->level + 1;
		for (level = 0; level < min(room, creator->nr_cgroups); level++)
			creator->cgroup_ids[level] = cgroup_id(cgroup_ancestor(cgroup, level));
		creator->cgroup_id = cgroup_id(cgroup);
		rcu_read_unlock();
		if (creator->nr_cgroups <= room)
			return 0;

		room = creator->nr_cgroups;
		kfree(creator->cgroup_ids);
		creator->cgroup_ids = kcalloc(room, sizeof(u64), GFP_KERNEL_ACCOUNT);
		if (!creator->cgroup_ids)
			return -ENOMEM;
	}
}

static int gmem_creator_fill(struct gmem_creator *creator)
{
	struct task_struct *leader = current->group_leader;

	creator->pid = task_tgid_nr(current);
	creator->uid = from_kuid(&init_user_ns, current_uid());
	creator->start_ns = leader->start_boottime;
	get_task_comm(creator->comm, leader);
	return gmem_creator_fill_cgroups(creator);
}

static int gmem_init_states(struct gmem *gm)
{
	MA_STATE(mas, &gm->states, 0, 0);
	int err = 0;

	if (!(gm->flags & GMEM_CREATE_INIT_SHARED))
		return 0;

	filemap_invalidate_lock(gm->inode.i_mapping);
	err = gmem_states_prepare(gm, &mas, 0, gmem_nr_pages(gm) - 1, GMEM_STATE_SHARED);
	if (!err)
		gmem_states_commit(&mas, GMEM_STATE_SHARED);
	filemap_invalidate_unlock(gm->inode.i_mapping);
	return err;
}

/* A complete gmem that nobody knows yet. */
static struct inode *gmem_create_inode(const struct gmem_create *args, struct gmem_owner *owner)
{
	struct inode *inode = alloc_anon_inode(gmem_mnt->mnt_sb);
	struct address_space *mapping;
	struct gmem *gm;
	int err;

	if (IS_ERR(inode))
		return inode;

	inode->i_mode |= S_IFREG;
	inode->i_size = args->bytes;
	inode->i_op = &gmem_inode_ops;
	inode->i_fop = &gmem_reopen_ops;
	mapping = inode->i_mapping;
	mapping->a_ops = owner ? &owner->aops : &gmem_aops;
	mapping_set_gfp_mask(mapping, GFP_HIGHUSER);
	mapping_set_unevictable(mapping);
	mapping_set_inaccessible(mapping);

	gm = gmem_of(inode);
	gm->flags = args->flags;
	gm->created_ns = ktime_get_boottime_ns();
	memcpy(gm->name, args->name, sizeof(gm->name));
	gm->id = gmem_registry_new_id();
	gmem_states_init(gm);
	err = gmem_creator_fill(&gm->creator);
	if (!err)
		err = gmem_init_states(gm);
	if (!err)
		err = gmem_registry_reserve(gm);
	if (err) {
		iput(inode);
		return ERR_PTR(err);
	}
	return inode;
}

static int gmem_create_permit(struct gmem *gm)
{
	struct gmem_verdict verdict = gmem_policy_ask(gm, GMEM_HOOK_CREATE,
						      .size_bytes = gmem_size_bytes(gm));

	if (verdict.err)
		gmem_trace_access(gm, GMEM_ACT_CREATE, 0, gmem_size_bytes(gm), 0, &verdict);
	return verdict.err;
}

/**
 * gmem_fs_create_file() - make a gmem
 * @args: checked arguments
 * @owner: the hypervisor that asks for it, whose destroy is called unless this fails; or NULL
 *
 * Context: may sleep.
 * Return: a file, whose release calls gmem_file_release(); or an error pointer.
 */
struct file *gmem_fs_create_file(const struct gmem_create *args, struct gmem_owner *owner)
{
	const struct file_operations *fops = owner ? owner->fops : &gmem_file_ops;
	char name[sizeof("gmem:") + GMEM_NAME_MAX];
	struct inode *inode;
	struct file *file;
	int err;

	if (owner) {
		owner->aops = gmem_aops;
		owner->aops.free_folio = owner->free_folio;
	}
	err = simple_pin_fs(&gmem_fs_type, &gmem_mnt, &gmem_mnt_count);
	if (err)
		return ERR_PTR(err);

	inode = gmem_create_inode(args, owner);
	if (IS_ERR(inode)) {
		err = PTR_ERR(inode);
		goto err_unpin;
	}
	err = gmem_create_permit(gmem_of(inode));
	if (err)
		goto err_put_inode;

	/* The last fput() drops this reference; alloc_file_pseudo() does not take it. */
	if (!fops_get(fops)) {
		err = -ENODEV;
		goto err_put_inode;
	}
	snprintf(name, sizeof(name), "gmem:%s", args->name);
	file = alloc_file_pseudo(inode, gmem_mnt, owner ? owner->name : name,
				 O_RDWR | O_LARGEFILE, fops);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto err_put_fops;
	}
	/* As open() would have it. */
	if (fops->llseek)
		file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;

	/* The file's hold on it ends before the inode's eviction. */
	if (owner)
		__module_get(fops->owner);
	gmem_of(inode)->owner = owner;
	gmem_of(inode)->file = file;
	gmem_policy_open(gmem_of(inode));
	gmem_registry_publish(gmem_of(inode));
	gmem_trace_create(gmem_of(inode));
	return file;

err_put_fops:
	fops_put(fops);
err_put_inode:
	iput(inode);
err_unpin:
	gmem_fs_unpin();
	return ERR_PTR(err);
}

/**
 * gmem_fs_unpin() - a file made by gmem_fs_create_file() goes away
 *
 * The file's own reference to the mount keeps it until the inode is gone.
 */
void gmem_fs_unpin(void)
{
	simple_release_fs(&gmem_mnt, &gmem_mnt_count);
}

static void gmem_init_once(void *object)
{
	struct gmem *gm = object;

	inode_init_once(&gm->inode);
}

/**
 * gmem_fs_init() - set up the inode cache
 *
 * Return: 0 or -ENOMEM.
 */
int gmem_fs_init(void)
{
	gmem_cache = kmem_cache_create("gmem",
				       struct_size_t(struct gmem, node_bytes, nr_node_ids), 0,
				       SLAB_ACCOUNT, gmem_init_once);
	return gmem_cache ? 0 : -ENOMEM;
}

/* No gmem lives; their inodes may still wait for the end of a grace period. */
void gmem_fs_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(gmem_cache);
}
