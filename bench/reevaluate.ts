// How long it takes until every stored image is right again after advisories changed, and what pushes and pulls feel of it.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { stat } from 'node:fs/promises'
import { fillWithImages, libraryName } from './inventory-model.ts'
import { readCounts, setsInBlock } from '../src/scanning/rules/count-block.ts'
import { pushBytes, pushImage } from './load.ts'
import { residentBytes, watchMemory } from './memory-watch.ts'
import { startPratique, type RegistryUnderLoad } from './servers.ts'

/** Records that are there before anything is measured. */
const knownAdvisories = 20_000
const changedAdvisories = [1, 100, 1000, 10_000]
/** Advisories are about any library, popular or not; the worst case is about popular ones only. */
const anyLibrary = 60_000
const popularLibrary = 20_000

export async function benchReevaluate(
  print: (line: string) => void,
  sizes: readonly number[],
): Promise<void> {
  for (const images of sizes) {
    const server = await startPratique()
    try {
      await measure(print, server, images)
    } finally {
      await server.stop()
    }
  }
}

async function measure(
  print: (line: string) => void,
  server: RegistryUnderLoad,
  images: number,
): Promise<void> {
  await server.makeRepository('bench/app')
  const layer = await pushBytes(server, 'bench/app', Buffer.from('layer'))
  const digest = await pushImage(server, 'bench/app', 'v1', { digest: layer, size: 5 })
  let linked = 0
  await server.restartCold(async () => {
    const { sets, packages, links } = fillWithImages(server.directory, images)
    linked = links
    print(`${images} images: ${sets} package sets of ${packages} packages, ${links} links`)
    return Promise.resolve()
  })
  const watch = new Watch(server)
  try {
    const { size } = await stat(join(server.directory, 'pratique.db'))
    print(
      `  database ${mib(size)}, postings ${mib(watch.postingBytes())} (${(watch.postingBytes() / linked).toFixed(2)} bytes a link), idle server ${mib(await residentBytes(server.pid))}`,
    )
    await measureChange(print, { server, watch, count: knownAdvisories, round: 0, digest })
    for (const [index, count] of changedAdvisories.entries())
      await measureChange(print, { server, watch, count, round: index + 1, digest })
    const worst = { count: 1000, round: changedAdvisories.length + 1, libraries: popularLibrary }
    await measureChange(print, { server, watch, digest, ...worst })
    await measureWhere(print, server)
    const idle = await probe(server, digest, async () => delay(3000))
    print(`  for comparison, at rest: ${idle}`)
  } finally {
    watch.close()
  }
}

interface Change {
  readonly server: RegistryUnderLoad
  readonly watch: Watch
  readonly count: number
  readonly round: number
  readonly digest: string
  /** The records are about so many of the most popular libraries. */
  readonly libraries?: number
}

/** Another fixed version in so many records: findings of all packages before it change. */
async function measureChange(
  print: (line: string) => void,
  { server, watch, count, round, digest, libraries = anyLibrary }: Change,
): Promise<void> {
  const memory = watchMemory(server.pid)
  let right = 0
  let counted = 0
  let imported = 0
  const before = watch.changes()
  let asked: Asked | undefined
  const felt = await probe(server, digest, async () => {
    const started = performance.now()
    const visible = await importRecords(server, { count, round, libraries })
    imported = performance.now() - started
    const asking = askImages(server, watch.someImages())
    await watch.until(() => watch.isEvaluated())
    right = Date.now() - visible
    await watch.until(() => watch.isCounted())
    counted = Date.now() - visible
    asked = await asking
  })
  const told = asked === undefined ? '' : await compareAgain(server, asked)
  const after = watch.changes()
  print(
    `  ${count} changed advisories${libraries === anyLibrary ? '' : ' of popular libraries'} (imported in ${ms(imported)}): all findings right after ${right} ms, counts after ${counted} ms; ${after.matches - before.matches} matches and the counts of ${watch.changedSets()} sets written; peak ${mib(await memory.stop())}; meanwhile ${felt}${told}`,
  )
}

interface Image {
  readonly repository: string
  readonly digest: string
}

interface Asked {
  readonly took: readonly number[]
  readonly told: readonly (Image & { readonly findings: string })[]
}

/** Findings of images, one after another from the moment at which the import is visible. */
async function askImages(server: RegistryUnderLoad, images: readonly Image[]): Promise<Asked> {
  const took: number[] = []
  const told: (Image & { readonly findings: string })[] = []
  for (const image of images) {
    const started = performance.now()
    const findings = (await server.findings?.(image.repository, image.digest)) ?? ''
    took.push(performance.now() - started)
    told.push({ ...image, findings })
  }
  return { took, told }
}

/** Whether what was told at once is what is told when all is over. */
async function compareAgain(server: RegistryUnderLoad, { took, told }: Asked): Promise<string> {
  let same = 0
  for (const { repository, digest, findings } of told)
    if ((await server.findings?.(repository, digest)) === findings) same += 1
  return `; findings of ${told.length} images asked at once ${spread(took)}, of ${same} as they are in the end`
}

/** "Where is it": a popular flaw and a rare one, the first page with all totals. */
async function measureWhere(
  print: (line: string) => void,
  server: RegistryUnderLoad,
): Promise<void> {
  for (const flaw of ['CVE-2026-100000', 'CVE-2026-109999']) {
    const took: number[] = []
    let images = 0
    for (let round = 0; round < 5; round += 1) {
      const started = performance.now()
      const answer = await fetch(`${server.url}/pratique/v1/images?vulnerability=${flaw}`, {
        headers: { authorization: server.authorization ?? '' },
      })
      const { total } = (await answer.json()) as { readonly total: { readonly images: number } }
      took.push(performance.now() - started)
      images = total.images
    }
    print(`  where ${flaw}: in ${images} images, ${spread(took)}`)
  }
}

/** Resolves with the moment at which the revision was published, by the server's clock, which is ours. */
async function importRecords(
  server: RegistryUnderLoad,
  { count, round, libraries }: Required<Pick<Change, 'count' | 'round' | 'libraries'>>,
): Promise<number> {
  const lines = Array.from({ length: count }, (_, place) => {
    // Spread over all that are known: another fixed version in a record that stays about its library.
    const index = Math.floor((place * knownAdvisories) / Math.max(count, 1))
    const name = libraryName(Math.floor((index * libraries) / knownAdvisories))
    return JSON.stringify({
      id: `BENCH-${libraries}-${index}`,
      aliases: [`CVE-2026-${100_000 + index}`],
      modified: new Date(Date.UTC(2026, 0, 2 + round)).toISOString(),
      summary: 'a flaw that is made up for a measurement',
      severity: [
        {
          type: 'CVSS_V3',
          score: `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:${index % 2 === 0 ? 'H' : 'L'}/I:N/A:N`,
        },
      ],
      affected: [
        {
          package: { ecosystem: 'npm', name },
          ranges: [
            {
              type: 'SEMVER',
              events: [{ introduced: '0' }, { fixed: `1.${6 + ((round * 5) % 18)}.0` }],
            },
          ],
        },
      ],
    })
  })
  const answer = await fetch(`${server.url}/pratique/v1/advisories?source=bench&snapshot=false`, {
    method: 'POST',
    headers: {
      authorization: server.authorization ?? '',
      'content-type': 'application/x-ndjson',
    },
    body: `${lines.join('\n')}\n`,
  })
  const text = await answer.text()
  const visible = Date.now()
  if (!answer.ok || text.includes('"kind":"failed"')) throw new Error(`import refused: ${text}`)
  return visible
}

/** Latencies of pulls, one after another, and of pushes, while something else goes on. */
async function probe(
  server: RegistryUnderLoad,
  digest: string,
  meanwhile: () => Promise<void>,
): Promise<string> {
  const done = new AbortController()
  const [pulls, pushes] = [[] as number[], [] as number[]]
  const pull = async (): Promise<void> => {
    const answer = await fetch(`${server.url}/v2/bench/app/manifests/${digest}`, {
      headers: {
        authorization: server.authorization ?? '',
        accept: 'application/vnd.oci.image.manifest.v1+json',
      },
    })
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`a pull was answered with ${answer.status}`)
  }
  let number = 0
  const push = async (): Promise<void> => {
    number += 1
    await pushBytes(server, 'bench/app', Buffer.from(`pushed ${Date.now()} ${number}`))
  }
  const repeat = async (work: () => Promise<void>, took: number[]): Promise<void> => {
    while (!done.signal.aborted) {
      const started = performance.now()
      await work()
      took.push(performance.now() - started)
      await delay(10)
    }
  }
  const loads = [repeat(pull, pulls), repeat(push, pushes)]
  await meanwhile()
  done.abort()
  await Promise.all(loads)
  return `pull ${spread(pulls)}, push ${spread(pushes)}`
}

function spread(took: readonly number[]): string {
  const sorted = took.toSorted((a, b) => a - b)
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
  return `p50 ${at(0.5)} ms p99 ${at(0.99)} ms (${sorted.length})`
}

/** Looks at the server's database from outside. */
class Watch {
  readonly #database: DatabaseSync

  constructor(server: RegistryUnderLoad) {
    this.#database = new DatabaseSync(join(server.directory, 'pratique.db'), { readOnly: true })
  }

  isEvaluated(): boolean {
    return (
      this.#number('SELECT revision > evaluated_revision AS n FROM advisory_state') === 0 &&
      this.#number("SELECT COUNT(*) AS n FROM jobs WHERE kind = 'reevaluate-packages'") === 0
    )
  }

  isCounted(): boolean {
    return (
      this.#number('SELECT COUNT(*) AS n FROM uncounted_sets') +
        this.#number('SELECT COUNT(*) AS n FROM uncounted_packages') ===
        0 &&
      this.#number('SELECT COUNT(*) AS n FROM holding_counts WHERE counts <> applied') === 0 &&
      this.#number("SELECT COUNT(*) AS n FROM jobs WHERE kind = 'count-findings'") === 0
    )
  }

  async until(isReached: () => boolean): Promise<void> {
    while (!isReached()) await delay(5)
  }

  changes(): { readonly matches: number } {
    return { matches: this.#number('SELECT COALESCE(MAX(id), 0) AS n FROM matches') }
  }

  /** Sets that hold a finding now: each of them may have changed. */
  changedSets(): number {
    const blocks = this.#database.prepare('SELECT counts FROM set_count_blocks').all()
    let changed = 0
    for (const { counts } of blocks) {
      if (!(counts instanceof Uint8Array)) continue
      for (let place = 0; place < setsInBlock; place += 1)
        if ((readCounts(counts, place) ?? []).some((number) => number > 0)) changed += 1
    }
    return changed
  }

  /** Images whose places are written. */
  someImages(): readonly Image[] {
    const rows = this.#database
      .prepare(
        `SELECT r.name, s.digest FROM image_scans s JOIN repositories r ON r.id = s.repository_id
         WHERE s.instances IS NOT NULL AND r.name LIKE 'model/%' ORDER BY s.digest LIMIT 20`,
      )
      .all()
    return rows.map(({ name, digest }) => ({ repository: String(name), digest: String(digest) }))
  }

  postingBytes(): number {
    return this.#number('SELECT SUM(LENGTH(sets)) AS n FROM holding_postings')
  }

  close(): void {
    this.#database.close()
  }

  #number(sql: string): number {
    return Number(this.#database.prepare(sql).get()?.['n'] ?? 0)
  }
}

function mib(size: number): string {
  return `${Math.round(size / 1024 ** 2)} MiB`
}

function ms(duration: number): string {
  return `${duration.toFixed(0)} ms`
}
