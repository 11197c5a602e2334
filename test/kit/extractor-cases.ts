// The cases that lie beside the extractors, and the public fixtures with what their origins expect of them.
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import type { Extraction, Extractor } from '../../src/ecosystems/ecosystem.ts'
import { allExtractors } from '../../src/ecosystems/table.ts'
import { sharedData } from './shared-data.ts'

export interface FileContent {
  readonly text?: string
  readonly base64?: string
}

/** One file and what is read from it. `source`: a link, or how the expected answer was got. */
export interface ExtractorCase {
  readonly name: string
  readonly extractor: string
  readonly path: string
  readonly file: FileContent
  readonly expected: {
    /** `name version`, with the source package in brackets, and what else is said after semicolons: see `describe`. */
    readonly packages: readonly string[]
    /** Parts of the reasons, in order. */
    readonly problems?: readonly string[]
  }
  readonly source: string
}

/**
 * How the cases of an origin's reader are read here, and where our answer is another one on purpose. A reader of several
 * formats is divided by a part of its files' paths: `os/dpkg testdata/opkg/`.
 */
export interface PublicReading {
  readonly [origin: string]: {
    readonly extractor: string
    /** Where such a file lies in an image; of an archive of several files, which of them is read. */
    readonly path: string
    readonly differences?: readonly PublicDifference[]
  }
}

export interface PublicDifference {
  readonly case: string
  /** How its path ends, where the origin has several cases of one name. */
  readonly file?: string
  /** `name version` that only the origin has. */
  readonly missing?: readonly string[]
  /** Those that only we have. */
  readonly extra?: readonly string[]
  readonly why: string
}

export interface PublicCase {
  readonly origin: string
  readonly case: string
  readonly path: string
  readonly expected: readonly {
    readonly name: string
    readonly version: string
    readonly epoch?: string
    readonly release?: string
  }[]
  readonly file: FileContent
}

const ecosystemsFolder = join(import.meta.dirname, '../../src/ecosystems')

/** Every `cases/*.json` of the ecosystems, but those that hold something else. */
export function ownCases(): readonly ExtractorCase[] {
  return caseFiles().flatMap((file) =>
    ['public.json', 'versions.json'].includes(basename(file))
      ? []
      : (JSON.parse(readFileSync(file, 'utf8')) as ExtractorCase[]),
  )
}

/** By the origin's name of its reader. */
export function publicReadings(): ReadonlyMap<string, PublicReading[string]> {
  const files = caseFiles().filter((file) => basename(file) === 'public.json')
  const readings = files.flatMap((file) =>
    Object.entries(JSON.parse(readFileSync(file, 'utf8')) as PublicReading),
  )
  const byOrigin = new Map(readings)
  if (byOrigin.size < readings.length) throw new Error('two public.json name the same reader')
  return byOrigin
}

/** The reading for a case: the one of its reader whose part of a path, if it names one, is in the case's. */
export function readingOf(
  { origin, path }: Pick<PublicCase, 'origin' | 'path'>,
  readings: ReadonlyMap<string, PublicReading[string]>,
): { readonly key: string; readonly reading: PublicReading[string] } | undefined {
  const candidates = [...readings].filter(([key]) => {
    const [reader, part = ''] = key.split(' ', 2)
    return reader === origin && path.includes(part)
  })
  // The longest names the narrowest part.
  const [found] = candidates.toSorted(([a], [b]) => b.length - a.length)
  return found === undefined ? undefined : { key: found[0], reading: found[1] }
}

/** The file itself, or one of those in a txtar (text archive of Go's tests). */
export function publicBytes({ path, file }: PublicCase, member: string): Buffer {
  if (!path.endsWith('.txtar')) return bytesOf(file)
  const parts = bytesOf(file)
    .toString()
    .split(/^-- (.+) --$\n/m)
  const at = parts.indexOf(member)
  return Buffer.from(at === -1 ? '' : (parts[at + 1] ?? ''))
}

/** Undefined where the shared data is absent. */
export function publicCases(): readonly PublicCase[] | undefined {
  const files = ['inventory-scalibr.ndjson.zst', 'inventory-trivy.ndjson.zst'].map((name) =>
    sharedData('fixtures', name),
  )
  return files.some((file) => file === undefined)
    ? undefined
    : files.flatMap((file) => linesOf(file ?? ''))
}

function linesOf(file: string): readonly PublicCase[] {
  const text = zstdDecompressSync(readFileSync(file)).toString()
  return text
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => {
      const read = JSON.parse(line) as PublicCase & { extractor?: string; parser?: string }
      const expected = read.expected.map((it) => ({ ...it, version: versionOf(it) }))
      return { ...read, expected, origin: read.extractor ?? read.parser ?? '' }
    })
}

/** Some origins keep epoch and release apart; 0 is no epoch. */
function versionOf({ version, epoch = '0', release = '' }: PublicCase['expected'][number]): string {
  const whole = release === '' ? version : `${version}-${release}`
  return ['0', ''].includes(epoch) ? whole : `${epoch}:${whole}`
}

function caseFiles(): readonly string[] {
  return globSync('*/cases/*.json', { cwd: ecosystemsFolder })
    .map((name) => join(ecosystemsFolder, name))
    .filter((file) => basename(dirname(file)) === 'cases')
    .toSorted()
}

export function findExtractor(id: string): Extractor {
  const found = allExtractors().find((extractor) => extractor.id === id)
  if (found === undefined) throw new Error(`no extractor is called ${id}`)
  return found
}

export function bytesOf({ text, base64 }: FileContent): Buffer {
  return base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64')
}

/** As the cases write packages: `name version (source version); module m; declared; dev; at inner/path`. */
export function describe({ instances }: Extraction, path: string): readonly string[] {
  return instances.map(({ package: found, ...instance }) => {
    const { name, version, source, module } = found
    const isOwnSource = source?.name === name && source.version === version
    const marks = [
      module === undefined ? '' : `module ${module}`,
      instance.evidence === 'installed' ? '' : instance.evidence,
      instance.isDevelopment === true ? 'dev' : '',
      instance.path === path ? '' : `at ${instance.path.replace(path, '')}`,
    ].filter((mark) => mark !== '')
    const origin = source === undefined || isOwnSource ? '' : ` (${source.name} ${source.version})`
    return [`${name} ${version}${origin}`, ...marks].join('; ')
  })
}
