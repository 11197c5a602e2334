// The worker's side of verifier-thread.ts: one question after the other.
import type { MessagePort } from 'node:worker_threads'
import { openInbox } from '../lib/worker-inbox.ts'
import { mayReplaceCrl } from '../signatures/x509/crl.ts'
import { signatureJudge } from './rules/signature-verifier.ts'
import type { TrustMaterial } from './rules/trust-material.ts'
import type { FromVerifier, ToVerifier } from './verifier-thread.ts'

/** Serves until the worker is ended. */
export async function serveVerifier(port: MessagePort): Promise<never> {
  const inbox = openInbox<ToVerifier>(port)
  const materials = new Map<number, TrustMaterial>()
  const judge = signatureJudge()
  post(port, { kind: 'ready' })
  for (;;) {
    const message = await inbox()
    if (message.kind === 'material') {
      if (message.forget !== undefined) materials.delete(message.forget)
      materials.set(message.id, message.material)
    } else post(port, answerOf(message, { materials, judge }))
  }
}

function answerOf(
  message: Exclude<ToVerifier, { readonly kind: 'material' }>,
  {
    materials,
    judge,
  }: {
    readonly materials: ReadonlyMap<number, TrustMaterial>
    readonly judge: ReturnType<typeof signatureJudge>
  },
): FromVerifier {
  try {
    if (message.kind === 'compare')
      return { kind: 'compared', mayReplace: mayReplaceCrl(message.bytes, message.known) }
    const material = materials.get(message.material)
    if (material === undefined) throw new Error('material that was not sent')
    const { input, ...question } = message.question
    return { kind: 'step', step: judge({ ...question, input: { ...input, material } }) }
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : 'without a word' }
  }
}

function post(port: MessagePort, message: FromVerifier): void {
  port.postMessage(message)
}
