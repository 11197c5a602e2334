import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { exitCodes, Failure } from '../failure.ts'
import { linesOf } from '../json.ts'
import { note, render, say, visible, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf, readText } from '../settings.ts'
import { stopSignal } from '../stop-signal.ts'

interface Flags {
  readonly data?: string
  readonly anchor?: string
  readonly byServer?: true
  readonly output: Format
}

interface Report {
  readonly lines: number
  readonly records: number
  readonly first: number
  readonly last: number
  readonly provenFrom?: number | undefined
  readonly provenUpTo?: number | undefined
  readonly beginning: 'first-line' | 'expired' | 'not-checked'
  readonly end: 'head' | 'anchor' | 'not-checked'
  readonly remarks: readonly string[]
}

interface Fault {
  readonly kind: string
  readonly sequence: number
  readonly place: { readonly file: string; readonly number: number }
  readonly message: string
}

type Event =
  | { readonly kind: 'progress'; readonly file: string; readonly lines: number }
  | { readonly kind: 'intact'; readonly report: Report }
  | { readonly kind: 'broken'; readonly fault: Fault }

export async function verify(files: readonly string[], flags: Flags): Promise<void> {
  const anchor = anchorOf(flags.anchor)
  let verdict: Exclude<Event, { readonly kind: 'progress' }> | undefined
  for await (const event of eventsOf(files, flags, anchor)) {
    if (event.kind === 'progress') note(`verified ${event.file}: ${event.lines} lines so far`)
    else verdict = event
  }
  if (verdict === undefined)
    throw new Failure(exitCodes.error, 'the verification ended without a word')
  const ended = verdict
  say(
    render(flags.output, ended, () =>
      ended.kind === 'intact' ? renderReport(ended.report) : renderFault(ended.fault),
    ),
  )
  if (ended.kind === 'broken') process.exitCode = exitCodes.no
}

function anchorOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  const text = readText(file)
  if (text === undefined) throw new Failure(exitCodes.usage, `there is no file ${file}`)
  return text.trim()
}

function eventsOf(
  files: readonly string[],
  flags: Flags,
  anchor: string | undefined,
): AsyncGenerator<Event> {
  if (flags.byServer === true) return byServer(files, anchor)
  const isHere = files.length > 0 || flags.data !== undefined
  return isHere ? verifyHere(files, flags, anchor) : askServer(anchor)
}

async function* askServer(anchor: string | undefined): AsyncGenerator<Event> {
  const query = new URLSearchParams(anchor === undefined ? {} : { anchor })
  const path = `/pratique/v1/audit-log/verifications?${query.toString()}`
  yield* linesOf<Event>(await callServer(openSession(configOf({})), 'POST', path))
}

async function* byServer(
  files: readonly string[],
  anchor: string | undefined,
): AsyncGenerator<Event> {
  const [file] = files
  if (file === undefined || files.length > 1 || anchor !== undefined) {
    throw new Failure(exitCodes.usage, '--by-server takes one file, and no anchor but its own')
  }
  if (file.endsWith('.zst')) {
    const advice = 'the running server verifies its own segments: pratique audit-log verify'
    throw new Failure(exitCodes.usage, '--by-server takes an export, and no segment', advice)
  }
  const stream = Readable.toWeb(Readable.from(await piecesOf(file), { objectMode: false }))
  const path = '/pratique/v1/audit-log/verifications/exports'
  const body = { stream, type: 'application/x-ndjson' }
  yield* linesOf<Event>(await callServer(openSession(configOf({})), 'POST', path, body))
}

async function* verifyHere(
  paths: readonly string[],
  flags: Flags,
  anchor: string | undefined,
): AsyncGenerator<Event> {
  const config = configOf(flags.data === undefined ? {} : { data: flags.data })
  const files: { readonly name: string; readonly pieces: AsyncIterable<Uint8Array> }[] = []
  for (const path of paths) files.push({ name: basename(path), pieces: await piecesOf(path) })
  // No server is asked: this command is the program itself, loaded only when it is asked for.
  const { verifyAuditLogOffline, StartError } = await import('../../src/main.ts')
  try {
    yield* verifyAuditLogOffline(config, { files, anchor }, { signal: stopSignal() })
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    const advice = 'the log of a running server is verified by the server: leave --data out'
    throw new Failure(exitCodes.error, error.message, advice, { cause: error })
  }
}

async function piecesOf(path: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    await access(path)
  } catch (cause) {
    throw new Failure(exitCodes.usage, `${path} cannot be read`, undefined, { cause })
  }
  const file = createReadStream(path)
  // A failure reaches the reader through the stream that it reads.
  return path.endsWith('.gz') ? pipeline(file, createGunzip(), () => undefined) : file
}

function renderFault({ message, place }: Fault): string {
  return `NOT WHOLE  ${visible(message)}\n           found in ${visible(place.file)}, line ${place.number}; nothing behind it was looked at`
}

const beginnings = {
  'first-line': 'begins with the first line there ever was',
  expired:
    'begins where the log says that older segments are gone: kept for long enough, or removed for its size',
  'not-checked': 'what came before its first line was not looked at',
} as const satisfies Record<Report['beginning'], string>

const ends = {
  head: 'ends where the server stands',
  anchor: 'reaches the anchor',
  'not-checked': 'whether lines are missing at its end cannot be told: give an anchor',
} as const satisfies Record<Report['end'], string>

function renderReport(report: Report): string {
  const { lines, records, first, last, provenUpTo, provenFrom } = report
  const proof =
    provenUpTo === undefined
      ? 'who wrote it is not proven: there is no seal, or no key to verify it with'
      : `lines ${provenFrom ?? first} to ${provenUpTo} are proven to be the server’s by its seal`
  return [
    `whole: lines ${first} to ${last} hang together (${lines} lines, ${records} records)`,
    `  ${proof}`,
    `  ${beginnings[report.beginning]}`,
    `  ${ends[report.end]}`,
    ...report.remarks.map((remark) => `  note: ${visible(remark)}`),
  ].join('\n')
}
