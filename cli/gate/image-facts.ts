// What a policy may ask of an image beside its findings, read where it asks: who need not answer needs no right to.
import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr'
import type { AdmissionPolicy } from '../../src/admission/rules/admission-policy.ts'
import type { ImageFacts } from '../../src/admission/rules/evidence.ts'
import { matchesSegment } from '../../src/vex/path-glob.ts'
import { exitCodes, Failure } from '../failure.ts'
import { fetchManifests } from '../fetch-manifests.ts'
import { note } from '../output.ts'
import type { ImageReference } from '../reference.ts'
import { ask, authorizationToken, type Session } from '../session.ts'
import type { FoundManifest, Target } from './findings.ts'

export interface AskedImage {
  readonly reference: ImageReference
  readonly registryId: string | undefined
  readonly found: FoundManifest
  readonly targets: readonly Target[]
}

export async function readImageFacts(
  session: Session,
  asked: AskedImage,
  policies: readonly AdmissionPolicy[],
): Promise<ImageFacts> {
  const { reference, found } = asked
  const isAgeAsked = policies.some(({ require }) => require.maxImageAgeMs !== undefined)
  const isTagAsked = policies.some(({ require }) => require.tagMutability !== undefined)
  const { tag, digest: pinned } = reference
  const named: ImageFacts['named'] =
    tag === undefined || pinned !== undefined
      ? { kind: 'digest' }
      : {
          kind: 'tag',
          tag,
          mutability: isTagAsked ? await mutabilityOf(session, asked) : 'unknown',
        }
  return {
    origin: { kind: 'own' },
    repository: reference.repository,
    digest: found.digest,
    named,
    created: isAgeAsked ? await createdOf(session, asked) : { kind: 'unknown' },
    ...(found.pushedAt === undefined ? {} : { pushedAt: found.pushedAt.getTime() }),
  }
}

type Mutability = Extract<ImageFacts['named'], { readonly kind: 'tag' }>['mutability']

async function mutabilityOf(session: Session, asked: AskedImage): Promise<Mutability> {
  const { repository, tag = '' } = asked.reference
  const command = new DescribeRepositoriesCommand({ repositoryNames: [repository], ...of(asked) })
  return orUnknown('whether its tag may move', async () => {
    const { repositories } = await ask(session, (ecr) => ecr.send(command))
    const { imageTagMutability: mode, imageTagMutabilityExclusionFilters: filters = [] } =
      repositories?.[0] ?? {}
    const isExcepted = filters.some(({ filter = '' }) => matchesSegment(filter, tag))
    switch (mode) {
      case 'IMMUTABLE':
        return 'immutable'
      case 'MUTABLE':
        return 'mutable'
      case 'IMMUTABLE_WITH_EXCLUSION':
        return isExcepted ? 'mutable' : 'immutable'
      case 'MUTABLE_WITH_EXCLUSION':
        return isExcepted ? 'immutable' : 'mutable'
      case undefined:
      default:
        return 'unknown'
    }
  })
}

/** Of an index the oldest of the images that are judged. */
async function createdOf(session: Session, asked: AskedImage): Promise<ImageFacts['created']> {
  const times: number[] = []
  for (const { digest } of asked.targets) {
    const created = await orUnknown('when it was built', async () =>
      createdIn(await configOf(session, asked, digest)),
    )
    if (created === 'unknown') return { kind: 'unknown' }
    if (created === undefined) return { kind: 'unsaid' }
    times.push(created)
  }
  return times.length === 0 ? { kind: 'unknown' } : { kind: 'known', at: Math.min(...times) }
}

/** What may not be read, or is not there, is not known; anything else is an error of its own. */
async function orUnknown<T>(what: string, read: () => Promise<T>): Promise<T | 'unknown'> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode === exitCodes.usage) throw error
    note(`${what} cannot be told: ${error.message}`)
    return 'unknown'
  }
}

/** Builders that reproduce write the beginning of Unix time, or of a year before there were containers: no time at all. */
function createdIn(config: unknown): number | undefined {
  if (typeof config !== 'object' || config === null || !('created' in config)) return undefined
  const at = Date.parse(String(config.created))
  return Number.isNaN(at) || at < Date.UTC(2013, 0) ? undefined : at
}

const maxConfigBytes = 8 * 1024 * 1024
const configTimeoutMs = 30_000

async function configOf(session: Session, asked: AskedImage, digest: string): Promise<unknown> {
  const { repository } = asked.reference
  const { registryId } = asked
  const wanted = { repositoryName: repository, registryId, digests: [digest] }
  const [image] = await fetchManifests(session, wanted)
  const config = configDigestIn(image?.imageManifest ?? '{}')
  if (config === undefined) return undefined
  const { registry, password } = await authorizationToken(session)
  const host = asked.reference.host ?? new URL(registry).host
  const base = session.endpoint === undefined ? `https://${host}` : session.endpoint
  const authorization = `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`
  const response = await fetch(`${base}/v2/${repository}/blobs/${config}`, {
    headers: { authorization },
    signal: AbortSignal.timeout(configTimeoutMs),
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.error, `${base} does not answer: ${why}`)
  })
  const length = Number(response.headers.get('content-length') ?? maxConfigBytes + 1)
  if (!response.ok || length > maxConfigBytes)
    throw new Failure(exitCodes.error, `the registry answered ${response.status} for its config`)
  const parsed: unknown = await response.json()
  return parsed
}

function configDigestIn(manifest: string): string | undefined {
  const parsed: unknown = JSON.parse(manifest)
  if (typeof parsed !== 'object' || parsed === null || !('config' in parsed)) return undefined
  const { config } = parsed
  if (typeof config !== 'object' || config === null || !('digest' in config)) return undefined
  return typeof config.digest === 'string' ? config.digest : undefined
}

function of({ registryId }: AskedImage): { readonly registryId?: string } {
  return registryId === undefined ? {} : { registryId }
}
