import { createReadStream, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { StartImageScanCommand } from '@aws-sdk/client-ecr'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { readScan, resolveTargets, type ScanState, type Target } from '../gate/findings.ts'
import { rank } from '../gate/judge.ts'
import { jsonOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { packDirectory } from '../pack-directory.ts'
import { parseImageReference, type ImageReference } from '../reference.ts'
import { ask, callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'

const longestWaitMs = 15 * 60_000

export function scanCommand(program: Command): void {
  program
    .command('scan')
    .argument('<target>', 'image reference, directory, or image archive (OCI or docker, .tar)')
    .description('What is vulnerable in an image of the registry, a directory or an archive.')
    .option('--rescan', 'scan the image anew even if there is a result')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  pratique scan my-app:1.0\n  pratique scan ./node_modules/..\n  pratique scan my-app.tar --output json\n\nExit codes: 0 scanned (with or without findings), 6 cannot be scanned, 5 not found, 4 not allowed, 1 error.',
    )
    .action(scan)
}

interface ScanFlags {
  readonly rescan?: true
  readonly output: Format
}

async function scan(target: string, flags: ScanFlags): Promise<void> {
  const session = openSession(configOf({}))
  const stats = statSync(target, { throwIfNoEntry: false })
  if (stats !== undefined) return scanFile(session, target, stats.isDirectory(), flags)
  const reference = parseImageReference(target)
  if (reference === undefined)
    throw new Failure(exitCodes.usage, `${target} is no file, no directory and no image reference`)
  return scanReference(session, reference, flags)
}

async function scanReference(
  session: Session,
  reference: ImageReference,
  flags: ScanFlags,
): Promise<void> {
  const targets = await resolveTargets(session, reference, undefined)
  const results: { readonly target: Target; readonly state: ScanState }[] = []
  for (const target of targets)
    results.push({ target, state: await scanTarget(session, target, flags.rescan === true) })
  const table = (): string =>
    results.map(({ target, state }) => renderState(target, state)).join('\n\n')
  say(render(flags.output, { schema: 'pratique.scan/1', images: results }, table))
  if (results.some(({ state }) => state.kind !== 'scanned'))
    process.exitCode = exitCodes.cannotAnswer
}

async function scanTarget(session: Session, target: Target, rescan: boolean): Promise<ScanState> {
  const before = await readScan(session, target)
  const mustStart = rescan || (before.kind === 'unavailable' && before.status === 'NOT_SCANNED')
  if (!mustStart && before.kind !== 'running') return before
  const { repository: repositoryName, digest: imageDigest } = target
  if (mustStart) {
    const command = new StartImageScanCommand({ repositoryName, imageId: { imageDigest } })
    await ask(session, (ecr) => ecr.send(command))
  }
  const deadline = new Date().getTime() + longestWaitMs
  for (let pause = 250; ; pause = Math.min(pause * 2, 5000)) {
    const state = await readScan(session, target)
    if (state.kind !== 'running' || new Date().getTime() > deadline) return state
    note(`${repositoryName}@${imageDigest.slice(0, 19)}: ${state.status.toLowerCase()}`)
    await delay(pause)
  }
}

function renderState(target: Target, state: ScanState): string {
  const head =
    `${target.repository}@${target.digest.slice(0, 19)}  ${target.platform ?? ''}`.trimEnd()
  if (state.kind === 'running') return `${head}\n  still running: ${state.status}`
  const remarks =
    state.kind === 'unavailable' ? `\n  ${state.status}: ${state.reason}` : noteOf(state.note)
  const rows = state.findings
    .toSorted((a, b) => rank(a.severity) - rank(b.severity))
    .map((finding) => [
      finding.severity,
      finding.vulnerability,
      `${finding.packageName} ${finding.packageVersion}`,
      finding.fixedVersion ?? 'none known',
      finding.path ?? '',
    ])
  const table = state.kind === 'unavailable' && rows.length === 0 ? '' : `\n${findingTable(rows)}`
  return `${head}${table}${remarks}`
}

function noteOf(remark: string | undefined): string {
  return remark === undefined ? '' : `\n  note: ${remark}`
}

function findingTable(rows: readonly (readonly string[])[]): string {
  return rows.length === 0
    ? '  no findings'
    : renderTable(['SEVERITY', 'ID', 'PACKAGE', 'FIX', 'WHERE'], rows)
}

/** The server's answer about a directory or an archive. */
interface ArchiveReport {
  readonly images: readonly {
    readonly name?: string
    readonly platform?: string
    readonly status: 'scanned' | 'failed' | 'unsupported'
    readonly reason?: string
    readonly coverage: readonly string[]
    readonly packages: number
    readonly findings: readonly {
      readonly vulnerability: string
      readonly severity: string
      readonly package: { readonly name: string; readonly version: string; readonly path: string }
      readonly fixedVersion?: string
    }[]
  }[]
}

async function scanFile(
  session: Session,
  path: string,
  isDirectory: boolean,
  flags: ScanFlags,
): Promise<void> {
  const body = isDirectory
    ? packDirectory(path, (name) => note(`passed over ${name}: no file or directory`))
    : createReadStream(path, { highWaterMark: 256 * 1024 })
  const kind = isDirectory ? 'rootfs' : 'archive'
  note(`scanning ${path}`)
  const stream = { stream: Readable.toWeb(body), type: 'application/x-tar' }
  const response = await callServer(session, 'POST', `/pratique/v1/scans?kind=${kind}`, stream)
  const report = await jsonOf<ArchiveReport>(response)
  say(render(flags.output, report, () => report.images.map(renderArchiveImage).join('\n\n')))
  if (report.images.length === 0 || report.images.some(({ status }) => status !== 'scanned')) {
    process.exitCode = exitCodes.cannotAnswer
  }
}

function renderArchiveImage(image: ArchiveReport['images'][number]): string {
  const head = [image.name, image.platform, `${image.packages} packages`]
    .filter((part) => part !== undefined)
    .join('  ')
  const rows = image.findings.map((finding) => [
    finding.severity,
    finding.vulnerability,
    `${finding.package.name} ${finding.package.version}`,
    finding.fixedVersion ?? 'none known',
    finding.package.path,
  ])
  const notes = image.coverage.map((entry) => `\n  note: ${entry}`)
  const isScanned = image.status === 'scanned'
  const table = isScanned || rows.length > 0 ? `\n${findingTable(rows)}` : ''
  const verdict = isScanned ? '' : `\n  ${image.status}: ${image.reason ?? 'no reason given'}`
  return head + table + verdict + notes.join('')
}
