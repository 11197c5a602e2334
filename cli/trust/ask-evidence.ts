import { jsonOf } from '../json.ts'
import { callServer, type Session } from '../session.ts'

/** What an entry of the answer has in any case; each who asks reads more of it. */
export interface ToldResult {
  readonly policy: string
  readonly result: string
}

/** What the registry knows of an image under each trust policy that is about its repository, or under the one that is named. */
export async function askEvidence<Entry extends ToldResult>(
  session: Session,
  {
    repository,
    digest,
    trust,
  }: {
    readonly repository: string
    readonly digest: string
    readonly trust?: string | undefined
  },
): Promise<readonly Entry[]> {
  const named = { repository, digest, ...(trust === undefined ? {} : { trust }) }
  const query = new URLSearchParams(named)
  const answer = await callServer(session, 'GET', `/pratique/v1/evidence?${query.toString()}`)
  return (await jsonOf<{ readonly evidence: readonly Entry[] }>(answer)).evidence
}
