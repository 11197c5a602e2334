import { parseDigest, type Digest } from '../../oci/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { parseArn } from '../../policy/arn.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

export interface FindingRooms {
  /** Undefined when the image was never scanned. */
  readonly explainVulnerability: (input: {
    readonly account: AccountId
    readonly repository: RepositoryName
    readonly digest: Digest
    readonly vulnerability: string
  }) => Promise<unknown>
}

export const findingRoutes: readonly ControlRoute<FindingRooms>[] = [
  {
    method: 'GET',
    path: '/pratique/v1/findings/explain',
    action: 'pratique:ExplainFinding',
    isOfAccount: true,
    resources: (query) => [query.get('resource') ?? '*'],
    run: explain,
  },
]

/** `resource`: ARN of the repository; `digest` of the image; `vulnerability`: any id of the flaw. */
async function explain(rooms: FindingRooms, { query }: ControlCall): Promise<ControlReply> {
  const place = repositoryOf(query.get('resource') ?? '')
  if (place === undefined)
    return refused(
      'resource must be the ARN of a repository, arn:aws:ecr:REGION:ACCOUNT:repository/NAME',
    )
  const digest = parseDigest(query.get('digest') ?? '')
  if (digest === undefined) return refused('digest must be that of an image, sha256:…')
  const vulnerability = vulnerabilityIn(query.get('vulnerability'))
  if (vulnerability === undefined)
    return refused('vulnerability must be an id, such as CVE-2021-44228 or GHSA-jfh8-c2jp-5v3q')
  const value = await rooms.explainVulnerability({ ...place, digest, vulnerability })
  if (value !== undefined) return { kind: 'json', value }
  return {
    kind: 'refused',
    status: 404,
    code: 'SCAN_UNKNOWN',
    message: `${place.repository}@${digest} was never scanned; scan it first: pratique scan ${place.repository}@${digest}`,
  }
}

function repositoryOf(
  text: string,
): { readonly account: AccountId; readonly repository: RepositoryName } | undefined {
  const arn = parseArn(text)
  const account = arn?.account
  const [, name] = /^repository\/(.+)$/.exec(arn?.resource ?? '') ?? []
  const repository = parseRepositoryName(name ?? '')
  if (arn?.service !== 'ecr' || account === undefined || repository === undefined) return undefined
  return { account, repository }
}

/** CVE ids are written in capitals, whatever a person types; other ids are taken as they are. */
export function vulnerabilityIn(text: string | null): string | undefined {
  if (text === null || !/^[\x21-\x7e]{1,128}$/.test(text)) return undefined
  return /^cve-/i.test(text) ? text.toUpperCase() : text
}
