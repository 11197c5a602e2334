import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { render, say, type Format } from '../output.ts'
import { callServer, type Session } from '../session.ts'
import type { Target } from '../gate/findings.ts'
import { findingTable } from './scan-archive.ts'
import { resourceOf } from './scan-explanation.ts'

/** The server's answer about what was known of an image at an earlier time. */
interface Recalled {
  readonly dataRevision: number
  readonly dataAt?: string
  readonly findings: readonly {
    readonly severity: string
    readonly vulnerability: string
    readonly package: { readonly name: string; readonly version: string }
    readonly fix: { readonly words: string }
    readonly paths: readonly string[]
  }[]
  readonly counts: Readonly<Record<string, number>>
  readonly notes: readonly string[]
}

export async function sayRecalled(
  session: Session,
  targets: readonly Target[],
  { asOf, output }: { readonly asOf: string; readonly output: Format | 'sarif' },
): Promise<void> {
  if (output === 'sarif')
    throw new Failure(exitCodes.usage, 'SARIF tells of now', 'use --output json with --as-of')
  const images: (Recalled & { readonly digest: string })[] = []
  const texts: string[] = []
  for (const target of targets) {
    const recalled = await fetchRecalled(session, target, asOf)
    const { repository, digest } = target
    images.push({ digest, ...recalled })
    texts.push(renderRecalled(`${repository}@${digest.slice(0, 19)}`, asOf, recalled))
  }
  say(render(output, { schema: 'pratique.recalled/1', asOf, images }, () => texts.join('\n\n')))
}

async function fetchRecalled(session: Session, target: Target, at: string): Promise<Recalled> {
  const resource = await resourceOf(session, target)
  const query = new URLSearchParams({ resource, digest: target.digest, at })
  const path = `/pratique/v1/findings/recalled?${query.toString()}`
  return jsonOf<Recalled>(await callServer(session, 'GET', path))
}

function renderRecalled(image: string, at: string, recalled: Recalled): string {
  const { dataRevision, dataAt, findings, notes } = recalled
  const rows = findings.map((finding) => [
    finding.severity,
    finding.vulnerability,
    `${finding.package.name} ${finding.package.version}`,
    finding.fix.words,
    finding.paths[0] ?? '',
  ])
  const since = dataAt === undefined ? '' : `, in force since ${dataAt}`
  const head = `${image} as known at ${at}: ${findings.length} findings by revision ${dataRevision}${since}`
  return [head, findingTable(rows), ...notes.map((note) => `  note: ${note}`)].join('\n')
}
