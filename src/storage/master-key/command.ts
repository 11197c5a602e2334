import { spawn } from 'node:child_process'
import { Secret } from '../../lib/secret.ts'
import { MasterKeySourceError, type MasterKeySource } from './master-key-source.ts'

const mostBytes = 4096

/** A command and its arguments; no shell sees them. */
export type CommandWords = readonly [string, ...string[]]

export interface KeyCommands {
  readonly primary: CommandWords
  /** Writes the keys that still open what was sealed before. */
  readonly previous: CommandWords | undefined
  readonly timeoutMs: number
}

/** What a command writes to its standard output; run anew at each read, so that a key store can change what it gives. */
export function openKeyCommand({ primary, previous, timeoutMs }: KeyCommands): MasterKeySource {
  return {
    kind: 'command',
    name: 'PRATIQUE_MASTER_KEY_COMMAND',
    async read() {
      const first = await outputOf(primary, timeoutMs)
      const others = previous === undefined ? '' : await outputOf(previous, timeoutMs)
      return new Secret(`${first}\n${others}`)
    },
    write: undefined,
  }
}

/** The command's arguments and what it says on standard error may hold secrets: no message repeats them. */
async function outputOf([file, ...words]: CommandWords, timeoutMs: number): Promise<string> {
  const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'ignore'], shell: false })
  const fail = (why: string): MasterKeySourceError =>
    new MasterKeySourceError(`the command for the master key, ${file}, ${why}`)
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let size = 0
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      child.stdout.destroy()
      child.kill('SIGKILL')
      settle()
    }
    const timer = setTimeout(() => {
      end(() => reject(fail(`gave no key within ${timeoutMs / 1000} s`)))
    }, timeoutMs)
    child.stdout.on('data', (piece: Buffer) => {
      size += piece.byteLength
      pieces.push(piece)
      if (size > mostBytes) end(() => reject(fail(`wrote more than ${mostBytes} bytes`)))
    })
    child.on('error', (error) => {
      const code = 'code' in error ? String(error.code) : 'unknown'
      end(() => reject(fail(`cannot be run (${code})`)))
    })
    child.on('close', (code, signal) => {
      if (code === 0) end(() => resolve(Buffer.concat(pieces).toString('utf8')))
      else end(() => reject(fail(`ended with ${signal ?? `exit code ${code}`}`)))
    })
  })
}
