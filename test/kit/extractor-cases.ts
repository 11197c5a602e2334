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

/** How the cases of an origin's reader are read here, and where our answer is another one on purpose. */
export interface PublicReading {
  readonly [origin: string]: {
    readonly extractor: string
    /** Where such a file lies in an image. */
    readonly path: string
    readonly differences?: readonly PublicDifference[]
  }
}

export interface PublicDifference {
  readonly case: string
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
  readonly expected: readonly { readonly name: string; readonly version: string }[]
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
      return { ...read, origin: read.extractor ?? read.parser ?? '' }
    })
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
