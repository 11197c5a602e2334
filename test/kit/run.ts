import { spawn, spawnSync } from 'node:child_process'

export interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end; a hanging one is ended after `timeoutMs`. */
export async function run(
  command: string,
  args: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv
    readonly cwd?: string
    readonly input?: string
    readonly timeoutMs?: number
  } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: options.env,
      cwd: options.cwd,
      timeout: options.timeoutMs ?? 120_000,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (piece: Buffer) => {
      stdout += piece.toString()
    })
    child.stderr.on('data', (piece: Buffer) => {
      stderr += piece.toString()
    })
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, stdout, stderr }))
    // A program that reads no input may be over before it is offered any.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
  })
}

/** A reason to skip a test that needs these programs, or false. */
export function missing(...programs: readonly string[]): string | false {
  const absent = programs.filter((name) => spawnSync(name, ['--version']).error !== undefined)
  return absent.length === 0 ? false : `not installed: ${absent.join(', ')}`
}
