// SPDX-License-Identifier: GPL-2.0-only
/* GMEM_GET_INFO tells what this module is; how it refuses bad arguments is in args.c. */
#include <sys/ioctl.h>

#include "gmem_test.h"

#define ALL_FLAGS                                                                             \
	(GMEM_CREATE_MMAP | GMEM_CREATE_IO | GMEM_CREATE_INIT_SHARED | GMEM_CREATE_POPULATE | \
	 GMEM_CREATE_INSPECT | GMEM_CREATE_POLICY_REQUIRED)

int main(void)
{
	struct gmem_info info;
	struct {
		struct gmem_info info;
		uint64_t tail;
	} longer;

	tap_plan(10);
	memset(&info, 0xa5, sizeof(info));
	info.size = sizeof(info);
	info.flags = 0;
	is_success(ioctl(gmem_dev(), GMEM_GET_INFO, &info), "GMEM_GET_INFO");
	is_int(info.size, sizeof(info), "size is the caller's");
	is_int(info.flags, 0, "flags are 0");
	is_int(info.abi_version, GMEM_ABI_VERSION, "ABI version");
	is_int(info.create_flags, ALL_FLAGS, "every creation flag of the header is known");
	is_int(info.page_size, PAGE, "page size");
	is_int(info.__reserved, 0, "reserved is 0");
	ok(info.max_bytes >= 1ULL << 40 && info.max_bytes % PAGE == 0,
	   "max_bytes is over 1 TiB and a multiple of a page: %llu",
	   (unsigned long long)info.max_bytes);

	memset(&longer, 0, sizeof(longer));
	longer.info.size = sizeof(longer);
	is_success(ioctl(gmem_dev(), GMEM_GET_INFO, &longer), "a struct from the future");
	ok(longer.info.abi_version == GMEM_ABI_VERSION && longer.tail == 0,
	   "is answered, its tail left zero");
	return tap_done();
}
