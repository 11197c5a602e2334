/** Brings the counts of package sets up to what is known; asked for by everything that changes findings. */
export const countFindingsJob = { kind: 'count-findings', key: 'all', input: {} } as const
/** After scans, which somebody waits for; before re-evaluation, whose results it counts. */
export const countingPriority = 40
