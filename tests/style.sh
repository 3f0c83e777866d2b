# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-only
# The style checks of make check, one function each: it prints what is wrong and fails. Sourced by tests/run.

# Each file of the project that git would keep, but for what is built.
project_files() {
	find . -path ./build -prune -o -path ./.git -prune -o -type f "$@" -print | sort
}

# checkpatch_files TYPES-TO-IGNORE FILE...
checkpatch_files() {
	local ignored=$1
	shift
	# FILE_PATH_CHANGES: there is no MAINTAINERS file here. MACRO_ARG_REUSE: the arguments it means are types and
	# constants, which checkpatch cannot tell from expressions with a side effect.
	[ $# = 0 ] || perl "$script" --no-tree --strict --quiet --terse --no-summary --show-types \
		--ignore "FILE_PATH_CHANGES,MACRO_ARG_REUSE$ignored" -f "$@"
}

style_checkpatch() {
	local script files status=0
	script=$("$make" -s checkpatch) || return
	mapfile -t files < <(project_files \( -path './kernel/*.[ch]' -o -path './include/*.h' \
		-o -path './tests/testhv/*.[ch]' \) \
		! -path './include/trace/*' ! -name compat.h ! -path ./include/linux/gmem.h \
		! -path ./kernel/kvm/guest_memfd.c)
	checkpatch_files '' "${files[@]}" || status=1
	# Operations that are put together at run time: their owner, or one of them, is known only then.
	checkpatch_files ,CONST_STRUCT include/linux/gmem.h kernel/kvm/guest_memfd.c || status=1
	# Tracepoint macros are no function calls, and their symbol lists no expressions.
	mapfile -t files < <(project_files -path './include/trace/*.h')
	checkpatch_files ,COMPLEX_MACRO,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT,SPACING "${files[@]}" || status=1
	# The one file that may ask for the kernel's version, and for a header by __has_include(<...>).
	mapfile -t files < <(project_files -path './kernel/*' -name compat.h)
	checkpatch_files ,LINUX_VERSION_CODE,CONSTANT_COMPARISON,SPACING "${files[@]}" || status=1
	return $status
}

style_clang_format() {
	local files
	mapfile -t files < <(project_files \( -path './tools/*.[ch]' -o -path './tests/*.[ch]' -o -path './bpf/*.[ch]' \
		-o -path './examples/*.[ch]' \) ! -path './tests/testhv/*')
	[ ${#files[@]} = 0 ] || clang-format --dry-run -Werror "${files[@]}"
}

style_shellcheck() {
	local files
	# shellcheck disable=SC2016 # for the shell inside
	mapfile -t files < <(project_files -exec sh -c 'head -n 1 "$1" | grep -Eq "^#!.*[/ ](ba|da)?sh|shellcheck shell="' - {} \;)
	shellcheck -x "${files[@]}"
}

# The licence stands in each file that can hold a comment.
style_spdx() {
	local file missing=0
	while read -r file; do
		head -n 5 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || {
			echo "$file: no SPDX-License-Identifier: GPL-2.0-only"
			missing=1
		}
	done < <(project_files \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.mk' -o -name 'Makefile*' \
		-o -name Kbuild -o -name '*.rules' -o -name '*.scd' -o -path './tests/*/run' \))
	return $missing
}

# On every kernel: the code that differs between them is checked on its own.
style_sparse() {
	local kernel output status=0
	for kernel in $kernels; do
		output=$("$make" -s "sparse-$kernel" 2>&1) || status=1
		# Kbuild looks for a script that Debian's headers lack, see mk/module.mk.
		output=$(echo "$output" | grep -v -e checker-valid.sh -e 'sparse .* is not available or not up to date')
		[ -z "$output" ] || {
			echo "$kernel: $output"
			status=1
		}
	done
	return $status
}
