import type { CutLimits } from './json-cutter.ts'

/** Debian's tracker is below 100 MB, Oracle's errata unpacked below 1 GB; their longest entries below 10 MB. */
export const fileLimits: CutLimits = {
  maxValueBytes: 16 * 1024 ** 2,
  maxTotalBytes: 4 * 1024 ** 3,
}
