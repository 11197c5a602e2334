// Judges signatures in a worker thread, so that a hostile one can at worst cost its own verdict, and nobody else waits for it.
import type { Clock } from '../lib/clock.ts'
import { WorkerPool, WorkersBusyError } from '../lib/worker-pool.ts'
import type { SignatureReason } from '../signatures/outcome.ts'
import { trustError } from './errors.ts'
import { isLikelySignature } from './rules/candidate.ts'
import {
  unverified,
  type CandidateVerdict,
  type SubjectTime,
  type VerifierInput,
  type VerifierOptions,
} from './rules/verifier.ts'
import type { JudgeQuestion, JudgeStep } from './rules/verify-in-steps.ts'
import { VerifierThread, type AskedOfVerifier, type VerifierAnswer } from './verifier-thread.ts'

export interface VerifiersAsideOptions {
  readonly clock: Clock
  /** Module of the worker; tests bring their own. */
  readonly entry?: URL
  /** For one question. */
  readonly questionMs?: number
  readonly maxWaiting?: number
}

/** For one question: no honest signature takes a tenth of it, and one that does leaves time for those beside it. */
const defaultQuestionMs = 2500
const defaultMaxWaiting = 64
/** What took too long once will do so again. */
const lookAgainMs = 3_600_000
/** A machine that is short of memory may have some again. */
const retryMs = 10 * 60_000

/** One worker, started when it is first needed; `close` ends it. */
export class VerifiersAside {
  readonly #pool: WorkerPool<VerifierThread>
  readonly #clock: Clock
  readonly #questionMs: number

  constructor({ clock, entry, questionMs, maxWaiting }: VerifiersAsideOptions) {
    const module = entry ?? new URL('./verifier-worker.ts', import.meta.url)
    this.#clock = clock
    this.#questionMs = questionMs ?? defaultQuestionMs
    this.#pool = new WorkerPool({
      workers: 1,
      make: () => new VerifierThread(module),
      maxWaiting: maxWaiting ?? defaultMaxWaiting,
    })
  }

  /** A verdict for anything that a signature can be: 'unknown' where the worker did not live to tell one. */
  async judge(question: JudgeQuestion, options: VerifierOptions): Promise<JudgeStep> {
    const answer = await this.#ask({ kind: 'judge', question }, options)
    if (answer.kind === 'step') return answer.step
    return { kind: 'verdict', verdict: unable(question.input, faultOf(answer)) }
  }

  /** Whether a list of revoked certificates may take the place of the one that is known; not where that was not found out. */
  async mayReplaceCrl(
    lists: { readonly bytes: Uint8Array; readonly known: Uint8Array },
    options: VerifierOptions,
  ): Promise<boolean> {
    const answer = await this.#ask({ kind: 'compare', ...lists }, options)
    return answer.kind === 'compared' && answer.mayReplace
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }

  /** VERIFIER_BUSY. */
  async #ask(asked: AskedOfVerifier, { signal, time }: VerifierOptions): Promise<VerifierAnswer> {
    try {
      return await this.#pool.use((thread) => this.#askOne(thread, asked, time), { signal })
    } catch (cause) {
      signal.throwIfAborted()
      const isBusy = cause instanceof WorkersBusyError
      const message = isBusy ? 'too many wait for a verifier' : 'the verifier is closed'
      throw trustError('VERIFIER_BUSY', message, {}, { cause })
    }
  }

  async #askOne(
    thread: VerifierThread,
    asked: AskedOfVerifier,
    time: SubjectTime,
  ): Promise<VerifierAnswer> {
    const timeoutMs = Math.min(this.#questionMs, time.left())
    if (timeoutMs <= 0) return { kind: 'out-of-time' }
    await thread.started()
    const begun = this.#clock.now().getTime()
    const answer = await thread.ask(asked, timeoutMs)
    // While the server ends nothing is found, not even that nothing was.
    if (answer.kind === 'closed') throw new Error('the verifier is closed')
    const spent = this.#clock.now().getTime() - begun
    time.spend(answer.kind === 'out-of-time' ? timeoutMs : Math.max(0, spent))
    return answer
  }
}

/** What others need of it. */
export type Verifiers = Pick<VerifiersAside, 'judge' | 'mayReplaceCrl'>

interface Fault {
  readonly reason: SignatureReason
  readonly detail: string
  readonly againMs: number
}

function faultOf(answer: Exclude<VerifierAnswer, { readonly kind: 'step' }>): Fault {
  switch (answer.kind) {
    case 'out-of-time': {
      const detail = 'its verification took too long and was ended'
      return { reason: 'time-limit', detail, againMs: lookAgainMs }
    }
    case 'died': {
      const detail = answer.isOutOfMemory
        ? 'its verifier ran out of memory'
        : `its verifier died: ${answer.message.slice(0, 200)}`
      return { reason: 'verifier-died', detail, againMs: retryMs }
    }
    case 'failed': {
      const detail = `the verifier failed: ${answer.message.slice(0, 200)}`
      return { reason: 'limit', detail, againMs: lookAgainMs }
    }
    case 'compared':
    case 'closed':
      throw new Error(`a verifier answered ${answer.kind}`)
  }
}

function unable(
  { candidate, now }: VerifierInput,
  { reason, detail, againMs }: Fault,
): CandidateVerdict {
  const verdict = unverified('unknown', { reason, detail }, isLikelySignature(candidate))
  return { ...verdict, validUntil: now + againMs }
}
