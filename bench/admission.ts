// Decisions about images of 100,000, at a hundred a second: the judgement alone, and the whole door of clusters; and how many signatures
// a server verifies.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judgeImages, type JudgeDeps } from '../src/admission/judge-images.ts'
import { PoliciesInForce } from '../src/admission/policies-in-force.ts'
import { openCreatedTimes } from '../src/admission/read-created.ts'
import { trustReader } from '../src/admission-trust.ts'
import { systemClock } from '../src/lib/clock.ts'
import type { Digest } from '../src/oci/digest.ts'
import { parseRepositoryName } from '../src/oci/repository-name.ts'
import { parseAccountId } from '../src/policy/account-id.ts'
import { openSuppressions } from '../src/scanning/suppressions.ts'
import type { EmbeddedDatabase } from '../src/storage/database/database.ts'
import { migrate } from '../src/storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from '../src/storage/database/sqlite.ts'
import { benchDoor } from './admission-door.ts'
import { fillImages, mediaType } from './admitted-images.ts'
import { atPace, perSecond, spreadOf } from './pace.ts'
import { benchVerifications } from './verifications.ts'

const account = parseAccountId('123456789012')
const repository = parseRepositoryName('bench/app')

/** Without sizes as for a release: 100,000 images, and some seconds for each figure. */
export async function benchAdmission(
  print: (line: string) => void,
  [images = 100_000, seconds = 30]: readonly number[] = [],
): Promise<void> {
  await benchVerifications(print, Math.max(1, Math.round(seconds / 3)))
  await benchJudgement(print, { images, seconds })
  await benchDoor(print, { images, seconds })
}

async function benchJudgement(
  print: (line: string) => void,
  { images, seconds }: { readonly images: number; readonly seconds: number },
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-bench-'))
  const database = openSqlite(join(directory, 'pratique.db'))
  try {
    await migrate(database, sqliteDialect)
    const digests = await fillImages(database, images)
    const deps = depsOf(database)
    const times = await atPace(seconds, (index) => judge(deps, digests[index % digests.length]))
    print(`judgement, ${images} images, ${perSecond} a second: ${spreadOf(times)}`)
  } finally {
    await database.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function judge(deps: JudgeDeps, digest: Digest | undefined): Promise<void> {
  if (account === undefined || repository === undefined || digest === undefined)
    throw new Error('unreachable')
  const [judgement] = await judgeImages(deps, {
    account,
    images: [{ kind: 'own', repository, reference: { kind: 'digest', digest } }],
    context: { door: 'admission', withoutPolicy: 'deny' },
  })
  if (judgement?.decision.decision !== 'allow')
    throw new Error(`it was denied: ${JSON.stringify(judgement?.decision.reasons)}`)
}

function depsOf(database: EmbeddedDatabase): JudgeDeps {
  const clock = systemClock
  return {
    reader: database,
    clock,
    suppressions: openSuppressions({ reader: database, clock, keys: [], hosts: () => [] }),
    contentOf: () => ({
      findManifest: async (digest) => {
        const row = await database.first(
          'SELECT media_type, bytes FROM manifests WHERE repository_id = 1 AND digest = $1',
          [digest],
        )
        const bytes = row?.['bytes']
        return bytes instanceof Uint8Array ? { mediaType, bytes } : undefined
      },
      openBlob: () => Promise.resolve(undefined),
    }),
    created: openCreatedTimes(),
    trust: trustReader({ reader: database, place: { region: 'us-east-1', hostsOf: () => [] } }),
    policies: new PoliciesInForce(database),
    deadlineMs: 800,
    onFault: (error) => {
      throw error
    },
  }
}
