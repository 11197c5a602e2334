// A lifecycle policy over 100,000 images of one repository: with three rules, with the fifty that a policy may have, and the reading
// of the images from the database.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readImages } from '../src/lifecycle/read-images.ts'
import { evaluateLifecycle } from '../src/lifecycle/rules/evaluate-lifecycle.ts'
import type { LifecycleImage } from '../src/lifecycle/rules/lifecycle-image.ts'
import { dayMs } from '../src/lifecycle/rules/lifecycle-policy.ts'
import type { EmbeddedDatabase } from '../src/storage/database/database.ts'
import { migrate } from '../src/storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from '../src/storage/database/sqlite.ts'
import { lifecycleOf } from '../test/kit/lifecycle.ts'

const imageCount = 100_000
const now = Date.parse('2026-11-24T12:00:00Z')

/** Prints the median of rounds in milliseconds of processor time, so that other work on the machine does not count. */
export async function benchLifecycle(print: (line: string) => void): Promise<void> {
  const images = Array.from({ length: imageCount }, (_, index) => imageAt(index))
  const fifty = Array.from(
    { length: 50 },
    (_, index) => `${index + 1} pattern:*branch-${index}-* count:10`,
  )
  for (const [name, rules] of [
    ['three rules', ['1 untagged count:10', '2 prefix:branch-1 pushed:30d', '3 any count:50000']],
    ['fifty rules of patterns', fifty],
  ] as const) {
    const policy = lifecycleOf(rules)
    const times = await processorTimes(() => void evaluateLifecycle(policy, images, { now }))
    print(`lifecycle, ${imageCount} images, ${name}: ${times}`)
  }
  await benchReading(images, print)
}

/** Median, least and most of five rounds. */
async function processorTimes(round: () => Promise<void> | void): Promise<string> {
  const times: number[] = []
  for (let index = 0; index < 5; index += 1) {
    const before = process.cpuUsage()
    await round()
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
  }
  const sorted = times.toSorted((left, right) => left - right)
  const [least, median, most] = [sorted[0], sorted[2], sorted[4]].map((ms) => Math.round(ms ?? 0))
  return `${median} ms (${least} to ${most})`
}

/** All rows that a run reads before it judges, in pages between which requests have their turn. */
async function benchReading(
  images: readonly LifecycleImage[],
  print: (line: string) => void,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-bench-'))
  const database = openSqlite(join(directory, 'pratique.db'))
  try {
    await migrate(database, sqliteDialect)
    await fill(database, images)
    const { signal } = new AbortController()
    const times = await processorTimes(async () => {
      const read = await readImages(database, 1, { signal })
      if (read.length !== images.length) throw new Error(`${read.length} images were read`)
    })
    print(`lifecycle, ${imageCount} images, read from the database: ${times}`)
  } finally {
    await database.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Rows as pushes would have made them; manifests of the usual length. */
async function fill(database: EmbeddedDatabase, images: readonly LifecycleImage[]): Promise<void> {
  const account = '123456789012'
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const bytes = Buffer.alloc(1500)
  await database.transaction(async (tx) => {
    await tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, 1)', [account])
    await tx.run(
      `INSERT INTO repositories (id, account, name, tag_mutability, scan_on_push, created_at) VALUES (1, $1, 'bench/app', 'MUTABLE', 0, 1)`,
      [account],
    )
    for (const { digest, tags, pushedAt } of images) {
      await tx.run(
        `INSERT INTO manifests (repository_id, digest, media_type, image_size, pushed_at, pushed_by, size, bytes)
         VALUES (1, $1, $2, 2, $3, 'arn', $4, $5)`,
        [digest, mediaType, pushedAt, bytes.length, bytes],
      )
      for (const tag of tags) {
        await tx.run(
          'INSERT INTO tags (repository_id, name, digest, updated_at) VALUES (1, $1, $2, $3)',
          [tag, digest, pushedAt],
        )
      }
    }
  })
}

/** One of five has no tag, and one of five two. */
function imageAt(index: number): LifecycleImage {
  const tag = `branch-${index % 60}-${index}`
  return {
    digest: `sha256:${((index * 2_654_435_761) % 2 ** 32).toString(16).padStart(64, '0')}`,
    tags: index % 5 === 0 ? [] : index % 5 === 1 ? [tag, `build-${index}`] : [tag],
    pushedAt: now - ((index * 7919) % 400) * dayMs - index,
    storageClass: 'standard',
    heldBy: [],
  }
}
