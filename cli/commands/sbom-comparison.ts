import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { Target } from '../gate/findings.ts'
import { jsonOf } from '../json.ts'
import { callServer, type Session } from '../session.ts'

/** The server's answer about a document and an image. */
export interface Comparison {
  readonly subject?: string
  readonly same: number
  readonly declaredOnly: readonly Differing[]
  readonly foundOnly: readonly Differing[]
  readonly otherVersions: readonly {
    readonly declared: readonly Differing[]
    readonly found: readonly Differing[]
  }[]
  readonly notes: readonly string[]
}

interface Differing {
  readonly purl: string
  readonly paths: readonly string[]
}

export async function fetchComparison(
  session: Session,
  { repository, digest }: Target,
  file: string,
): Promise<Comparison> {
  const query = new URLSearchParams({ repository, digest })
  const stream = Readable.toWeb(createReadStream(file))
  const path = `/pratique/v1/sboms/comparison?${query.toString()}`
  const body = { stream, type: 'application/json' }
  return jsonOf<Comparison>(await callServer(session, 'POST', path, body))
}

export function isDifferent({ declaredOnly, foundOnly, otherVersions }: Comparison): boolean {
  return declaredOnly.length + foundOnly.length + otherVersions.length > 0
}

export function renderComparison(image: string, comparison: Comparison): string {
  const { same, declaredOnly, foundOnly, otherVersions, notes } = comparison
  const lines = [
    `${image}: ${same} packages are declared and found`,
    ...declaredOnly.map((it) => `  declared, not found: ${placed(it)}`),
    ...foundOnly.map((it) => `  found, not declared: ${placed(it)}`),
    ...otherVersions.map(
      ({ declared, found }) =>
        `  other versions: declared ${listed(declared)}, found ${listed(found)}`,
    ),
    ...notes.map((text) => `  note: ${text}`),
  ]
  return lines.join('\n')
}

function placed({ purl, paths }: Differing): string {
  const [first, ...more] = paths
  if (first === undefined || first === '') return purl
  return `${purl} at ${first}${more.length === 0 ? '' : ` and ${more.length} more places`}`
}

function listed(packages: readonly Differing[]): string {
  return packages.length === 0 ? 'none' : packages.map(({ purl }) => purl).join(' ')
}
