// All evidence of a posture, from wherever it is.
import type { Expectations, PostureEvidence } from '../../src/posture/rules/evidence.ts'
import { exitCodes, Failure } from '../failure.ts'
import { isPullExcluded, withPulls } from '../fetch-manifests.ts'
import { callerOf, type Place } from './place.ts'
import { readIdentities } from './read-identities.ts'
import { readRegistry } from './read-registry.ts'
import { readRepositories, type RepositoryReading } from './read-repositories.ts'
import { readServer, serverOfAws } from './read-server.ts'
import { tell } from './told.ts'

/** What is not allowed, or does not answer, is told as unknown; who is not signed in learns that. */
export async function gatherEvidence(
  place: Place,
  expectations: Expectations,
  asked: Omit<RepositoryReading, 'isPullAllowed'> & { readonly pull: boolean },
): Promise<PostureEvidence> {
  const { target, iam } = place
  const { now, pull } = asked
  const { account, arn } = await callerOf(place)
  // A server of ours dates no pull by what is only looked at.
  const isPullAllowed = target === 'pratique' || pull || (await isPullExcluded(place.session, arn))
  const session = withPulls(place.session, isPullAllowed)
  const reading = { ...asked, isPullAllowed }
  const repositories = await tell('ecr:DescribeRepositories', () =>
    readRepositories(session, reading),
  )
  const isMissing = repositories.kind === 'told' && repositories.value.length === 0
  if (isMissing && reading.only.length > 0)
    throw new Failure(exitCodes.notFound, `there is no repository ${reading.only.join(', ')}`)
  return {
    now,
    account: { kind: 'told', value: account },
    expectations,
    repositories,
    ...(await readRegistry(session)),
    ...(await readIdentities(iam)),
    ...(target === 'aws' ? serverOfAws : await readServer(session, account, now)),
  }
}
