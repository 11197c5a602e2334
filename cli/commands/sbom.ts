import { createReadStream, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Option, type Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { withPulls } from '../fetch-manifests.ts'
import { resolveTargets, type Target } from '../gate/findings.ts'
import { jsonOf } from '../json.ts'
import { note, say } from '../output.ts'
import { packDirectory } from '../pack-directory.ts'
import { pushReferrer } from '../push-referrer.ts'
import { parseImageReference, type ImageReference } from '../reference.ts'
import { callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'
import { writeWholeFile } from '../whole-file.ts'
import { fetchComparison, isDifferent, renderComparison } from './sbom-comparison.ts'

const formats = ['cyclonedx', 'spdx'] as const
type SbomFormat = (typeof formats)[number]

/** Of the document, and so of the artifact that holds it. */
const mediaTypes: Readonly<Record<SbomFormat, string>> = {
  cyclonedx: 'application/vnd.cyclonedx+json',
  spdx: 'application/spdx+json',
}

interface SbomFlags {
  readonly format: SbomFormat
  readonly platform?: string
  /** Of the file that the document is written to. */
  readonly file?: string
  readonly withFindings?: true
  readonly attach?: true
  /** A document to hold against what was found. */
  readonly compare?: string
}

/** A document, and what it is of. */
interface Sbom {
  readonly text: string
  readonly target: Target | undefined
  readonly platform: string | undefined
}

export function sbomCommand(program: Command): void {
  program
    .command('sbom')
    .argument('<target>', 'image reference, directory, or image archive (OCI or docker, .tar)')
    .description('What is in an image: its bill of materials, as CycloneDX 1.6 or SPDX 2.3.')
    .addOption(
      new Option('--format <format>', 'form of the document').choices(formats).default('cyclonedx'),
    )
    .option('--platform <platform>', 'of an index, only this image: linux/arm64')
    .option(
      '-o, --file <file>',
      'write to a file; of several images each to its own, with the platform in its name',
    )
    .option('--with-findings', 'with the vulnerabilities that are known now (CycloneDX only)')
    .option(
      '--attach',
      'push the document as a referrer of the image, for each platform of an index',
    )
    .option(
      '--compare <document>',
      'say where a bill of materials (CycloneDX or SPDX) differs from what was found in the image',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  pratique sbom my-app:1.0 -o my-app.cdx.json\n  pratique sbom my-app:1.0 --format spdx --platform linux/arm64\n  pratique sbom my-app:1.0 --attach\n  pratique sbom my-app:1.0 --compare theirs.spdx.json\n  pratique sbom ./rootfs --with-findings\n\nThe image must have been scanned; the document says what the scan could not see.\n\nExit codes: 0 written or the same, 3 the document differs, 6 cannot be told, 5 not found, 4 not allowed, 1 error.',
    )
    .action(sbom)
}

async function sbom(target: string, flags: SbomFlags): Promise<void> {
  if (flags.withFindings === true && flags.format === 'spdx')
    throw new Failure(
      exitCodes.usage,
      'SPDX 2.3 has no place for findings',
      'use --format cyclonedx',
    )
  const session = withPulls(openSession(configOf({})), true)
  if (flags.compare !== undefined)
    return compareDocument(session, referenceIn(target), { ...flags, compare: flags.compare })
  const stats = statSync(target, { throwIfNoEntry: false })
  const documents =
    stats === undefined
      ? await ofReference(session, referenceIn(target), flags)
      : await ofFile(session, target, stats.isDirectory(), flags)
  if (flags.attach !== true || flags.file !== undefined) await deliver(documents, flags)
}

async function compareDocument(
  session: Session,
  reference: ImageReference,
  flags: SbomFlags & { readonly compare: string },
): Promise<void> {
  if (statSync(flags.compare, { throwIfNoEntry: false })?.isFile() !== true)
    throw new Failure(exitCodes.usage, `${flags.compare} is no file`)
  const all = await resolveTargets(session, reference, undefined)
  const targets = all.filter(({ platform }) => isOfPlatform(platform, flags.platform))
  requireTargets(reference, all, targets, { ...flags, attach: true })
  for (const target of targets) {
    const comparison = await fetchComparison(session, target, flags.compare)
    say(renderComparison(`${target.repository}@${target.digest.slice(0, 19)}`, comparison))
    if (isDifferent(comparison)) process.exitCode = exitCodes.no
  }
}

function referenceIn(target: string): ImageReference {
  const reference = parseImageReference(target)
  if (reference !== undefined) return reference
  const message = `${target} is no file, no directory and no image reference`
  throw new Failure(exitCodes.usage, message)
}

async function ofReference(
  session: Session,
  reference: ImageReference,
  flags: SbomFlags,
): Promise<readonly Sbom[]> {
  const all = await resolveTargets(session, reference, undefined)
  const targets = all.filter(({ platform }) => isOfPlatform(platform, flags.platform))
  requireTargets(reference, all, targets, flags)
  const documents: Sbom[] = []
  for (const target of targets) {
    const text = await documentOf(session, target, flags)
    documents.push({ text, target, platform: target.platform })
    if (flags.attach !== true) continue
    const mediaType = mediaTypes[flags.format]
    const pushed = await pushReferrer(session, target, { text, mediaType, createdAt: timeOf(text) })
    say(`attached ${pushed} to ${target.repository}@${target.digest}`)
  }
  return documents
}

/** An image that is no index is of the platform that its config says: the server looks. */
function isOfPlatform(platform: string | undefined, asked: string | undefined): boolean {
  if (asked === undefined || platform === undefined) return true
  return platform === asked || platform.startsWith(`${asked}/`)
}

function requireTargets(
  { text }: ImageReference,
  all: readonly Target[],
  targets: readonly Target[],
  flags: SbomFlags,
): void {
  const names = all.map(({ platform }) => platform ?? 'unknown').join(', ')
  if (targets.length === 0)
    throw new Failure(
      exitCodes.notFound,
      `${text} has no image for ${flags.platform ?? 'any platform'}`,
      `it has ${names}`,
    )
  if (targets.length > 1 && flags.attach !== true && flags.file === undefined)
    throw new Failure(
      exitCodes.usage,
      `${text} has images for ${names}`,
      'choose one with --platform, or write each to a file with -o FILE',
    )
}

async function documentOf(
  session: Session,
  { repository, digest }: Target,
  { format, withFindings }: SbomFlags,
): Promise<string> {
  const path = `/pratique/v1/sboms${withFindings === true ? '/with-findings' : ''}`
  const query = new URLSearchParams({ repository, digest, format })
  return (await callServer(session, 'GET', `${path}?${query.toString()}`)).text()
}

/** When the image was scanned, as either form of document has it. */
function timeOf(text: string): string {
  return /"(?:timestamp|created)": "([0-9TZ:-]+)"/.exec(text)?.[1] ?? ''
}

async function ofFile(
  session: Session,
  path: string,
  isDirectory: boolean,
  flags: SbomFlags,
): Promise<readonly Sbom[]> {
  if (flags.attach === true)
    throw new Failure(
      exitCodes.usage,
      '--attach needs an image of the registry',
      'push the image first',
    )
  const body = isDirectory
    ? packDirectory(path, (name) => note(`passed over ${name}: no file or directory`))
    : createReadStream(path, { highWaterMark: 256 * 1024 })
  const query = new URLSearchParams({
    kind: isDirectory ? 'rootfs' : 'archive',
    name: basename(resolve(path)),
    format: flags.format,
    ...(flags.withFindings === true ? { findings: 'true' } : {}),
  })
  const stream = { stream: Readable.toWeb(body), type: 'application/x-tar' }
  const response = await callServer(
    session,
    'POST',
    `/pratique/v1/sboms?${query.toString()}`,
    stream,
  )
  const { documents } = await jsonOf<{ readonly documents: readonly ArchiveDocument[] }>(response)
  const wanted = documents.filter(({ platform }) => isOfPlatform(platform, flags.platform))
  return wanted.map((found) => writtenOf(found, path))
}

interface ArchiveDocument {
  readonly name?: string
  readonly platform?: string
  readonly document?: string
  readonly reason?: string
}

function writtenOf({ document, reason, platform }: ArchiveDocument, path: string): Sbom {
  if (document !== undefined) return { text: document, target: undefined, platform }
  const what = platform === undefined ? path : `${path} (${platform})`
  throw new Failure(
    exitCodes.cannotAnswer,
    `${what} cannot be read: ${reason ?? 'no reason given'}`,
  )
}

async function deliver(documents: readonly Sbom[], { file }: SbomFlags): Promise<void> {
  const [first, ...more] = documents
  if (first === undefined)
    throw new Failure(exitCodes.notFound, 'there is no image of that platform')
  if (file === undefined) {
    if (more.length > 0)
      throw new Failure(
        exitCodes.usage,
        `there are ${documents.length} images`,
        'choose one with --platform, or write each to a file with -o FILE',
      )
    process.stdout.write(first.text)
    return
  }
  for (const { text, platform } of documents) {
    const path = more.length === 0 ? file : withPlatform(file, platform ?? 'unknown')
    await writeWholeFile(path, (sink) => pipeline(Readable.from([text]), sink))
    note(`wrote ${path}`)
  }
}

/** `app.cdx.json` → `app.linux-arm64.cdx.json`. */
function withPlatform(file: string, platform: string): string {
  const name = basename(file)
  const dot = name.indexOf('.', 1)
  const stem = dot === -1 ? name : name.slice(0, dot)
  const folder = file.slice(0, file.length - name.length)
  return `${folder}${stem}.${platform.replaceAll('/', '-')}${name.slice(stem.length)}`
}
