import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr'
import { exitCodes, Failure } from '../failure.ts'
import type { Target } from '../gate/findings.ts'
import { jsonOf } from '../json.ts'
import { ask, callServer, type Session } from '../session.ts'

/** The server's answer to why an image is, or is not, affected by one flaw. */
export interface Explanation {
  readonly vulnerability: string
  readonly answer: string
  readonly because: string
  readonly packages: readonly {
    readonly purl: string
    readonly places: readonly { readonly path: string; readonly layerDigest: string }[]
    readonly record: { readonly id: string; readonly source: string }
    readonly answer: string
    readonly why: string
  }[]
  readonly elsewhere: readonly {
    readonly record: string
    readonly ecosystem: string
    readonly name: string
  }[]
  readonly notes: readonly string[]
}

export async function fetchExplanation(
  session: Session,
  target: Target,
  vulnerability: string,
): Promise<Explanation> {
  const resource = await resourceOf(session, target)
  const query = new URLSearchParams({ resource, digest: target.digest, vulnerability })
  const path = `/pratique/v1/findings/explain?${query.toString()}`
  return jsonOf<Explanation>(await callServer(session, 'GET', path))
}

/** ARN of the image's repository. */
export async function resourceOf(
  session: Session,
  { repository: repositoryName, registryId }: Target,
): Promise<string> {
  const names = { repositoryNames: [repositoryName] }
  const scope = registryId === undefined ? names : { ...names, registryId }
  const { repositories } = await ask(session, (ecr) =>
    ecr.send(new DescribeRepositoriesCommand(scope)),
  )
  const resource = repositories?.[0]?.repositoryArn
  if (resource === undefined)
    throw new Failure(exitCodes.notFound, `repository ${repositoryName} does not exist`)
  return resource
}

const headlines: Readonly<Record<string, string>> = {
  affected: 'is affected by',
  suppressed: 'is not counted as affected by',
  'not-affected': 'is not affected by',
  'not-present': 'holds nothing that is said to be affected by',
  'no-record': 'cannot be judged for',
  'cannot-tell': 'cannot be judged for',
}

export function renderExplanation(image: string, explanation: Explanation): string {
  const { vulnerability, answer, because, packages, elsewhere, notes } = explanation
  const lines = [`${image} ${headlines[answer] ?? answer} ${vulnerability}`, `  ${because}`]
  for (const { purl, answer: said, why, record, places } of packages) {
    lines.push(`  ${said}: ${purl}`, `    ${record.id} (${record.source}): ${why}`)
    for (const { path, layerDigest } of places.slice(0, shownPlaces))
      lines.push(`    at ${path} in layer ${layerDigest.slice(0, 19)}`)
    if (places.length > shownPlaces)
      lines.push(`    and ${places.length - shownPlaces} more places`)
  }
  if (elsewhere.length > 0) {
    const named = elsewhere.map(
      ({ record, ecosystem, name }) => `${name} (${ecosystem}, ${record})`,
    )
    lines.push(`  records also name: ${named.slice(0, shownNames).join(', ')}`)
  }
  for (const text of notes) lines.push(`  note: ${text}`)
  return lines.join('\n')
}

const shownPlaces = 5
const shownNames = 10
