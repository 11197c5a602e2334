import { existsSync } from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { exitCodes, Failure } from '../failure.ts'
import { note } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { writeWholeFile } from '../whole-file.ts'
import { timeQuery } from './time-query.ts'

interface Flags {
  readonly output: string
  readonly from?: string
  readonly to?: string
}

export async function exportLog({ output: file, ...times }: Flags): Promise<void> {
  if (file !== '-' && existsSync(file)) {
    throw new Failure(exitCodes.usage, `${file} is there already`, 'give another name, or move it')
  }
  const path = `/pratique/v1/audit-log/export?${timeQuery(times).toString()}`
  const response = await callServer(openSession(configOf({})), 'GET', path)
  if (response.body === null) throw new Failure(exitCodes.error, 'the server sent no answer')
  const source = Readable.fromWeb(response.body)
  try {
    if (file === '-') await pipeline(source, process.stdout)
    else await writeWholeFile(file, (sink) => copy(source, sink, file.endsWith('.gz')))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `the export broke off (${reason}); nothing of it is kept`
    throw new Failure(exitCodes.error, message, 'see the server’s log and the disk', { cause })
  }
  if (file !== '-') note(`wrote ${file}; verify it with: pratique audit-log verify ${file}`)
}

async function copy(source: Readable, sink: Writable, isPacked: boolean): Promise<void> {
  if (isPacked) await pipeline(source, createGzip(), sink)
  else await pipeline(source, sink)
}
