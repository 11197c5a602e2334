// What speaks against a state that a feed gave, before it is believed.

export interface FeedState {
  readonly read: number
  /** Records that could not be read. */
  readonly unreadable: number
  /** The first of them, and why. */
  readonly firstReason: string | undefined
  readonly isWhole: boolean
  /** Of the records in it, and of those in force. */
  readonly newest: Date | undefined
  readonly newestBefore: Date | undefined
}

export type Suspicion = {
  readonly code: 'ADVISORIES_REJECTED' | 'ADVISORIES_OLDER'
  readonly message: string
}

/** One record in a thousand may be broken; more than that is a format that changed. */
const maxUnreadableShare = 0.001

/**
 * Of single records none may be unreadable: what cannot be read may be the one that matters, and the whole state that is
 * fetched instead shows which share of it cannot be read.
 */
export function suspicionOf(state: FeedState): Suspicion | undefined {
  const { read, unreadable, firstReason = 'unknown', isWhole } = state
  const most = isWhole ? read * maxUnreadableShare : 0
  if (unreadable > most) {
    const message = `${unreadable} of ${read} records cannot be read, the first because it ${firstReason}`
    return { code: 'ADVISORIES_REJECTED', message }
  }
  const { newest, newestBefore } = state
  if (!isWhole || newestBefore === undefined || newest === undefined) return undefined
  if (newest >= newestBefore) return undefined
  const message = `the newest record is of ${newest.toISOString()}, older than ${newestBefore.toISOString()}, the newest in force`
  return { code: 'ADVISORIES_OLDER', message }
}
