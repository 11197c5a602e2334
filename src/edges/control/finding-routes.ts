import { parseDigest, type Digest } from '../../oci/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { parseArn, repositoryArn } from '../../policy/arn.ts'
import { isRevisionName } from '../../scanning/find-revision.ts'
import {
  repositoryIn as ownRepository,
  refused,
  type ControlCall,
  type ControlReply,
  type ControlRoute,
} from './route.ts'

interface AskedImage {
  readonly account: AccountId
  readonly repository: RepositoryName
  readonly digest: Digest
}

export interface FindingRooms {
  /** Undefined when the image was never scanned. */
  readonly explainVulnerability: (
    input: AskedImage & { readonly vulnerability: string },
  ) => Promise<unknown>
  /** Undefined when the image was never scanned. */
  readonly listSuppressed: (input: AskedImage) => Promise<unknown>
  /** `at`: a revision of the data, a day or a moment. Undefined when the image was never scanned. */
  readonly recallFindings: (
    input: AskedImage & { readonly at: string },
  ) => Promise<{ readonly recalled: unknown } | undefined>
  /** Undefined where there is no such image. */
  readonly listImageSecrets: (input: AskedImage) => Promise<readonly unknown[] | undefined>
}

export const findingRoutes: readonly ControlRoute<FindingRooms>[] = [
  {
    method: 'GET',
    path: '/pratique/v1/findings/explain',
    action: 'pratique:ExplainFinding',
    isOfAccount: true,
    resources: judgedRepository,
    run: explain,
  },
  {
    method: 'GET',
    path: '/pratique/v1/findings/suppressed',
    action: 'pratique:ListSuppressedFindings',
    isOfAccount: true,
    resources: judgedRepository,
    run: listSuppressed,
  },
  {
    method: 'GET',
    path: '/pratique/v1/findings/recalled',
    action: 'pratique:RecallFindings',
    isOfAccount: true,
    resources: judgedRepository,
    run: recall,
  },
  {
    method: 'GET',
    path: '/pratique/v1/secrets',
    action: 'pratique:ListImageSecrets',
    isOfAccount: true,
    resources: ownRepository,
    run: listSecrets,
  },
]

/** `resource`: ARN of the repository; `digest` of the image; `vulnerability`: any id of the flaw. */
async function explain(rooms: FindingRooms, { query }: ControlCall): Promise<ControlReply> {
  const image = imageIn(query)
  if (typeof image === 'string') return refused(image)
  const vulnerability = vulnerabilityIn(query.get('vulnerability'))
  if (vulnerability === undefined)
    return refused('vulnerability must be an id, such as CVE-2021-44228 or GHSA-jfh8-c2jp-5v3q')
  const value = await rooms.explainVulnerability({ ...image, vulnerability })
  return value === undefined ? neverScanned(image) : { kind: 'json', value }
}

/** What is known of an image and not counted, with who says so. */
async function listSuppressed(rooms: FindingRooms, { query }: ControlCall): Promise<ControlReply> {
  const image = imageIn(query)
  if (typeof image === 'string') return refused(image)
  const value = await rooms.listSuppressed(image)
  return value === undefined ? neverScanned(image) : { kind: 'json', value }
}

/** What was known of an image at an earlier time: `at` is a revision, a day or a moment. */
async function recall(rooms: FindingRooms, { query }: ControlCall): Promise<ControlReply> {
  const image = imageIn(query)
  if (typeof image === 'string') return refused(image)
  const at = query.get('at') ?? ''
  if (!isRevisionName(at))
    return refused('at must be a day (2026-11-01), a moment in ISO 8601, or a revision of the data')
  const found = await rooms.recallFindings({ ...image, at })
  if (found === undefined) return neverScanned(image)
  const { recalled } = found
  return recalled === undefined
    ? {
        kind: 'refused',
        status: 404,
        code: 'IMAGE_NOT_YET_PUSHED',
        message: `${image.repository}@${image.digest} was not here at ${at}`,
      }
    : { kind: 'json', value: recalled }
}

/** Where secrets stand in the layers of an image, and what they look like. */
async function listSecrets(
  rooms: FindingRooms,
  { account, query }: ControlCall,
): Promise<ControlReply> {
  const repository = parseRepositoryName(query.get('repository') ?? '')
  const digest = parseDigest(query.get('digest') ?? '')
  if (repository === undefined) return refused('repository must be the name of a repository')
  if (digest === undefined) return refused('digest must be that of an image, sha256:…')
  const images = await rooms.listImageSecrets({ account, repository, digest })
  if (images !== undefined) return { kind: 'json', value: { images } }
  const message = `${repository}@${digest} does not exist`
  return { kind: 'refused', status: 404, code: 'MANIFEST_UNKNOWN', message }
}

function imageIn(query: URLSearchParams): AskedImage | string {
  const place = repositoryIn(query)
  if (typeof place === 'string') return place
  const digest = parseDigest(query.get('digest') ?? '')
  return digest === undefined ? 'digest must be that of an image, sha256:…' : { ...place, digest }
}

function neverScanned({ repository, digest }: AskedImage): ControlReply {
  return {
    kind: 'refused',
    status: 404,
    code: 'SCAN_UNKNOWN',
    message: `${repository}@${digest} was never scanned; scan it first: pratique scan ${repository}@${digest}`,
  }
}

/** The repository whose ARN the query's `resource` is, or what is wrong with it. */
export function repositoryIn(
  query: URLSearchParams,
): { readonly account: AccountId; readonly repository: RepositoryName } | string {
  const arn = parseArn(query.get('resource') ?? '')
  const account = arn?.account
  const [, name] = /^repository\/(.+)$/.exec(arn?.resource ?? '') ?? []
  const repository = parseRepositoryName(name ?? '')
  if (arn?.service !== 'ecr' || account === undefined || repository === undefined)
    return 'resource must be the ARN of a repository, arn:aws:ecr:REGION:ACCOUNT:repository/NAME'
  return { account, repository }
}

/** The ARN that policies are asked about is made here: a region of another spelling would pass by a Deny. */
export function judgedRepository(
  query: URLSearchParams,
  { region }: { readonly region: string },
): readonly string[] {
  const place = repositoryIn(query)
  return typeof place === 'string'
    ? ['*']
    : [repositoryArn(region, place.account, place.repository)]
}

/** CVE ids are written in capitals, whatever a person types; other ids are taken as they are. */
export function vulnerabilityIn(text: string | null): string | undefined {
  if (text === null || !/^[\x21-\x7e]{1,128}$/.test(text)) return undefined
  return /^cve-/i.test(text) ? text.toUpperCase() : text
}
