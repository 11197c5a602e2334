// One worker thread that judges signatures, one question at a time, and what is said between it and its owner.
import { WorkerThread, type WorkerDeath } from '../lib/worker-thread.ts'
import type { TrustMaterial } from './rules/trust-material.ts'
import type { VerifierInput } from './rules/verifier.ts'
import type { JudgeQuestion, JudgeStep } from './rules/verify-in-steps.ts'

export type AskedOfVerifier =
  | { readonly kind: 'judge'; readonly question: JudgeQuestion }
  | { readonly kind: 'compare'; readonly bytes: Uint8Array; readonly known: Uint8Array }

export type ToVerifier =
  | {
      readonly kind: 'material'
      readonly id: number
      readonly material: TrustMaterial
      /** Of one that will not be named again. */
      readonly forget: number | undefined
    }
  | {
      readonly kind: 'judge'
      readonly question: Omit<JudgeQuestion, 'input'> & {
        readonly input: Omit<VerifierInput, 'material'>
      }
      readonly material: number
    }
  | Extract<AskedOfVerifier, { readonly kind: 'compare' }>

export type FromVerifier =
  /** Once, before everything: what it needs is loaded. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'step'; readonly step: JudgeStep }
  | { readonly kind: 'compared'; readonly mayReplace: boolean }
  | { readonly kind: 'failed'; readonly message: string }

export type VerifierAnswer =
  | Exclude<FromVerifier, { readonly kind: 'ready' }>
  | { readonly kind: 'out-of-time' }
  | ({ readonly kind: 'died' } & WorkerDeath)
  | { readonly kind: 'closed' }

/** A bundle of ten MiB of JSON is ten times as much when it is read. */
const maxOldGenerationSizeMb = 256
/** A machine that is busy loads slowly; no question's time runs meanwhile. */
const startMs = 60_000
/** Material is sent once, and read once, as long as the same object comes with the questions. */
const maxMaterials = 16

export class VerifierThread {
  readonly #thread: WorkerThread<ToVerifier, FromVerifier>
  readonly #materials = new Map<TrustMaterial, number>()
  #lastMaterial = 0
  /** Present while a question is open. */
  #answer: ((answer: VerifierAnswer) => void) | undefined
  readonly #ready = Promise.withResolvers<void>()
  #end: VerifierAnswer | undefined

  constructor(entry: URL) {
    this.#thread = new WorkerThread({
      entry,
      maxOldGenerationSizeMb,
      onMessage: (message) => {
        if (message.kind === 'ready') this.#ready.resolve()
        else this.#settle(message)
      },
      onDeath: (death) => this.#die({ kind: 'died', ...death }),
    })
  }

  get isAlive(): boolean {
    return this.#end === undefined
  }

  /** Resolves when it has loaded what it needs, or ended over that. */
  async started(): Promise<void> {
    const slow = { message: 'it did not start in time', isOutOfMemory: false }
    await this.#within(startMs, { kind: 'died', ...slow }, this.#ready.promise)
  }

  /** One at a time. A worker that is not done after `timeoutMs` is ended: what hangs hears nothing. */
  async ask(asked: AskedOfVerifier, timeoutMs: number): Promise<VerifierAnswer> {
    if (this.#end !== undefined) return this.#end
    const { promise, resolve } = Promise.withResolvers<VerifierAnswer>()
    this.#answer = resolve
    this.#send(asked)
    return this.#within(timeoutMs, { kind: 'out-of-time' }, promise)
  }

  /** Waits for what `#die` settles too. */
  async #within<T>(ms: number, end: VerifierAnswer, awaited: Promise<T>): Promise<T> {
    const deadline = AbortSignal.timeout(ms)
    const giveUp = (): void => this.#die(end)
    deadline.addEventListener('abort', giveUp, { once: true })
    try {
      return await awaited
    } finally {
      deadline.removeEventListener('abort', giveUp)
    }
  }

  async kill(): Promise<void> {
    this.#die({ kind: 'closed' })
    await this.#thread.end()
  }

  #settle(answer: VerifierAnswer): void {
    this.#answer?.(answer)
    this.#answer = undefined
  }

  #die(end: VerifierAnswer): void {
    this.#end ??= end
    void this.#thread.end()
    this.#ready.resolve()
    this.#settle(end)
  }

  #send(asked: AskedOfVerifier): void {
    if (asked.kind === 'compare') return this.#thread.post(asked)
    const { input, ...question } = asked.question
    const { material, ...others } = input
    const { candidate } = others
    // Only its own bytes: a view of a larger buffer would be sent with all of that.
    const content = new Uint8Array(candidate.content)
    const sent = { ...others, candidate: { ...candidate, content } }
    this.#thread.post(
      { kind: 'judge', question: { ...question, input: sent }, material: this.#idOf(material) },
      [content.buffer],
    )
  }

  #idOf(material: TrustMaterial): number {
    const known = this.#materials.get(material)
    if (known !== undefined) return known
    this.#lastMaterial += 1
    const id = this.#lastMaterial
    const [oldest] = this.#materials.size < maxMaterials ? [] : this.#materials
    if (oldest !== undefined) this.#materials.delete(oldest[0])
    this.#materials.set(material, id)
    this.#thread.post({ kind: 'material', id, material, forget: oldest?.[1] })
    return id
  }
}
