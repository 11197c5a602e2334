import { createReadStream, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { StartImageScanCommand } from '@aws-sdk/client-ecr'
import { Option, type Command } from 'commander'
import { programVersion } from '../../src/lib/program-version.ts'
import { exitCodes, Failure } from '../failure.ts'
import { withPulls } from '../fetch-manifests.ts'
import { readScan, resolveTargets, type ScanState, type Target } from '../gate/findings.ts'
import { compareFindings, whereOf } from '../gate/gate-finding.ts'
import { jsonOf } from '../json.ts'
import { readLayerSecrets, secretLines, type LayerSecret } from '../layer-secrets.ts'
import { note, render, say, type Format } from '../output.ts'
import { packDirectory } from '../pack-directory.ts'
import { parseImageReference, type ImageReference } from '../reference.ts'
import { imageOfState, type ScannedImage } from '../sarif/scanned-image.ts'
import { writeSarif } from '../sarif/write-sarif.ts'
import { ask, callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'
import type { StoredSuppressedFinding } from '../suppressed-findings.ts'
import { sayRecalled } from './scan-recall.ts'
import {
  apartOf,
  findingTable,
  imageOfArchive,
  renderArchiveImage,
  type ArchiveReport,
} from './scan-archive.ts'
import {
  fetchExplanation,
  renderExplanation,
  resourceOf,
  type Explanation,
} from './scan-explanation.ts'

const longestWaitMs = 15 * 60_000

export function scanCommand(program: Command): void {
  program
    .command('scan')
    .argument(
      '<target>',
      'image reference, directory, or image archive (OCI or docker, .tar), or bill of materials (CycloneDX or SPDX)',
    )
    .description('What is vulnerable in an image of the registry, a directory or an archive.')
    .option('--rescan', 'scan the image anew even if there is a result')
    .option('--why <id>', 'say why the target is affected by a flaw (CVE, GHSA, …)')
    .option('--why-not <id>', 'the same question, asked the other way round')
    .option('--as-of <date>', 'what was known then: a day, a moment, or a revision of the data')
    .option('--show-suppressed', 'list also the findings that are not counted, and who says so')
    .addOption(
      new Option('--output <format>', 'form of the answer')
        .choices(['table', 'json', 'yaml', 'sarif'] satisfies readonly ScanFormat[])
        .default('table'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  pratique scan my-app:1.0 --why-not CVE-2021-44228\n  pratique scan my-app:1.0\n  pratique scan ./node_modules/..\n  pratique scan my-app.tar --output json\n  pratique scan my-app:1.0 --output sarif > my-app.sarif\n\nExit codes: 0 scanned (with or without findings), 6 cannot be scanned, 5 not found, 4 not allowed, 1 error.',
    )
    .action(scan)
}

interface ScanFlags {
  readonly rescan?: true
  readonly showSuppressed?: true
  readonly why?: string
  readonly whyNot?: string
  readonly asOf?: string
  readonly output: ScanFormat
}

type ScanFormat = Format | 'sarif'

async function scan(target: string, flags: ScanFlags): Promise<void> {
  const isQuestion = flags.why !== undefined || flags.whyNot !== undefined
  if (flags.output === 'sarif' && isQuestion)
    throw new Failure(
      exitCodes.usage,
      'SARIF has no place for an explanation',
      'use --output json with --why',
    )
  const session = withPulls(openSession(configOf({})), true)
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
  const { output } = flags
  if (flags.asOf !== undefined) return sayRecalled(session, targets, { asOf: flags.asOf, output })
  const results: { readonly target: Target; readonly state: ScanState }[] = []
  for (const target of targets)
    results.push({ target, state: await scanTarget(session, target, flags.rescan === true) })
  const asked = flags.why ?? flags.whyNot
  if (asked !== undefined && output !== 'sarif')
    return explainTargets(session, asked, { results, output })
  if (results.some(({ state }) => state.kind !== 'scanned'))
    process.exitCode = exitCodes.cannotAnswer
  const images = await Promise.all(results.map((result) => withSuppressed(session, result, flags)))
  if (output === 'sarif')
    return saySarif(images.map((image) => imageOfState(reference.text, image, image.suppressed)))
  const told = await Promise.all(images.map((image) => withSecrets(session, image)))
  const table = (): string => told.map((image) => renderState(image)).join('\n\n')
  say(render(output, { schema: 'pratique.scan/1', images: told }, table))
}

async function saySarif(images: readonly ScannedImage[]): Promise<void> {
  const exitCode = Number(process.exitCode ?? exitCodes.ok)
  say(writeSarif(images, { version: await programVersion(), exitCode }))
}

interface ScannedTarget {
  readonly target: Target
  readonly state: ScanState
  /** Where they were asked for. */
  readonly suppressed?: readonly StoredSuppressedFinding[]
  /** Absent where the source does not tell. */
  readonly secrets?: readonly LayerSecret[]
}

/** ECR's answer leaves out what is not counted; Pratique's own API tells it. */
async function withSuppressed(
  session: Session,
  result: ScannedTarget,
  { showSuppressed, output }: ScanFlags,
): Promise<ScannedTarget> {
  const isAsked = showSuppressed === true || output !== 'table'
  if (!isAsked || result.state.kind === 'running' || isUnscanned(result.state)) return result
  if (session.endpoint === undefined && showSuppressed !== true) return result
  const resource = await resourceOf(session, result.target)
  const query = new URLSearchParams({ resource, digest: result.target.digest })
  const path = `/pratique/v1/findings/suppressed?${query.toString()}`
  try {
    const answer = await callServer(session, 'GET', path)
    return { ...result, ...(await jsonOf<Pick<Required<ScannedTarget>, 'suppressed'>>(answer)) }
  } catch (error) {
    // Who may see the findings need not be one who may see these.
    const isRefused = error instanceof Failure && error.exitCode === exitCodes.notAllowed
    if (!isRefused || showSuppressed === true) throw error
    note('what is not counted is not listed: it needs pratique:ListSuppressedFindings')
    return result
  }
}

async function withSecrets(session: Session, image: ScannedTarget): Promise<ScannedTarget> {
  if (image.state.kind === 'running' || isUnscanned(image.state)) return image
  const secrets = await readLayerSecrets(session, image.target)
  return secrets === undefined ? image : { ...image, secrets }
}

function isUnscanned(state: ScanState): boolean {
  return state.kind === 'unavailable' && state.status === 'NOT_SCANNED'
}

async function explainTargets(
  session: Session,
  asked: string,
  {
    results,
    output,
  }: {
    readonly results: readonly { readonly target: Target; readonly state: ScanState }[]
    readonly output: Format
  },
): Promise<void> {
  const images: { readonly target: Target; readonly explanation: Explanation }[] = []
  for (const { target } of results)
    images.push({ target, explanation: await fetchExplanation(session, target, asked) })
  const text = (): string =>
    images
      .map(({ target, explanation }) => renderExplanation(headOf(target), explanation))
      .join('\n\n')
  say(render(output, { schema: 'pratique.explanation/1', images }, text))
  if (images.some(({ explanation }) => isUntold(explanation)))
    process.exitCode = exitCodes.cannotAnswer
}

/** Nobody can tell, or no data here speaks of the flaw: neither a yes nor a no. */
function isUntold({ answer }: Explanation): boolean {
  return answer === 'cannot-tell' || answer === 'no-record'
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

function renderState({ target, state, suppressed, secrets }: ScannedTarget): string {
  const head = headOf(target)
  if (state.kind === 'running') return `${head}\n  still running: ${state.status}`
  const remarks =
    state.kind === 'unavailable' ? `\n  ${state.status}: ${state.reason}` : noteOf(state.note)
  const rows = state.findings
    .toSorted(compareFindings)
    .map((finding) => [
      finding.severity,
      finding.vulnerability,
      `${finding.packageName} ${finding.packageVersion}`,
      finding.fixedVersion ?? 'none known',
      whereOf(finding),
    ])
  const table = state.kind === 'unavailable' && rows.length === 0 ? '' : `\n${findingTable(rows)}`
  const apart = suppressed === undefined ? '' : `\n${apartOf(suppressed)}`
  return `${head}${table}${apart}${secretLines(secrets)}${remarks}`
}

function headOf({ repository, digest, platform }: Target): string {
  return `${repository}@${digest.slice(0, 19)}  ${platform ?? ''}`.trimEnd()
}

function noteOf(remark: string | undefined): string {
  return remark === undefined ? '' : `\n  note: ${remark}`
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
  const asked = flags.why ?? flags.whyNot
  const query = new URLSearchParams({ kind, ...(asked === undefined ? {} : { explain: asked }) })
  const url = `/pratique/v1/scans?${query.toString()}`
  const report = await jsonOf<ArchiveReport>(await callServer(session, 'POST', url, stream))
  if (report.images.length === 0 || !report.images.every(isToldOf))
    process.exitCode = exitCodes.cannotAnswer
  if (flags.output === 'sarif')
    return saySarif(report.images.map((image) => imageOfArchive(basename(resolve(path)), image)))
  const isListed = flags.showSuppressed === true
  const text = (): string =>
    report.images.map((image) => renderArchiveImage(image, isListed)).join('\n\n')
  say(render(flags.output, report, text))
}

function isToldOf({ status, explanation }: ArchiveReport['images'][number]): boolean {
  return explanation === undefined ? status === 'scanned' : !isUntold(explanation)
}
