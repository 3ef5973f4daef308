// What uname(2) and /proc/version tell of this kernel.

export const uts = { sysname: 'Linux', release: '6.1.0-wherry', version: '#1 SMP PREEMPT_DYNAMIC', machine: 'x86_64' } as const;
/** The memory a container is told it has, in bytes. */
export const MEMORY_BYTES = 4 * 2 ** 30;
