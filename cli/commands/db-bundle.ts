import { createReadStream, existsSync, openSync, readSync, closeSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { BundleHead, isBundle, type BundleTold } from '../bundle-head.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { pullArtifact, pushArtifact, type Artifact } from '../oci-client.ts'
import { ociPlace, ociPrefix } from '../oci-place.ts'
import { megabytes, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'
import { writeWholeFile } from '../whole-file.ts'

const artifactType = 'application/vnd.pratique.advisories.bundle.v1'
const layerType = `${artifactType}+tar`
const fileName = 'advisories.bundle.tar'

export interface ExportFlags {
  readonly push?: string
  readonly since?: string
  readonly output: Format
}

export async function exportBundle(
  file: string | undefined,
  { push, since, output }: ExportFlags,
): Promise<void> {
  if ((file === undefined) === (push === undefined))
    throw new Failure(
      exitCodes.usage,
      'give a file or --push REPOSITORY:TAG',
      'pratique db export advisories.tar',
    )
  if (file !== undefined && existsSync(file))
    throw new Failure(exitCodes.usage, `${file} is there already`, 'give another name, or move it')
  const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`
  const session = openSession(configOf({}))
  const response = await callServer(session, 'GET', `/pratique/v1/advisories/bundle${query}`)
  if (response.body === null) throw new Failure(exitCodes.error, 'the server sent no answer')
  const head = new BundleHead()
  const sent = new Sent()
  const pieces = sent.count(head.watch(Readable.fromWeb(response.body)))
  const made = (): BundleTold => {
    const manifest = head.manifest()
    if (manifest !== undefined) return manifest
    throw new Failure(exitCodes.error, 'the server sent no whole bundle; nothing of it is kept')
  }
  const digest =
    push === undefined
      ? await writeWholeFile(file ?? '', (sink) => pipeline(pieces, sink))
      : await pushArtifact(await ociPlace(push), pieces, () => artifactOf(made()))
  const manifest = made()
  const where = push === undefined ? { file } : { artifact: push, digest }
  const told = { ...where, bytes: sent.bytes, ...manifest }
  say(render(output, told, () => renderMade(manifest, sent.bytes, push ?? file ?? '')))
}

function artifactOf({ id, createdAt, revision, base }: BundleTold): Artifact {
  const annotations = {
    'dev.pratique.bundle.id': id,
    'dev.pratique.bundle.revision': String(revision),
    ...(base?.id === undefined ? {} : { 'dev.pratique.bundle.base': base.id }),
  }
  return { artifactType, layerType, fileName, createdAt, annotations }
}

class Sent {
  bytes = 0

  async *count(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.bytes += piece.byteLength
      yield piece
    }
  }
}

function renderMade(manifest: BundleTold, bytes: number, where: string): string {
  const { id, revision, base, key, sources, cveFacts } = manifest
  const records = sources.reduce((sum, source) => sum + source.records, 0)
  const facts = cveFacts.reduce((sum, table) => sum + table.facts, 0)
  const since =
    base === undefined
      ? ''
      : `\nsince ${base.id === undefined ? `revision ${base.revision}` : `bundle ${base.id}`}`
  return [
    `bundle ${id}`,
    `revision ${revision}, ${sources.length} sources, ${records} records, ${facts} facts about CVEs; ${megabytes(bytes)} in ${where}${since}`,
    `signed with ${key}: pratique db keygen prints the key for those who import it`,
  ].join('\n')
}

export interface BundleFlags {
  readonly allowUnsigned?: true
  readonly allowOlder?: true
  readonly confirmLoss?: true
}

export interface BundleReport {
  readonly bundle: string
  readonly madeAt: string
  readonly signedBy?: string
  readonly isDelta: boolean
  readonly sources: readonly {
    readonly source: string
    readonly records: number
    readonly added: number
    readonly changed: number
    readonly removed: number
  }[]
  readonly cveFacts: readonly {
    readonly kind: string
    readonly facts: number
    readonly isChanged: boolean
  }[]
  readonly revision: number
  readonly durationMs: number
}

/** Whether `path` is a bundle: one of a registry, or a file that begins as one. */
export function isBundlePath(path: string): boolean {
  if (path.startsWith(ociPrefix)) return true
  if (!existsSync(path)) return false
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(16)
    readSync(file, head, 0, 16, 0)
    return isBundle(head)
  } catch {
    // A directory: what is in it is looked at one by one.
    return false
  } finally {
    closeSync(file)
  }
}

export async function importBundle(
  session: Session,
  path: string,
  flags: BundleFlags,
): Promise<BundleReport> {
  const query = new URLSearchParams()
  if (flags.allowUnsigned === true) query.set('allow-unsigned', 'true')
  if (flags.allowOlder === true) query.set('allow-older', 'true')
  if (flags.confirmLoss === true) query.set('confirm-loss', 'true')
  note(`importing ${path}`)
  const address = `/pratique/v1/advisories/bundle?${query.toString()}`
  return jsonOf<BundleReport>(await callServer(session, 'POST', address, await bodyOf(path)))
}

/** The bytes of a bundle, to be sent to the server. */
export async function bodyOf(
  path: string,
): Promise<{ readonly stream: ReadableStream; readonly type: string }> {
  const type = 'application/x-tar'
  if (!path.startsWith(ociPrefix)) {
    const file = createReadStream(path, { highWaterMark: 256 * 1024 })
    return { stream: Readable.toWeb(file), type }
  }
  const pieces = await pullArtifact(await ociPlace(path), { artifactType, layerType })
  return { stream: ReadableStream.from(pieces), type }
}

export function renderBundleReport(report: BundleReport): string {
  const header = ['SOURCE', 'RECORDS', 'ADDED', 'CHANGED', 'REMOVED']
  const rows = report.sources.map(({ source, ...counts }) => [
    source,
    ...[counts.records, counts.added, counts.changed, counts.removed].map(String),
  ])
  const facts = report.cveFacts.map(
    ({ kind, facts: count, isChanged }) =>
      `${kind}: ${count} CVEs, ${isChanged ? 'new' : 'unchanged'}`,
  )
  const vouched =
    report.signedBy === undefined
      ? 'NOBODY vouched for it: its signature was not asked for'
      : `signed by ${report.signedBy}`
  return [
    `bundle ${report.bundle}, made ${report.madeAt}, ${vouched}`,
    ...(rows.length === 0 ? [] : [renderTable(header, rows)]),
    ...facts,
    `revision ${report.revision}, ${(report.durationMs / 1000).toFixed(1)} s`,
  ].join('\n')
}

interface BundleKeys {
  readonly keys: readonly {
    readonly fingerprint: string
    readonly publicKey: string
    readonly createdAt: string
  }[]
}

/** Prints the public key that signs now; to the other stream, what people compare. */
export async function makeKeys(flags: {
  readonly rotate?: true
  readonly output: Format
}): Promise<void> {
  const query = flags.rotate === true ? '?rotate=true' : ''
  const path = `/pratique/v1/bundle-keys${query}`
  const response = await callServer(openSession(configOf({})), 'POST', path)
  const made = await jsonOf<BundleKeys>(response)
  const [newest, ...older] = made.keys
  say(render(flags.output, made, () => newest?.publicKey.trimEnd() ?? ''))
  if (newest !== undefined) note(`${newest.fingerprint} signs since ${newest.createdAt}`)
  for (const { fingerprint, createdAt } of older) note(`${fingerprint} signed from ${createdAt} on`)
}
