// Repositories and their settings, by the ECR API alone.
import {
  BatchGetRepositoryScanningConfigurationCommand,
  GetLifecyclePolicyCommand,
  GetRepositoryPolicyCommand,
  ListTagsForResourceCommand,
  paginateDescribeRepositories,
  type Repository,
} from '@aws-sdk/client-ecr'
import { mapConcurrent } from '../../src/lib/map-concurrent.ts'
import type { RepositoryEvidence, Told } from '../../src/posture/rules/evidence.ts'
import { matchesSegment } from '../../src/vex/path-glob.ts'
import { exitCodes, Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { readImages, type ImageReading } from './read-images.ts'
import { tell, tellIfThere } from './told.ts'

const maxRepositories = 10_000
/** ECR takes as many names in one call. */
const namesAtOnce = 25
const repositoriesAtOnce = 4

export interface RepositoryReading extends ImageReading {
  /** Names or patterns; none: all. */
  readonly only: readonly string[]
  readonly progress: (done: number, all: number) => void
}

export async function readRepositories(
  session: Session,
  reading: RepositoryReading,
): Promise<readonly RepositoryEvidence[]> {
  const found = await list(session, reading.only)
  const frequencies = await readFrequencies(session, found.map(nameOf))
  const read = new Map<string, RepositoryEvidence>()
  await mapConcurrent(found, repositoriesAtOnce, async (repository) => {
    const name = nameOf(repository)
    const frequency = frequencies.get(name) ?? untold('its scan frequency is not told')
    read.set(name, await readOne(session, repository, { ...reading, frequency }))
    reading.progress(read.size, found.length)
  })
  return found.flatMap((repository) => read.get(nameOf(repository)) ?? [])
}

async function list(session: Session, only: readonly string[]): Promise<readonly Repository[]> {
  const found: Repository[] = []
  const pages = paginateDescribeRepositories({ client: session.ecr, pageSize: 1000 }, {})
  for await (const { repositories = [] } of pages) {
    const isAsked = ({ repositoryName = '' }: Repository): boolean =>
      only.length === 0 || only.some((pattern) => matchesSegment(pattern, repositoryName))
    found.push(...repositories.filter(isAsked))
    if (found.length > maxRepositories)
      throw new Failure(exitCodes.usage, `there are more than ${maxRepositories} repositories`)
  }
  return found.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}

function nameOf({ repositoryName = '' }: Repository): string {
  return repositoryName
}

type Frequency = RepositoryEvidence['scanFrequency']

/** What holds for each: the rules of the registry and the repository's own setting are resolved by the service. */
async function readFrequencies(
  { ecr }: Session,
  names: readonly string[],
): Promise<ReadonlyMap<string, Frequency>> {
  const frequencies = new Map<string, Frequency>()
  for (let from = 0; from < names.length; from += namesAtOnce) {
    const repositoryNames = names.slice(from, from + namesAtOnce)
    const command = new BatchGetRepositoryScanningConfigurationCommand({ repositoryNames })
    const told = await tell('ecr:BatchGetRepositoryScanningConfiguration', () => ecr.send(command))
    for (const name of repositoryNames) if (told.kind !== 'told') frequencies.set(name, told)
    const { scanningConfigurations = [] } = told.kind === 'told' ? told.value : {}
    for (const { repositoryName = '', scanFrequency } of scanningConfigurations)
      frequencies.set(
        repositoryName,
        scanFrequency === undefined
          ? untold('its scan frequency is not told')
          : { kind: 'told', value: scanFrequency },
      )
  }
  return frequencies
}

function untold(why: string): Extract<Told<never>, { kind: 'unknown' }> {
  return { kind: 'unknown', why }
}

async function readOne(
  session: Session,
  repository: Repository,
  { frequency, ...reading }: RepositoryReading & { readonly frequency: Frequency },
): Promise<RepositoryEvidence> {
  const { ecr } = session
  const { repositoryName = '', repositoryArn: resourceArn = '' } = repository
  const { imageTagMutabilityExclusionFilters: filters = [] } = repository
  return {
    name: repositoryName,
    arn: resourceArn,
    mutability: repository.imageTagMutability ?? 'unknown',
    exclusions: filters.map(({ filter = '' }) => filter),
    customerKey: keyOf(repository),
    scanFrequency: frequency,
    lifecycle: await tellIfThere(
      'ecr:GetLifecyclePolicy',
      async () =>
        (await ecr.send(new GetLifecyclePolicyCommand({ repositoryName }))).lifecyclePolicyText,
      { absent: ['LifecyclePolicyNotFoundException'] },
    ),
    policy: await tellIfThere(
      'ecr:GetRepositoryPolicy',
      async () => (await ecr.send(new GetRepositoryPolicyCommand({ repositoryName }))).policyText,
      { absent: ['RepositoryPolicyNotFoundException'] },
    ),
    tags: await tell('ecr:ListTagsForResource', async () => {
      const { tags = [] } = await ecr.send(new ListTagsForResourceCommand({ resourceArn }))
      return tags.map(({ Key = '' }) => Key)
    }),
    images: await tell('ecr:DescribeImages', () => readImages(session, repositoryName, reading)),
  }
}

function keyOf({ encryptionConfiguration: encryption }: Repository): Told<string | undefined> {
  if (encryption === undefined) return untold('how it is encrypted is not told')
  const { encryptionType, kmsKey } = encryption
  const isOwn = encryptionType !== 'AES256' && kmsKey !== undefined && !/alias\/aws\//.test(kmsKey)
  return { kind: 'told', value: isOwn ? kmsKey : undefined }
}
