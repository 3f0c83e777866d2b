/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gmem object and what the files of the module ask of each other. Calls go down:
 * chardev, file, {fault, io, convert, query} -> access, policy, states -> object, folio ->
 * counters -> compat. docs/architecture.md has the picture and the lock order.
 */
#ifndef _GMEM_H
#define _GMEM_H

#include <linux/fs.h>
#include <linux/maple_tree.h>
#include <linux/pagemap.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/uio.h>
#include <linux/gmem_event.h>

#include "access.h"

#define GMEM_CREATE_FLAGS \
	(GMEM_CREATE_MMAP | GMEM_CREATE_IO | GMEM_CREATE_INIT_SHARED | \
	 GMEM_CREATE_POPULATE | GMEM_CREATE_INSPECT | GMEM_CREATE_POLICY_REQUIRED)

#define GMEM_MAX_BYTES round_down(MAX_LFS_FILESIZE, PAGE_SIZE)

/* May a gmem be of this size? */
static inline bool gmem_bytes_valid(u64 bytes)
{
	return bytes && PAGE_ALIGNED(bytes) && bytes <= GMEM_MAX_BYTES;
}

/* Counts, per gmem and per CPU; resident bytes go up and down, the rest only up. */
enum gmem_counter {
	GMEM_NR_RESIDENT_PRIVATE,
	GMEM_NR_RESIDENT_SHARED,
	GMEM_NR_FAULTS_HOST,
	GMEM_NR_FAULTS_GUEST,
	GMEM_NR_DENIED_PRIVATE,
	GMEM_NR_DENIED_FLAGS,
	GMEM_NR_DENIED_CAPABILITY,
	GMEM_NR_DENIED_POLICY,
	GMEM_NR_CONVERSIONS,
	GMEM_NR_CONVERSIONS_FAILED,
	GMEM_NR_CONVERTED_BYTES,
	GMEM_NR_ALLOCATED_BYTES,
	GMEM_NR_FREED_BYTES,
	GMEM_NR_READ_BYTES,
	GMEM_NR_WRITTEN_BYTES,
	GMEM_NR_INSPECTED_BYTES,
	GMEM_NR_INVALIDATIONS,
	GMEM_NR_MEMORY_FAILURES,
	GMEM_NR_COUNTERS
};

struct gmem_bindings;
struct gmem_owner;

struct gmem_counters {
	u64 n[GMEM_NR_COUNTERS];
};

/* Who made a gmem, as of that moment. */
struct gmem_creator {
	u64 start_ns;
	u64 cgroup_id;
	u32 pid;
	u32 uid;
	u32 nr_cgroups;
	u64 *cgroup_ids;	/* from the root down to cgroup_id */
	char comm[TASK_COMM_LEN];
};

/**
 * struct gmem - one guarded memory: the inode and what belongs to it
 * @id: identity, never used again
 * @flags: enum gmem_create_flags, constant
 * @created_ns: CLOCK_BOOTTIME
 * @name: for people, constant
 * @creator: constant
 * @states: page index -> GMEM_STATE_SHARED as a value entry, nothing where private.
 *	Written under mapping->invalidate_lock held for writing, read under it or RCU.
 * @counters: per CPU
 * @bindings: of hypervisors, with locks of their own
 * @file: not referenced, NULL once it was released; see get_file_active()
 * @policies: of this gmem alone, see policy_set.c
 * @owner: the hypervisor that made it; NULL with GMEM_CREATE
 * @inode: lifetime; i_mapping holds the folios. i_size is constant.
 * @node_bytes: resident on each NUMA node, nr_node_ids of them. Not per CPU, which would cost
 *	more memory than it saves time: a folio comes and goes under i_pages' lock anyway.
 *
 * Found by id in the registry from creation to eviction, freed by RCU.
 */
struct gmem {
	u64 id;
	u32 flags;
	u64 created_ns;
	char name[GMEM_NAME_MAX];
	struct gmem_creator creator;
	struct maple_tree states;
	struct gmem_counters __percpu *counters;
	struct gmem_bindings *bindings;
	struct file *file;
	struct list_head policies;
	struct gmem_owner *owner;
	struct inode inode;
	atomic64_t node_bytes[];
};

static inline struct gmem *gmem_of(struct inode *inode)
{
	return container_of(inode, struct gmem, inode);
}

static inline struct gmem *gmem_of_file(const struct file *file)
{
	return gmem_of(file_inode(file));
}

static inline u64 gmem_size_bytes(const struct gmem *gm)
{
	return i_size_read(&gm->inode);
}

static inline pgoff_t gmem_nr_pages(const struct gmem *gm)
{
	return gmem_size_bytes(gm) >> PAGE_SHIFT;
}

/* counters.c */
static inline void gmem_count(struct gmem *gm, enum gmem_counter nr, u64 n)
{
	this_cpu_add(gm->counters->n[nr], n);
}

static inline void gmem_count_resident(struct gmem *gm, enum gmem_state state, s64 bytes)
{
	gmem_count(gm, state == GMEM_STATE_SHARED ? GMEM_NR_RESIDENT_SHARED :
						    GMEM_NR_RESIDENT_PRIVATE, bytes);
}

static inline void gmem_count_node(struct gmem *gm, int nid, s64 bytes)
{
	atomic64_add(bytes, &gm->node_bytes[nid]);
}

void gmem_stats_fill(const struct gmem *gm, struct gmem_stats *stats);
bool gmem_node_next(const struct gmem *gm, u32 *nid, u64 *bytes);
u64 gmem_stats_denied(const struct gmem_stats *stats);

void gmem_count_denial(struct gmem *gm, enum gmem_denial denial);

/* fs.c */
struct file *gmem_fs_create_file(const struct gmem_create *args, struct gmem_owner *owner);
void gmem_fs_unpin(void);
int gmem_fs_init(void);
void gmem_fs_exit(void);

/* registry.c */
int gmem_registry_reserve(struct gmem *gm);
void gmem_registry_publish(struct gmem *gm);
bool gmem_registry_remove(struct gmem *gm);
struct gmem *gmem_registry_next(u64 from_id);
struct file *gmem_registry_get(u64 from_id);
u64 gmem_registry_new_id(void);

/* file.c */
extern const struct file_operations gmem_file_ops;
extern const struct file_operations gmem_reopen_ops;
extern const struct inode_operations gmem_inode_ops;

/* chardev.c */
int gmem_chardev_init(void);
void gmem_chardev_exit(void);

/* bpf.c */
int gmem_bpf_init(void);

/* policy_ops.c, policy_kfuncs.c */
int gmem_policy_ops_init(void);
int gmem_policy_kfuncs_init(void);

/* fault.c */
extern const struct vm_operations_struct gmem_vm_ops;

/* io.c */
ssize_t gmem_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t gmem_write_iter(struct kiocb *iocb, struct iov_iter *from);
long gmem_inspect(struct gmem *gm, const struct gmem_inspect *args);

/* convert.c */
int gmem_convert(struct gmem *gm, struct gmem_convert *args);

/* query.c */
void gmem_query_next(struct gmem *gm, u64 offset, u64 end, struct gmem_range *range);
int gmem_query(struct gmem *gm, struct gmem_query_ranges *args);
loff_t gmem_seek(struct gmem *gm, loff_t offset, int whence);

/*
 * Raises an event somebody listens to. Preemption is off meanwhile, as 6.12 has it for every
 * tracepoint and 7.3 no longer does: a BPF program that is preempted is skipped for all
 * other tasks of that CPU until it goes on, and their events would be missed.
 */
#define gmem_emit(event, ev)				\
	do {						\
		preempt_disable_notrace();		\
		trace_gmem_##event(ev);			\
		preempt_enable_notrace();		\
	} while (0)

/* trace.c: each raises one event, and does nothing while nobody listens */
void gmem_trace_create(const struct gmem *gm);
void gmem_trace_release(const struct gmem *gm);
void gmem_trace_alloc(const struct gmem *gm, const struct folio *folio, enum gmem_state state);
void gmem_trace_free(const struct gmem *gm, pgoff_t first, pgoff_t last, u64 resident);
void gmem_trace_access(const struct gmem *gm, enum gmem_act act, u64 offset, u64 size,
		       u64 done, const struct gmem_verdict *verdict);
void gmem_trace_error(const struct gmem *gm, const struct folio *folio);

#endif /* _GMEM_H */
