import { createWriteStream, existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { exitCodes, Failure } from '../failure.ts'
import { note } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
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
    else await writeFile(source, file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `the export broke off (${reason}); nothing of it is kept`
    throw new Failure(exitCodes.error, message, 'see the server’s log and the disk', { cause })
  }
  if (file !== '-') note(`wrote ${file}; verify it with: pratique audit-log verify ${file}`)
}

/** Under its own name only when it is whole and durable. */
async function writeFile(source: Readable, file: string): Promise<void> {
  const partial = `${file}.partial`
  const sink = createWriteStream(partial, { mode: 0o600, flush: true })
  try {
    if (file.endsWith('.gz')) await pipeline(source, createGzip(), sink)
    else await pipeline(source, sink)
    await rename(partial, file)
    await syncDirectory(dirname(file))
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
