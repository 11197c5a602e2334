// The direction of imports, and what may be written where. Read this first: it is the map of the house.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Imports go from a higher rank to a lower one, or stay in the folder. Equal rank: neighbours that don't know each other. */
const ranks: readonly (readonly [folder: string, rank: number])[] = [
  ['src/main.ts', 110],
  ['src/app.ts', 100],
  ['src/auditing.ts', 96],
  ['src/scan-jobs.ts', 96],
  ['src/lifecycle-jobs.ts', 96],
  ['src/open-signing.ts', 95],
  ['src/signing-jobs.ts', 96],
  ['src/signing-rooms.ts', 97],
  ['src/lifecycle-rooms.ts', 97],
  ['src/trust-jobs.ts', 95],
  ['src/admission-rooms.ts', 97],
  ['src/admission-jobs.ts', 96],
  ['src/admission-trust.ts', 95],
  ['src/trust-rooms.ts', 97],
  ['src/posture-rooms.ts', 97],
  ['src/lanes.ts', 97],
  ['src/background.ts', 98],
  ['src/control-rooms.ts', 99],
  ['src/notifying.ts', 96],
  ['src/listening.ts', 96],
  ['src/inspecting.ts', 95],
  ['src/offline.ts', 97],
  ['src/recover-root-key.ts', 98],
  ['src/trusted-keys.ts', 96],
  ['src/advisory-rooms.ts', 96],
  ['src/feed-sources.ts', 96],
  ['src/foundation.ts', 94],
  ['src/config.ts', 30],
  ['src/audit-setting.ts', 29],
  ['src/admission-setting.ts', 29],
  ['src/feed-setting.ts', 29],
  ['src/notification-setting.ts', 29],
  ['src/signing-setting.ts', 29],
  ['src/trust-setting.ts', 29],
  ['src/master-key-setting.ts', 29],
  ['src/setting-values.ts', 28],
  ['src/edges/', 90],
  ['src/posture/', 87],
  ['src/admission/', 86],
  ['src/notifications/', 85],
  ['src/scanning/', 80],
  ['src/trust/', 80],
  ['src/templates/', 78],
  ['src/signing/', 75],
  ['src/lifecycle/', 75],
  ['src/replication/', 75],
  ['src/running/', 72],
  ['src/registry/', 70],
  ['src/audit/', 65],
  ['src/access/', 60],
  ['src/jobs/', 50],
  ['src/feeds/', 45],
  ['src/storage/', 40],
  ['src/sbom/', 25],
  ['src/signatures/', 22],
  ['src/vex/', 21],
  ['src/oci/', 20],
  ['src/policy/', 20],
  ['src/ecosystems/', 20],
  ['src/lib/', 10],
]

/** No clock, no disk, no network, no threads: the same input gives the same answer. */
const pureFolders = [
  /^src\/oci\//,
  /^src\/signatures\//,
  /^src\/vex\//,
  /^src\/policy\//,
  /^src\/ecosystems\//,
  /^src\/sbom\//,
  /^src\/signatures\//,
  /\/rules\//,
]
const impureModules = /^node:(?!crypto$|buffer$|zlib$|util$)/

/** Made in one place and handed on; whoever imports one knows too much. */
const drivers =
  /^src\/storage\/(?:blobs\/(?:filesystem|memory)|database\/sqlite|segments\/filesystem|master-key\/(?:command|environment|file)|feeds\/(?:http|directory|transports))\.ts$/
const driverUsers = /^src\/(?:app|control-rooms|feed-sources|foundation)\.ts$/

const sqlText =
  /\b(?:SELECT\s[^;]{1,400}?\sFROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b/
const sqlHomes =
  /(?:-store\.ts|^src\/storage\/database\/.*|^src\/jobs\/[^/]*|^src\/registry\/events\.ts)$/

interface Import {
  readonly from: string
  /** A path from the root, or a module's name. */
  readonly to: string
}

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'),
    )
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)/g,
  )
  return [...found].map(([, fixed, dynamic]) => {
    const target = fixed ?? dynamic ?? ''
    const to = target.startsWith('.') ? relative(root, join(root, dirname(file), target)) : target
    return { from: file, to }
  })
}

const server = sourceFiles('src')
const serverImports = server.flatMap(importsOf)

function rankOf(file: string): number | undefined {
  return ranks.find(([folder]) => file.startsWith(folder))?.[1]
}

function folderOf(file: string): string | undefined {
  return ranks.find(([folder]) => file.startsWith(folder))?.[0]
}

test('every file of the server has a place in the order of imports', () => {
  const lost = server.filter((file) => rankOf(file) === undefined)
  assert.deepEqual(lost, [], 'put it into one of the folders, or give a new folder a rank here')
})

test('imports go in one direction', () => {
  const wrong = serverImports.filter(({ from, to }) => {
    if (!to.startsWith('src/') || folderOf(from) === folderOf(to)) return false
    return (rankOf(from) ?? 0) <= (rankOf(to) ?? 0)
  })
  const advice =
    'a lower room never imports a higher one: write a row or a job instead, take a function, or move the rule down'
  assert.deepEqual(wrong, [], advice)
})

test('only main and the composition root read the configuration', () => {
  const wrong = serverImports.filter(
    ({ from, to }) =>
      to === 'src/config.ts' &&
      !/^src\/(?:main|app|admission-jobs|admission-rooms|posture-rooms|auditing|background|lanes|lifecycle-jobs|lifecycle-rooms|trust-jobs|trust-rooms|control-rooms|feed-sources|notifying|listening|offline|recover-root-key|foundation)\.ts$/.test(
        from,
      ),
  )
  assert.deepEqual(wrong, [], 'take the value, not the configuration')
})

test('pure code imports nothing that has a world of its own', () => {
  const wrong = serverImports.filter(({ from, to }) => {
    if (!pureFolders.some((folder) => folder.test(from))) return false
    return (
      impureModules.test(to) ||
      /^src\/(?:storage|jobs|(?:access|admission|audit|lifecycle|posture|registry|replication|scanning|signing|trust|notifications|templates)\/(?!rules)|edges|lib\/(?:clock|ids|log))/.test(
        to,
      )
    )
  })
  assert.deepEqual(wrong, [], 'take what you need as an argument')
})

test('drivers are made by the composition root only', () => {
  const wrong = serverImports.filter(
    ({ from, to }) => drivers.test(to) && !driverUsers.test(from) && !drivers.test(from),
  )
  assert.deepEqual(wrong, [], 'take the port, and let app.ts hand the driver over')
})

test('no file is part of an import cycle', () => {
  const edges = new Map<string, readonly string[]>()
  for (const file of server) {
    edges.set(
      file,
      importsOf(file)
        .map(({ to }) => to)
        .filter((to) => to.startsWith('src/')),
    )
  }
  const done = new Set<string>()
  const cycle = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const next of edges.get(file) ?? []) {
      const found = cycle(next, [...path, file])
      if (found !== undefined) return found
    }
    done.add(file)
    return undefined
  }
  for (const file of server) {
    const found = cycle(file, [])
    // Types that two files of one folder share in both directions say the same thing once.
    assert.equal(
      found,
      undefined,
      `cycle: ${found?.join(' → ') ?? ''}; move what both need into a file of its own`,
    )
  }
})

test('SQL, the web framework, AWS shapes, the network and the environment stay where they belong', () => {
  const homes: readonly (readonly [what: RegExp, where: RegExp, advice: string])[] = [
    [sqlText, sqlHomes, 'statements live in the *-store.ts of their room'],
    [
      /from 'fastify'/,
      /^src\/(?:edges\/|(?:app|admission-rooms|listening|inspecting)\.ts)/,
      'rooms know nothing of HTTP',
    ],
    [/from '@aws-sdk\//, /^src\/edges\/aws\//, 'AWS shapes stay at AWS’s edge'],
    [
      /from 'node:(?:https?|net|tls|dns\/?\w*|child_process)'/,
      /^src\/(?:edges\/|lib\/(?:outbound-(?:fetch|mail|post|target)|allowed-places|network-range)\.ts|storage\/(?:master-key\/command|feeds\/http(?:-request)?)\.ts)/,
      'what goes out goes by lib/outbound-*.ts, with their limits; programs are run for the master key alone',
    ],
    [/process\.env/, /^src\/config\.ts/, 'config.ts reads the environment'],
    [
      /new Date\(\)|Date\.now\(|Math\.random\(|randomUUID\(|randomBytes\(/,
      /^src\/lib\//,
      'take a Clock or Ids',
    ],
    [/^export default|\n(?:export default|export \* from)/, /^$/, 'named exports, no barrels'],
    [/\n(?:export )?let /, /^$/, 'no state of a module: two apps run in one process'],
  ]
  for (const [what, where, advice] of homes) {
    const wrong = server.filter((file) => !where.test(file) && what.test(withoutComments(file)))
    assert.deepEqual(wrong, [], advice)
  }
})

function withoutComments(file: string): string {
  const text = readFileSync(join(root, file), 'utf8')
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(?:^|\s)\/\/.*$/gm, '')
}

test('the command line is a client: of the server it knows its words, its settings, and how to start it', () => {
  const allowed =
    /^src\/(?:oci\/|policy\/|vex\/|signatures\/|admission\/rules\/|lifecycle\/rules\/|posture\/rules\/|trust\/rules\/|notifications\/rules\/notice\.ts$|config\.ts$|lib\/(?:duration|map-concurrent|program-version|purl)\.ts$)/
  const wrong = sourceFiles('cli')
    .flatMap(importsOf)
    .filter(({ from, to }) => {
      const isStart =
        to === 'src/main.ts' &&
        /^cli\/(?:commands\/(?:serve|init|fsck|restore)|audit-log\/verify-log|recover-root-key)\.ts$/.test(
          from,
        )
      return to.startsWith('src/') && !allowed.test(to) && !isStart
    })
  assert.deepEqual(wrong, [], 'ask the server through its public APIs')
})
