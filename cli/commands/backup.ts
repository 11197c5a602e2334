import { existsSync } from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { note } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { shownSize } from '../size.ts'
import { writeWholeFile } from '../whole-file.ts'

interface Flags {
  /** Commander's form of --without-keys. */
  readonly withoutKeys?: true
}

interface End {
  readonly blobs: number
  readonly blobBytes: number
  readonly damaged: number
}

export function backupCommand(program: Command): void {
  program
    .command('backup')
    .argument('<file>', 'where to; - for standard output')
    .description('Write everything into one file, while the server serves.')
    .option('--without-keys', 'leave out the master key and the credentials')
    .addHelpText(
      'after',
      '\nExample:\n  pratique backup /backups/registry.tar\n  pratique backup - | zstd > registry.tar.zst\n\nThe file holds the master key and the administrator’s credentials: keep it as a secret. Without them a restore needs\nthe former master.key. Open uploads are not part of a backup; their clients begin anew.\n\nExit codes: 0 written, 1 failed, 2 nonsense, 3 written, and some blobs in it are damaged, 4 not allowed.',
    )
    .action(backUp)
}

async function backUp(file: string, flags: Flags): Promise<void> {
  const isStream = file === '-'
  if (!isStream && existsSync(file)) {
    throw new Failure(exitCodes.usage, `${file} is there already`, 'give another name, or move it')
  }
  const withKeys = flags.withoutKeys !== true
  const path = `/pratique/v1/backups?keys=${String(withKeys)}`
  const response = await callServer(openSession(configOf({})), 'POST', path)
  const end = isStream
    ? await copy(response, process.stdout)
    : await writeWholeFile(file, (sink) => copy(response, sink))
  const keys = withKeys ? 'with the master key: keep it as a secret' : 'without the master key'
  note(`backed up ${end.blobs} blobs, ${shownSize(end.blobBytes)}, and the database; ${keys}`)
  if (end.damaged === 0) return
  note(`${end.damaged} blobs were damaged or lost before: pratique fsck --hashes tells which`)
  process.exitCode = exitCodes.no
}

async function copy(response: Response, sink: Writable): Promise<End> {
  if (response.body === null) throw new Failure(exitCodes.error, 'the server sent no answer')
  const tail = new Tail()
  const source: AsyncIterable<Uint8Array> = Readable.fromWeb(response.body)
  try {
    await pipeline(source, (pieces: AsyncIterable<Uint8Array>) => tail.watch(pieces), sink)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `the backup broke off (${reason}); nothing of it is kept`
    throw new Failure(exitCodes.error, message, 'see the server’s log and the disk', { cause })
  }
  const end = tail.end()
  if (end !== undefined) return end
  throw new Failure(exitCodes.error, 'the backup is not whole; nothing of it is kept')
}

const blockBytes = 512
const tailBytes = 64 * blockBytes

/** The last bytes of the archive: its last entry says what is in it, and that it is whole. */
class Tail {
  #kept = Buffer.alloc(0)

  async *watch(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#kept = Buffer.concat([this.#kept, piece.subarray(-tailBytes)]).subarray(-tailBytes)
      yield piece
    }
  }

  end(): End | undefined {
    const tail = this.#kept
    for (let at = tail.length - 4 * blockBytes; at >= 0; at -= blockBytes) {
      if (tail.toString('latin1', at, at + 9) !== 'end.json\0') continue
      const size = Number.parseInt(tail.toString('latin1', at + 124, at + 135), 8)
      const content = tail.subarray(at + blockBytes, at + blockBytes + size)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own server's document
      return JSON.parse(content.toString()) as End
    }
    return undefined
  }
}
