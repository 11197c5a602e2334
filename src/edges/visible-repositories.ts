import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { AccountId } from '../policy/account-id.ts'

/** Judged between two turns for others. */
const pageNames = 500

export interface VisibleDeps {
  /** A page of names in byte order, whose policies are at hand afterwards. */
  readonly prepareRepositories: (
    account: AccountId,
    page: { readonly after: string; readonly limit: number },
  ) => Promise<readonly string[]>
  readonly maySee: (name: string) => Promise<boolean>
}

/**
 * The names after `after` that the caller may see, at most `limit`, and whether there is another one. A page is filled from
 * as many names as it takes, and nothing tells how many those were.
 */
export async function listVisible(
  deps: VisibleDeps,
  account: AccountId,
  page: { readonly after: string; readonly limit: number },
): Promise<{ readonly names: readonly string[]; readonly hasMore: boolean }> {
  const names: string[] = []
  if (page.limit === 0) return { names, hasMore: false }
  let { after } = page
  for (;;) {
    const listed = await deps.prepareRepositories(account, { after, limit: pageNames })
    for (const name of listed) {
      if (!(await deps.maySee(name))) continue
      if (names.length === page.limit) return { names, hasMore: true }
      names.push(name)
    }
    const last = listed.at(-1)
    if (last === undefined || listed.length < pageNames) return { names, hasMore: false }
    after = last
    await yieldToEventLoop()
  }
}
