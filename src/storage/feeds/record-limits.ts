/** OSV's longest records are below 1 MiB; all of OSV is below 10 GiB and has some 500,000 records. */
export const recordLimits = {
  maxRecordBytes: 8 * 1024 ** 2,
  maxTotalBytes: 16 * 1024 ** 3,
  maxEntries: 5_000_000,
} as const
