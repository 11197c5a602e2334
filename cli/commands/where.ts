import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

interface Place {
  readonly path: string
  readonly layerDigest: string
}

interface FoundImage {
  readonly repository: string
  readonly digest: string
  readonly tags: readonly string[]
  readonly pushedAt: string
  readonly pushedBy?: string
  readonly lastPulledAt?: string
  readonly knownSince?: string
  readonly uses: readonly {
    readonly cluster: string
    readonly namespace: string
    readonly workloadKind: string
    readonly workloadName: string
    readonly seenAt: string
    readonly seenBy: string
    readonly endedAt?: string
  }[]
  readonly findings: readonly {
    readonly package: { readonly name: string; readonly version: string }
    readonly severity: string
    readonly places: readonly Place[]
    readonly fix: { readonly words: string }
    readonly suppression?: { readonly kind: string }
  }[]
  readonly packages: readonly {
    readonly name: string
    readonly version: string
    readonly places: readonly Place[]
  }[]
}

interface Found {
  readonly answer: string
  readonly names: readonly string[]
  readonly images: readonly FoundImage[]
  readonly total: { readonly images: number; readonly repositories: number }
  readonly unjudged: number
  readonly isCut: boolean
  readonly isBehind: boolean
  readonly next?: string
}

interface WhereOptions {
  readonly package?: string
  readonly range?: string
  readonly limit: string
  readonly after?: string
  readonly all?: boolean
  readonly output: Format
}

export function whereCommand(program: Command): void {
  program
    .command('where')
    .argument('[flaw]', 'CVE-…, GHSA-… or another id of a flaw')
    .option('--package <name>', 'a package instead: its name, group:name, or a package URL')
    .option('--range <range>', 'of that package, such as ">=2.0, <2.17.1"')
    .option('--limit <n>', 'images of one page', '50')
    .option('--after <next>', 'the page after this one')
    .option('--all', 'all pages')
    .description('In which images a flaw or a package is: tag, layer, path, who pushed it.')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  pratique where CVE-2021-44228\n  pratique where --package log4j-core --range ">=2.0, <2.17.1"\n\nExit codes: 0 in no image, 1 failed, 2 nonsense, 3 in some image, 4 not allowed, 6 cannot be said.',
    )
    .action(where)
}

async function where(flaw: string | undefined, options: WhereOptions): Promise<void> {
  if ((flaw === undefined) === (options.package === undefined))
    throw new Failure(exitCodes.usage, 'name a flaw, or a package with --package')
  const found = await fetchFound(flaw, options)
  const asked = flaw ?? `${options.package ?? ''} ${options.range ?? ''}`.trim()
  say(render(options.output, found, () => renderFound(asked, found)))
  for (const each of remarksOn(asked, found)) note(each)
  process.exitCode = exitCodeOf(found)
}

async function fetchFound(flaw: string | undefined, options: WhereOptions): Promise<Found> {
  const session = openSession(configOf({}))
  const query = new URLSearchParams({ limit: options.limit })
  if (flaw !== undefined) query.set('vulnerability', flaw)
  if (options.package !== undefined) query.set('package', options.package)
  if (options.range !== undefined) query.set('range', options.range)
  if (options.after !== undefined) query.set('after', options.after)
  const ask = async (): Promise<Found> =>
    jsonOf(await callServer(session, 'GET', `/pratique/v1/images?${query.toString()}`))
  let found = await ask()
  const images = [...found.images]
  while (options.all === true && found.next !== undefined) {
    query.set('after', found.next)
    found = await ask()
    images.push(...found.images)
  }
  return { ...found, images }
}

function renderFound(asked: string, { answer, images, total }: Found): string {
  if (images.length === 0) {
    const nobody = answer === 'unknown-flaw' ? 'no data here speaks of it' : 'in no image'
    return `${asked}: ${nobody}`
  }
  const rows = images.flatMap((image) => rowsOf(image))
  const header = [
    'IMAGE',
    'PACKAGE',
    'SEVERITY',
    'WHERE',
    'LAYER',
    'FIX',
    'PUSHED',
    'PULLED',
    'KNOWN',
    'RUNS IN',
  ]
  const head = `${asked}: in ${total.images} images of ${total.repositories} repositories`
  return `${head}\n${renderTable(header, rows)}`
}

function rowsOf(image: FoundImage): readonly (readonly string[])[] {
  const [tag] = image.tags
  const name = `${image.repository}${tag === undefined ? '' : `:${tag}`}@${image.digest.slice(0, 19)}`
  const who = image.pushedBy?.split(/[:/]/).at(-1) ?? 'unknown'
  const times = [
    `${day(image.pushedAt)} by ${who}`,
    image.lastPulledAt === undefined ? 'never' : day(image.lastPulledAt),
    image.knownSince === undefined ? '' : `since ${day(image.knownSince)}`,
    usesText(image.uses),
  ]
  const found = image.findings.map(({ package: it, severity, places, fix, suppression }) => ({
    name: `${it.name} ${it.version}`,
    severity:
      suppression === undefined ? severity : `${severity} (not counted: ${suppression.kind})`,
    places,
    fix: fix.words,
  }))
  const held = image.packages.map(({ name: it, version, places }) => ({
    name: `${it} ${version}`,
    severity: '',
    places,
    fix: '',
  }))
  return [...found, ...held].map((each) => [
    name,
    each.name,
    each.severity,
    placesText(each.places),
    each.places[0]?.layerDigest.slice(0, 19) ?? '',
    each.fix,
    ...times,
  ])
}

function placesText([first, ...more]: readonly Place[]): string {
  return `${first?.path ?? ''}${more.length === 0 ? '' : ` and ${more.length} more`}`
}

/** What is taken to run, with when it was last seen; what ran has its day. */
function usesText(uses: FoundImage['uses']): string {
  const running = uses.filter(({ endedAt }) => endedAt === undefined)
  const [last] = uses
  if (last === undefined) return ''
  if (running.length === 0) return `ran in ${last.cluster}, last seen ${day(last.seenAt)}`
  const places = new Map<string, string>()
  for (const { cluster, namespace, seenAt } of running) {
    const place = namespace === '' ? cluster : `${cluster}/${namespace}`
    if (!places.has(place)) places.set(place, day(seenAt))
  }
  const told = [...places].slice(0, 3).map(([place, seen]) => `${place} (seen ${seen})`)
  const more = places.size - told.length
  return `${told.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function day(instant: string): string {
  return instant.slice(0, 10)
}

function remarksOn(
  asked: string,
  { names, next, unjudged, isCut, isBehind, images }: Found,
): readonly string[] {
  const others = names.filter((name) => name !== asked)
  return [
    ...(others.length === 0 ? [] : [`also known as ${others.join(', ')}`]),
    ...(unjudged === 0
      ? []
      : [
          `${unjudged} images were not scanned whole: they may hold it too (pratique scan IMAGE says why)`,
        ]),
    ...(isBehind
      ? ['newer data is being held against what is stored: ask again when that is over']
      : []),
    ...(isCut
      ? ['more packages have this name than were looked at: name it by its package URL']
      : []),
    ...(next === undefined ? [] : [`more than these ${images.length}: --after ${next}, or --all`]),
  ]
}

function exitCodeOf({ answer, total, unjudged, isBehind }: Found): number {
  if (total.images > 0) return exitCodes.no
  const isOpen = answer === 'unknown-flaw' || unjudged > 0 || isBehind
  return isOpen ? exitCodes.cannotAnswer : exitCodes.ok
}
