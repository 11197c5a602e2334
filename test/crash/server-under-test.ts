// A server under test as its harness sees it: started on a directory, ordered about, killed.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileOfProgram } from '../kit/bundle-programs.ts'
import type { Finding, Order, Recording, Report } from './orders.ts'

const program = fileOfProgram('crash', 'test/crash/program.ts')

export interface StartOptions {
  readonly directory: string
  readonly aheadMs: number
  readonly flags?: Readonly<Record<string, string>>
  /** Obeyed before anything is opened. */
  readonly firstOrder?: Order
  /** A program that runs the server, with its arguments: strace. */
  readonly under?: readonly string[]
}

/** The server could not start, and said why. */
export class StartRefused extends Error {
  readonly isStartError: boolean

  constructor(message: string, isStartError: boolean) {
    super(message)
    this.isStartError = isStartError
  }
}

export class ServerUnderTest {
  readonly url: string
  readonly authorization: string
  readonly keys: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly #child: ChildProcess
  readonly #pid: number
  readonly #exited: Promise<unknown>
  #orders = 0

  private constructor(child: ChildProcess, ready: { url: string; pid: number }, keys: Keys) {
    this.#child = child
    this.#pid = ready.pid
    this.url = ready.url
    this.keys = keys
    const pair = `${keys.accessKeyId}:${keys.secretAccessKey}`
    this.authorization = `Basic ${Buffer.from(pair).toString('base64')}`
    this.#exited = hasEnded(child) ? Promise.resolve() : once(child, 'exit')
  }

  static async start(options: StartOptions): Promise<ServerUnderTest> {
    const { directory, aheadMs, flags, under = [] } = options
    const settings = {
      data: directory,
      listen: '127.0.0.1:0',
      log: 'silent',
      // Longer than the clock is moved on under one server, so that no collection of the schedule comes between those asked for.
      gcEveryMinutes: '5040',
      minFreeMib: '0',
      ...flags,
    }
    const order = options.firstOrder === undefined ? [] : [JSON.stringify(options.firstOrder)]
    const server = [program, JSON.stringify(settings), String(aheadMs), ...order]
    const [command, ...around] = under
    const args = command === undefined ? server : [...around, process.execPath, ...server]
    const child = spawn(command ?? process.execPath, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] },
    })
    const [message] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]: unknown[]) => {
        throw new StartRefused(`the server ended (${String(code)}) before it was ready`, false)
      }),
    ])) as [Report]
    if (message.kind === 'failed') {
      if (!hasEnded(child)) await once(child, 'exit')
      throw new StartRefused(message.message, message.isStartError)
    }
    if (message.kind !== 'ready') throw new Error(`the server said ${message.kind} first`)
    return new ServerUnderTest(child, message, await readKeys(join(directory, 'credentials')))
  }

  async order(order: Order): Promise<Finding> {
    this.#orders += 1
    const number = this.#orders
    const answered = new Promise<Finding>((resolve, reject) => {
      const onMessage = (message: unknown): void => {
        const report = message as Report
        if (report.kind !== 'done' || report.order !== number) return
        this.#child.off('message', onMessage)
        resolve(report.finding)
      }
      this.#child.on('message', onMessage)
      void this.#exited.then(() => reject(new Error('the server is dead')))
    })
    this.#child.send({ ...order, order: number })
    return answered
  }

  /** What was noted since it was told to record. */
  async recorded(): Promise<Recording> {
    const finding = await this.order({ kind: 'recorded' })
    if (finding === undefined || !('steps' in finding)) throw new Error('nothing was recorded')
    return finding
  }

  /** Ends the fault; how often it has happened. */
  async mended(): Promise<number> {
    const finding = await this.order({ kind: 'mended' })
    return finding !== undefined && 'happened' in finding ? finding.happened : 0
  }

  get isAlive(): boolean {
    return !hasEnded(this.#child)
  }

  /** As the system would end it: no time for anything. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL')
    await this.#exited
  }

  async stop(): Promise<void> {
    this.#signal('SIGTERM')
    await this.#exited
  }

  #signal(name: 'SIGKILL' | 'SIGTERM'): void {
    try {
      if (this.isAlive) process.kill(this.#pid, name)
    } catch (error) {
      // Dead already, and its parent has not heard of it yet.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }

  /** Resolves when it has died of itself. */
  async death(): Promise<void> {
    await this.#exited
  }
}

interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function readKeys(file: string): Promise<Keys> {
  const content = await readFile(file, 'utf8')
  const value = (key: string): string => new RegExp(`^${key} = (.+)$`, 'm').exec(content)?.[1] ?? ''
  return {
    accessKeyId: value('aws_access_key_id'),
    secretAccessKey: value('aws_secret_access_key'),
  }
}
