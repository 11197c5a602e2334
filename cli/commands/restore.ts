import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { formatOption, note, render, say, type Format } from '../output.ts'
import { configOf, readText } from '../settings.ts'
import { shownSize } from '../size.ts'
import { stopSignal } from '../stop-signal.ts'
import { CheckView, renderSummary, type CheckSummary } from '../storage-check.ts'

interface Flags {
  readonly masterKey?: string
  readonly output: Format
}

export function restoreCommand(program: Command): void {
  program
    .command('restore')
    .argument('<file>', 'a backup; - for standard input')
    .argument('<directory>', 'the data directory to make; absent or empty')
    .description('Make a data directory from a backup, and check every byte of it.')
    .option('--master-key <file>', 'the former master.key, for a backup without keys')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique restore registry.tar ./data && npm start\n  zstd -dc registry.tar.zst | pratique restore - ./data\n\nThe directory is built beside its place, checked as by pratique fsck --hashes, and only then given its name.\n\nExit codes: 0 restored, 1 failed and nothing is left, 2 nonsense, 3 restored with the problems that it had before.',
    )
    .action(restore)
}

async function restore(file: string, directory: string, flags: Flags): Promise<void> {
  const source = await sourceOf(file)
  const masterKey = masterKeyOf(flags.masterKey)
  const config = configOf({})
  const view = new CheckView(flags.output)
  let place = directory
  let hasCredentials = false
  // No server is asked: this command is the program itself, loaded only when it is asked for.
  const { restoreDirectory, StartError } = await import('../../src/main.ts')
  try {
    const input = { source, directory, masterKey }
    for await (const event of restoreDirectory(config, input, { signal: stopSignal() })) {
      if (event.kind === 'head') {
        const { createdAt, blobs, blobBytes } = event.head
        note(`a backup of ${createdAt}: ${blobs} blobs, ${shownSize(blobBytes)}`)
      } else if (event.kind === 'unpacked') note(`unpacked ${event.blobs} blobs`)
      else if (event.kind === 'restored') {
        place = event.directory
        hasCredentials = event.hasCredentials
      } else view.take(event)
    }
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    throw new Failure(exitCodes.error, error.message, undefined, { cause: error })
  }
  const { summary, problems } = view
  if (summary === undefined) throw new Failure(exitCodes.error, 'the restore ended without a word')
  const value = { directory: place, hasCredentials, summary, problems }
  say(render(flags.output, value, () => renderRestored(place, hasCredentials, summary)))
  if (summary.left > 0) process.exitCode = exitCodes.no
}

function renderRestored(place: string, hasCredentials: boolean, summary: CheckSummary): string {
  const lines = [
    renderSummary(summary),
    `restored into ${place}; serve it: pratique serve --data ${place}`,
  ]
  if (!hasCredentials) lines.push('it has no credentials file: sign in with the keys that you have')
  return lines.join('\n')
}

async function sourceOf(file: string): Promise<AsyncIterable<Uint8Array>> {
  if (file === '-') return process.stdin
  try {
    await access(file)
  } catch (cause) {
    throw new Failure(exitCodes.usage, `${file} cannot be read`, 'give a file of pratique backup', {
      cause,
    })
  }
  return createReadStream(file, { highWaterMark: 256 * 1024 })
}

const keyForm = /^(?:[A-Za-z0-9+/]{43}=?|[0-9a-fA-F]{64})$/

/** One key a line, as the server writes them; anything else would be found out only when nobody can sign in. */
function masterKeyOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  const content = readText(file)
  const lines = (content ?? '').split(/\s+/).filter((line) => line !== '')
  if (content !== undefined && lines.length > 0 && lines.every((line) => keyForm.test(line)))
    return content
  throw new Failure(exitCodes.usage, `${file} holds no master key`, 'it is the file master.key')
}
