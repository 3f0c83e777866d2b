// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once against vCPUs that fault: conversions, hole punching, slots that come
 * and go, VMs torn down and VMMs killed. What nobody but its guest touches keeps its
 * contents, what was zeroed stays so, and all is given back. GMEM_SECONDS sets how long.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "vm.h"

/*
 * A guest's part of the gmem: its code, pages that only it touches, pages that are converted
 * and punched under it, and pages whose slot comes and goes.
 */
#define STABLE	 1
#define CHURN	 9
#define FLEETING 25
#define PART	 33
#define PARTS	 3 /* the third one is for VMMs that are killed */
#define BYTES	 (PARTS * PART * PAGE)

static int fd;
static char *map;
static atomic_bool over;
static atomic_ulong wrong, done_ops, exits;

struct guest {
	struct vm vm;
	int part;
	pthread_t thread;
	atomic_bool done;
};

static struct guest guests[2];

static uint64_t gpa(int page)
{
	return VM_BASE + page * PAGE;
}

static uint64_t offset_of(int part, int page)
{
	return (uint64_t)(part * PART + page) * PAGE;
}

static int add_slot(struct vm *vm, int part, uint32_t slot, int page, int pages)
{
	return vm_slot(vm, slot, gpa(page), pages * PAGE, fd, offset_of(part, page),
		       map + offset_of(part, page));
}

static bool start_guest(struct vm *vm, int part)
{
	*vm = vm_new();
	if (add_slot(vm, part, 0, 0, FLEETING) ||
	    add_slot(vm, part, 1, FLEETING, PART - FLEETING) ||
	    vm_attributes(vm, gpa(0), FLEETING * PAGE, true, GMEM_KVM_ATTRIBUTES_KEEP) ||
	    vm_attributes(vm, gpa(FLEETING), (PART - FLEETING) * PAGE, true, 0))
		return false;
	vm_cpu(vm, VM_BASE);
	return true;
}

/* Does it, whatever the guest runs into: a page in the other state, or no slot at all. */
static uint32_t insist(struct guest *g, enum vm_op op, uint64_t at, uint32_t value)
{
	struct vm_result r = vm_do(&g->vm, op, at, value);

	while (r.err) {
		if (vm_give_up)
			vm_bail(&g->vm);
		atomic_fetch_add(&exits, 1);
		if (r.exit == KVM_EXIT_MEMORY_FAULT) {
			if (vm_attributes(&g->vm, r.fault_gpa & ~(PAGE - 1), PAGE, r.fault_private,
					  0) &&
			    errno != EAGAIN)
				tap_bail("attributes after a fault: %s", strerror(errno));
		} else if (r.exit != KVM_EXIT_MMIO) {
			tap_bail("KVM_RUN: %s, exit reason %u", strerror(r.err), r.exit);
		}
		r = vm_go(&g->vm);
	}
	atomic_fetch_add(&done_ops, 1);
	return r.value;
}

static void *run_guest(void *arg)
{
	struct guest *g = arg;
	unsigned int seed = g->part + 1;
	uint32_t value[CHURN];

	vcpus_share_cpu();
	for (int i = STABLE; i < CHURN; i++) {
		value[i] = i * 100000;
		insist(g, VM_FILL, gpa(i), value[i]);
	}
	while (!atomic_load(&over)) {
		int stable = STABLE + rand_r(&seed) % (CHURN - STABLE);
		int churn = CHURN + rand_r(&seed) % (PART - CHURN);

		if (insist(g, VM_CHECK, gpa(stable), value[stable]))
			atomic_fetch_add(&wrong, 1);
		if (rand_r(&seed) % 4 == 0)
			insist(g, VM_FILL, gpa(stable), value[stable] += 7);
		insist(g, VM_STORE, gpa(churn), 0x600d);
		/* What was stored, or zero: nothing else was ever written there. */
		if (insist(g, VM_LOAD, gpa(churn), 0) & ~0x600du)
			atomic_fetch_add(&wrong, 1);
	}
	atomic_store(&g->done, true);
	return NULL;
}

static void churn_once(struct guest *g, unsigned int *seed)
{
	int page = CHURN + rand_r(seed) % (FLEETING - CHURN);
	int pages = 1 + rand_r(seed) % (FLEETING - page);
	uint64_t offset = offset_of(g->part, page);

	switch (rand_r(seed) % 8) {
	case 0:
	case 1:
	case 2:
		if (vm_attributes(&g->vm, gpa(page), pages * PAGE, rand_r(seed) % 2, 0) &&
		    errno != EAGAIN)
			tap_bail("attributes: %s", strerror(errno));
		break;
	case 3:
	case 4:
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, pages * PAGE))
			tap_bail("punch: %s", strerror(errno));
		break;
	case 5:
		if (try_convert(fd, offset, pages * PAGE, rand_r(seed) % 2, GMEM_CONTENT_ZERO) &&
		    errno != EAGAIN)
			tap_bail("convert: %s", strerror(errno));
		break;
	case 6:
		if (trap_load(map + offset).value & ~0x600dULL)
			atomic_fetch_add(&wrong, 1);
		break;
	case 7:
		if (add_slot(&g->vm, g->part, 1, FLEETING, 0) ||
		    add_slot(&g->vm, g->part, 1, FLEETING, PART - FLEETING))
			tap_bail("a slot that comes and goes: %s", strerror(errno));
		break;
	}
}

static void *churn(void *arg)
{
	unsigned int seed = 99;

	(void)arg;
	trap_init();
	while (!atomic_load(&over)) {
		churn_once(&guests[rand_r(&seed) % 2], &seed);
		atomic_fetch_add(&done_ops, 1);
	}
	return NULL;
}

/* A VMM that faults all over its part until it is killed, or its VM is torn down under way. */
static int doomed(unsigned int seed)
{
	struct guest g = { .part = 2 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	vcpus_share_cpu();
	if (!start_guest(&g.vm, g.part))
		return 1;
	for (int i = 0; rand_r(&seed) % 200; i++)
		insist(&g, VM_STORE, gpa(STABLE + i % (PART - STABLE)), i);
	vm_drop(&g.vm);
	return 0;
}

/* Kills VMMs one after the other; each finds the range free. */
static unsigned long kill_vmms(double seconds)
{
	struct timespec now, end;
	unsigned int seed = 5;
	unsigned long killed = 0;
	int status;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	do {
		vm_put_code(fd, offset_of(2, 0));
		pid = fork();
		if (!pid)
			_exit(doomed(rand_r(&seed)));
		usleep(rand_r(&seed) % 200000);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status))
			tap_bail("a VMM could not start: something of the last one is left");
		killed++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec);
	return killed;
}

static void interrupt(int signal)
{
	(void)signal;
}

/* When all should have ended long ago: lets the guests that have not say where they are. */
static void *watch(void *arg)
{
	unsigned long seconds = *(unsigned long *)arg;

	sleep((seconds + 25) * 100 / slow_rounds(100));
	diag("%lu operations, %lu exits with a fault; no end after %lu s", atomic_load(&done_ops),
	     atomic_load(&exits), seconds);
	vm_give_up = true;
	for (;;) {
		for (int i = 0; i < 2; i++)
			if (!atomic_load(&guests[i].done))
				pthread_kill(guests[i].thread, SIGUSR1);
		sleep(1);
	}
	return NULL;
}

int main(void)
{
	unsigned long seconds = test_seconds(12), killed;
	pthread_t churner, watcher;
	struct gmem_stats s;

	tap_plan(5);
	trap_init();
	fd = gmem_new(GMEM_CREATE_MMAP, BYTES, "race");
	map = gmem_map(fd, BYTES);
	for (int i = 0; i < 2; i++) {
		guests[i].part = i;
		vm_put_code(fd, offset_of(i, 0));
		if (!start_guest(&guests[i].vm, i))
			tap_bail("a guest: %s", strerror(errno));
	}
	for (int i = 0; i < 2; i++)
		pthread_create(&guests[i].thread, NULL, run_guest, &guests[i]);
	pthread_create(&churner, NULL, churn, NULL);
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = interrupt }, NULL);
	pthread_create(&watcher, NULL, watch, &seconds);
	killed = kill_vmms(seconds);
	atomic_store(&over, true);
	for (int i = 0; i < 2; i++)
		pthread_join(guests[i].thread, NULL);
	pthread_join(churner, NULL);

	diag("%lu s: %lu operations, %lu exits with a fault, %lu VMMs killed", seconds,
	     atomic_load(&done_ops), atomic_load(&exits), killed);
	ok(done_ops > slow_rounds(1000) && killed > 1, "guests, conversions and kills all went on");
	is_int(wrong, 0, "no content was lost, none appeared");
	s = gmem_stats_of(fd);
	is_int(s.bindings, 4, "the bindings of those killed are gone");
	ok(s.resident_private_bytes + s.resident_shared_bytes == s.allocated_bytes - s.freed_bytes,
	   "what is resident is what was allocated and not freed");
	for (int i = 0; i < 2; i++)
		vm_drop(&guests[i].vm);
	is_int(gmem_stats_of(fd).bindings, 0, "and then the others");
	return tap_done();
}
